"""Pages that are shown to whom the API server lets see them: TLS, TokenReview and
SubjectAccessReview of a real control plane."""

import ssl
import subprocess
import urllib.request

import pytest

from harness import ROOT, Tidelock, wait_for
from pages import base, get, is_ready

OPERATOR = ROOT / "operators/website"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GUARDED = ("/metrics", "/debug/queue", "/debug/cache", "/debug/plans", "/debug/watches")


@pytest.fixture(scope="module")
def run(cluster, tmp_path_factory):
    with Tidelock("run", OPERATOR, "--listen", "127.0.0.1:0", "--listen-secure", "--namespace",
                  "default", "--lease-name", "pages", kubeconfig=cluster.kubeconfig,
                  folder=tmp_path_factory.mktemp("run")) as one:
        wait_for(lambda: is_ready(one), "it is ready")
        yield one


def account(cluster, name, urls=()):
    """A token of a service account that may get these URLs."""
    client = cluster.client()
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    client.post(accounts, {"apiVersion": "v1", "kind": "ServiceAccount",
                           "metadata": {"name": name}})
    if urls:
        client.post(f"{RBAC}/clusterroles", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": [{"nonResourceURLs": list(urls), "verbs": ["get"]}]})
        client.post(f"{RBAC}/clusterrolebindings", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]})
    return client.post(f"{accounts}/{name}/token", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {}})["status"]["token"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# rows: S9
# broken: with pages that are not marked as guarded all of them answer 200
def test_nobody_sees_a_page_without_a_token(run):
    assert base(run).startswith("https://")
    for page in GUARDED:
        status, headers, text = get(run, page)
        assert status == 401 and headers["WWW-Authenticate"] == "Bearer", text
        assert get(run, page, **bearer("wrong"))[0] == 401
        assert get(run, page, Authorization="Basic YTpi")[0] == 401


def test_a_token_without_the_right_is_not_enough(cluster, run):
    token = account(cluster, "stranger")
    for page in GUARDED:
        assert get(run, page, **bearer(token))[0] == 403


def test_a_right_to_one_page_is_a_right_to_one_page(cluster, run):
    token = account(cluster, "prometheus", ["/metrics"])
    text = wait_for(lambda: (lambda s, _, t: s == 200 and t)(
        *get(run, "/metrics", **bearer(token))), "it may see them")
    assert "# TYPE workqueue_depth gauge" in text
    assert get(run, "/debug/queue", **bearer(token))[0] == 403


def test_a_right_to_all_debug_pages(cluster, run):
    token = account(cluster, "person", ["/debug/*"])
    for page in GUARDED[1:]:
        wait_for(lambda: get(run, page, **bearer(token))[0] == 200, page)
    assert get(run, "/metrics", **bearer(token))[0] == 403


def test_probes_are_open_and_say_nothing(run):
    assert get(run, "/readyz")[::2] == (200, "ok\n")
    assert get(run, "/healthz")[::2] == (200, "ok\n")


def test_no_token_is_in_the_log(cluster, run):
    token = account(cluster, "logged")
    get(run, "/metrics", **bearer(token))
    assert token not in run.log and token.split(".")[2] not in run.log


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key",
                    "-out", folder / "tls.crt"], check=True, capture_output=True)


# broken: without the look at the files the first certificate stays
def test_a_certificate_is_renewed_while_it_runs(cluster, tmp_path):
    make_certificate(tmp_path, "first")
    with Tidelock("run", OPERATOR, "--listen", "127.0.0.1:0", "--tls-cert", tmp_path / "tls.crt",
                  "--tls-key", tmp_path / "tls.key", "--namespace", "default", "--lease-name",
                  "renewed", kubeconfig=cluster.kubeconfig, folder=tmp_path) as one:
        wait_for(lambda: is_ready(one), "it is ready")
        assert verified(one, tmp_path)
        make_certificate(tmp_path, "second")
        wait_for(lambda: "the certificate was renewed" in one.log, "it is renewed")
        assert verified(one, tmp_path)
        (tmp_path / "tls.key").write_text("no key\n")
        wait_for(lambda: "the certificate stays what it was" in one.log, "it is looked at")
        assert get(one, "/healthz")[0] == 200


def verified(run, folder):
    context = ssl.create_default_context(cafile=folder / "tls.crt")
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context),
                                         urllib.request.ProxyHandler({}))
    return opener.open(base(run) + "/healthz", timeout=20).status == 200
