"""tidelock bundle: what it prints is taken by a real API server, by kustomize
and by Helm, as the same objects; nothing that is not an operator's gets in."""

import filecmp
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess

import pytest
import yaml

from harness import ROOT, crd, install_crd, program, wait_for, write_operator
from packages import bundle, chart, mount, objects, of_kind

WEBSITE = ROOT / "operators/website"
NS = "tidelock-website"
TENANT = '''
local tidelock = require "tidelock"
local names = require "lib.names"

return tidelock.operator {
  api = 1,
  name = "tenant",
  resource = { "v1", "ServiceAccount" },
  owns = { { "v1", "ConfigMap" } },
  parameters = { greeting = { type = "string", default = "hello" } },
  reconcile = function(account, view, plan)
    plan:apply { apiVersion = "v1", kind = "ConfigMap",
                 metadata = { name = names.of(account) }, data = { text = view.params.greeting } }
  end,
}
'''
NAMES = '''
local names = {}
-- {{ .Release.Name }} is no expression here, nor is @name@ a word
function names.of(account) return "of-" .. account.metadata.name end
return names
'''


@pytest.fixture
def tenant(tmp_path):
    """An operator with a module in a folder, parameters and odd names."""
    folder = write_operator(tmp_path / "tenant", TENANT)
    for path, text in {"lib/names.lua": NAMES, "lib_names.lua": "return {}\n",
                       "lib/deep/ein hübscher Name.lua": "return 'ä\\t\"\\\\'\n",
                       "a{{b.lua": "return '{{ fail \"no\" }}'", "parameters.yaml": "greeting: ahoy\n",
                       "spec/tenant_spec.lua": "error('a spec')\n",
                       "examples/one.yaml": "kind: x\n"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def same_but_namespace(found, other):
    """A chart has no Namespace: its release is in one."""
    return {k: v for k, v in found.items() if k[0] != "Namespace"} == other


# ---- the same objects in each form ----

FLAGS = [[], ["--monitor", "--replicas", "3", "--image", "registry.example.com:5000/t@sha256:00"],
         ["--namespaced", "--namespace", "web"], ["--editors", "ops", "--editors", 'a "{{ b }}"']]


@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: " ".join(flags)[:30] or "plain")
def test_every_form_is_the_same_objects(flags, tenant, cluster, tmp_path):
    operators = [WEBSITE, tenant, "--set", "greeting=$(HOME) {{ x }}", "--set", "image=a:1"]
    if "--namespaced" not in flags:
        operators = [tenant, "--set", "greeting=$(HOME) {{ x }}"]
    plain = objects(bundle(*operators, *flags).stdout)
    folder, base, helm = (tmp_path / n for n in ("plain", "base", "chart"))

    assert bundle(*operators, *flags, "-o", folder).stdout == ""
    assert objects("\n---\n".join(p.read_text() for p in sorted(folder.glob("*.yaml")))) == plain

    bundle(*operators, *flags, "--format", "kustomize", "-o", base)
    assert objects(cluster.kubectl("kustomize", base).stdout) == plain

    bundle(*operators, *flags, "--format", "helm", "-o", helm)
    namespace = of_kind(plain, "Deployment")[0]["metadata"]["namespace"]
    rendered = chart("template", helm, "release", namespace)
    assert rendered.returncode == 0, rendered.stderr
    assert same_but_namespace(plain, objects(rendered.stdout))


def test_helm_finds_nothing_to_say_of_the_chart(tenant, tmp_path):
    bundle(WEBSITE, "--format", "helm", "-o", tmp_path / "website")
    bundle(tenant, "--format", "helm", "-o", tmp_path / "tenant-chart")
    for name in ("website", "tenant-chart"):
        done = chart("lint", tmp_path / name)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "[WARNING]" not in done.stdout and "[ERROR]" not in done.stdout

    # the linter does find what is wrong
    (tmp_path / "website/templates/50-deployment.yaml").write_text("kind: {{ .Values.nothing.at.all }}")
    assert chart("lint", tmp_path / "website").returncode == 1


def test_what_a_release_chooses(tmp_path):
    bundle(WEBSITE, "--format", "helm", "-o", tmp_path / "c")
    found = objects(chart("template", tmp_path / "c", "r", "elsewhere", "replicas=5", "monitor=true",
                          "image=mine:1", "resources.limits.memory=1Gi").stdout)
    (deployment,) = of_kind(found, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    assert deployment["metadata"]["namespace"] == "elsewhere"
    assert deployment["spec"]["replicas"] == 5
    assert pod["containers"][0]["image"] == "mine:1"
    assert pod["containers"][0]["resources"]["limits"]["memory"] == "1Gi"
    assert len(of_kind(found, "ServiceMonitor")) == 1
    bindings = of_kind(found, "ClusterRoleBinding")
    assert {s["namespace"] for b in bindings for s in b["subjects"]} == {"elsewhere"}
    assert {r["metadata"]["namespace"] for r in of_kind(found, "Role")} == {"elsewhere"}


def test_the_same_operator_gives_the_same_bytes(tenant, tmp_path):
    elsewhere = tmp_path / "some/where/tenant"
    shutil.copytree(tenant, elsewhere)
    for flags in ([], ["--namespaced", "-n", "web"]):
        one = bundle(tenant, *flags).stdout
        assert bundle("tenant", *flags, cwd=elsewhere.parent,
                      preexec_fn=lambda: os.umask(0o077)).stdout == one
        assert str(tmp_path) not in one


# ---- what the process finds ----

def test_the_pod_has_the_operators_files(tenant, tmp_path):
    (tmp_path / "over.lua").write_text(
        'return require("tidelock").overlay { api = 1, operator = "tenant", parameters = { greeting = "aye" } }\n')
    found = objects(bundle(tenant, "--overlay", tmp_path / "over.lua").stdout)
    arguments = mount(found, tmp_path / "pod")
    mounted = tmp_path / "pod/operators/tenant"

    wanted = {p.relative_to(tenant) for p in tenant.rglob("*")
              if p.suffix == ".lua" and "spec" not in p.parts} | {pathlib.Path("parameters.yaml")}
    assert {p.relative_to(mounted) for p in mounted.rglob("*") if p.is_file()} == wanted
    assert filecmp.cmpfiles(tenant, mounted, map(str, wanted), shallow=False)[1:] == ([], [])
    assert [a for a in arguments if "over" in a] == [f"--overlay={tmp_path}/pod/overlays/over.lua"]

    account = tmp_path / "account.yaml"
    account.write_text("{apiVersion: v1, kind: ServiceAccount, metadata: {name: one, namespace: web}}")
    plan = subprocess.run([program(), "plan", mounted, "--offline", "-f", account, "-o", "json",
                           *[a for a in arguments if a.startswith("--overlay")]],
                          capture_output=True, text=True)
    assert plan.returncode == 2, plan.stderr
    assert '"aye"' in plan.stdout


def test_many_scripts_are_split(tmp_path, cluster):
    """As many as an operator may have: a mebibyte."""
    folder = write_operator(tmp_path / "tenant", TENANT.replace("lib.names", "part1"))
    for i in range(1, 18):
        (folder / f"part{i}.lua").write_text(f"-- {'é' * 29000}\nreturn {{ of = print }}\n")
    text = bundle(folder).stdout
    found = objects(text)
    maps = of_kind(found, "ConfigMap")
    assert sum(len(v.encode()) for m in maps for v in m["data"].values()) > 960 << 10
    assert len(maps) > 5
    # what `kubectl apply` keeps in an annotation is limited to this
    assert max(len(json.dumps(m, ensure_ascii=False).encode()) for m in maps) < 256 << 10
    mount(found, tmp_path / "pod")
    assert len(list((tmp_path / "pod/operators/tenant").iterdir())) == 18

    cluster.kubectl("create", "namespace", "tidelock-tenant")
    done = cluster.kubectl("apply", "-f", "-", input=text)
    assert done.stdout.count("configmap/") == len(maps)


# ---- a real API server ----

@pytest.fixture(scope="module")
def installed(cluster):
    """The namespaces, and the kind that a Prometheus operator would bring."""
    monitor = crd("monitoring.coreos.com", "ServiceMonitor", "servicemonitors", status=False)
    monitor["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["x-kubernetes-preserve-unknown-fields"] = True
    install_crd(cluster, monitor)
    found = objects(bundle(WEBSITE).stdout)
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(of_kind(found, "Namespace")))
    return cluster


@pytest.mark.parametrize("flags", [["--monitor", "--editors", "ops"],
                                   ["--namespaced", "-n", NS, "--name", "tenant-of-web"]],
                         ids=["cluster", "namespaced"])
def test_the_api_server_takes_every_manifest(installed, flags):
    """And warns of none of them."""
    text = bundle(WEBSITE, *flags).stdout
    done = installed.kubectl("apply", "--dry-run=server", "-f", "-", input=text)
    assert len(done.stdout.splitlines()) == len(objects(text))
    # it was installed by another test's `kubectl create`
    assert [line for line in done.stderr.splitlines() if "last-applied" not in line] == []


# rows: D57, T11
# broken: without seccompProfile in the template the pod is refused
def test_the_pods_are_restricted(installed):
    found = objects(bundle(WEBSITE).stdout)
    (namespace,) = of_kind(found, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    (deployment,) = of_kind(found, "Deployment")
    installed.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(of_kind(found, "ServiceAccount")))

    def try_pod(spec):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried", "namespace": NS},
               "spec": spec}
        return installed.kubectl("create", "--dry-run=server", "-f", "-", input=yaml.safe_dump(pod),
                                 check=False)

    spec = deployment["spec"]["template"]["spec"]
    taken = try_pod(spec)
    assert (taken.returncode, taken.stderr) == (0, "")
    spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    assert "violates PodSecurity" in try_pod(spec).stderr


# rows: T1
# broken: with the binding left out nobody is refused
def test_only_its_editors_change_scripts(installed):
    found = objects(bundle(WEBSITE, "--editors", "ops", "--editors", "system:masters").stdout)
    wanted = [item for kind in ("ConfigMap", "ValidatingAdmissionPolicy",
                                "ValidatingAdmissionPolicyBinding")
              for item in of_kind(found, kind)]
    installed.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(wanted))
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "edits-all"}, "subjects": [
                {"kind": "User", "name": n, "apiGroup": "rbac.authorization.k8s.io"}
                for n in ("mallory", "olga")],
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin",
                        "apiGroup": "rbac.authorization.k8s.io"}}
    installed.kubectl("apply", "-f", "-", input=json.dumps(role))
    users = {n: installed.user(n, groups=g) for n, g in (("mallory", ["devs"]), ("olga", ["ops"]))}

    def edit(who, *what):
        return installed.kubectl("-n", NS, "--dry-run=server", *what, kubeconfig=users[who],
                                 check=False)

    def refused():
        done = edit("mallory", "annotate", "configmap", "website-scripts", "a=b", "--overwrite")
        return done.returncode and "only the editors" in done.stderr
    wait_for(refused, "the policy to be at work")
    for what in (["label", "configmap", "website-scripts", "tidelock.dev/scripts-"],
                 ["delete", "configmap", "website-scripts"],
                 ["patch", "configmap", "website-scripts", "--type=json", "-p",
                  '[{"op": "replace", "path": "/data/operator.lua", "value": "evil"}]']):
        assert "only the editors" in edit("mallory", *what).stderr, what
        assert edit("olga", *what).returncode == 0, what
    other = edit("mallory", "create", "configmap", "mine")
    assert other.returncode == 0, other.stderr


# rows: T19
# broken: another port than that of the pages in networkpolicy.yaml
def test_the_network_is_closed_but_for_what_it_needs():
    (policy,) = of_kind(objects(bundle(WEBSITE).stdout), "NetworkPolicy")
    spec = policy["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [p["port"] for rule in spec["ingress"] for p in rule["ports"]] == ["metrics"]
    assert sorted({p["port"] for rule in spec["egress"] for p in rule["ports"]}) == [53, 443, 6443]


def grants(role):
    return {(resource, verb) for rule in role["rules"] for resource in rule["resources"]
            for verb in rule["verbs"]}


# rows: D55, T3
# broken: a ClusterRoleBinding in place of every RoleBinding
def test_the_rights_are_those_of_rbac(tmp_path):
    found = objects(bundle(WEBSITE).stdout)
    printed = subprocess.run([program(), "rbac", WEBSITE, "--offline", "--lease-namespace", NS,
                              "--lease-name", NS], capture_output=True, text=True, check=True)
    roles = objects(printed.stdout)
    of_readers = found.pop(("ClusterRole", "", f"{NS}-reader"))
    assert of_readers["rules"] == [{"nonResourceURLs": ["/metrics", "/debug/*"], "verbs": ["get"]}]
    assert {k: grants(v) - grants(roles[k]) for k, v in found.items()
            if k[0] in ("Role", "ClusterRole")} == {
        # what the process needs itself: to show pages to whom may see them
        ("ClusterRole", "", NS): {("tokenreviews", "create"), ("subjectaccessreviews", "create")},
        ("Role", NS, NS): set()}
    assert not [k for k, v in roles.items() if grants(v) - grants(found[k])]
    bound = {(b["roleRef"]["kind"], b["roleRef"]["name"])
             for kind in ("RoleBinding", "ClusterRoleBinding") for b in of_kind(found, kind)}
    assert bound == {(k, n) for k, _, n in roles} | {
        ("ClusterRole", f"{NS}-reader")}
    for text in ('"*"', "escalate", "impersonate", "bind\""):
        assert text not in printed.stdout


# ---- what must not get in ----

# rows: T1, T10
# broken: without folder_holds() the bundle holds /etc/hostname
@pytest.mark.parametrize("name", ["secret.lua", "lib/secret.lua", "parameters.yaml", "crd.yaml"])
def test_a_link_out_of_the_folder_is_refused(name, tenant, tmp_path):
    (tmp_path / "secret").write_text("return 'canary-7361'\n")
    if name == "crd.yaml":
        text = (WEBSITE / name).read_text().replace("A static web site", "canary")
        (tmp_path / "secret").write_text(text)
    (tenant / name).unlink(missing_ok=True)
    (tenant / name).symlink_to(tmp_path / "secret")
    done = bundle(tenant, code=1)
    assert f"/{name}' leads out of the operator's folder" in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_a_link_within_the_folder_is_a_file(tenant):
    (tenant / "again.lua").symlink_to("lib/names.lua")
    (text,) = of_kind(objects(bundle(tenant).stdout), "ConfigMap")
    assert text["data"]["again.lua"] == NAMES


# rows: T10
# broken: names of operators that are not looked at
@pytest.mark.parametrize("name", ["../evil", "a/b", "Evil", "", "x" * 60, "a{{b}}"])
def test_a_name_is_no_path(name, tmp_path):
    folder = write_operator(tmp_path / "o", TENANT.replace('"tenant"', json.dumps(name))
                            .replace('require "lib.names"', "{}"))
    done = bundle(folder, "-o", tmp_path / "out", code=1)
    assert "operator.lua:" in done.stderr and "name" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["o"]


@pytest.mark.parametrize("arguments, code, words", [
    ([], 3, "no operator is given"),
    (["/nonexistent"], 1, "there is no operator at '/nonexistent'"),
    ([WEBSITE, WEBSITE], 1, "are both named 'website'"),
    ([WEBSITE, "--format", "jsonnet"], 3, "--format"),
    ([WEBSITE, "--format", "helm"], 3, "-o DIR says where"),
    ([WEBSITE, "--replicas", "0"], 3, "--replicas '0'"),
    ([WEBSITE, "--namespace", "A/B"], 3, "--namespace 'A/B' is no namespace"),
    ([WEBSITE, "--name", "x.y"], 3, "--name 'x.y' is no name"),
    ([WEBSITE, "--image", "a b"], 3, "--image 'a b' is no image"),
    ([WEBSITE, "--namespaced"], 3, "--namespaced wants --namespace NAME"),
    ([WEBSITE, "--namespaced", "-n", "a", "--editors", "b"], 3, "not with --namespaced"),
])
def test_what_cannot_be_is_said(arguments, code, words):
    done = bundle(*arguments, code=code)
    assert words in done.stderr
    assert done.stdout == ""


def test_a_tenant_cannot_have_what_is_the_clusters(tmp_path):
    folder = write_operator(tmp_path / "o", TENANT.replace('require "lib.names"', "{}").replace(
        "parameters =", 'reads = { { "v1", "Node", namespace = "none" } }, parameters ='))
    done = bundle(folder, "--namespaced", "-n", "a", code=1)
    assert "'nodes' is asked of the whole cluster (reads v1 Node)" in done.stderr
    assert done.stdout == ""


def test_bytes_that_are_no_text_are_refused(tenant):
    (tenant / "latin1.lua").write_bytes(b"return '\xe4'\n")
    assert "'latin1.lua' is not UTF-8 text" in bundle(tenant, code=1).stderr


# ---- folders ----

def test_a_folder_is_replaced_but_never_someone_elses(tmp_path):
    out = tmp_path / "out"
    bundle(WEBSITE, "-o", out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    subprocess.run(["sha256sum", "--check", "--quiet", ".tidelock-bundle"], cwd=out, check=True)
    bundle(WEBSITE, "-o", f"{out}/", "--replicas", "5", "--monitor")
    assert "replicas: 5" in (out / "50-deployment.yaml").read_text()
    bundle(WEBSITE, "-o", out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before

    (out / "50-deployment.yaml").write_text("mine")
    assert "/50-deployment.yaml' was changed" in bundle(WEBSITE, "-o", out, code=1).stderr
    (out / "50-deployment.yaml").write_bytes(before["50-deployment.yaml"])
    (out / ".hidden").write_text("mine")
    assert "/.hidden' is not a file of an earlier bundle" in bundle(WEBSITE, "-o", out, code=1).stderr
    assert (out / ".hidden").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]

    (tmp_path / "file").write_text("mine")
    assert "is no folder" in bundle(WEBSITE, "-o", tmp_path / "file", code=1).stderr


# broken: with the files written into the folder itself it is half full
def test_a_folder_is_never_half_written(tmp_path):
    out = tmp_path / "out"

    def no_big_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
    done = bundle(WEBSITE, "-o", out, code=1, preexec_fn=no_big_files)
    assert "cannot write" in done.stderr
    assert list(tmp_path.iterdir()) == []
