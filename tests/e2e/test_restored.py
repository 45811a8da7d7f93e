"""A cluster that goes back to a backup: versions and generations are given out
a second time, and what was known is from a time that never was (G2)."""

import pytest

import echo
from conftest import make_namespace
from controlplane import ControlPlane
from echo import Echo, configmap
from harness import Tidelock, wait_for, writes

READY = ("condition", "Ready", True, "Is")


@pytest.fixture
def restorable(tmp_path):
    """A root in a control plane of its own, and its operator at work."""
    with ControlPlane(controller_manager=False) as plane:
        echo.install(plane)
        user = ("tidelock", plane.user("tidelock", groups=["system:masters"]))
        found = Echo(plane, make_namespace(plane), user, echo.operator(tmp_path))
        with Tidelock("run", *found.arguments, "-v", kubeconfig=found.kubeconfig,
                      folder=tmp_path) as found.process:
            wait_for(lambda: "in sync" in found.process.log, "the first sync")
            yield found


def settle(one, value):
    generation = one.declare(("apply", configmap("child", {"value": value})),
                             READY)["metadata"]["generation"]
    wait_for(lambda: one.get("configmaps", "child")["data"]["value"] == value,
             f"the child to be {value}")
    wait_for(lambda: one.root()["status"]["observedGeneration"] == generation,
             "the status")
    return generation


def noise(one, count=100):
    for i in range(count):
        one.create("configmaps", configmap(f"noise-{i}"))


def test_a_root_is_followed_after_its_generation_went_back(restorable):
    one = restorable
    settle(one, "a")
    backup = one.cluster.backup_etcd()
    for value in ("b", "c", "d", "e"):
        last = settle(one, value)
    one.cluster.restore_etcd(backup)
    wait_for(lambda: one.get("configmaps", "child"), "the API server to be back")
    noise(one)                  # the versions overtake those that we knew
    generation = settle(one, "f")
    assert generation < last
    for value in ("g", "h"):
        settle(one, value)


@pytest.mark.long
def test_what_was_made_after_the_backup_is_made_again(restorable):
    """The versions we know are ahead of the server's: a watch from there is
    silent for ever, which takes two minutes to be sure of."""
    one = restorable
    settle(one, "a")
    backup = one.cluster.backup_etcd()
    one.declare(("apply", configmap("child", {"value": "a"})),
                ("apply", configmap("second")), READY)
    wait_for(lambda: one.find("configmaps", "second"), "the second child")
    noise(one)                  # the restarted server is behind
    one.cluster.restore_etcd(backup)
    wait_for(lambda: one.get("configmaps", "child"), "the API server to be back")
    mark = one.cluster.audit_mark()
    one.declare(("apply", configmap("child", {"value": "b"})),
                ("apply", configmap("third")), READY)
    wait_for(lambda: one.find("configmaps", "third"), "the third child", deadline=300)
    wait_for(lambda: one.get("configmaps", "child")["data"]["value"] == "b", "the first")
    assert not one.find("configmaps", "second")
    assert [e for e in writes(one.cluster, mark, one.user) if e["verb"] == "delete"] == []
