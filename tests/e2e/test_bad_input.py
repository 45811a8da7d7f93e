"""Bad input: each kind of it gets one clear message and its exit code."""

import base64
import pathlib
import re

import pytest

from certificates import Authority
from harness import (Tidelock, condition, crd, install_crd, run_once, tidelock,
                     wait_for, write_operator)

OPERATOR = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "bad",
  resource = { "bad.example.com/v1", "Bad" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = function(root, view, plan)
%s
  end,
}
"""

ROOT = """
apiVersion: bad.example.com/v1
kind: Bad
metadata: {name: one, namespace: default}
spec: {}
"""


def body_of(text):
    return OPERATOR % "\n".join("    " + line for line in text.strip().splitlines())


@pytest.fixture
def offline(tmp_path):
    """Plans one root with an operator.lua of this text, without a cluster."""
    def plan(lua, root=ROOT, whole=False):
        folder = write_operator(tmp_path / "bad", lua if whole else body_of(lua),
                                crd("bad.example.com", "Bad", "bads"))
        (tmp_path / "root.yaml").write_text(root)
        return tidelock("plan", folder, "--offline", "-f", tmp_path / "root.yaml")
    return plan


def fails(done, *words, code=1):
    text = done.stdout + done.stderr
    assert done.returncode == code, f"exit {done.returncode}: {text}"
    for word in words:
        assert word in text, f"no {word!r} in:\n{text}"
    assert "Sanitizer" not in text
    return text


# ---- the connection ----

def edited(kubeconfig, tmp_path, pattern, replacement):
    text, count = re.subn(pattern, replacement, pathlib.Path(kubeconfig).read_text(),
                          flags=re.M)
    assert count
    path = tmp_path / "edited.kubeconfig"
    path.write_text(text)
    return path


@pytest.mark.parametrize("command", [["plan"], ["run", "--once"], ["run"]])
def test_no_cluster(command, tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text("""
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
current-context: c
""")
    done = tidelock(*command, "operators/website", kubeconfig=path)
    fails(done, "https://127.0.0.1:1", "cannot use the cluster")


def test_no_kubeconfig_at_all(tmp_path):
    done = tidelock("plan", "operators/website", env={"HOME": str(tmp_path)},
                    kubeconfig="")
    fails(done, "no cluster is configured", "--kubeconfig", "--offline")


def test_a_kubeconfig_that_is_not_there():
    done = tidelock("plan", "operators/website", "--kubeconfig", "nowhere/config")
    fails(done, "nowhere/config", "No such file")


def test_the_wrong_authority(cluster, tmp_path):
    stranger = Authority(tmp_path / "pki", "DNS:localhost").certificate.read_bytes()
    path = edited(cluster.kubeconfig, tmp_path, r"certificate-authority-data: .*",
                  "certificate-authority-data: " + base64.b64encode(stranger).decode())
    fails(tidelock("plan", "operators/website", kubeconfig=path), "certificate")


def test_credentials_that_the_server_does_not_know(cluster, tmp_path):
    path = edited(cluster.kubeconfig, tmp_path, r"^ *client-certificate-data: .*$",
                  "    token: expired")
    path = edited(path, tmp_path, r"^ *client-key-data: .*\n", "")
    fails(tidelock("plan", "operators/website", kubeconfig=path),
          "credentials", "cannot use the cluster")


def test_an_unknown_context(cluster):
    done = tidelock("plan", "operators/website", "--context", "prod",
                    kubeconfig=cluster.kubeconfig)
    fails(done, "prod", "test")


def test_a_kind_that_may_not_be_listed(cluster, namespace):
    kubeconfig = cluster.user(f"nobody-{namespace}")
    done = tidelock("run", "operators/website", "--once", "--namespace", namespace,
                    kubeconfig=kubeconfig)
    fails(done, "cannot", "leases")
    cluster.kubectl("create", "clusterrole", f"some-{namespace}", "--verb=*",
                    "--resource=leases,websites.example.com,deployments,configmaps")
    cluster.kubectl("create", "clusterrolebinding", f"some-{namespace}",
                    f"--clusterrole=some-{namespace}", f"--user=nobody-{namespace}")

    def refused():
        done = tidelock("run", "operators/website", "--once", "--namespace",
                        namespace, kubeconfig=kubeconfig)
        return "services" in done.stderr and done
    # which verb on which resource is missing
    fails(wait_for(refused, "the right on services to be the one that is missing"),
          'cannot list resource "services"')


# ---- the files ----

def test_yaml_with_a_tab(offline):
    text = fails(offline("", root="kind: Bad\nspec:\n\treplicas: 2\n"),
                 "root.yaml:3", "tab")
    assert "space" in text


def test_an_integer_of_19_digits_stays_what_it_is(cluster, namespace, admin, tmp_path):
    install_crd(cluster, crd("bad.example.com", "Bad", "bads"))
    folder = write_operator(tmp_path / "digits", body_of("""
plan:apply { apiVersion = "v1", kind = "ConfigMap",
  metadata = { name = root.metadata.name },
  data = { text = tostring(root.spec.number), sum = tostring(root.spec.number + 1) } }
plan:status { number = root.spec.number }
"""))
    path = f"/apis/bad.example.com/v1/namespaces/{namespace}/bads/one"
    cluster.client().apply(path, {
        "apiVersion": "bad.example.com/v1", "kind": "Bad",
        "metadata": {"name": "one"}, "spec": {"number": 1234567890123456789}})
    run_once(folder, "--namespace", namespace, kubeconfig=admin[1])
    data = cluster.client().get(f"/api/v1/namespaces/{namespace}/configmaps/one")["data"]
    assert data == {"text": "1234567890123456789", "sum": "1234567890123456790"}
    assert cluster.client().get(path)["status"]["number"] == 1234567890123456789


def test_a_string_with_an_embedded_nul(offline):
    # YAML can write one, a script can make one: both stay whole or are refused
    done = offline("""
plan:apply { apiVersion = "v1", kind = "ConfigMap",
  metadata = { name = "x" }, data = { text = root.spec.text, len = tostring(#root.spec.text) } }
""", root=ROOT.replace("spec: {}", 'spec: {text: "a\\0b"}'))
    assert done.returncode == 2, done.stdout + done.stderr
    done = offline("""
plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "x\\0y" } }
""")
    fails(done, "operator.lua:9", "metadata.name")


def test_an_object_of_3_mb(cluster, namespace, admin, tmp_path):
    install_crd(cluster, crd("bad.example.com", "Bad", "bads"))
    folder = write_operator(tmp_path / "large", body_of("""
plan:apply { apiVersion = "v1", kind = "ConfigMap",
  metadata = { name = "large" }, data = { text = ("x"):rep(3000000) } }
"""))
    cluster.client().apply(
        f"/apis/bad.example.com/v1/namespaces/{namespace}/bads/one", {
            "apiVersion": "bad.example.com/v1", "kind": "Bad",
            "metadata": {"name": "one"}, "spec": {}})
    done = run_once(folder, "--namespace", namespace, kubeconfig=admin[1], code=1)
    assert "operator.lua:9" in done.stderr
    assert re.search(r"more than 256 KiB|larger than", done.stderr), done.stderr


# ---- the script ----

def test_a_syntax_error(offline):
    fails(offline("local x = = 1", whole=True), "operator.lua:1")


def test_a_script_that_returns_nothing(offline):
    fails(offline("local x = 1", whole=True), "operator.lua",
          "return", "tidelock.operator")


def test_a_read_of_an_undeclared_kind(offline):
    fails(offline('view:get("v1", "Secret", "x")'), "operator.lua:9", "Secret",
          "hint", "reads")


def test_a_loop_for_ever(offline):
    fails(offline("while true do end"), "operator.lua:9", "budget")


def test_a_loop_for_ever_at_load(offline):
    fails(offline("while true do end", whole=True), "operator.lua:1", "budget")


def test_a_script_that_eats_memory(offline):
    fails(offline("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"),
          "operator.lua:9", "memory")


def test_a_misspelt_verb(offline):
    fails(offline("plan:aply {}"), "operator.lua:9", "aply", "did you mean 'apply'")


def test_a_child_with_a_wrong_type_in_a_field(offline):
    fails(offline("""
plan:apply { apiVersion = "v1", kind = "ConfigMap",
  metadata = { name = "x" }, data = { n = 3 } }
"""), "operator.lua:9", "plan:apply", ".data.n", "expected string, got integer")


def test_a_child_of_an_undeclared_kind(offline):
    fails(offline("""
plan:apply { apiVersion = "v1", kind = "Secret", metadata = { name = "x" } }
"""), "operator.lua:9", "Secret", "owns")


def test_a_failing_object_does_not_stop_the_others(cluster, namespace, admin, tmp_path):
    install_crd(cluster, crd("bad.example.com", "Bad", "bads"))
    folder = write_operator(tmp_path / "half", body_of("""
if root.spec.fail then error("as you wish") end
plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = { name = root.metadata.name } }
"""))
    client = cluster.client()
    base = f"/apis/bad.example.com/v1/namespaces/{namespace}/bads"
    for name, fail in (("good", False), ("broken", True)):
        client.apply(f"{base}/{name}", {
            "apiVersion": "bad.example.com/v1", "kind": "Bad",
            "metadata": {"name": name}, "spec": {"fail": fail}})
    with Tidelock("run", folder, "--namespace", namespace, kubeconfig=admin[1],
                  folder=tmp_path) as process:
        wait_for(lambda: client.get(f"/api/v1/namespaces/{namespace}/configmaps/good"),
                 "the good one")
        found = wait_for(lambda: condition(client.get(f"{base}/broken"), "Reconciled"),
                         "the broken one to say so")
        assert (found["status"], found["reason"]) == ("False", "ScriptError")
        assert "operator.lua:9: as you wish" in found["message"]
        # and it comes back when the reason is gone
        client.patch(f"{base}/broken", {"spec": {"fail": False}})
        wait_for(lambda: client.get(f"/api/v1/namespaces/{namespace}/configmaps/broken"),
                 "the mended one")
    assert process.process.returncode == 0


# ---- the command line ----

@pytest.mark.parametrize("arguments, words", [
    (["rnu"], ["rnu", "did you mean 'run'"]),
    (["run"], ["no operator"]),
    (["run", "x", "--onec"], ["--onec", "--once"]),
    (["plan", "x", "-o", "xml"], ["xml", "json"]),
    (["plan", "x", "--offline"], ["-f"]),
    (["plan", "operators/website", "--set"], ["--set", "NAME=VALUE"]),
    (["run", "operators/website", "--set", "image"], ["image", "name=value"]),
])
def test_wrong_usage(arguments, words):
    fails(tidelock(*arguments), *words, code=3)


def test_an_operator_that_is_not_there():
    fails(tidelock("run", "operators/nothing"), "operators/nothing", "operator.lua")


def test_an_unknown_parameter():
    fails(tidelock("plan", "operators/website", "--offline", "-f",
                   "operators/website/examples/blog.yaml", "--set", "imgae=x"),
          "imgae", "image")


@pytest.mark.parametrize("command", ["run", "plan", "version", "help"])
def test_help_has_usage_examples_and_exit_codes(command):
    for done in (tidelock(command, "--help"), tidelock("help", command)):
        assert done.returncode == 0
        for word in ("Usage: tidelock", "Examples:", "Exit codes: 0 fine, 1 error"):
            assert word in done.stdout


def test_alone_it_lists_its_commands():
    done = tidelock()
    assert done.returncode == 0
    for command in ("run", "plan", "version", "help"):
        assert f"\n  {command} " in done.stdout
