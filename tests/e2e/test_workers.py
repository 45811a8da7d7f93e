"""Scripts in worker processes: what one object does to its worker is that
object's trouble, and nobody else's."""

import base64
import json
import os
import pathlib
import signal

import pytest

import echo
import harness
from harness import Tidelock, condition, wait_for, write_operator
from simplane import SimPlane
from test_two_operators import other

SPINNER = """\
local tidelock = require "tidelock"

local function reconcile(root, view, plan)
  while root.spec.spin do
  end
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = root.metadata.name .. "-map" },
    data = { value = tostring(root.spec.value) },
  }
end

return tidelock.operator {
  api = 1,
  name = "spinner",
  resource = { "spin.example.com/v1", "Spin" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
"""
# AddressSanitizer holds back what was freed: memory grows without a leak.
LEAN = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}
LINE = "operator.lua:4"
SECRET = """
    plan:apply { apiVersion = "v1", kind = "Secret", metadata = {
      name = root.metadata.name }, stringData = { value = root.spec.value } }"""


@pytest.fixture(scope="module")
def cluster():
    with SimPlane(controllers="none") as plane:
        harness.install_crd(plane, harness.crd("spin.example.com", "Spin", "spins"))
        echo.install(plane)
        yield plane


@pytest.fixture(params=[0, 1, 2])
def workers(request):
    return request.param


@pytest.fixture
def running(cluster, tmp_path, workers):
    """Two operators in one process."""
    first = write_operator(tmp_path / "spinner", SPINNER)
    with Tidelock("run", first, other(tmp_path, body=SECRET), "--workers", workers,
                  kubeconfig=cluster.kubeconfig, folder=tmp_path, env=LEAN) as run:
        yield run
    cluster.kubectl("delete", "spins,echoes,configmaps,secrets", "--all")


def apply(cluster, kind, name, **spec):
    group = {"Spin": "spin.example.com", "Echo": "echo.example.com"}[kind]
    cluster.kubectl("apply", "-f", "-", input=json.dumps({
        "apiVersion": f"{group}/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "default"}, "spec": spec}))


def get(cluster, kind, name):
    return json.loads(cluster.kubectl("get", kind, name, "-o", "json").stdout)


def reconciled(cluster, name):
    """Status, reason and message of what it says of its last pass."""
    spin = get(cluster, "spin", name)
    found = condition(spin, "Reconciled")
    assert found["observedGeneration"] == spin["metadata"]["generation"]
    return found["status"], found["reason"], found["message"]


def is_well(cluster, name):
    """Trouble that is over is not mentioned where the script has no status."""
    return condition(get(cluster, "spin", name), "Reconciled") is None


def others_go_on(cluster, value):
    """An object of the same operator, and one of the other."""
    apply(cluster, "Spin", "calm", value=value)
    apply(cluster, "Echo", "bystander", value=value)
    wait_for(lambda: get(cluster, "configmap", "calm-map")["data"]["value"] == value,
             "the other object")
    wait_for(lambda: "bystander" in [s["metadata"]["name"] for s in json.loads(
        cluster.kubectl("get", "secrets", "-o", "json").stdout)["items"]
        if s["data"]["value"] == encoded(value)], "the other operator")


def encoded(text):
    return base64.b64encode(text.encode()).decode()


# ---- processes ----

def stat(pid):
    """State and parent."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, int(parent)


def children(pid):
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            state, parent = stat(folder.name)
        except (OSError, ValueError):       # it ended meanwhile
            continue
        if parent == pid:
            found[int(folder.name)] = state
    return found


def memory(pid):
    """KiB that are the process's own."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines()
               if line.startswith("Private_"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def kill_what_computes(pid):
    """Ends the workers that are busy; how many."""
    killed = 0
    for child, state in children(pid).items():
        if state == "R":
            os.kill(child, signal.SIGKILL)
            killed += 1
    return killed


# ---- tests ----

def test_a_loop_without_an_end_is_its_objects_trouble(cluster, running):
    apply(cluster, "Spin", "endless", spin=True)
    status, reason, message = wait_for(
        lambda: reconciled(cluster, "endless"), "it was tried")
    assert (status, reason) == ("False", "BudgetExceeded")
    assert LINE in message and "longer than its budget of 5,000,000 instructions" in message
    others_go_on(cluster, "1")
    apply(cluster, "Spin", "endless", spin=False, value="a")
    wait_for(lambda: is_well(cluster, "endless"), "it is well again")
    assert get(cluster, "configmap", "endless-map")["data"]["value"] == "a"
    assert running.running


@pytest.mark.parametrize("workers", [1, 2], indirect=True)
def test_an_object_whose_worker_dies_is_in_quarantine(cluster, running):
    pid = running.process.pid
    others_go_on(cluster, "before")
    apply(cluster, "Spin", "deadly", spin=True)

    def is_quarantined():
        kill_what_computes(pid)
        found = reconciled(cluster, "deadly")
        return found[1] == "Quarantined" and found

    status, _, message = wait_for(is_quarantined, "the worker dies", every=0.002)
    assert status == "False"
    assert "signal 9" in message and "in quarantine, next try in " in message
    others_go_on(cluster, "after")
    apply(cluster, "Spin", "deadly", spin=False, value="b")
    wait_for(lambda: is_well(cluster, "deadly"), "it is let out")
    assert get(cluster, "configmap", "deadly-map")["data"]["value"] == "b"


@pytest.mark.parametrize("workers", [2], indirect=True)
def test_workers_that_die_leave_nothing_in_the_main_process(cluster, running, workers):
    pid = running.process.pid
    before = None
    for i in range(60):
        for child in children(pid):
            os.kill(child, signal.SIGKILL)
        others_go_on(cluster, str(i)) if i % 10 == 9 else touch_until_answered(cluster, i)
        if i == 29:
            before = memory(pid), descriptors(pid)
    wait_for(lambda: "Z" not in children(pid).values(), "the dead are reaped")
    assert len(children(pid)) <= workers
    assert descriptors(pid) <= before[1]
    assert memory(pid) <= before[0] + 2048


def touch_until_answered(cluster, i):
    apply(cluster, "Spin", "calm", value=f"touch {i}")
    wait_for(lambda: get(cluster, "configmap", "calm-map")["data"]["value"] == f"touch {i}",
             "an answer")


def test_there_are_as_many_processes_as_were_asked_for(cluster, running, workers):
    others_go_on(cluster, "x")
    found = children(running.process.pid)
    assert len(found) <= workers
    assert bool(found) == (workers > 0)
