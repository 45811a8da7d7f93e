"""operators/cronhpa on a real control plane: a Deployment that is scaled by
the clock, and an autoscaler with which it does not fight."""

import subprocess

import pytest
import yaml

import harness
from harness import ROOT, Tidelock, condition, program, run_once, wait_for
from roles import Tenant

APPS = "/apis/apps/v1/namespaces/{ns}/deployments"
SCALERS = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers"
CRONS = "/apis/example.com/v1/namespaces/{ns}/cronhpas"
PLURALS = {"deployments": APPS, "horizontalpodautoscalers": SCALERS, "cronhpas": CRONS}


@pytest.fixture(scope="session", autouse=True)
def defined(cluster):
    harness.install_crd(cluster, ROOT / "operators/cronhpa/crd.yaml")


class Shop:
    """A Deployment called shop and what scales it."""

    def __init__(self, cluster, namespace):
        self.client, self.ns = cluster.client(), namespace

    def path(self, plural, name=""):
        return PLURALS[plural].format(ns=self.ns) + ("/" + name if name else "")

    def get(self, plural, name="shop"):
        return self.client.get(self.path(plural, name))

    def deploy(self, replicas):
        labels = {"app": "shop"}
        self.client.post(self.path("deployments"), {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "shop"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels},
                                  "spec": {"containers": [{"name": "a", "image": "busybox"}]}}}})

    def autoscale(self, low, high):
        self.client.post(self.path("horizontalpodautoscalers"), {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "shop"},
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment",
                                        "name": "shop"},
                     "minReplicas": low, "maxReplicas": high}})

    def schedule(self, kind, size, name="shop", schedule="@every 1s"):
        version = "autoscaling/v2" if kind == "HorizontalPodAutoscaler" else "apps/v1"
        self.client.post(self.path("cronhpas"), {
            "apiVersion": "example.com/v1", "kind": "CronHPA", "metadata": {"name": name},
            "spec": {"scaleTargetRef": {"apiVersion": version, "kind": kind, "name": "shop"},
                     "jobs": [{"name": "now", "schedule": schedule, "targetSize": size,
                               "runOnce": True}]}})

    def ready(self, name="shop"):
        return condition(self.get("cronhpas", name), "Ready") or {}


@pytest.fixture
def shop(cluster, namespace):
    return Shop(cluster, namespace)


@pytest.fixture
def running(admin, namespace, tmp_path):
    with Tidelock("run", "operators/cronhpa", "--namespace", namespace,
                  kubeconfig=admin[1], folder=tmp_path) as process:
        yield process


def test_a_deployment_is_scaled_once_and_left_alone(shop, running):
    shop.deploy(2)
    shop.schedule("Deployment", 5)
    wait_for(lambda: shop.get("deployments")["spec"]["replicas"] == 5, "the run")
    root = wait_for(lambda: shop.get("cronhpas")["status"]["jobs"][0]["state"] == "Completed"
                    and shop.get("cronhpas"), "the job to be over")
    assert [(h["job"], h["result"]) for h in root["status"]["history"]] == [("now", "Scaled")]
    # What people do afterwards stays.
    shop.client.patch(shop.path("deployments", "shop"), {"spec": {"replicas": 3}})
    generation = root["metadata"]["generation"]
    shop.client.patch(shop.path("cronhpas", "shop"), {"spec": {"missedRuns": "Skip"}})
    wait_for(lambda: shop.get("cronhpas")["status"]["observedGeneration"] > generation,
             "another pass")
    assert shop.get("deployments")["spec"]["replicas"] == 3


def test_the_floor_of_an_autoscaler_is_raised_and_nobody_fights(shop, running, cluster, admin):
    """kube-controller-manager scales the Deployment to the new floor; tidelock
    writes neither the Deployment nor the autoscaler a second time."""
    shop.deploy(2)
    shop.autoscale(1, 4)
    mark = cluster.audit_mark()
    shop.schedule("HorizontalPodAutoscaler", 6)
    wait_for(lambda: shop.get("horizontalpodautoscalers")["spec"]["minReplicas"] == 6, "the floor")
    scaler = shop.get("horizontalpodautoscalers")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (6, 6)
    assert shop.get("cronhpas")["status"]["autoscaler"] == {"maxReplicas": 4, "raisedTo": 6}
    wait_for(lambda: shop.get("deployments")["spec"]["replicas"] == 6,
             "the autoscaler to follow its floor")
    # Both look again, and neither has anything to say.
    seen = shop.get("deployments")["metadata"]["generation"]
    generation = shop.get("cronhpas")["metadata"]["generation"]
    shop.client.patch(shop.path("cronhpas", "shop"), {"spec": {"missedRuns": "Skip"}})
    wait_for(lambda: shop.get("cronhpas")["status"]["observedGeneration"] > generation,
             "another pass")
    assert shop.get("deployments")["metadata"]["generation"] == seen
    written = [event["objectRef"]["resource"]
               for event in cluster.audit(since=mark, user=admin[0], verbs=["patch", "update"])
               if event["objectRef"]["resource"] in ("deployments", "horizontalpodautoscalers")]
    assert written == ["horizontalpodautoscalers"]


def test_a_deployment_with_an_autoscaler_is_not_touched(shop, running):
    shop.deploy(2)
    shop.autoscale(1, 4)
    shop.schedule("Deployment", 9)
    wait_for(lambda: shop.ready().get("reason") == "Conflict", "the conflict")
    assert "name that one as scaleTargetRef" in shop.ready()["message"]
    shop.client.delete(shop.path("horizontalpodautoscalers", "shop"))
    wait_for(lambda: shop.get("deployments")["spec"]["replicas"] == 9, "the run that waited")


def test_of_two_on_one_target_the_older_one_scales(shop, admin):
    """Creation times have seconds; within one the name decides."""
    shop.deploy(2)
    shop.schedule("Deployment", 5, name="first", schedule="@every 1h")
    shop.schedule("Deployment", 7, name="second", schedule="@every 1h")
    run_once(ROOT / "operators/cronhpa", "--namespace", shop.ns,
             kubeconfig=admin[1])
    assert shop.ready("first")["reason"] == "Scheduled"
    assert shop.ready("second")["reason"] == "Conflict"


def test_the_printed_roles_and_those_of_the_folder_suffice(shop, cluster, tmp_path):
    tenant = Tenant(cluster, ROOT / "operators/cronhpa", shop.ns, ("--namespace", shop.ns))
    tenant.give()
    role = yaml.safe_load((ROOT / "operators/cronhpa/rights.yaml").read_text())
    role["metadata"]["name"] = tenant.user + "-targets"
    tenant.bind(role)
    shop.deploy(2)
    shop.autoscale(1, 4)
    shop.schedule("HorizontalPodAutoscaler", 3, name="floor")
    with Tidelock("run", *tenant.arguments, kubeconfig=tenant.kubeconfig, folder=tmp_path):
        wait_for(lambda: shop.get("horizontalpodautoscalers")["spec"]["minReplicas"] == 3,
                 "the floor")
        shop.client.delete(shop.path("horizontalpodautoscalers", "shop"))
        shop.schedule("Deployment", 5)
        wait_for(lambda: shop.get("deployments")["spec"]["replicas"] == 5, "the run")


@pytest.mark.parametrize("command", [
    line for line in (ROOT / "operators/cronhpa/README.md").read_text().splitlines()
    if line.startswith("tidelock ")])
def test_the_commands_of_the_readme_work(command):
    words = command.split()
    done = subprocess.run([program(), *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stdout + done.stderr
