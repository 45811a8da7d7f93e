"""The pages that tell what is going on inside: /debug/{queue,cache,plans,watches},
on loopback, where whoever is on this machine may see them."""

import json

import pytest

import harness
from harness import ROOT, Tidelock, wait_for
from pages import base, document, get, is_ready
from simplane import SimPlane

OPERATOR = ROOT / "operators/worker-pool"


@pytest.fixture(scope="module")
def cluster():
    with SimPlane(controllers="all", nodes=1) as plane:
        harness.install_crd(plane, OPERATOR / "crd.yaml")
        yield plane


@pytest.fixture(scope="module")
def run(cluster, tmp_path_factory):
    with Tidelock("run", OPERATOR, "--listen", "0", kubeconfig=cluster.kubeconfig,
                  folder=tmp_path_factory.mktemp("run")) as one:
        wait_for(lambda: is_ready(one), "it is ready")
        yield one


def create(cluster, name, **spec):
    cluster.kubectl("apply", "-f", "-", input=json.dumps({
        "apiVersion": "example.com/v1", "kind": "WorkerPool",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"image": "busybox:1.37", "replicas": 2, **spec}}))


def block(cluster, name):
    """A WorkerPool whose child cannot be: a stranger has its name."""
    cluster.kubectl("create", "deployment", name, "--image=x")
    create(cluster, name)


def items(run, page, query=""):
    found = document(run, f"/debug/{page}{query}")
    assert set(found) == {"apiVersion", "kind", "leader", "items", "truncated"}
    assert (found["apiVersion"], found["kind"]) == ("tidelock.dev/v1alpha1", f"Debug{page.title()}")
    assert (found["leader"], found["truncated"]) == (True, False)
    return found["items"]


def test_the_queue_has_what_waits(cluster, run):
    block(cluster, "later")       # is looked at again after a minute
    one = wait_for(lambda: [k for k in items(run, "queue") if k["object"] == "default/later"
                            and k["state"] == "delayed"], "it waits")[0]
    assert set(one) == {"operator", "object", "state", "milliseconds", "failures", "priority"}
    assert one["operator"] == "worker-pool" and one["milliseconds"] > 1000
    assert items(run, "queue", "?object=default/other") == []
    assert items(run, "queue", "?operator=worker-pool&object=default/later")
    cluster.kubectl("delete", "workerpool,deployment", "later")


def test_the_cache_has_kinds_counts_and_positions(cluster, run):
    create(cluster, "one")
    wait_for(lambda: [c for c in items(run, "cache")
                      if c["kind"] == "Deployment" and c["objects"]], "its child is there")
    found = {c["kind"]: c for c in items(run, "cache")}
    root = found["WorkerPool"]
    assert root["objects"] >= 1 and root["known"] and root["resourceVersion"].isdigit()
    assert root["textBytes"] > 200 and 0 < root["heldBytes"] <= root["textBytes"]
    assert root["ageMilliseconds"] >= 0
    cluster.kubectl("delete", "workerpool", "one")


def test_the_watches_have_states(run):
    for watch in items(run, "watches"):
        assert (watch["state"], watch["known"], watch["error"], watch["code"]) == \
            ("live", True, "", "")
        assert watch["watches"] >= 1 and watch["lastContactMilliseconds"] >= 0


def test_the_plans_have_what_was_done_and_why(cluster, run):
    create(cluster, "crunch")
    done = wait_for(lambda: [p for p in items(run, "plans", "?object=default/crunch")
                             if p["outcome"] == "applied" and p["row"] == "working"],
                    "a plan of it")[0]
    assert done["why"] and done["error"] == "" and done["uid"] and done["time"].endswith("Z")
    cluster.kubectl("delete", "workerpool", "crunch")


def test_the_plan_of_a_failed_pass_says_why(cluster, run):
    block(cluster, "taken")
    failed = wait_for(lambda: [p for p in items(run, "plans", "?object=default/taken")
                               if p["outcome"] == "failed"], "it fails")[0]
    assert failed["code"] == "NAME_CONFLICT" and "is not owned by" in failed["error"]
    assert [(c["verb"], c["kind"], c["object"]) for c in failed["changes"]][0] == \
        ("create", "Deployment", "default/taken")
    cluster.kubectl("delete", "workerpool,deployment", "taken")


def test_people_get_tables(cluster, run):
    for page in ("queue", "cache", "plans", "watches"):
        status, headers, text = get(run, f"/debug/{page}?o=text")
        assert status == 200 and headers["Content-Type"].startswith("text/plain")
        assert text.splitlines()[0].split("   ")[0] in ("OPERATOR", "APIVERSION", "TIME")
        assert get(run, f"/debug/{page}", Accept="text/plain")[2].split("\n")[0] == \
            text.split("\n")[0]
    assert "WorkerPool" in get(run, "/debug/cache?o=text")[2]


def test_the_manual_has_every_member(cluster, run):
    block(cluster, "full")
    manual = (ROOT / "src/app/METRICS.md").read_text()
    for page in ("queue", "cache", "plans", "watches"):
        found = wait_for(lambda: items(run, page), f"something in {page}")
        section = manual.split(f"### /debug/{page}")[1].split("###")[0]
        for member in found[0]:
            assert f"`{member}`" in section, (page, member)
    cluster.kubectl("delete", "workerpool,deployment", "full")


def test_a_standby_is_ready_and_does_not_lead(cluster, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    flags = ("--leader-elect=true", "--lease-name", "pages", "--listen", "0")
    with Tidelock("run", OPERATOR, *flags, kubeconfig=cluster.kubeconfig,
                  folder=tmp_path / "a") as first:
        wait_for(lambda: "this process leads" in first.log, "the first leads")
        with Tidelock("run", OPERATOR, *flags, kubeconfig=cluster.kubeconfig,
                      folder=tmp_path / "b") as second:
            wait_for(lambda: "another process leads" in second.log, "the second waits")
            wait_for(lambda: is_ready(second), "its caches are full")
            assert not document(second, "/debug/queue")["leader"]
            assert document(first, "/debug/queue")["leader"]
        events = wait_for(lambda: lease_events(cluster, "pages"), "an Event on the Lease")
        assert [e["note"].split()[-2:] for e in events] == [["became", "leader"]]
        assert events[0]["reason"] == "LeaderElection" and events[0]["regarding"].get("uid")
    assert "stopped leading" in {" ".join(e["note"].split()[-2:])
                                 for e in lease_events(cluster, "pages")}


def lease_events(cluster, lease):
    found = json.loads(cluster.kubectl("get", "events.events.k8s.io", "-A", "-o", "json").stdout)
    return [e for e in found["items"]
            if e["regarding"]["kind"] == "Lease" and e["regarding"]["name"] == lease]


# rows: S113
# broken: without the check "started" /readyz answers 200 at once
def test_probes_flip_with_their_checks(cluster, run):
    assert get(run, "/readyz?verbose")[2] == \
        "[+]started ok\n[+]caches ok\n[+]shutdown ok\nreadyz check passed\n"
    assert get(run, "/readyz/caches")[::2] == (200, "ok\n")
    assert get(run, "/readyz/nothing")[0] == 404
    assert get(run, "/healthz/ping")[::2] == (200, "ok\n")


def test_nothing_is_redirected(run):
    for path in ("/metrics/", "//metrics", "/debug", "/debug/", "/%2e%2e/etc/passwd"):
        status, headers, _ = get(run, path)
        assert status == 404 and "Location" not in headers


def test_flags_that_make_no_sense_are_refused(cluster):
    for flags, words in ((("--listen-secure",), "without --listen serves nobody"),
                         (("--listen", "0", "--tls-cert", "x"), "go together"),
                         (("--log-format", "xml"), "--log-format is text or json")):
        done = harness.tidelock("run", OPERATOR, *flags, kubeconfig=cluster.kubeconfig)
        assert done.returncode == 3 and words in done.stderr, done.stderr
    done = harness.tidelock("run", OPERATOR, "--listen", "0", "--tls-cert", "/nowhere",
                            "--tls-key", "/nowhere", kubeconfig=cluster.kubeconfig)
    assert done.returncode == 1 and "cannot use the certificate of --tls-cert" in done.stderr


def test_loopback_is_plain_and_open(run):
    assert base(run).startswith("http://127.0.0.1:")
    assert get(run, "/metrics")[0] == 200
