"""What is as declared costs nothing: no write on a second pass. Counted in the
API server's audit log, by user."""

import concurrent.futures

import pytest

from conftest import make_namespace
from everything import EVERYTHING, Everything
from figures import figure
from harness import Tidelock, condition, run_once, tidelock, wait_for, writes

COUNT = 1000
CLIENTS = 8
SPEC = {"content": {"index.html": "<h1>hello</h1>"}, "replicas": 1}


# ---- whatever the server makes of a child ----

@pytest.fixture(scope="module")
def everything(cluster):
    found = Everything(cluster, make_namespace(cluster))
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


# rows: D11
# broken: with equal hashes that settle nothing, every default is written again
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
    figure("D11", "writes of a second pass", 0)


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
