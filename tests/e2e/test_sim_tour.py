"""kubectl's tour through `tidelock sim`: what people type, and that it shows
what is there."""

import json
import os
import subprocess
import threading

import pytest

from harness import DEADLINE, wait_for
from simplane import SimPlane

NS = "tour"

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "nginx:1.25", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""

CRD_AND_OBJECT = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.tour.example.com}
spec:
  group: tour.example.com
  scope: Namespaced
  names: {kind: Boat, plural: boats, singular: boat, shortNames: [bt]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Sails, type: integer, jsonPath: .spec.sails}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: What a boat has.
            properties:
              sails: {type: integer, default: 1, description: How many sails.}
---
apiVersion: tour.example.com/v1
kind: Boat
metadata: {name: anna}
spec: {sails: 3}
"""


@pytest.fixture(scope="module")
def sim():
    with SimPlane(controllers="all", nodes=2, arguments=["--pod-ready", "0.05s"]) as plane:
        plane.kubectl("create", "namespace", NS)
        yield plane


@pytest.fixture(scope="module")
def kubectl(sim):
    """Runs it in the namespace of the tour; its output."""
    def run(*arguments, **more):
        return sim.kubectl("-n", NS, *arguments, **more).stdout
    return run


@pytest.fixture(scope="module")
def web(kubectl):
    """The Deployment `web` and its Service, rolled out."""
    kubectl("apply", "-f", "-", input=WEB)
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")


def get(kubectl, *what):
    return json.loads(kubectl("get", *what, "-o", "json"))


def columns(text):
    """[{column: cell}] of a table."""
    head, *rows = text.rstrip("\n").split("\n")
    starts = [i for i in range(len(head)) if head[i] != " " and (i == 0 or head[i - 1] == " ")
              and (i < 3 or head[i - 3:i] == "   " or head[i - 2:i] == "  ")]
    ends = starts[1:] + [None]
    return [{head[a:b].strip(): row[a:b].strip() for a, b in zip(starts, ends)} for row in rows]


def test_versions_are_told(sim):
    versions = json.loads(sim.kubectl("version", "-o", "json").stdout)
    assert versions["serverVersion"]["major"] == "1"
    assert int(versions["serverVersion"]["minor"].rstrip("+")) >= 32


def test_nodes_are_ready(sim):
    nodes = columns(sim.kubectl("get", "nodes").stdout)
    assert len(nodes) == 2 and {n["STATUS"] for n in nodes} == {"Ready"}


def test_apply_says_what_it_did(kubectl):
    first = kubectl("apply", "-f", "-", input=WEB.replace("web", "first"))
    assert first.split("\n")[:2] == ["deployment.apps/first created", "service/first created"]
    again = kubectl("apply", "-f", "-", input=WEB.replace("web", "first"))
    assert again.split("\n")[:2] == ["deployment.apps/first unchanged", "service/first unchanged"]
    changed = kubectl("apply", "-f", "-", input=WEB.replace("web", "first").replace("1.25", "1.26"))
    assert changed.split("\n")[0] == "deployment.apps/first configured"
    found = get(kubectl, "deployment", "first")
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1.26"
    assert "kubectl.kubernetes.io/last-applied-configuration" in found["metadata"]["annotations"]


def test_client_side_apply_removes_what_is_left_out(kubectl):
    one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: shrinks}, data: {a: '1', b: '2'}}"
    kubectl("apply", "-f", "-", input=one)
    kubectl("apply", "-f", "-", input=one.replace(", b: '2'", ""))
    assert get(kubectl, "configmap", "shrinks")["data"] == {"a": "1"}


def test_server_side_apply_and_its_conflicts(sim, kubectl):
    config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: shared}, data: {a: '1'}}"
    assert "serverside-applied" in kubectl("apply", "--server-side", "-f", "-", input=config)
    refused = sim.kubectl("-n", NS, "apply", "--server-side", "--field-manager=other", "-f", "-",
                          input=config.replace("'1'", "'2'"), check=False)
    assert refused.returncode == 1 and 'conflict with "kubectl"' in refused.stderr
    assert ".data.a" in refused.stderr
    kubectl("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-",
            input=config.replace("'1'", "'2'"))
    found = json.loads(kubectl("get", "configmap", "shared", "-o", "json", "--show-managed-fields"))
    assert found["data"] == {"a": "2"}
    owners = {e["manager"] for e in found["metadata"]["managedFields"]
              if "f:data" in e["fieldsV1"] and "f:a" in e["fieldsV1"]["f:data"]}
    assert owners == {"other"}


def test_get_wide(kubectl, web):
    row, = columns(kubectl("get", "deployment", "web", "-o", "wide"))
    assert row["READY"] == "2/2" and row["IMAGES"] == "nginx:1.25"
    assert row["CONTAINERS"] == "nginx" and row["SELECTOR"] == "app=web"
    pods = columns(kubectl("get", "pods", "-l", "app=web", "-o", "wide"))
    assert len(pods) == 2
    for pod in pods:
        assert pod["STATUS"] == "Running" and pod["READY"] == "1/1"
        assert pod["NODE"].strip() not in ("", "<none>")
    service, = columns(kubectl("get", "service", "web"))
    assert service["TYPE"] == "ClusterIP" and service["PORT(S)"] == "80/TCP"
    assert service["CLUSTER-IP"].count(".") == 3


def test_get_yaml_jsonpath_and_names(kubectl, web):
    import yaml
    found = yaml.safe_load(kubectl("get", "deployment", "web", "-o", "yaml"))
    assert found["kind"] == "Deployment" and found["status"]["readyReplicas"] == 2
    assert kubectl("get", "deployment", "web", "-o",
                   "jsonpath={.spec.template.spec.containers[*].image}") == "nginx:1.25"
    assert kubectl("get", "service,deployment", "web", "-o", "name").split() == \
        ["service/web", "deployment.apps/web"]
    assert kubectl("get", "deploy", "web", "-o",
                   "custom-columns=N:.metadata.name,R:.spec.replicas").split() == ["N", "R", "web", "2"]


def test_get_all_and_selectors(kubectl, web):
    everything = kubectl("get", "all", "-o", "name").split()
    assert {"service/web", "deployment.apps/web"} <= set(everything)
    assert any(name.startswith("replicaset.apps/web-") for name in everything)
    assert kubectl("get", "deployments", "-l", "app=web", "-o", "name").split() == ["deployment.apps/web"]
    assert kubectl("get", "deployments", "--field-selector", "metadata.name=web",
                   "-o", "name").split() == ["deployment.apps/web"]


def test_get_watch_shows_what_happens(sim, kubectl):
    kubectl("create", "configmap", "seen", "--from-literal=n=0")
    watch = subprocess.Popen(
        [sim.folder / "bin" / "kubectl", "-n", NS, "get", "configmap", "seen", "-w", "-o",
         "jsonpath={.data.n}{\"\\n\"}"], stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, **sim.environment()))
    guard = threading.Timer(DEADLINE, watch.kill)
    guard.start()
    try:
        assert watch.stdout.readline() == "0\n"
        kubectl("patch", "configmap", "seen", "-p", '{"data":{"n":"1"}}')
        assert watch.stdout.readline() == "1\n"
    finally:
        guard.cancel()
        watch.kill()
        watch.communicate()


def test_describe(kubectl, web):
    text = kubectl("describe", "deployment", "web")
    assert "2 desired | 2 updated | 2 total | 2 available" in text
    assert "Available      True" in text and "nginx:1.25" in text
    pod = kubectl("get", "pods", "-l", "app=web", "-o", "name").split()[0]
    text = kubectl("describe", pod)
    assert "Controlled By:  ReplicaSet/web-" in text and "Running" in text
    assert "Endpoints:" in kubectl("describe", "service", "web")
    assert "Ready" in kubectl("describe", "nodes")


def test_explain(kubectl):
    text = kubectl("explain", "deployment.spec.strategy.rollingUpdate")
    assert "GROUP:      apps" in text and "KIND:       Deployment" in text
    assert "maxSurge" in text and "maxUnavailable" in text
    assert "containers" in kubectl("explain", "pod.spec", "--recursive")


def test_edit(sim, kubectl, tmp_path):
    kubectl("create", "configmap", "edited", "--from-literal=word=old")
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/word: old/word: new/' \"$1\"\n")
    editor.chmod(0o755)
    done = subprocess.run(
        [sim.folder / "bin" / "kubectl", "-n", NS, "edit", "configmap", "edited"],
        capture_output=True, text=True, env=dict(os.environ, EDITOR=str(editor), **sim.environment()))
    assert done.stdout == "configmap/edited edited\n", done.stderr
    assert get(kubectl, "configmap", "edited")["data"] == {"word": "new"}


def test_label_and_annotate(sim, kubectl):
    kubectl("create", "configmap", "marked")
    kubectl("label", "configmap", "marked", "tier=front")
    refused = sim.kubectl("-n", NS, "label", "configmap", "marked", "tier=back", check=False)
    assert refused.returncode == 1
    kubectl("label", "configmap", "marked", "tier=back", "--overwrite")
    kubectl("annotate", "configmap", "marked", "example.com/note=hello")
    meta = get(kubectl, "configmap", "marked")["metadata"]
    assert meta["labels"] == {"tier": "back"}
    assert meta["annotations"] == {"example.com/note": "hello"}
    kubectl("label", "configmap", "marked", "tier-")
    assert "labels" not in get(kubectl, "configmap", "marked")["metadata"]


def test_scale_and_rollout(kubectl):
    kubectl("create", "deployment", "grows", "--image=nginx:1.25")
    kubectl("rollout", "status", "deployment/grows", "--timeout=60s")
    kubectl("scale", "deployment", "grows", "--replicas=3")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/grows", "--timeout=60s")
    assert get(kubectl, "deployment", "grows")["status"]["readyReplicas"] == 3
    kubectl("set", "image", "deployment/grows", "nginx=nginx:1.27")
    kubectl("rollout", "status", "deployment/grows", "--timeout=60s")
    images = kubectl("get", "pods", "-l", "app=grows", "-o", "jsonpath={.items[*].spec.containers[0].image}")
    assert set(images.split()) == {"nginx:1.27"}
    history = kubectl("rollout", "history", "deployment/grows")
    assert history.split()[-4] == "1" and history.split()[-2] == "2"
    kubectl("rollout", "undo", "deployment/grows")
    kubectl("rollout", "status", "deployment/grows", "--timeout=60s")
    assert get(kubectl, "deployment", "grows")["spec"]["template"]["spec"]["containers"][0]["image"] \
        == "nginx:1.25"
    kubectl("rollout", "restart", "deployment/grows")
    kubectl("rollout", "status", "deployment/grows", "--timeout=60s")


def test_wait(sim, kubectl, web):
    assert "condition met" in kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=30s")
    kubectl("create", "configmap", "goes")
    waiting = subprocess.Popen(
        [sim.folder / "bin" / "kubectl", "-n", NS, "wait", "--for=delete", "configmap/goes",
         "--timeout=30s"], env=dict(os.environ, **sim.environment()), stdout=subprocess.DEVNULL)
    kubectl("delete", "configmap", "goes")
    assert waiting.wait(30) == 0


def test_diff(sim, kubectl):
    config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: differs}, data: {a: '1'}}"
    kubectl("apply", "-f", "-", input=config)
    same = sim.kubectl("-n", NS, "diff", "-f", "-", input=config, check=False)
    assert (same.returncode, same.stdout) == (0, "")
    other = sim.kubectl("-n", NS, "diff", "-f", "-", input=config.replace("'1'", "'2'"), check=False)
    assert other.returncode == 1
    assert '-  a: "1"' in other.stdout and '+  a: "2"' in other.stdout
    assert get(kubectl, "configmap", "differs")["data"] == {"a": "1"}


def left(kubectl, label):
    return kubectl("get", "deployments,replicasets,pods", "-l", label, "-o", "name").split()


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_delete_takes_what_is_owned(kubectl, cascade):
    name = f"gone-{cascade}"
    kubectl("create", "deployment", name, "--image=nginx")
    kubectl("rollout", "status", f"deployment/{name}", "--timeout=60s")
    assert len(left(kubectl, f"app={name}")) == 3
    kubectl("delete", "deployment", name, f"--cascade={cascade}")
    wait_for(lambda: left(kubectl, f"app={name}") == [], "everything to be gone")


def test_delete_can_orphan(kubectl):
    kubectl("create", "deployment", "orphans", "--image=nginx")
    kubectl("rollout", "status", "deployment/orphans", "--timeout=60s")
    kubectl("delete", "deployment", "orphans", "--cascade=orphan")
    found = get(kubectl, "replicasets", "-l", "app=orphans")["items"]
    assert len(found) == 1 and "ownerReferences" not in found[0]["metadata"]
    assert len(left(kubectl, "app=orphans")) == 2


def test_a_crd_and_its_object_in_one_file(sim, kubectl):
    def create():       # the second document has to wait for the first, as anywhere
        return sim.kubectl("-n", NS, "apply", "-f", "-", input=CRD_AND_OBJECT, check=False).returncode == 0
    wait_for(create, "the kind to be served")
    row, = columns(kubectl("get", "boats"))
    assert row["NAME"] == "anna" and row["SAILS"] == "3"
    assert kubectl("get", "bt", "anna", "-o", "jsonpath={.spec.sails}") == "3"
    assert "How many sails." in kubectl("explain", "boat.spec")
    kubectl("patch", "boat", "anna", "--type=merge", "-p", '{"spec":{"sails":null}}')
    assert get(kubectl, "boat", "anna")["spec"] == {"sails": 1}


def test_create_f_of_a_crd_and_its_object(sim, kubectl):
    text = CRD_AND_OBJECT.replace("boat", "raft").replace("Boat", "Raft").replace("[bt]", "[rf]")
    done = sim.kubectl("-n", NS, "create", "-f", "-", input=text, check=False)
    assert "customresourcedefinition.apiextensions.k8s.io/rafts.tour.example.com created" in done.stdout
    if done.returncode:         # kubectl asks for all kinds before it creates the first
        assert 'no matches for kind "Raft"' in done.stderr


def test_auth(kubectl):
    assert kubectl("auth", "can-i", "create", "deployments").strip() == "yes"
    assert "admin" in kubectl("auth", "whoami") or "system:masters" in kubectl("auth", "whoami")


def test_events(sim, kubectl, web):
    kubectl("create", "-f", "-", input=json.dumps({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "told"}, "type": "Warning",
        "reason": "Tested", "message": "it was told", "lastTimestamp": "2024-05-06T07:08:09Z",
        "involvedObject": {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "namespace": NS}}))
    assert "it was told" in kubectl("events")
    rows = columns(kubectl("get", "events"))
    assert any(row["REASON"] == "Tested" and row["TYPE"] == "Warning" for row in rows)


def test_api_resources_and_versions(sim):
    rows = columns(sim.kubectl("api-resources").stdout)
    known = {(row["NAME"], row["APIVERSION"], row["NAMESPACED"], row["KIND"]) for row in rows}
    assert {("pods", "v1", "true", "Pod"), ("nodes", "v1", "false", "Node"),
            ("deployments", "apps/v1", "true", "Deployment"),
            ("leases", "coordination.k8s.io/v1", "true", "Lease")} <= known
    short = {row["NAME"]: row["SHORTNAMES"] for row in rows}
    assert short["deployments"] == "deploy" and short["persistentvolumeclaims"] == "pvc"
    versions = sim.kubectl("api-versions").stdout.split()
    assert {"v1", "apps/v1", "batch/v1", "policy/v1", "autoscaling/v2"} <= set(versions)


def test_replace_create_and_delete_by_label(kubectl):
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "whole", "labels": {"set": "x"}},
           "data": {"a": "1"}}
    kubectl("create", "-f", "-", input=json.dumps(one))
    kubectl("replace", "-f", "-", input=json.dumps({**one, "data": {"b": "2"}}))
    assert get(kubectl, "configmap", "whole")["data"] == {"b": "2"}
    assert '"whole" deleted' in kubectl("delete", "configmaps", "-l", "set=x")
    assert "configmap/whole" not in kubectl("get", "configmaps", "-o", "name")
