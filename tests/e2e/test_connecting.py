"""Every way of connecting leads to a real API server, as the right user.

Exec plugins have a file of their own, test_exec_plugins.py.
"""

import os
import pathlib
import shutil
import ssl
import subprocess
import threading

import pytest

from certificates import Authority
from harness import Tidelock, run_once, wait_for
from kubeconfigs import (Seen, ServiceAccount, by_certificate, certificate,
                         cluster_entry, copy_pair, data, kubeconfig, plan,
                         refused, token_id, token_ids)
from proxy import ApiProxy, Hook
from tunnels import HttpProxy, Relay, SocksProxy


@pytest.fixture
def robot(cluster, namespace):
    """A service account with every right."""
    return ServiceAccount(cluster, namespace)


def website(cluster, namespace, name):
    """Makes one; whoever runs the operator will see it."""
    cluster.client().apply(
        f"/apis/example.com/v1/namespaces/{namespace}/websites/{name}", {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": name},
            "spec": {"content": {"index.html": "<h1>hello</h1>"}}})


def deployment(cluster, namespace, name):
    return cluster.client().request(
        "GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    ).status == 200


# ---- client certificates ----

def test_a_client_certificate_as_data(cluster, namespace, tmp_path):
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      by_certificate(cluster, "ann"))
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {"ann"}


def test_a_client_certificate_in_files_beside_a_kubeconfig_elsewhere(
        cluster, namespace, tmp_path):
    copy_pair(certificate(cluster, "ben"), tmp_path / "far" / "pki")
    shutil.copy(cluster.authority, tmp_path / "far" / "ca.crt")
    path = kubeconfig(
        tmp_path / "far" / "config",
        cluster_entry(cluster, certificate_authority_data=None,
                      certificate_authority="ca.crt"),
        {"client-certificate": "pki/tls.crt", "client-key": "./pki/tls.key"})
    seen = Seen(cluster)
    plan(path, namespace)
    plan(os.path.relpath(path), namespace)      # and the list may be relative too
    assert seen.users == {"ben"}


def test_data_win_over_files(cluster, namespace, tmp_path):
    user = dict(by_certificate(cluster, "cleo"), **{
        "client-certificate": "missing.crt", "client-key": "missing.key"})
    path = kubeconfig(tmp_path / "config", cluster_entry(
        cluster, certificate_authority="missing.crt"), user)
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {"cleo"}


@pytest.mark.parametrize("user, words", [
    ({"client-certificate": "tls.crt"}, ["client-key"]),
    ({"client-certificate": "tls.crt", "client-key": "none.key"}, ["none.key"]),
    ({"client-certificate": "tls.crt", "client-key": "other.key"},
     ["do not belong together"]),
    ({"client-certificate": "tls.crt", "client-key": "tls.crt"},
     ["client key is not PEM"]),
    ({"client-certificate-data": "bm9uc2Vuc2U=", "client-key": "tls.key"},
     ["client-certificate-data", "PEM"]),
])
def test_a_pair_that_is_none(cluster, namespace, tmp_path, user, words):
    copy_pair(certificate(cluster, "dan"), tmp_path)
    copy_pair(certificate(cluster, "eve"), tmp_path, ("other.crt", "other.key"))
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), user)
    refused(path, namespace, *words)


# ---- tokens ----

def test_a_token(cluster, namespace, robot, tmp_path):
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      {"token": robot.token("one")})
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {robot.user}


def test_a_token_file_wins_over_a_token_and_is_relative_to_the_kubeconfig(
        cluster, namespace, robot, tmp_path):
    (tmp_path / "token").write_text(robot.token("one") + "\n")
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      {"token": "good-for-nothing", "tokenFile": "token"})
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {robot.user}


def test_a_token_file_may_be_exchanged_while_it_runs(cluster, namespace, robot,
                                                     tmp_path):
    """The old token is taken back: the 401 leads to the new one, and nothing
    is lost on the way."""
    first, second = robot.token("one"), robot.token("two")
    token = tmp_path / "token"
    token.write_text(first)
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      {"tokenFile": str(token)}, namespace=namespace)
    seen = Seen(cluster)
    with Tidelock("run", "operators/website", "-n", namespace, kubeconfig=path,
                  folder=tmp_path) as process:
        website(cluster, namespace, "before")
        wait_for(lambda: deployment(cluster, namespace, "before"), "the first site")
        (tmp_path / "next").write_text(second)
        (tmp_path / "next").rename(token)
        robot.take_back("one")
        made = use_up(cluster, namespace, seen, token_id(second))
        for name in made:
            wait_for(lambda: deployment(cluster, namespace, name), f"site {name}")
        assert "reconcile failed" not in process.log
    assert token_ids(seen.events) == {token_id(first), token_id(second)}


def use_up(cluster, namespace, seen, wanted):
    """Makes sites until a request came with the wanted token (the API server
    believes an old one for ten seconds more): their names."""
    made = []

    def changed():
        made.append(f"site-{len(made)}")
        website(cluster, namespace, made[-1])
        wait_for(lambda: deployment(cluster, namespace, made[-1]), made[-1])
        return wanted in token_ids(seen.events)
    wait_for(changed, "the new token to be used", every=0.5)
    return made


# ---- the kubeconfig list ----

def test_of_a_list_of_kubeconfigs_the_first_wins(cluster, namespace, tmp_path):
    def write(folder, name, context="here"):
        copy_pair(certificate(cluster, name), tmp_path / folder)
        return kubeconfig(tmp_path / folder / "config", cluster_entry(cluster), {
            "client-certificate": "tls.crt", "client-key": "tls.key"}, context)

    paths = [write("one", "fay"), tmp_path / "missing", write("two", "gus"),
             write("three", "hal", "there")]
    every = ":".join(map(str, paths))
    seen = Seen(cluster)
    plan(every, namespace)
    assert seen.users == {"fay"}
    seen = Seen(cluster)
    plan(every, namespace, "--context", "there")
    assert seen.users == {"hal"}
    seen = Seen(cluster)
    plan(f"::{paths[1]}:{paths[2]}:{paths[0]}:", namespace)
    assert seen.users == {"gus"}


def test_a_context_may_use_what_another_file_defines(cluster, namespace, tmp_path):
    whole = kubeconfig(tmp_path / "whole", cluster_entry(cluster),
                       by_certificate(cluster, "ida"))
    only = tmp_path / "only"
    only.write_text("current-context: mine\ncontexts:\n- name: mine\n"
                    "  context: {cluster: here-cluster, user: here-user}\n")
    seen = Seen(cluster)
    plan(f"{only}:{whole}", namespace)
    assert seen.users == {"ida"}


def test_the_flag_wins_over_the_list(cluster, namespace, tmp_path):
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      by_certificate(cluster, "jon"))
    seen = Seen(cluster)
    plan(cluster.kubeconfig, namespace, "--kubeconfig", path)
    assert seen.users == {"jon"}


# ---- TLS ----

def test_tls_server_name(cluster, namespace, tmp_path):
    """127.0.0.2 is not in the server's certificate."""
    with Relay(cluster.port) as relay:
        server = f"https://{relay.host}:{relay.port}"
        user = by_certificate(cluster, "kim")
        path = kubeconfig(tmp_path / "plain", cluster_entry(cluster, server=server),
                          user)
        refused(path, namespace, "certificate", server)
        path = kubeconfig(tmp_path / "named", cluster_entry(
            cluster, server=server, tls_server_name="kubernetes.default.svc"), user)
        seen = Seen(cluster)
        plan(path, namespace)
        assert seen.users == {"kim"}
        path = kubeconfig(tmp_path / "misnamed", cluster_entry(
            cluster, server=server, tls_server_name="elsewhere.example.com"), user)
        refused(path, namespace, "certificate")


def test_without_an_authority_nobody_is_trusted_unless_the_file_says_so(
        cluster, namespace, tmp_path):
    user = by_certificate(cluster, "lea")
    path = kubeconfig(tmp_path / "wary", cluster_entry(
        cluster, certificate_authority_data=None), user)
    seen = Seen(cluster)
    refused(path, namespace, "certificate")
    assert seen.events == []
    path = kubeconfig(tmp_path / "careless", cluster_entry(
        cluster, certificate_authority_data=None,
        insecure_skip_tls_verify=True), user)
    plan(path, namespace)
    assert seen.users == {"lea"}


def test_an_authority_that_is_not_there(cluster, namespace, tmp_path):
    path = kubeconfig(tmp_path / "config", cluster_entry(
        cluster, certificate_authority_data=None,
        certificate_authority="pki/ca.crt"), by_certificate(cluster, "max"))
    refused(path, namespace, str(tmp_path / "pki/ca.crt"), "No such file")


# ---- on the way ----

def test_an_http_proxy(cluster, namespace, tmp_path):
    with HttpProxy(login="robin:s3cret") as proxy:
        path = kubeconfig(tmp_path / "config", cluster_entry(
            cluster, proxy_url=proxy.url), by_certificate(cluster, "nan"))
        seen = Seen(cluster)
        plan(path, namespace)
        assert seen.users == {"nan"}
        assert set(proxy.targets) == {f"127.0.0.1:{cluster.port}"}
        path = kubeconfig(tmp_path / "stranger", cluster_entry(
            cluster, proxy_url=proxy.url.replace("s3cret", "guess")),
            by_certificate(cluster, "nan"))
        said = refused(path, namespace, "407")
        assert "guess" not in said


def test_what_is_secret_is_not_told_to_a_proxy(cluster, namespace, robot, tmp_path):
    with HttpProxy() as proxy:
        path = kubeconfig(tmp_path / "config", cluster_entry(
            cluster, proxy_url=proxy.url), {"token": robot.token("one")})
        plan(path, namespace)
    assert proxy.heads
    for head in proxy.heads:
        assert "authorization" not in head.lower()


def test_an_https_proxy_is_known_by_the_same_authority(cluster, namespace, tmp_path):
    pair = Authority(tmp_path / "pki", "IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, pair.server("proxy")))
    user = by_certificate(cluster, "ora")
    both = tmp_path / "both.crt"
    both.write_bytes(pathlib.Path(cluster.authority).read_bytes() +
                     pair.certificate.read_bytes())
    with HttpProxy(context=context) as proxy:
        path = kubeconfig(tmp_path / "config", cluster_entry(
            cluster, proxy_url=proxy.url, certificate_authority_data=data(both)),
            user)
        seen = Seen(cluster)
        plan(path, namespace)
        assert seen.users == {"ora"}
        assert proxy.targets
        path = kubeconfig(tmp_path / "wary", cluster_entry(
            cluster, proxy_url=proxy.url), user)
        refused(path, namespace, "certificate")


def test_a_socks_proxy(cluster, namespace, tmp_path):
    with SocksProxy() as proxy:
        path = kubeconfig(tmp_path / "config", cluster_entry(
            cluster, proxy_url=proxy.url), by_certificate(cluster, "pam"))
        seen = Seen(cluster)
        plan(path, namespace)
        assert seen.users == {"pam"}
        assert set(proxy.targets) == {f"127.0.0.1:{cluster.port}"}


def test_a_proxy_that_is_not_there(cluster, namespace, tmp_path):
    path = kubeconfig(tmp_path / "config", cluster_entry(
        cluster, proxy_url="http://127.0.0.1:1"), by_certificate(cluster, "quy"))
    refused(path, namespace, "127.0.0.1:1")


class Prefix(Hook):
    """What a gateway does that serves many clusters under one name."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.strangers = []

    def before(self, request):
        if not request.path.startswith(self.prefix + "/"):
            self.strangers.append(request.path)
        request.path = request.path.removeprefix(self.prefix)


@pytest.mark.parametrize("end", ["", "/"])
def test_a_server_below_a_path(cluster, namespace, admin, tmp_path, end):
    hook = Prefix("/k8s/clusters/c-1")
    website(cluster, namespace, "one")
    with ApiProxy(cluster, admin[1], tmp_path, hook) as proxy:
        path = pathlib.Path(proxy.kubeconfig)
        path.write_text(path.read_text().replace(
            f":{proxy.port}", f":{proxy.port}{hook.prefix}{end}"))
        plan(path, namespace)
        run_once("operators/website", "-n", namespace, kubeconfig=path)
    assert deployment(cluster, namespace, "one")
    assert hook.strangers == []


# ---- impersonation ----

def test_impersonation(cluster, namespace, tmp_path):
    path = kubeconfig(
        tmp_path / "config", cluster_entry(cluster),
        dict(by_certificate(cluster, "rob"), **{
            "as": "system:serviceaccount:ops:deployer", "as-uid": "0815",
            "as-groups": ["system:masters", "night shift"],
            "as-user-extra": {"acme.example.com/Reason": ["ticket 7", "50 %"]}}))
    seen = Seen(cluster)
    plan(path, namespace)
    assert seen.users == {"rob"}
    for event in seen.events:
        played = event["impersonatedUser"]
        assert played["username"] == "system:serviceaccount:ops:deployer"
        assert played["uid"] == "0815"
        assert played["groups"] == ["system:masters", "night shift",
                                    "system:authenticated"]
        assert played["extra"] == {"acme.example.com/reason": ["ticket 7", "50 %"]}


def test_impersonation_without_the_right_to_it(cluster, namespace, tmp_path):
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), {
        **by_certificate(cluster, "sam"), "as": "admin"})
    user = cluster.user("tim")          # a user without rights
    pair = cluster.credentials(user)["certificate"]
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster), {
        "client-certificate": str(pair[0]), "client-key": str(pair[1]), "as": "admin"})
    refused(path, namespace, "cannot impersonate", "tim")


# ---- in a pod ----

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def pod(cluster, namespace, tmp_path, monkeypatch):
    """A service account's folder, and a tidelock that finds it where pods do:
    the harness starts it in a mount namespace of its own."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"]).returncode:
        pytest.skip("making a mount namespace needs root")
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "namespace").write_text(namespace)
    shutil.copy(cluster.authority, folder / "ca.crt")
    from harness import program
    wrapper = tmp_path / "in-pod"
    wrapper.write_text(f"""#!/bin/sh -e
# nothing of this is seen outside
mount -t tmpfs tmpfs "$(readlink -f /var/run)"
mkdir -p {FOLDER}
mount --bind {folder} {FOLDER}
export KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT={cluster.port}
if [ -z "$KEEP_KUBECONFIG" ]; then unset KUBECONFIG; fi
exec {program()} "$@"
""")
    wrapper.chmod(0o755)
    launcher = tmp_path / "launch"
    launcher.write_text(f'#!/bin/sh\nexec unshare -m {wrapper} "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("TIDELOCK_BIN", str(launcher))
    return folder


def test_in_a_pod_it_is_the_service_account(cluster, namespace, robot, pod, tmp_path):
    (pod / "token").write_text(robot.token("one"))
    website(cluster, namespace, "one")
    seen = Seen(cluster)
    run_once("operators/website", "-n", namespace, kubeconfig=None)
    assert deployment(cluster, namespace, "one")
    assert seen.users == {robot.user}
    # its Lease is in the pod's namespace
    assert cluster.client().get(
        f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/tidelock")


def test_in_a_pod_the_home_directory_says_nothing(cluster, namespace, robot, pod,
                                                  tmp_path):
    (pod / "token").write_text(robot.token("one"))
    kubeconfig(tmp_path / "home/.kube/config", cluster_entry(cluster),
               by_certificate(cluster, "uma"))
    seen = Seen(cluster)
    plan(None, namespace, env={"HOME": str(tmp_path / "home")})
    assert seen.users == {robot.user}


def test_in_a_pod_a_kubeconfig_wins_when_there_is_one(cluster, namespace, robot, pod,
                                                      tmp_path):
    (pod / "token").write_text(robot.token("one"))
    keep = {"KEEP_KUBECONFIG": "yes"}
    path = kubeconfig(tmp_path / "config", cluster_entry(cluster),
                      by_certificate(cluster, "viv"))
    seen = Seen(cluster)
    plan(path, namespace, env=keep)
    assert seen.users == {"viv"}
    empty = tmp_path / "empty"
    empty.write_text("apiVersion: v1\nkind: Config\n")
    for nothing in (tmp_path / "missing", empty, "/dev/null"):
        seen = Seen(cluster)
        plan(nothing, namespace, env=keep)
        assert seen.users == {robot.user}, nothing


def test_a_pods_token_is_exchanged_by_the_kubelet(cluster, namespace, robot, pod,
                                                  tmp_path):
    first, second = robot.token("one"), robot.token("two")
    (pod / "token").write_text(first)
    seen = Seen(cluster)
    with Tidelock("run", "operators/website", "-n", namespace, kubeconfig="none",
                  folder=tmp_path):
        website(cluster, namespace, "before")
        wait_for(lambda: deployment(cluster, namespace, "before"), "the first site")
        (pod / "next").write_text(second)
        (pod / "next").rename(pod / "token")
        robot.take_back("one")
        use_up(cluster, namespace, seen, token_id(second))
    assert token_ids(seen.events) == {token_id(first), token_id(second)}


def test_a_pods_token_that_nobody_knows(cluster, namespace, pod):
    (pod / "token").write_text("of another cluster")
    refused(None, namespace, FOLDER + "/token", "does not know")


def test_a_pods_folder_that_lacks_its_authority(cluster, namespace, robot, pod):
    (pod / "token").write_text(robot.token("one"))
    (pod / "ca.crt").unlink()
    refused(None, namespace, FOLDER + "/ca.crt", "No such file")
