"""What is as declared costs nothing: no write on a second pass, no request
while nothing happens. Counted in the API server's audit log, by user."""

import concurrent.futures
import pathlib
import time

import pytest

from conftest import make_namespace
from harness import (ROOT, Tidelock, condition, crd, install_crd, run_once,
                     tidelock, wait_for, writes)

HERE = pathlib.Path(__file__).resolve().parent
EVERYTHING = HERE / "operators/everything"
COUNT = 1000
CLIENTS = 8
SPEC = {"content": {"index.html": "<h1>hello</h1>"}, "replicas": 1}


# ---- whatever the server makes of a child ----

def everything_crds():
    part = crd("everything.example.com", "Part", "parts", {
        "half": {"type": "number"}, "one": {"type": "number"},
        "big": {"type": "integer"}, "text": {"type": "string"},
        "quantity": {"x-kubernetes-int-or-string": True},
        "port": {"x-kubernetes-int-or-string": True},
        "portName": {"x-kubernetes-int-or-string": True},
        "at": {"type": "string", "format": "date-time"},
        "map": {"type": "array", "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"],
                          "properties": {"name": {"type": "string"},
                                         "value": {"type": "integer", "default": 7}}}},
        "set": {"type": "array", "x-kubernetes-list-type": "set",
                "items": {"type": "string"}},
        "atomic": {"type": "array", "items": {"type": "string"}},
        "nested": {"type": "object", "properties": {
            "filled": {"type": "string", "default": "by the server"}}},
        "defaulted": {"type": "object", "default": {"a": 1},
                      "properties": {"a": {"type": "integer"}}},
        "anything": {"x-kubernetes-preserve-unknown-fields": True},
        "nothing": {"type": "array", "items": {"type": "string"}},
        "object": {"type": "object", "additionalProperties": {"type": "string"}},
        "nullable": {"type": "string", "nullable": True},
    })
    root = crd("everything.example.com", "Everything", "everythings",
               {"note": {"type": "string"}})
    root["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][
        "status"]["properties"]["children"] = {"type": "integer"}
    return part, root


class Everything:
    """One root of the operator `everything` in a namespace of its own."""

    def __init__(self, cluster):
        for definition in everything_crds():
            install_crd(cluster, definition)
        self.cluster = cluster
        self.ns = make_namespace(cluster)
        self.client = cluster.client()
        self.path = (f"/apis/everything.example.com/v1/namespaces/{self.ns}"
                     "/everythings/everything")

    def apply(self, note):
        return self.client.apply(self.path, {
            "apiVersion": "everything.example.com/v1", "kind": "Everything",
            "metadata": {"name": "everything"}, "spec": {"note": note}})

    def child(self, group, plural):
        base = f"/api/{group}" if "/" not in group else f"/apis/{group}"
        return self.client.get(f"{base}/namespaces/{self.ns}/{plural}/everything")

    def change(self, note):
        """Changes every child and waits until that is done."""
        generation = self.apply(note)["metadata"]["generation"]
        wait_for(lambda: self.client.get(self.path)["status"]
                 ["observedGeneration"] == generation, f"note '{note}'")
        assert self.child("v1", "configmaps")["metadata"]["annotations"][
            "note"] == note

    def settled(self):
        """The controllers have looked at each child of theirs."""
        for kind in ("deployments", "statefulsets", "daemonsets"):
            found = self.child("apps/v1", kind)
            if found["status"].get("observedGeneration") != \
                    found["metadata"]["generation"]:
                return False
        return "disruptionsAllowed" in self.child(
            "policy/v1", "poddisruptionbudgets").get("status", {})


@pytest.fixture(scope="module")
def everything(cluster):
    found = Everything(cluster)
    found.apply("first")
    kubeconfig = cluster.user("tidelock-everything", groups=["system:masters"])
    wait_for(lambda: found.client.get(
        f"/api/v1/namespaces/{found.ns}/serviceaccounts/default"),
        "pods to be accepted")
    run_once(EVERYTHING, "--namespace", found.ns, kubeconfig=kubeconfig)
    root = found.client.get(found.path)
    assert condition(root, "Reconciled")["status"] == "True"
    assert root["status"]["children"] > 20
    wait_for(found.settled, "the controllers to have looked")
    return found


@pytest.fixture(scope="module")
def resting(cluster, tmp_path_factory):
    """A process that has nothing to do from `since` on, while the other tests
    run and controllers go on writing the status of its children."""
    user = "tidelock-resting"
    kubeconfig = cluster.user(user, groups=["system:masters"])
    found = Everything(cluster)
    with Tidelock("run", EVERYTHING, "operators/website", "--namespace", found.ns,
                  kubeconfig=kubeconfig, folder=tmp_path_factory.mktemp("rest")
                  ) as process:
        wait_for(lambda: found.client.get(
            f"/api/v1/namespaces/{found.ns}/serviceaccounts/default"),
            "pods to be accepted")
        found.change("first")
        found.client.post(websites(found.ns), {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": "blog"}, "spec": SPEC})
        wait_for(lambda: condition(found.client.get(
            f"{websites(found.ns)}/blog"), "Progressing")["reason"] == "RolloutStuck"
            or found.settled(), "the controllers to have looked")
        found.user, found.process = user, process
        found.mark, found.since = cluster.audit_mark(), time.monotonic()
        yield found


def test_no_normalisation_of_the_server_causes_a_second_write(
        resting, everything, admin):
    user, kubeconfig = admin
    done = tidelock("plan", EVERYTHING, "--namespace", everything.ns,
                    kubeconfig=kubeconfig)
    assert done.stdout == "No changes. 1 object is as declared.\n", done.stderr
    assert done.returncode == 0

    mark = everything.cluster.audit_mark()
    run_once(EVERYTHING, "--namespace", everything.ns, kubeconfig=kubeconfig)
    assert [e["requestURI"] for e in
            writes(everything.cluster, mark, user, lease=True)] == []


# ---- many Websites ----

def in_parallel(cluster, function, items):
    """function(client, item) for each item, by several connections at once."""
    def work(part):
        client = cluster.new_client()
        try:
            for item in part:
                function(client, item)
        finally:
            client.close()
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, [items[i::CLIENTS] for i in range(CLIENTS)]))


def websites(ns):
    return f"/apis/example.com/v1/namespaces/{ns}/websites"


def deployments(ns):
    return f"/apis/apps/v1/namespaces/{ns}/deployments"


def names(client, path):
    return {item["metadata"]["name"] for item in client.get(path)["items"]}


@pytest.fixture(scope="module")
def thousand(bare_cluster):
    """A namespace with 1,000 Websites, all of them converged."""
    ns = make_namespace(bare_cluster)
    kubeconfig = bare_cluster.user("tidelock-first", groups=["system:masters"])
    everyone = [f"site-{i:04}" for i in range(COUNT)]

    def create(client, name):
        client.post(websites(ns), {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": name}, "spec": SPEC})
    in_parallel(bare_cluster, create, everyone)
    run_once("operators/website", "--namespace", ns, kubeconfig=kubeconfig,
             deadline=600)

    client = bare_cluster.client()
    for path in (deployments(ns), f"/api/v1/namespaces/{ns}/services",
                 f"/api/v1/namespaces/{ns}/configmaps"):
        assert names(client, path) == set(everyone)
    for site in client.get(websites(ns))["items"]:
        assert condition(site, "Reconciled")["status"] == "True"
        assert site["status"]["observedGeneration"] == 1
    return ns


def test_a_second_run_over_a_thousand_converged_websites_writes_nothing(
        bare_cluster, thousand, bare_admin):
    user, kubeconfig = bare_admin
    mark = bare_cluster.audit_mark()
    run_once("operators/website", "--namespace", thousand, kubeconfig=kubeconfig)
    assert writes(bare_cluster, mark, user, lease=True) == []
    lists = bare_cluster.audit(since=mark, user=user, verbs=["list", "watch"])
    assert {e["objectRef"]["resource"] for e in lists} >= {
        "websites", "deployments", "services", "configmaps"}, "it did not look"


def test_a_second_pass_of_one_process_over_a_thousand_websites_writes_nothing(
        bare_cluster, thousand, bare_admin, tmp_path):
    """Each of them is woken; the last one has something to do, so that its
    write shows that the passes before it are over."""
    user, kubeconfig = bare_admin
    client = bare_cluster.client()
    everyone = sorted(names(client, websites(thousand)))
    last = everyone.pop()
    mark = bare_cluster.audit_mark()

    with Tidelock("run", "operators/website", "--namespace", thousand,
                  kubeconfig=kubeconfig, folder=tmp_path):
        # It is at work when a first change has arrived.
        wait_for_replicas(client, thousand, last, 2)
        in_parallel(bare_cluster, lambda c, name: c.patch(
            f"{websites(thousand)}/{name}",
            {"metadata": {"labels": {"woken": "yes"}}}), everyone)
        wait_for_replicas(client, thousand, last, 1)

    changed = {(e["objectRef"]["resource"], e["objectRef"]["name"])
               for e in writes(bare_cluster, mark, user, lease=True)}
    assert changed == {("deployments", last), ("websites", last)}


def wait_for_replicas(client, ns, name, count):
    client.patch(f"{websites(ns)}/{name}", {"spec": {"replicas": count}})
    wait_for(lambda: client.get(f"{deployments(ns)}/{name}")["spec"]["replicas"]
             == count, f"{count} replicas of {name}")


# ---- nothing happens ----

IDLE = 60       # seconds


def test_sixty_idle_seconds_are_spent_without_a_request(resting):
    wait_for(lambda: time.monotonic() > resting.since + IDLE, "a minute to pass",
             deadline=2 * IDLE)
    requests = [e for e in resting.cluster.audit(
        since=resting.mark, user=resting.user)
        if e["verb"] != "watch" and
        (e["verb"], e["objectRef"]["resource"]) != ("update", "leases")]
    assert [(e["verb"], e["requestURI"]) for e in requests] == []

    # It was not asleep.
    resting.change("second")
    assert writes(resting.cluster, resting.mark, resting.user)
