"""A root that is deleted in the middle of its pass, after any of the writes."""

import threading

import pytest

import echo
from conftest import make_namespace
from echo import Echo, configmap, ref
from figures import figure
from harness import Tidelock, wait_for
from live import READY
from proxy import ApiProxy, Hook
from sims import cluster        # noqa: F401 (a fixture)

WRITES = ("finalizer", "first", "second", "status")


class DeleteAfter(Hook):
    """Deletes the root `one` when its n-th write has taken effect."""

    def __init__(self, number, delete):
        self.number, self.delete = number, delete
        self.count, self.done = 0, threading.Event()
        self._lock = threading.Lock()

    def after(self, request, status, body):
        if not request.is_write or "/leases/" in request.path or "/events" in request.path:
            return
        with self._lock:
            self.count += 1
            due = self.count == self.number
        if due:
            self.delete()
            self.done.set()


# rows: D8
# broken: without add_finalizer() in diff_stages(), what is outside is not put back
@pytest.mark.parametrize("number", range(1, len(WRITES) + 1), ids=WRITES)
def test_a_root_that_is_deleted_after_any_write_leaves_nothing_behind(
        cluster, tmp_path, number):
    echo.install(cluster)
    user = "tidelock-midway"
    one = Echo(cluster, make_namespace(cluster),
               (user, cluster.user(user, groups=["system:masters"])),
               echo.operator(tmp_path, finalize=True))
    one.create("configmaps", configmap("outside", {"a": "taken"}, labels={"foreign": "yes"}))
    hook = DeleteAfter(number, lambda: cluster.new_client().delete(one.path))
    with ApiProxy(cluster, one.kubeconfig, tmp_path, hook) as proxy, \
            Tidelock("run", *one.arguments, kubeconfig=proxy.kubeconfig, folder=tmp_path):
        one.declare(("apply", configmap("first")), ("apply", configmap("second")), READY,
                    finalize=[("patch", ref("ConfigMap", "outside"), {"data": {"a": "free"}},
                               {"type": "merge"})])
        assert hook.done.wait(60), f"write {number} never came"
        wait_for(lambda: one.client.request("GET", one.path).status == 404, "the root to go")
        wait_for(lambda: not one.find("configmaps", "first") and
                 not one.find("configmaps", "second"), "the children to be collected")
    assert one.get("configmaps", "outside")["data"] == {"a": "free"}
    figure("D8", "orphans", 0)
