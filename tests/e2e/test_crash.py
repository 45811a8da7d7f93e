"""kill -9 at the worst moments: after every single write of a plan."""

import threading

import pytest

from conftest import make_namespace
from figures import figure
from harness import Tidelock, run_once, writes
from proxy import ApiProxy, Cut, Hook
from test_website import Site


class KillAfter(Hook):
    """Kills the process when the n-th write has taken effect, before it hears
    of that: the worst moment, since nothing of it is in its memory."""

    def __init__(self, number):
        self.number = number
        self.count, self.process = 0, None
        self.started = threading.Event()
        self.killed = threading.Event()
        self._lock = threading.Lock()

    def after(self, request, status, body):
        if not request.is_write:
            return
        with self._lock:
            self.count += 1
            due = self.count == self.number
        if due:
            self.started.wait(60)
            self.process.kill()
            self.killed.set()
        if self.killed.is_set():
            raise Cut


def shape(child):
    """What must be equal after a crash: everything but identity and times."""
    meta = child["metadata"]
    body = {k: v for k, v in child.items() if k not in ("metadata", "status")}
    if child["kind"] == "Service":
        body["spec"] = {k: v for k, v in body["spec"].items()
                        if k not in ("clusterIP", "clusterIPs")}
    body["metadata"] = {
        "name": meta["name"], "labels": meta.get("labels"),
        "annotations": meta.get("annotations"),
        "owners": [(o["kind"], o["name"]) for o in meta.get("ownerReferences", [])]}
    return body


def end_state(site):
    root = site.get("websites")
    status = {c["type"]: (c["status"], c["reason"])
              for c in root["status"]["conditions"]}
    return ({k: shape(v) for k, v in site.children().items()}, status)


@pytest.fixture(scope="module")
def undisturbed(bare_cluster, tmp_path_factory):
    """The end state without a crash, and how many writes it takes."""
    user = "tidelock-undisturbed"
    kubeconfig = bare_cluster.user(user, groups=["system:masters"])
    site = Site(bare_cluster, make_namespace(bare_cluster))
    site.apply(replicas=2)
    mark = bare_cluster.audit_mark()
    run_once("operators/website", "--namespace", site.ns, kubeconfig=kubeconfig)
    count = len(writes(bare_cluster, mark, user))
    assert count >= 4           # three children and a status
    return end_state(site), count


# rows: D1
# broken: with a root that has a child taken for done, what was not written yet never comes
def test_a_kill_after_any_write_ends_in_the_same_state(
        bare_cluster, undisturbed, bare_admin, tmp_path):
    expected, count = undisturbed
    kubeconfig = bare_admin[1]
    for index in range(1, count + 1):
        site = Site(bare_cluster, make_namespace(bare_cluster))
        site.apply(replicas=2)
        hook = KillAfter(index)
        folder = tmp_path / str(index)
        folder.mkdir()
        with ApiProxy(bare_cluster, kubeconfig, folder, hook) as proxy:
            process = Tidelock("run", "operators/website", "--namespace", site.ns,
                               kubeconfig=proxy.kubeconfig, folder=folder)
            hook.process = process
            hook.started.set()
            assert hook.killed.wait(60), f"write {index} never came:\n{process.log}"
            process.process.wait()
        run_once("operators/website", "--namespace", site.ns, kubeconfig=kubeconfig)
        assert end_state(site) == expected, f"killed after write {index} of {count}"
    figure("D1", "crash points", count)
    figure("D1", "violations", 0)
