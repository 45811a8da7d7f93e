"""Credentials from exec plugins, on a real API server; kubectl is the yardstick
of what a plugin is told.

The plugin is one small script. It notes how it was called, one line of JSON per
run, and then does what the test wrote for it.
"""

import json
import os
import signal
import time

import pytest

from harness import Tidelock, wait_for
from kubeconfigs import (Seen, ServiceAccount, certificate, cluster_entry,
                         copy_pair, kubeconfig, plan, refused, token_id, token_ids)
from test_connecting import deployment, website

PLUGIN = """#!/usr/bin/python3
import json, os, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
busy = os.path.join(folder, "busy")
with open(os.path.join(folder, "calls"), "a") as calls:
    json.dump({"args": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid(),
               "alone": not os.path.exists(busy)}, calls)
    calls.write("\\n")
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])

def answer(**status):
    json.dump({"apiVersion": info["apiVersion"], "kind": "ExecCredential",
               "status": status}, sys.stdout)

def soon(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))

def text(name):
    with open(os.path.join(folder, name)) as file:
        return file.read()

open(busy, "w").close()
try:
    exec(text("body"))
finally:
    os.unlink(busy)
"""


class Plugin:
    """A plugin in a folder of its own; `body` is Python with answer(status)."""

    def __init__(self, folder, body):
        self.folder = folder
        folder.mkdir(parents=True)
        self.path = folder / "plugin"
        self.path.write_text(PLUGIN)
        self.path.chmod(0o755)
        self.does(body)

    def does(self, body):
        (self.folder / "next").write_text(body)
        (self.folder / "next").rename(self.folder / "body")

    @property
    def calls(self):
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] \
            if path.exists() else []

    def user(self, **changes):
        fields = {"apiVersion": "client.authentication.k8s.io/v1",
                  "command": str(self.path), "interactiveMode": "Never"}
        fields.update(changes)
        return {"exec": {k: v for k, v in fields.items() if v is not None}}


@pytest.fixture
def robot(cluster, namespace):
    return ServiceAccount(cluster, namespace)


def by_token(token):
    return f"answer(token={token!r})"


# ---- what it answers ----

@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_plugin_gives_a_token(cluster, namespace, robot, tmp_path, version):
    plugin = Plugin(tmp_path / "plugin", by_token(robot.token("one")))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user(
        apiVersion=f"client.authentication.k8s.io/{version}",
        interactiveMode="Never" if version == "v1" else None))
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {robot.user}
    assert len(plugin.calls) == 1       # for all requests together


def test_a_plugin_gives_a_client_certificate(cluster, namespace, tmp_path):
    plugin = Plugin(tmp_path / "plugin", "answer(clientCertificateData=text"
                    "('tls.crt'), clientKeyData=text('tls.key'))")
    copy_pair(certificate(cluster, "ann"), plugin.folder)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user())
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {"ann"}
    assert len(plugin.calls) == 1


def test_what_the_user_entry_says_itself_wins(cluster, namespace, robot, tmp_path):
    plugin = Plugin(tmp_path / "plugin", "sys.exit('not to be run')")
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), {
        "token": robot.token("one"), **plugin.user()})
    plan(path, namespace)
    assert plugin.calls == []


# ---- what it is told ----

def told(call):
    """What counts of a call, with the texts of JSON as values."""
    return {"args": call["args"], "info": json.loads(call["env"]
                                                     ["KUBERNETES_EXEC_INFO"]),
            "env": {k: call["env"].get(k) for k in ("TEAM", "HOME", "EMPTY")}}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@pytest.mark.parametrize("wanted", [True, False, None])
@pytest.mark.parametrize("ca", ["file", "data"])
def test_a_plugin_is_told_what_kubectl_tells_it(cluster, namespace, robot, tmp_path,
                                                version, wanted, ca):
    plugin = Plugin(tmp_path / "plugin", by_token(robot.token("one")))
    entry = cluster_entry(
        cluster, tls_server_name="localhost", disable_compression=True, extensions=[
            {"name": "other", "extension": {"no": 1}},
            {"name": "client.authentication.k8s.io/exec",
             "extension": {"audience": "ops", "list": [1, None, {"deep": "ü"}]}}])
    if ca == "file":
        del entry["certificate-authority-data"]
        entry["certificate-authority"] = str(cluster.authority)
    path = kubeconfig(tmp_path / "config", entry, plugin.user(
        apiVersion=f"client.authentication.k8s.io/{version}",
        args=["get-token", "--cluster=a b", "", "$HOME", "*"],
        env=[{"name": "TEAM", "value": "night shift"}, {"name": "HOME", "value": "/x"},
             {"name": "EMPTY", "value": ""}],
        provideClusterInfo=wanted))
    cluster.kubectl("get", "namespaces", kubeconfig=path)
    plan(path, namespace)
    by_kubectl, ours = plugin.calls
    assert told(ours) == told(by_kubectl)
    assert ("cluster" in told(ours)["info"]["spec"]) == bool(wanted)


# ---- where it is ----

def test_a_command_with_a_slash_is_relative_to_the_kubeconfig(
        cluster, namespace, robot, tmp_path):
    plugin = Plugin(tmp_path / "far" / "bin", by_token(robot.token("one")))
    for command in ("bin/plugin", "./bin/plugin", "../far/bin/plugin"):
        path = kubeconfig(tmp_path / "far" / "config", cluster_entry(cluster),
                          plugin.user(command=command))
        plan(os.path.relpath(path), namespace)
    assert len(plugin.calls) == 3


def test_a_bare_command_is_looked_for_in_path(cluster, namespace, robot, tmp_path):
    plugin = Plugin(tmp_path / "bin", by_token(robot.token("one")))
    path = kubeconfig(tmp_path / "bin" / "config", cluster_entry(cluster),
                      plugin.user(command="plugin", installHint="dnf install it"))
    refused(path, namespace, "plugin", "no such file", "dnf install it")
    plan(path, namespace, env={"PATH": f"{plugin.folder}:{os.environ['PATH']}"})


def test_a_missing_command_with_its_hint(cluster, namespace, tmp_path):
    plugin = Plugin(tmp_path / "plugin", "")
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user(
        command="nowhere/aws", installHint="install aws:\nhttps://aws.example.com"))
    said = refused(path, namespace, str(tmp_path / "nowhere/aws"),
                   "install aws:", "https://aws.example.com")
    assert said.count("install aws") == 1


def test_a_command_that_is_no_program(cluster, namespace, tmp_path):
    plugin = Plugin(tmp_path / "plugin", "")
    plugin.path.chmod(0o644)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user())
    refused(path, namespace, str(plugin.path), "permission denied")


# ---- what can be wrong with it ----

@pytest.mark.parametrize("body, words", [
    ("sys.exit('login expired:\\nrun acme login')",
     ["exit code 1", "run acme login"]),
    ("os.kill(os.getpid(), 9)", ["signal 9"]),
    ("print('token: abc')", ["did not print JSON"]),
    ("print('')", ["did not print JSON"]),
    ("print('{}')", ["ExecCredential"]),
    ("info['apiVersion'] += 'x'\nanswer(token='abc')", ["apiVersion", "v1x"]),
    ("answer()", ["neither a token nor a certificate"]),
    ("answer(clientCertificateData='x')", ["only one of certificate and key"]),
    ("answer(clientCertificateData='x', clientKeyData='y')", ["not PEM"]),
    ("answer(token='a\\nb: c')", ["control characters"]),
    ("answer(token='x', expirationTimestamp='soon')", ["expirationTimestamp"]),
    ("print('x' * 2000000)", ["standard output"]),
])
def test_a_plugin_that_fails(cluster, namespace, tmp_path, body, words):
    plugin = Plugin(tmp_path / "plugin", body)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user())
    said = refused(path, namespace, "cannot use the cluster", "exec plugin",
                   str(plugin.path), *words)
    assert len(said) < 1500
    assert len(plugin.calls) == 1


def test_a_plugin_that_wants_to_ask_somebody(cluster, namespace, robot, tmp_path):
    plugin = Plugin(tmp_path / "plugin", by_token(robot.token("one")))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      plugin.user(interactiveMode="Always"))
    refused(path, namespace, "not a terminal", "interactiveMode")
    assert plugin.calls == []
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      plugin.user(interactiveMode="IfAvailable"))
    plan(path, namespace)
    assert told(plugin.calls[0])["info"]["spec"] == {"interactive": False}


def test_a_token_that_the_server_does_not_know(cluster, namespace, tmp_path):
    """The plugin is asked once more, and then no more."""
    plugin = Plugin(tmp_path / "plugin", by_token("unknown"))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user())
    refused(path, namespace, "does not know the credentials")
    assert len(plugin.calls) == 2


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


HANGS = """
import subprocess
child = subprocess.Popen(["sleep", "1000"])
with open(os.path.join(folder, "child"), "w") as file: file.write(str(child.pid))
os.rename(os.path.join(folder, "child"), os.path.join(folder, "pid"))
child.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_while_a_plugin_hangs_takes_it_along(cluster, tmp_path, number):
    plugin = Plugin(tmp_path / "plugin", HANGS)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user())
    process = Tidelock("run", "operators/website", kubeconfig=path, folder=tmp_path)
    child = wait_for(lambda: int((plugin.folder / "pid").read_text()), "the plugin")
    process.stop(number)
    wait_for(lambda: gone(child) and gone(plugin.calls[0]["pid"]), "both to be gone")
    assert "Sanitizer" not in process.log


@pytest.mark.long
def test_a_plugin_that_hangs_is_ended_after_a_minute(cluster, namespace, tmp_path):
    plugin = Plugin(tmp_path / "plugin", HANGS)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user())
    start = time.monotonic()
    refused(path, namespace, "did not end in time", str(plugin.path), deadline=180)
    assert time.monotonic() - start >= 59
    child = int((plugin.folder / "pid").read_text())
    wait_for(lambda: gone(child), "what the plugin had started to be gone")


# ---- as time goes by ----

def at_first(body, then):
    """The first run of the plugin does the one, all others the other."""
    return f"if text('calls').count('\\n') == 1:\n    {body}\nelse:\n    {then}"


def keep_changing(cluster, namespace, until, what):
    """Makes sites, each of which must get its Deployment, until it is so."""
    made = []

    def step():
        made.append(f"site-{len(made)}")
        website(cluster, namespace, made[-1])
        wait_for(lambda: deployment(cluster, namespace, made[-1]), made[-1])
        return until()
    wait_for(step, what, every=0.3)


def test_a_token_is_renewed_before_it_expires(cluster, namespace, robot, tmp_path):
    first, second = robot.token("one"), robot.token("two")
    plugin = Plugin(tmp_path / "plugin", at_first(
        f"answer(token={first!r}, expirationTimestamp=soon(5))", by_token(second)))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user(),
                      namespace=namespace)
    seen = Seen(cluster)
    with Tidelock("run", "operators/website", "-n", namespace, kubeconfig=path,
                  folder=tmp_path) as process:
        keep_changing(cluster, namespace,
                      lambda: token_id(second) in token_ids(seen.events),
                      "the second token to be used")
        assert "reconcile failed" not in process.log
    assert len(plugin.calls) == 2
    assert token_ids(seen.events) == {token_id(first), token_id(second)}


def test_a_token_is_renewed_when_it_is_refused(cluster, namespace, robot, tmp_path):
    first, second = robot.token("one"), robot.token("two")
    plugin = Plugin(tmp_path / "plugin", by_token(first))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user(),
                      namespace=namespace)
    seen = Seen(cluster)
    with Tidelock("run", "operators/website", "-n", namespace, kubeconfig=path,
                  folder=tmp_path) as process:
        keep_changing(cluster, namespace, lambda: True, "one site")
        plugin.does(by_token(second))
        robot.take_back("one")
        keep_changing(cluster, namespace,
                      lambda: token_id(second) in token_ids(seen.events),
                      "the second token to be used")
        assert "reconcile failed" not in process.log
    assert len(plugin.calls) == 2


def test_a_certificate_is_renewed_on_new_connections(cluster, namespace, tmp_path):
    """Who we are is said when a connection begins, so the old one is left."""
    pem = "clientCertificateData=text('{0}.crt'), clientKeyData=text('{0}.key')"
    plugin = Plugin(tmp_path / "plugin", at_first(
        f"answer({pem.format('ann')}, expirationTimestamp=soon(5))",
        f"answer({pem.format('bob')})"))
    for name in ("ann", "bob"):
        copy_pair(certificate(cluster, name), plugin.folder,
                  (f"{name}.crt", f"{name}.key"))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user(),
                      namespace=namespace)
    seen = Seen(cluster)
    with Tidelock("run", "operators/website", "-n", namespace, kubeconfig=path,
                  folder=tmp_path) as process:
        keep_changing(cluster, namespace, lambda: "bob" in seen.users,
                      "the second certificate to be used")
        assert "reconcile failed" not in process.log
    assert seen.users == {"ann", "bob"}


def test_two_plugins_never_run_at_once(cluster, namespace, robot, tmp_path):
    """However many requests find the token expired."""
    token = robot.token("one")
    slow = f"time.sleep(0.2)\nanswer(token={token!r}, expirationTimestamp=soon(-60))"
    plugin = Plugin(tmp_path / "plugin", slow)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), plugin.user(),
                      namespace=namespace)
    for i in range(5):
        website(cluster, namespace, f"site-{i}")
    with Tidelock("run", "operators/website", "-n", namespace, kubeconfig=path,
                  folder=tmp_path):
        for i in range(5):
            wait_for(lambda: deployment(cluster, namespace, f"site-{i}"), f"site {i}")
    assert len(plugin.calls) > 5
    assert all(call["alone"] for call in plugin.calls)
