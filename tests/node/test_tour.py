"""Installed as deploy/README.md says, and at work: the short tour."""

import os
import pathlib
import signal
import time

import pytest

from figures import figure
from installed import DEADLINE, PAGE, Installed, Site, every_edit_once
from node import wait_for


@pytest.fixture(scope="module")
def installed(node, image):
    found = Installed(node)
    found.apply()
    yield found
    found.delete()


# rows: D57
# broken: without `capabilities: {drop: [ALL]}` in the template of the Deployment no pod is made
def test_it_runs_as_two_pods_under_restricted(node, installed):
    pods = installed.wait_for_pods(2)
    namespace = node.client().get(f"/api/v1/namespaces/{installed.name}")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert installed.wait_for_leader() in [p["metadata"]["name"] for p in pods]
    for pod in pods:
        process = pathlib.Path(f"/proc/{installed.process(pod)}")
        state = dict(line.split(":\t") for line in (process / "status").read_text().splitlines()
                     if ":\t" in line)
        assert state["Uid"].split() == ["65532"] * 4
        assert int(state["CapBnd"], 16) == int(state["CapEff"], 16) == 0
        root, = [line for line in (process / "mounts").read_text().splitlines()
                 if line.split()[1] == "/"]
        assert root.split()[3].split(",")[0] == "ro"
    warned = node.client().get(f"/api/v1/namespaces/{installed.name}/events")["items"]
    violations = [e["message"] for e in warned if "PodSecurity" in e.get("message", "")]
    figure("D57", "violations", len(violations))
    assert violations == []


def test_a_websites_pods_serve_its_content(node, installed):
    site = Site(node, "tour")
    site.apply()
    wait_for(site.is_ready, "the Website to be ready", DEADLINE)
    wait_for(lambda: len(node.pods("tour")) == 2, "both pods", DEADLINE)
    assert wait_for(site.page, "kube-proxy", DEADLINE) == PAGE
    site.apply(page="<h1>New</h1>\n")
    wait_for(lambda: site.page() == "<h1>New</h1>\n", "the new page", DEADLINE)
    node.kubectl("delete", "website", "-n", "tour", "site")
    wait_for(lambda: not node.pods("tour", running=False), "its pods to go", DEADLINE)


def test_a_leader_that_is_killed_is_followed_and_nothing_is_done_twice(node, installed):
    """Under a stream of edits. The kubelet starts the dead one again; it may
    not lead before the other one."""
    site = Site(node, "killed")
    site.apply(replicas=0, port=1000)
    first = installed.wait_for_leader()
    wait_for(lambda: site.port() == 1000, "the Service", DEADLINE)
    mark = node.audit_mark()
    pod, = [p for p in installed.pods() if p["metadata"]["name"] == first]

    os.kill(installed.process(pod), signal.SIGKILL)
    killed, port, ports = time.monotonic(), 1000, []
    while installed.leader() in (None, first) or site.port() == 1000:
        port += 1
        ports.append(port)
        site.apply(replicas=0, port=port)
        assert time.monotonic() < killed + DEADLINE, "nobody has taken over"
    figure("leader", "takeover s", f"{time.monotonic() - killed:.1f}")
    wait_for(lambda: site.port() == ports[-1], "the last edit", DEADLINE)

    second = installed.leader()
    writes = installed.writes(mark, "services")
    assert {pod for pod, _ in writes} == {second}
    every_edit_once(writes, ports)
    installed.wait_for_pods(2)


def test_all_it_asked_for_was_granted(installed):
    """By exactly the roles of the bundle (what they hold, and that nothing of it
    is too much, is in tests/e2e/test_rbac.py)."""
    assert installed.requests()
    assert installed.refused() == []
