"""CustomResourceDefinitions that are changed while tidelock runs: what was
learned of them at the start is not the last word."""

import pytest

from harness import Tidelock, condition, crd, wait_for, write_operator

ROOT, CHILD = "change.example.com", "part.example.com"


def strict(group, kind, plural, fields, status_fields=()):
    """A definition that has these string fields, and no others."""
    definition = crd(group, kind, plural)
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for name, names in (("spec", fields), ("status", status_fields)):
        schema["properties"][name].pop("x-kubernetes-preserve-unknown-fields")
        schema["properties"][name]["properties"].update(
            {field: {"type": "string"} for field in names})
    return definition


SCRIPT = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "whole",
  resource = { "%(root)s/v1", "Whole" },
  owns = { { "%(child)s/v1", "Part" } },
  reconcile = function(root, view, plan)
    plan:apply { apiVersion = "%(child)s/v1", kind = "Part",
      metadata = { name = root.metadata.name }, spec = root.spec.part }
    plan:status { [root.spec.field or "old"] = "said" }
  end,
}
"""


class World:
    """The definitions of a root and of its children, and a root."""

    def __init__(self, plane, ns, number):
        self.ns = ns
        self.root_group, self.child_group = f"n{number}.{ROOT}", f"n{number}.{CHILD}"
        self.client = plane.client()

    def define_child(self, *fields):
        self._define(strict(self.child_group, "Part", "parts", fields))

    def define_root(self, *status_fields):
        definition = strict(self.root_group, "Whole", "wholes", ["field"], status_fields)
        schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        schema["properties"]["spec"]["properties"]["part"] = {
            "type": "object", "x-kubernetes-preserve-unknown-fields": True}
        self._define(definition)

    def _define(self, definition):
        name = definition["metadata"]["name"]
        self.client.apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}",
                          definition, force="true")

    @property
    def root_path(self):
        return f"/apis/{self.root_group}/v1/namespaces/{self.ns}/wholes/one"

    @property
    def child_path(self):
        return f"/apis/{self.child_group}/v1/namespaces/{self.ns}/parts/one"

    def declare(self, part, field="old"):
        return self.client.apply(self.root_path, {
            "apiVersion": f"{self.root_group}/v1", "kind": "Whole",
            "metadata": {"name": "one"}, "spec": {"part": part, "field": field}},
            force="true")

    def operator(self, folder):
        return write_operator(folder / "whole", SCRIPT % {
            "root": self.root_group, "child": self.child_group})

    def part(self):
        return self.client.get(self.child_path)["spec"]

    def root(self):
        return self.client.get(self.root_path)


@pytest.fixture
def world(bare_cluster, bare_namespace, request):
    world = World(bare_cluster, bare_namespace, bare_namespace.rsplit("-", 1)[1])
    world.define_child("old")
    world.define_root("old")
    for path in (world.root_path, world.child_path):
        wait_for(lambda: world.client.request(
            "GET", path.rsplit("/", 1)[0]).status == 200, "the kinds to be served")
    return world


@pytest.fixture
def running(world, bare_admin, tmp_path):
    wait_for(lambda: world.declare({"old": "1"}), "the root to be accepted")
    with Tidelock("run", world.operator(tmp_path), "--namespace", world.ns,
                  "--lease-name", f"lease-{world.ns}", "-v",
                  kubeconfig=bare_admin[1], folder=tmp_path) as process:
        wait_for(lambda: world.part() == {"old": "1"}, "the first child")
        wait_for(lambda: world.root()["status"]["old"] == "said", "the first status")
        yield process


def test_a_child_may_use_a_field_that_its_definition_has_got_meanwhile(world, running):
    world.declare({"old": "1", "new": "2"})
    wait_for(lambda: condition(world.root(), "Reconciled")["reason"] == "PlanRefused",
             "the unknown field to be refused")
    world.define_child("old", "new")
    wait_for(lambda: world.part() == {"old": "1", "new": "2"}, "the new field",
             deadline=150)


def test_a_status_may_use_a_field_that_its_definition_has_got_meanwhile(world, running):
    world.define_root("old", "new")
    world.declare({"old": "1"}, field="new")
    wait_for(lambda: world.root()["status"].get("new") == "said", "the new field",
             deadline=150)


def test_a_field_that_the_definition_had_at_the_start_and_has_no_more(world, running):
    world.define_child("other")
    world.declare({"old": "2"})
    wait_for(lambda: condition(world.root(), "Reconciled")["reason"] == "PlanRefused",
             "the field to be refused before it is sent", deadline=150)
    assert "old" in condition(world.root(), "Reconciled")["message"]
    assert running.running
