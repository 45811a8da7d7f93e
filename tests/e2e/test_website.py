"""The website operator on a real control plane: one Website becomes a
ConfigMap, a Deployment and a Service that stay as declared."""

import json

import pytest

from harness import Tidelock, condition, run_once, wait_for, writes

WEBSITES = "/apis/example.com/v1/namespaces/{ns}/websites"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"
CORE = "/api/v1/namespaces/{ns}/{plural}"

CHILDREN = ("configmaps", "deployments", "services")


class Site:
    """One Website and its children, through the administrator's eyes."""

    def __init__(self, cluster, namespace, name="blog"):
        self.client = cluster.client()
        self.ns, self.name = namespace, name

    def path(self, plural):
        base = {"websites": WEBSITES, "deployments": DEPLOYMENTS}.get(plural, CORE)
        return f"{base.format(ns=self.ns, plural=plural)}/{self.name}"

    def get(self, plural):
        return self.client.get(self.path(plural))

    def find(self, plural):
        answer = self.client.request("GET", self.path(plural))
        return answer.json() if answer.status == 200 else None

    def apply(self, **spec):
        spec.setdefault("content", {"index.html": "<h1>hello</h1>"})
        return self.client.apply(self.path("websites"), {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": self.name, "namespace": self.ns}, "spec": spec})

    def merge(self, plural, body):
        return self.client.patch(self.path(plural), body)

    def delete(self, plural, **query):
        return self.client.delete(self.path(plural), **query)

    def children(self):
        return {plural: self.find(plural) for plural in CHILDREN}

    def wait_for_children(self):
        return wait_for(lambda: all(self.children().values()) and self.children(),
                        "the children")


@pytest.fixture
def site(cluster, namespace):
    return Site(cluster, namespace)


@pytest.fixture
def running(admin, namespace, tmp_path):
    """tidelock at work in the test's namespace."""
    with Tidelock("run", "operators/website", "--namespace", namespace,
                  kubeconfig=admin[1], folder=tmp_path) as process:
        yield process


def container(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]


def test_a_website_becomes_children_that_name_it_as_their_controller(site, running):
    root = site.apply(replicas=2)
    children = site.wait_for_children()

    for child in children.values():
        owner, = child["metadata"]["ownerReferences"]
        assert owner == {
            "apiVersion": "example.com/v1", "kind": "Website", "name": "blog",
            "uid": root["metadata"]["uid"], "controller": True,
            "blockOwnerDeletion": True}
        assert child["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "tidelock"
        assert child["metadata"]["labels"]["tidelock.dev/operator"] == "website"
    assert children["deployments"]["spec"]["replicas"] == 2
    assert "<h1>hello</h1>" in children["configmaps"]["data"].values()


def test_the_status_says_what_is_observed(site, running):
    root = site.apply()

    def status():
        found = site.get("websites")
        return condition(found, "Ready") and found
    found = wait_for(status, "a Ready condition")
    ready = condition(found, "Ready")
    assert ready["status"] in ("False", "Unknown")      # there are no nodes
    assert ready["reason"] and ready["lastTransitionTime"]
    assert condition(found, "Progressing")
    assert condition(found, "Reconciled")["status"] == "True"
    assert found["status"]["observedGeneration"] == root["metadata"]["generation"]


def test_a_changed_spec_changes_the_children(site, running):
    site.apply(replicas=1)
    site.wait_for_children()
    root = site.apply(replicas=3, content={"index.html": "<h1>changed</h1>"})

    wait_for(lambda: site.get("deployments")["spec"]["replicas"] == 3, "three replicas")
    wait_for(lambda: "<h1>changed</h1>" in site.get("configmaps")["data"].values(),
             "the new content")
    wait_for(lambda: site.get("websites")["status"]["observedGeneration"]
             == root["metadata"]["generation"], "the new generation to be observed")


def test_a_deleted_child_comes_back(site, running):
    site.apply()
    before = site.wait_for_children()["services"]["metadata"]["uid"]
    site.delete("services")
    wait_for(lambda: site.get("services")["metadata"]["uid"] != before, "a new Service")


def test_a_changed_child_is_put_right(site, running):
    site.apply()
    deployment = site.wait_for_children()["deployments"]
    image = container(deployment)["image"]
    name = container(deployment)["name"]
    changed = site.client.patch(site.path("deployments"), {
        "spec": {"template": {"spec": {"containers": [
            {"name": name, "image": "somebody/else:1"}]}}}}, "strategic")
    assert container(changed)["image"] == "somebody/else:1"
    wait_for(lambda: container(site.get("deployments"))["image"] == image,
             "the declared image")


def test_children_of_a_deleted_website_are_collected(site, running):
    site.apply()
    site.wait_for_children()
    site.delete("websites")
    wait_for(lambda: not any(site.children().values()), "the garbage collector")


def test_a_foreign_object_of_that_name_is_never_adopted(site, running):
    foreign = site.client.post(site.path("services").rsplit("/", 1)[0], {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "blog"},
        "spec": {"ports": [{"port": 9999}], "selector": {"mine": "yes"}}})
    site.apply()

    def conflict():
        c = condition(site.get("websites"), "Reconciled")
        return c and c["reason"] == "NameConflict" and c
    found = wait_for(conflict, "condition NameConflict")
    assert found["status"] == "False"
    assert "Service" in found["message"] and "blog" in found["message"]
    now = site.get("services")
    assert now["metadata"]["resourceVersion"] == foreign["metadata"]["resourceVersion"]
    assert "ownerReferences" not in now["metadata"]
    # and it is taken up again as soon as the name is free
    site.delete("services")
    wait_for(lambda: site.find("services") and
             site.get("services")["metadata"].get("ownerReferences"), "our own Service")
    wait_for(lambda: condition(site.get("websites"), "Reconciled")["status"] == "True",
             "the conflict to be over")


def test_a_kind_that_is_not_installed_yet_is_waited_for(cluster, namespace, admin, tmp_path):
    from harness import crd, install_crd, write_operator
    operator = write_operator(tmp_path / "late", LATE)
    with Tidelock("run", operator, "--namespace", namespace, kubeconfig=admin[1],
                  folder=tmp_path) as process:
        wait_for(lambda: "LateThing" in process.log, "the missing kind to be named")
        install_crd(cluster, crd("late.example.com", "LateThing", "latethings"))
        path = f"/apis/late.example.com/v1/namespaces/{namespace}/latethings/one"
        cluster.client().apply(path, {
            "apiVersion": "late.example.com/v1", "kind": "LateThing",
            "metadata": {"name": "one"}, "spec": {"text": "hi"}})
        wait_for(lambda: cluster.client().get(
            f"/api/v1/namespaces/{namespace}/configmaps/one")["data"] == {"text": "hi"},
            "the child")


LATE = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "late",
  resource = { "late.example.com/v1", "LateThing" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = function(thing, view, plan)
    plan:apply {
      apiVersion = "v1", kind = "ConfigMap",
      metadata = { name = thing.metadata.name },
      data = { text = thing.spec.text },
    }
  end,
}
"""
