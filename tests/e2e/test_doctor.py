"""`tidelock doctor`: what it says of clusters that are well, and of those that
are not."""

import http.server
import json
import threading
import time

import pytest
import yaml

import harness
from harness import ROOT, tidelock, wait_for
from sims import bare_cluster   # noqa: F401
from conftest import make_namespace

WEBSITE = ROOT / "operators/website"


def doctor(*arguments, kubeconfig=None, code=0, env=None):
    """{(group, name): [rows]}; fails the test on another exit code."""
    done = tidelock("doctor", *arguments, "-o", "json", kubeconfig=kubeconfig,
                    env=env)
    assert done.returncode == code, done.stdout + done.stderr
    found = {}
    for row in json.loads(done.stdout)["rows"]:
        found.setdefault((row["group"], row["name"]), []).append(row)
    return found


def states(found):
    return {key: [row["state"] for row in rows] for key, rows in found.items()}


def kubeconfig(folder, server, **user):
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": server}}],
        "users": [{"name": "here", "user": user}],
        "contexts": [{"name": "here", "context": {
            "cluster": "here", "user": "here", "namespace": "ops"}}]}))
    return file


def test_a_cluster_that_is_well(bare_cluster):
    found = doctor(WEBSITE, kubeconfig=bare_cluster.kubeconfig)
    said = states(found)
    assert all(state == "ok" for group in said.values() for state in group), found
    for key in (("machine", "tidelock"), ("machine", "tidelock-worker"),
                ("machine", "seccomp"),
                ("machine", "Landlock"), ("machine", "time zones"),
                ("machine", "luacheck"), ("machine", "busted"),
                ("cluster", "configuration"), ("cluster", "connection"),
                ("cluster", "clock"), ("cluster", "version"),
                ("cluster", "authentication"), ("cluster", "discovery"),
                ("operators", str(WEBSITE)), ("operators", "kinds"),
                ("operators", "rights"), ("operators", "definition"),
                ("objects", "finalizers")):
        assert key in found, key
    assert "as system:admin" in found["cluster", "authentication"][0]["message"]
    assert "rights are there" in found["operators", "rights"][0]["message"]


def test_the_text_has_the_rows_and_a_sum(bare_cluster):
    done = tidelock("doctor", kubeconfig=bare_cluster.kubeconfig)
    assert done.returncode == 0
    assert "\ncluster\n  ok    configuration: " in done.stdout
    assert done.stdout.endswith(" ok, 0 to look at, 0 wrong.\n")
    assert "\033" not in done.stdout


def test_a_kind_that_is_missing_is_named_with_the_way_to_get_it(bare_cluster):
    folder = ROOT / "operators/worker-pool"
    found = doctor(folder, kubeconfig=bare_cluster.kubeconfig, code=1)
    row, = found["operators", "kind"]
    assert row["state"] == "fail"
    assert "WorkerPool of example.com/v1" in row["message"]
    assert row["hint"] == f"kubectl apply -f {folder}/crd.yaml"
    assert "a kind is missing" in found["operators", "rights"][0]["message"]


def waiting(cluster, name, finalizer):
    """A Website that was deleted and waits."""
    ns = make_namespace(cluster)
    path = f"/apis/example.com/v1/namespaces/{ns}/websites/{name}"
    cluster.client().apply(path, {
        "apiVersion": "example.com/v1", "kind": "Website",
        "metadata": {"name": name, "finalizers": [finalizer]},
        "spec": {"content": {"a": "b"}}})
    cluster.client().request("DELETE", path)
    wait_for(lambda: "deletionTimestamp" in cluster.client().get(path)["metadata"],
             "the deletion")
    return ns


def test_a_deletion_that_waits_for_nobody_is_found(bare_cluster):
    kube = bare_cluster.kubeconfig
    ns = waiting(bare_cluster, "stuck", "tidelock.dev/gone")
    row, = doctor(kubeconfig=kube, code=1)["objects", "finalizer"]
    assert row["state"] == "fail"
    assert f"Website {ns}/stuck waits since 20" in row["message"]
    assert "operator gone" in row["message"]
    # the Lease knows that it was at work here: it may only be down
    bare_cluster.client().apply(
        "/apis/coordination.k8s.io/v1/namespaces/default/leases/tidelock", {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "tidelock", "annotations": {
                "owned-kinds.tidelock.dev/gone": "v1 ConfigMap"}}})
    row, = doctor(kubeconfig=kube)["objects", "finalizer"]
    assert row["state"] == "warn" and "run operator gone" in row["hint"]
    path = f"/apis/example.com/v1/namespaces/{ns}/websites/stuck"
    bare_cluster.client().apply(path, {
        "apiVersion": "example.com/v1", "kind": "Website",
        "metadata": {"name": "stuck"}, "spec": {"content": {"a": "b"}}})


def test_a_deletion_that_waits_for_a_given_operator_is_no_trouble(bare_cluster):
    ns = waiting(bare_cluster, "soon", "tidelock.dev/website")
    found = doctor(WEBSITE, kubeconfig=bare_cluster.kubeconfig)
    assert states(found)["objects", "finalizers"] == ["ok"]
    bare_cluster.client().apply(
        f"/apis/example.com/v1/namespaces/{ns}/websites/soon", {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": "soon"}, "spec": {"content": {"a": "b"}}})


# ---- servers that are not well ----

def test_no_configuration(tmp_path):
    found = doctor(kubeconfig="", code=1, env={"HOME": str(tmp_path)})
    row, = found["cluster", "configuration"]
    assert row["state"] == "fail" and "no kubeconfig" in row["message"]
    assert ("cluster", "connection") not in found


def test_a_server_that_does_not_answer(tmp_path):
    found = doctor(kubeconfig=kubeconfig(tmp_path, "https://127.0.0.1:9", token="x"),
                   code=1)
    assert "context here, namespace ops, credentials: a token" in \
        found["cluster", "configuration"][0]["message"]
    row, = found["cluster", "connection"]
    assert row["state"] == "fail" and "connection refused" in row["message"]
    assert ("cluster", "discovery") not in found


def test_credentials_that_are_wrong(bare_cluster, tmp_path):
    config = yaml.safe_load(open(bare_cluster.kubeconfig))
    config["users"][0]["user"] = {"token": "not this one"}
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    found = doctor(kubeconfig=file, code=1)
    row, = found["cluster", "authentication"]
    assert row["state"] == "fail" and "hint" in row
    assert ("cluster", "discovery") not in found


class OldClock(http.server.BaseHTTPRequestHandler):
    """A server of another version, and of another time."""

    apart = 0

    def do_GET(self):
        body = b'{"gitVersion": "v1.20.1"}'
        self.send_response(200 if self.path == "/version" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.apart)

    def log_message(self, *arguments):
        pass


@pytest.mark.parametrize("apart, state", [(0, "ok"), (60, "warn"), (-4000, "fail")])
def test_clocks_and_versions_that_are_apart(tmp_path, apart, state):
    handler = type("Handler", (OldClock,), {"apart": apart})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = doctor(kubeconfig=kubeconfig(
            tmp_path, f"http://127.0.0.1:{server.server_port}", token="x"), code=1)
        server.shutdown()
    row, = found["cluster", "clock"]
    assert row["state"] == state, row
    assert (state == "ok") == ("hint" not in row)
    row, = found["cluster", "version"]
    assert row["state"] == "warn" and "the server is v1.20.1" in row["message"]
    assert states(found)["cluster", "TLS"] == ["warn"]
    assert states(found)["cluster", "discovery"] == ["fail"]


def test_what_is_missing_on_the_machine(bare_cluster):
    found = doctor(kubeconfig=bare_cluster.kubeconfig,
                   env={"TIDELOCK_LUACHECK": "/nonexistent"})
    row, = found["machine", "luacheck"]
    assert row["state"] == "warn" and "lua-check" in row["hint"]


def test_an_operator_that_does_not_load_is_a_row(bare_cluster, tmp_path):
    folder = harness.write_operator(tmp_path / "bad", "return 1")
    found = doctor(folder, kubeconfig=bare_cluster.kubeconfig, code=1)
    assert states(found)["operators", str(folder)] == ["fail"]
    assert states(found)["cluster", "discovery"] == ["ok"]
