"""The node itself: pods run on it, and it leaves nothing behind."""

import os
import pathlib
import signal
import subprocess
import sys
import urllib.request

import pytest

import machine
from node import BUSYBOX, wait_for

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACES = "/api/v1/namespaces/default"


def left_behind(pid):
    """Processes below `pid`'s node, its control groups, and mounts of its."""
    return [*(h / f"{machine.GROUP_PREFIX}{pid}" for h in machine.hierarchies()
              if (h / f"{machine.GROUP_PREFIX}{pid}").exists()),
            *(line for line in pathlib.Path("/proc/mounts").read_text().splitlines()
              if "tidelock-cluster-" in line or "cni-" in line)]


def page(address):
    with urllib.request.urlopen(f"http://{address}", timeout=5) as answer:
        return answer.read().decode()


def test_a_pod_runs_and_a_service_leads_to_it(node):
    command = ["sh", "-c", "echo it works >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
    client = node.client()
    client.post(f"{NAMESPACES}/pods", {
        "metadata": {"name": "page", "labels": {"app": "page"}},
        "spec": {"containers": [{
            "name": "httpd", "image": BUSYBOX, "command": command,
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
            "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}],
            "volumes": [{"name": "tmp", "emptyDir": {}}]}})
    service = client.post(f"{NAMESPACES}/services", {
        "metadata": {"name": "page"},
        "spec": {"selector": {"app": "page"}, "ports": [{"port": 80, "targetPort": 8080}]}})

    pod, = wait_for(lambda: node.pods("default", "app=page"), "the pod")
    assert page(f"{pod['status']['podIP']}:8080") == "it works\n"
    assert wait_for(lambda: page(service["spec"]["clusterIP"]), "kube-proxy") == "it works\n"
    assert "it works" in node.kubectl("exec", "page", "--", "cat", "/tmp/index.html").stdout
    tokens = node.kubectl("exec", "page", "--", "ls", "/var/run/secrets/kubernetes.io/serviceaccount")
    assert tokens.stdout.split() == ["ca.crt", "namespace", "token"]
    node.kubectl("delete", "pod,service", "page", "--now")


def run_in_python(text):
    """A harness of its own: its output pipe and process."""
    return subprocess.Popen([sys.executable, "-c", text], cwd=HERE, text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)


START = """
import sys
sys.path.insert(0, ".")
from node import Node
with Node() as node:
    print(node.folder, *node.pids.values(), flush=True)
    {then}
"""


@pytest.mark.long
@pytest.mark.parametrize("then", ["pass", "1 / 0", "sys.stdin.read()"])
def test_nothing_is_left_behind(then):
    """At its end, after an exception, and when it is killed: what is left
    then, a start removes."""
    with run_in_python(START.format(then=then)) as harness:
        folder, *pids = harness.stdout.readline().split()
        assert len(pids) == 6
        if "read" in then:
            harness.send_signal(signal.SIGKILL)
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), "their end")
    if "read" in then:
        with run_in_python(START.format(then="pass")) as harness:
            harness.communicate()
    assert left_behind(harness.pid) == [] and not os.path.exists(folder)


@pytest.mark.long
def test_a_start_that_fails_leaves_nothing():
    program = START.format(then="pass").replace(
        "Node()", "Node(apiserver_flags=['--no-such-flag'])")
    with subprocess.Popen([sys.executable, "-c", program], cwd=HERE, text=True,
                          stderr=subprocess.PIPE) as harness:
        _, said = harness.communicate()
    assert harness.returncode == 1 and "unknown flag: --no-such-flag" in said
    assert left_behind(harness.pid) == []


@pytest.mark.long
def test_up_runs_until_it_is_asked_to_stop():
    with subprocess.Popen([HERE / "up"], stdout=subprocess.PIPE, text=True) as up:
        lines = [up.stdout.readline() for _ in range(4)]
        enter = lines[1].replace(" bash", "").strip()
        shown = subprocess.run(
            ["bash", "-c", f"{lines[2]}{lines[3]}{enter} kubectl get nodes"],
            capture_output=True, text=True, check=True)
        assert " Ready " in shown.stdout
        up.terminate()
    assert up.returncode == 0
    assert left_behind(up.pid) == []
