"""Programs of others against `tidelock sim`: an informer of client-go and
Python's `kubernetes`."""

import json
import os
import queue
import subprocess
import threading

import pytest

from component import ClusterError
from conftest import make_namespace
from controlplane import HERE as CLUSTER
from harness import DEADLINE, crd, install_crd, wait_for
from replica import Relay
from simplane import SimPlane

kubernetes = pytest.importorskip("kubernetes")


@pytest.fixture(scope="module")
def sim():
    with SimPlane(controllers="none") as plane:
        install_crd(plane, crd("clients.example.com", "Dial", "dials", {"value": {"type": "string"}}))
        yield plane


@pytest.fixture
def ns(sim):
    return make_namespace(sim)


# ---- client-go ----

class Informer:
    """The program of tests/cluster/informer; what it says, line by line."""

    def __init__(self, kubeconfig, resource, ns, resync="0s"):
        built = subprocess.run([CLUSTER / "build", "informer"], stdout=subprocess.PIPE, text=True)
        if built.returncode:
            raise ClusterError("cannot build the informer")
        self._lines = queue.Queue()
        self._process = subprocess.Popen(
            [built.stdout.strip(), resync, resource, ns], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=dict(os.environ, KUBECONFIG=kubeconfig))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.strip())

    def next(self):
        return self._lines.get(timeout=DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()


@pytest.mark.parametrize("resource,api,field", [
    ("v1/configmaps", "/api/v1", "data"),
    ("clients.example.com/v1/dials", "/apis/clients.example.com/v1", "spec")])
def test_an_informer_hears_everything(sim, ns, resource, api, field):
    client = sim.client()
    plural = resource.rpartition("/")[2]
    base = f"{api}/namespaces/{ns}/{plural}"
    kind = {"configmaps": "ConfigMap", "dials": "Dial"}[plural]

    def put(name, value):
        client.apply(f"{base}/{name}", {"apiVersion": resource.rpartition("/")[0], "kind": kind,
                                        "metadata": {"name": name}, field: {"value": value}})
    put("one", "1")
    relay = Relay(sim.port)
    try:
        with Informer(sim.kubeconfig_at(relay.port), resource, ns) as informer:
            assert {informer.next(), informer.next()} == {"add one 1", "synced 1"}
            put("two", "a")
            assert informer.next() == "add two a"
            put("one", "2")
            assert informer.next() == "update one 1 2"
            client.delete(f"{base}/two")
            assert informer.next() == "delete two"
            relay.cut()
            put("one", "3")         # nobody listens, or the new watch does
            assert informer.next() == "update one 2 3"
    finally:
        relay.close()


def test_an_informer_resyncs(sim, ns):
    sim.client().post(f"/api/v1/namespaces/{ns}/configmaps", {"metadata": {"name": "one"}})
    with Informer(sim.kubeconfig, "v1/configmaps", ns, resync="200ms") as informer:
        heard = {informer.next() for _ in range(3)}
        assert "resync one" in heard | {informer.next()}


# ---- Python ----

@pytest.fixture
def api(sim):
    with kubernetes.config.new_client_from_config(sim.kubeconfig) as client:
        yield client


def test_typed_objects(api, ns):
    core = kubernetes.client.CoreV1Api(api)
    made = core.create_namespaced_config_map(ns, {"metadata": {"name": "one"}, "data": {"a": "1"}})
    assert made.metadata.uid and made.metadata.creation_timestamp.year > 2000
    core.patch_namespaced_config_map("one", ns, {"data": {"b": "2"}})
    found, = core.list_namespaced_config_map(ns).items
    assert found.data == {"a": "1", "b": "2"}
    found.data = {"c": "3"}
    core.replace_namespaced_config_map("one", ns, found)
    found.data = {"d": "4"}         # with the resourceVersion of before
    with pytest.raises(kubernetes.client.ApiException) as refused:
        core.replace_namespaced_config_map("one", ns, found)
    assert refused.value.status == 409 and json.loads(refused.value.body)["reason"] == "Conflict"
    assert core.delete_namespaced_config_map("one", ns).status == "Success"
    assert core.list_namespaced_config_map(ns).items == []


def test_a_deployment_and_its_scale(api, ns):
    apps = kubernetes.client.AppsV1Api(api)
    v1 = kubernetes.client
    apps.create_namespaced_deployment(ns, v1.V1Deployment(
        metadata=v1.V1ObjectMeta(name="web"), spec=v1.V1DeploymentSpec(
            selector=v1.V1LabelSelector(match_labels={"app": "web"}),
            template=v1.V1PodTemplateSpec(
                metadata=v1.V1ObjectMeta(labels={"app": "web"}),
                spec=v1.V1PodSpec(containers=[v1.V1Container(name="c", image="nginx")])))))
    apps.patch_namespaced_deployment_scale("web", ns, {"spec": {"replicas": 4}})
    found = apps.read_namespaced_deployment("web", ns)
    assert found.spec.replicas == 4 and found.metadata.generation == 2
    assert found.spec.strategy.rolling_update.max_surge == "25%"


def test_a_watch(api, ns):
    core = kubernetes.client.CoreV1Api(api)
    start = core.list_namespaced_config_map(ns).metadata.resource_version
    core.create_namespaced_config_map(ns, {"metadata": {"name": "one"}})
    core.patch_namespaced_config_map("one", ns, {"data": {"a": "1"}})
    core.delete_namespaced_config_map("one", ns)
    heard = []
    watch = kubernetes.watch.Watch()
    for event in watch.stream(core.list_namespaced_config_map, ns, resource_version=start,
                              timeout_seconds=DEADLINE):
        heard.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            watch.stop()
    assert heard == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]


def test_the_dynamic_client(api, ns):
    dynamic = kubernetes.dynamic.DynamicClient(api)
    dials = dynamic.resources.get(api_version="clients.example.com/v1", kind="Dial")
    dials.create({"apiVersion": "clients.example.com/v1", "kind": "Dial",
                  "metadata": {"name": "one"}, "spec": {"value": "x"}}, namespace=ns)
    assert dials.get(name="one", namespace=ns).spec.value == "x"
    dials.patch({"spec": {"value": "y"}}, name="one", namespace=ns,
                content_type="application/merge-patch+json")
    assert [item.spec.value for item in dials.get(namespace=ns).items] == ["y"]
    dials.delete(name="one", namespace=ns)
    wait_for(lambda: dials.get(namespace=ns).items == [], "it to be gone")
