"""`tidelock sim` as a command: what it prints, refuses, keeps, and how it ends."""

import base64
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess

import pytest
import yaml

from harness import ROOT, Tidelock, program, tidelock, wait_for, write_operator

BLOG = "operators/website/examples/blog.yaml"
MAPS = "/api/v1/namespaces/default/configmaps"

FAILING = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "failing",
  resource = { "v1", "ConfigMap" },
  owns = {},
  reconcile = function(object, view, plan)
    if object.metadata.name == "bad" then error("no way") end
  end,
}
"""


class Sim(Tidelock):
    """A running sim; `kubeconfig` and requests by http.client."""

    def __init__(self, *arguments, folder):
        self.kubeconfig = str(pathlib.Path(folder) / "sim.kubeconfig")
        super().__init__("sim", "--write-kubeconfig", self.kubeconfig, *arguments,
                         kubeconfig="", folder=folder)
        wait_for(self._listens, "the ready line")

    def _listens(self):
        assert self.running, self.log
        return "export KUBECONFIG=" in self.output

    @property
    def config(self):
        return yaml.safe_load(pathlib.Path(self.kubeconfig).read_text())

    def connection(self):
        cluster = self.config["clusters"][0]["cluster"]
        host = cluster["server"].partition("://")[2]
        if cluster["server"].startswith("http:"):
            return http.client.HTTPConnection(host, timeout=30)
        ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
        return http.client.HTTPSConnection(
            host, timeout=30, context=ssl.create_default_context(cadata=ca))

    def request(self, method, path, body=None, token=None, **headers):
        token = token or self.config["users"][0]["user"]["token"]
        connection = self.connection()
        connection.request(method, path, body if isinstance(body, (str, bytes, type(None)))
                           else json.dumps(body),
                           {"Authorization": f"Bearer {token}",
                            "Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text[:1] == b"{" else text.decode()

    def create(self, name):
        status, _ = self.request("POST", MAPS, {"metadata": {"name": name}})
        assert status == 201

    def names(self):
        return {i["metadata"]["name"] for i in self.request("GET", MAPS)[1]["items"]}


def test_it_says_once_where_it_serves_and_ends_cleanly(tmp_path):
    with Sim(folder=tmp_path) as sim:
        server = sim.config["clusters"][0]["cluster"]["server"]
        assert sim.output == (f"# tidelock sim serves {server}\n"
                              f"export KUBECONFIG={sim.kubeconfig}\n")
        assert stat.S_IMODE(os.stat(sim.kubeconfig).st_mode) == 0o600
        assert sim.request("GET", "/version")[0] == 200
        assert sim.stop(signal.SIGINT) == 0
        assert sim.output.count("export") == 1


def test_without_a_place_for_it_the_kubeconfig_is_removed_at_the_end(tmp_path):
    with Tidelock("sim", kubeconfig="", folder=tmp_path,
                  env={"TMPDIR": str(tmp_path)}) as sim:
        wait_for(lambda: "export" in sim.output, "the ready line")
        path = pathlib.Path(sim.output.rpartition("=")[2].strip())
        assert path.exists() and path.parent.parent == tmp_path
        assert sim.stop() == 0
        assert not path.parent.exists()


def test_only_who_has_the_token_comes_in(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("secret-of-ann,ann,1\n")
    with Sim("--token-auth-file", tokens, folder=tmp_path) as sim:
        status, answer = sim.request("GET", MAPS, token="wrong")
        assert (status, answer["reason"]) == (401, "Unauthorized")
        assert sim.request("GET", MAPS, token="secret-of-ann")[0] == 200


def test_tidelock_and_plain_http_clients_work(tmp_path):
    with Sim("--http", "-f", "operators/website/crd.yaml", folder=tmp_path) as sim:
        assert sim.config["clusters"][0]["cluster"]["server"].startswith("http://")
        sim.create("a")
        done = tidelock("plan", "operators/website", "-f", BLOG,
                        kubeconfig=sim.kubeconfig)
        assert done.returncode == 2, done.stderr
        assert "Plan: 3 to create" in done.stdout


@pytest.mark.parametrize("arguments, said", [
    (["--address", "0.0.0.0"], "'0.0.0.0' is not a loopback address"),
    (["--address", "example.com", "--allow-non-loopback"], "is no IP address"),
    (["--port", "70000"], "--port is a number from 0 to 65535, not '70000'"),
    (["--port", "x"], "--port is a number"),
    (["--nodes", "-1"], "--nodes is a number"),
    (["--pod-ready", "soon"], "--pod-ready is a duration, not 'soon'"),
    (["--controllers", "none,nonsense"], "nonsense"),
    (["--until-quiet", "-o", "xml"], "-o is yaml or json, not 'xml'"),
    (["-o", "json"], "it goes with that"),
    (["--prot", "1"], "did you mean --port?"),
    (["--set", "a=b"], "--set is for operators"),
])
def test_wrong_usage_is_said_and_ends_with_3(arguments, said):
    done = tidelock("sim", *arguments)
    assert done.returncode == 3, done.stderr
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments, said", [
    (["-f", "/nonexistent.yaml"], "/nonexistent.yaml"),
    (["/nonexistent"], "there is no operator at '/nonexistent'"),
    (["--audit", "/nonexistent/a"], "cannot write '/nonexistent/a'"),
    (["--write-kubeconfig", "/nonexistent/k"], "cannot write '/nonexistent/k'"),
    (["--data", "/nonexistent/d"], "cannot open '/nonexistent/d'"),
    (["--token-auth-file", "/nonexistent/t"], "/nonexistent/t"),
])
def test_what_cannot_be_used_is_said_and_ends_with_1(arguments, said):
    done = tidelock("sim", *arguments)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "export" not in done.stdout


def test_a_port_in_use_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = tidelock("sim", "--port", port)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr


def test_help_has_two_examples():
    done = tidelock("sim", "--help")
    assert done.returncode == 0
    assert done.stdout.partition("Examples:")[2].count("  tidelock sim") == 2


# -f

def manifest(tmp_path, text):
    path = tmp_path / "objects.yaml"
    path.write_text(text)
    return path


def test_files_are_applied_in_the_order_that_works(tmp_path):
    """The object of a namespace and of a kind that come later; a folder."""
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects/1.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: late}\n---\n"
        "apiVersion: example.com/v1\nkind: Website\n"
        "metadata: {name: w, namespace: late}\nspec: {content: {a: b}}\n")
    (tmp_path / "objects/2.json").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late"}}))
    (tmp_path / "objects/notes.txt").write_text("not: [an object")
    with Sim("-f", tmp_path / "objects", "-f", "operators/website/crd.yaml",
             folder=tmp_path) as sim:
        assert sim.request("GET", "/api/v1/namespaces/late/configmaps/a")[0] == 200
        assert sim.request(
            "GET", "/apis/example.com/v1/namespaces/late/websites/w")[0] == 200


@pytest.mark.parametrize("text, said", [
    ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: nowhere}\n",
     "namespaces \"nowhere\" not found"),
    ("apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: a}\n",
     "there is no kind 'Nothing' in 'example.com/v1'"),
    ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndate: {}\n", "date"),
    ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'A B'}\n", "RFC 1123"),
    ("a: [", "objects.yaml:"),
])
def test_an_object_that_cannot_be_applied_is_named(tmp_path, text, said):
    done = tidelock("sim", "-f", manifest(tmp_path, text))
    assert done.returncode == 1
    assert said in done.stderr and "objects.yaml:" in done.stderr, done.stderr
    assert "export" not in done.stdout


# --until-quiet

def objects_of(done):
    return {(o["kind"], o["metadata"]["name"]): o
            for o in yaml.safe_load_all(done.stdout)}


def test_until_quiet_prints_what_operators_made(tmp_path):
    done = tidelock("sim", "operators/website", "-f", BLOG, "--until-quiet",
                    "--pod-ready", "10ms")
    assert done.returncode == 0, done.stderr
    found = objects_of(done)
    site = found["Website", "blog"]
    assert site["status"]["readyReplicas"] == site["spec"]["replicas"]
    for kind in ("ConfigMap", "Deployment", "Service"):
        assert found[kind, "blog"]["metadata"]["ownerReferences"][0]["uid"] == \
            site["metadata"]["uid"]
    assert ("CustomResourceDefinition", "websites.example.com") in found
    assert not {kind for kind, _ in found} & {"Node", "Event", "Lease"}
    assert ("Namespace", "kube-system") not in found
    assert "managedFields" not in done.stdout


def test_until_quiet_prints_json_too_and_no_bytes_of_secrets(tmp_path):
    path = manifest(tmp_path, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
                              "data: {key: aHVudGVyMg==}\n")
    done = tidelock("sim", "-f", path, "--until-quiet", "-o", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["kind"] == "List"
    assert [o["kind"] for o in document["items"]] == ["Secret"]
    assert "aHVudGVyMg" not in done.stdout
    assert "export KUBECONFIG=" in done.stderr


def test_until_quiet_ends_with_1_when_an_object_failed(tmp_path):
    operator = write_operator(tmp_path / "failing", FAILING)
    path = manifest(tmp_path, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n")
    done = tidelock("sim", operator, "-f", path, "--until-quiet")
    assert done.returncode == 1
    assert "no way" in done.stderr
    assert ("ConfigMap", "bad") in objects_of(done)


def test_operators_work_until_it_is_stopped(tmp_path):
    with Sim("operators/website", "-f", BLOG, folder=tmp_path) as sim:
        path = "/api/v1/namespaces/default/services/blog"
        uid = wait_for(lambda: sim.request("GET", path)[1]["metadata"]["uid"], "the Service")
        assert sim.request("DELETE", path)[0] == 200
        wait_for(lambda: sim.request("GET", path)[1]["metadata"]["uid"] != uid,
                 "a new Service")
        assert sim.stop() == 0
    assert "stopping" in sim.log


# --data

def test_state_survives_the_end_and_clients_find_it_again(tmp_path):
    data = tmp_path / "state.db"
    with Sim("--data", data, folder=tmp_path) as sim:
        sim.create("a")
        sim.create("b")
        assert sim.request("DELETE", f"{MAPS}/b")[0] == 200
        first, revision = sim.config, sim.request("GET", MAPS)[1]["metadata"]
        sim.kill()
    port = first["clusters"][0]["cluster"]["server"].rpartition(":")[2]
    with Sim("--data", data, "--port", port, folder=tmp_path) as sim:
        assert "a" in sim.names() and "b" not in sim.names()
        assert sim.config == first
        again = sim.request("GET", MAPS)[1]["metadata"]
        assert int(again["resourceVersion"]) >= int(revision["resourceVersion"])


def test_two_processes_do_not_share_a_data_file(tmp_path):
    data = tmp_path / "state.db"
    with Sim("--data", data, folder=tmp_path):
        done = tidelock("sim", "--data", data)
        assert done.returncode == 1
        assert "is in use by another process" in done.stderr


def test_a_foreign_data_file_is_left_alone(tmp_path):
    data = tmp_path / "notes.txt"
    data.write_text("my notes\n" * 100)
    done = tidelock("sim", "--data", data)
    assert done.returncode == 1
    assert "is not a file of tidelock sim" in done.stderr
    assert data.read_text() == "my notes\n" * 100


# --audit

def test_the_audit_file_says_who_did_what(tmp_path):
    audit = tmp_path / "audit.log"
    with Sim("--audit", audit, folder=tmp_path) as sim:
        sim.request("POST", MAPS, {"metadata": {"name": "a"}}, **{
            "User-Agent": "me/1", "Impersonate-User": "ann"})
        sim.request("GET", f"{MAPS}/none")
        events = [json.loads(line) for line in audit.read_text().splitlines()]
    write, read = [e for e in events if e.get("objectRef", {}).get("resource") == "configmaps"]
    assert write["user"]["username"] == "ann" and write["userAgent"] == "me/1"
    assert write["verb"] == "create" and write["responseStatus"]["code"] == 201
    assert write["requestObject"]["metadata"]["name"] == "a"
    assert write["responseObject"]["metadata"]["uid"]
    assert read["verb"] == "get" and read["responseStatus"]["code"] == 404
    assert "responseObject" not in read


def test_a_body_that_is_too_large_is_refused_and_the_server_stays(tmp_path):
    with Sim(folder=tmp_path) as sim:
        body = json.dumps({"metadata": {"name": "a"}, "data": {"x": "y" * (4 << 20)}})
        status, answer = sim.request("POST", MAPS, body)
        assert (status, answer["reason"]) == (413, "RequestEntityTooLarge")
        status, _ = sim.request("OPTIONS", MAPS)
        assert status == 405
        sim.create("a")


def test_a_closed_standard_output_is_no_reason_to_end(tmp_path):
    config = tmp_path / "k"
    process = subprocess.Popen([program(), "sim", "--write-kubeconfig", config], cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.close()
    wait_for(config.exists, "the kubeconfig")
    process.terminate()
    assert process.wait(30) == 0


def test_an_operator_that_is_edited_works_on_as_edited(tmp_path):
    folder = write_operator(tmp_path / "failing", FAILING)
    with Sim(folder, folder=tmp_path) as sim:
        wait_for(lambda: "in sync" in sim.log, "the operator")
        (folder / "operator.lua").write_text("return 1 +\n")
        wait_for(lambda: "the new version is refused" in sim.log, "the refusal")
        (folder / "operator.lua").write_text(FAILING.replace("no way", "never"))
        wait_for(lambda: 'msg="reloaded"' in sim.log, "the new version")
