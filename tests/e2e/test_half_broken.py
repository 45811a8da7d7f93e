"""What ends by itself ends with exit code 1 and a reason when there is no API
server, or something else is in its place, or it does only half of its work."""

import socket

import pytest

from fakeapi import plain, refuse
from harness import tidelock
from mirror import mirror

COMMANDS = (["run", "--once"], ["plan"])
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {{token: none}}}}]
current-context: c
"""


def all_fail(kubeconfig, folder, *words):
    """Both commands end with 1, and say each of the words."""
    for command in COMMANDS:
        done = tidelock(*command, mirror(folder), kubeconfig=kubeconfig)
        assert done.returncode == 1, done.stderr
        for word in words:
            assert word in done.stderr, done.stderr
        assert "Sanitizer" not in done.stderr, done.stderr


def kubeconfig_of(folder, server):
    path = folder / "kubeconfig"
    path.write_text(KUBECONFIG.format(server=server))
    return path


def test_nothing_listens(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    all_fail(kubeconfig_of(tmp_path, f"https://127.0.0.1:{port}"), tmp_path,
             f"127.0.0.1:{port}", "connection refused")


def test_a_name_that_does_not_exist(tmp_path):
    all_fail(kubeconfig_of(tmp_path, "https://api.example.com.invalid:6443"), tmp_path,
             "api.example.com.invalid", "the name is not known")


def test_an_http_server_behind_https(fake, tmp_path):
    all_fail(kubeconfig_of(tmp_path, f"https://127.0.0.1:{fake.port}"), tmp_path,
             "TLS handshake", "is it an HTTPS port?")


DISCOVERY = {
    "html": (plain(200, "<html>sign in</html>"), "cannot use the cluster"),
    "a redirect": (plain(302, "", Location="https://elsewhere.example.com/login"),
                   "elsewhere.example.com"),
    "half of it": (plain(200, '{"kind":"APIGroupDiscovery', "application/json"),
                   "cannot use the cluster"),
    "nothing": (plain(200, "", "application/json"), "cannot use the cluster"),
    "401": (refuse(401, "who are you?"), "does not know the credentials of user 'nobody'"),
    "403": (refuse(403, "not for you"), "not for you"),
    "404": (plain(404, "<html>not here</html>"), "cannot use the cluster"),
    "500": (refuse(500, "etcd is on fire"), "etcd is on fire"),
}


@pytest.mark.parametrize("name", DISCOVERY)
def test_discovery_fails(fake, tmp_path, name):
    answer, words = DISCOVERY[name]
    fake.always("discover", None, answer)
    all_fail(fake.kubeconfig, tmp_path, words)


@pytest.mark.parametrize("verbs", [["stream", "list"], ["watch", "stream", "list"]])
def test_a_list_is_forbidden(fake, tmp_path, verbs):
    for verb in verbs:
        fake.always(verb, "Mirror", refuse(403, "nobody may list mirrors"))
    all_fail(fake.kubeconfig, tmp_path, "nobody may list mirrors")


def test_the_kind_is_not_there(fake, tmp_path):
    del fake.kinds["Mirror"]
    all_fail(fake.kubeconfig, tmp_path, "Mirror", "fake.example.com/v1")


def test_the_lease_cannot_be_read(fake, tmp_path):
    fake.always("get", "Lease", refuse(500, "no leases today"))
    done = tidelock("run", "--once", mirror(tmp_path), kubeconfig=fake.kubeconfig)
    assert done.returncode == 1 and "no leases today" in done.stderr
    assert not fake.asked("apply", "ConfigMap")


def test_the_lease_cannot_be_written(fake, tmp_path):
    """Nothing is owned before it is written down what is."""
    fake.always("apply", "Lease", refuse(403, "no leases for you"))
    done = tidelock("run", "--once", mirror(tmp_path), kubeconfig=fake.kubeconfig)
    assert done.returncode == 1 and "no leases for you" in done.stderr
    assert not fake.asked("apply", "ConfigMap")


WRITES = {"403": refuse(403, "hands off"), "422": refuse(422, "hands off"),
          "409": refuse(409, "hands off"), "500": refuse(500, "hands off"),
          "html": plain(200, "<html>sign in</html>")}


@pytest.mark.parametrize("name", WRITES)
def test_no_write_is_accepted(fake, tmp_path, name):
    """The other two objects are carried out all the same."""
    def refused(exchange):
        own = exchange.request.key[1].startswith("two-")
        (WRITES[name] if own else lambda e: e.default())(exchange)
    fake.always("apply", "ConfigMap", refused)
    done = tidelock("run", "--once", mirror(tmp_path), kubeconfig=fake.kubeconfig)
    assert done.returncode == 1
    assert "two" in done.stderr and "reconcile failed" in done.stderr
    assert sorted(n for _, n in fake.mirrored()) == ["one", "three"]


def test_a_plan_that_cannot_be_confirmed_says_so(fake, tmp_path):
    fake.always("apply", "ConfigMap", refuse(500, "no dry runs today"))
    done = tidelock("plan", mirror(tmp_path), kubeconfig=fake.kubeconfig)
    assert done.returncode == 1 and "no dry runs today" in done.stdout + done.stderr
