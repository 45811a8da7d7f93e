"""Kinds and rights that vanish and return under a running process.

One process runs an operator for each trouble, all of them in trouble at the
same time, and a healthy one. Nothing of it may be read as "the objects are
gone": tidelock sends no delete, and it recovers without a restart.
"""

import pytest

from conftest import make_namespace
from harness import Tidelock, crd, install_crd, wait_for, write_operator
from proxy import ApiProxy, Cut, Hook

GROUP = "come.example.com"
USER = "tidelock-come-and-go"

# root kind -> child kind
OPERATORS = {
    "Healthy": ("v1", "ConfigMap"),
    "Late": ("v1", "ConfigMap"),            # is installed after the start
    "Forbidden": ("v1", "ConfigMap"),        # roots may no longer be read
    "Blind": (f"{GROUP}/v1", "Leaf"),   # children may no longer be read
    "Unserved": ("v1", "ConfigMap"),        # the version is not served
    "Deleted": ("v1", "ConfigMap"),         # the definition of roots goes
    "Barren": (f"{GROUP}/v1", "Sprout"),    # the definition of children goes
}
CHILDREN = ("Leaf", "Sprout")

OPERATOR = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "%(name)s",
  resource = { "%(group)s/v1", "%(kind)s" },
  owns = { { "%(version)s", "%(child)s" } },
  reconcile = function(root, view, plan)
    plan:apply {
      apiVersion = "%(version)s", kind = "%(child)s",
      metadata = { name = "%(name)s" },
      %(field)s = { value = root.spec.value },
    }
  end,
}
"""


class CutWatches(Hook):
    """Ends the watches of these plurals at their next event, which is lost."""

    def __init__(self):
        self.plurals = set()

    def line(self, request, line):
        for plural in list(self.plurals):
            if f"/{plural}?" in request.path:
                self.plurals.discard(plural)
                raise Cut
        return line


def definition(kind):
    return crd(GROUP, kind, plural(kind), {"value": {"type": "string"}},
               status=kind not in CHILDREN)


def plural(kind):
    return kind.lower() + "s"


def crd_path(kind):
    return ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
            f"{plural(kind)}.{GROUP}")


class World:
    """The cluster through the administrator's eyes."""

    def __init__(self, cluster, namespace):
        self.cluster, self.ns = cluster, namespace
        self.client = cluster.client()
        self.hook = CutWatches()
        self.mark = self.process = None
        self.leafs = f"/apis/{GROUP}/v1/namespaces/{namespace}/leafs"

    def root(self, kind):
        return f"/apis/{GROUP}/v1/namespaces/{self.ns}/{plural(kind)}/one"

    def put(self, kind, value):
        return self.client.apply(self.root(kind), {
            "apiVersion": f"{GROUP}/v1", "kind": kind,
            "metadata": {"name": "one"}, "spec": {"value": value}})

    def child(self, kind):
        """(uid, value) of what was made of the root, or None."""
        version, child = OPERATORS[kind]
        base = "/api/v1" if version == "v1" else f"/apis/{version}"
        answer = self.client.request(
            "GET", f"{base}/namespaces/{self.ns}/{plural(child)}/{kind.lower()}")
        if answer.status != 200:
            return None
        found = answer.json()
        return found["metadata"]["uid"], \
            found.get("data", found.get("spec"))["value"]

    def wait_for_value(self, kind, value):
        return wait_for(lambda: self.child(kind)[1] == value and self.child(kind),
                        f"'{value}' of {kind}")

    # Rights: each of the kinds below has a role of its own.

    def bind(self, kind):
        name = f"read-{plural(kind)}"
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        meta = {"metadata": {"name": name}}
        self.client.apply(f"{rbac}/clusterroles/{name}", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", **meta,
            "rules": rules(kind)})
        self.client.apply(f"{rbac}/clusterrolebindings/{name}", {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            **meta, "subjects": [{"kind": "User", "name": USER,
                                  "apiGroup": "rbac.authorization.k8s.io"}],
            "roleRef": {"kind": "ClusterRole", "name": name,
                        "apiGroup": "rbac.authorization.k8s.io"}})

    def unbind(self, kind):
        self.client.delete("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/"
                           f"read-{plural(kind)}")

    def may_watch(self, kind):
        return self.client.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": USER, "resourceAttributes": {
                "group": GROUP, "resource": plural(kind), "verb": "watch",
                "namespace": self.ns}}})["status"]["allowed"]

    # The version of a kind.

    def serve(self, kind, served):
        body = definition(kind)
        body["spec"]["versions"][0]["served"] = served
        self.client.apply(crd_path(kind), body, force="true")


def rules(kind):
    if kind != "Rest":
        return [{"apiGroups": [GROUP], "resources": [plural(kind)],
                 "verbs": ["list", "watch"]}]
    withdrawn = {"Forbidden", "Leaf"}
    return [
        {"apiGroups": ["", "coordination.k8s.io", "events.k8s.io"],
         "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": [GROUP], "verbs": ["*"],
         "resources": [plural(k) for k in {*OPERATORS, *CHILDREN} - withdrawn]},
        {"apiGroups": [GROUP], "verbs": ["get", "create", "update", "patch", "delete"],
         "resources": [plural(k) for k in withdrawn]},
        {"apiGroups": [GROUP], "verbs": ["patch", "update", "get"],
         "resources": [f"{plural(k)}/status" for k in OPERATORS]}]


def operators(folder):
    for kind, (version, child) in OPERATORS.items():
        yield write_operator(folder / kind.lower(), OPERATOR % {
            "name": kind.lower(), "kind": kind, "group": GROUP, "version": version,
            "child": child, "field": "data" if child == "ConfigMap" else "spec"})


@pytest.fixture(scope="module")
def world(bare_cluster, tmp_path_factory):
    """Everything is fine, but for the kind that is not there yet."""
    folder = tmp_path_factory.mktemp("come-and-go")
    # without the garbage collector: to it, the owner of a version that is not
    # served is gone, and it deletes the children in its own good time
    cluster = bare_cluster
    world = World(cluster, make_namespace(cluster))
    for kind in (*OPERATORS, *CHILDREN):
        if kind != "Late":
            install_crd(cluster, definition(kind))
    for kind in ("Rest", "Forbidden", "Leaf"):
        world.bind(kind)
    for kind in OPERATORS:
        if kind != "Late":
            world.put(kind, "1")
    with ApiProxy(cluster, cluster.user(USER), folder, world.hook) as proxy, \
            Tidelock("run", *operators(folder), "--namespace", world.ns,
                     kubeconfig=proxy.kubeconfig, folder=folder) as process:
        world.process = process
        for kind in OPERATORS:
            if kind != "Late":
                world.wait_for_value(kind, "1")
        world.mark = cluster.audit_mark()
        yield world


def waits(world, kind):
    """Has the log said that this operator waits for something?"""
    return any(f"operator={kind.lower()} " in line and "not complete" in line
               for line in world.process.log.splitlines())


@pytest.fixture(scope="module")
def trouble(world):
    """All troubles at once; returns when tidelock knows of each."""
    world.before = {kind: world.child(kind) for kind in OPERATORS}
    world.unbind("Forbidden")
    world.unbind("Leaf")
    world.serve("Unserved", False)
    world.client.delete(crd_path("Deleted"))
    world.client.delete(crd_path("Sprout"))
    for kind in ("Forbidden", "Leaf"):
        wait_for(lambda: not world.may_watch(kind), f"{kind} to be forbidden")
    # a watch that runs is not stopped by the loss of the right
    world.hook.plurals = {plural("Forbidden"), plural("Leaf")}

    world.put("Forbidden", "2")
    world.client.post(world.leafs, {"apiVersion": f"{GROUP}/v1", "kind": "Leaf",
                                    "metadata": {"name": "of-nobody"}})
    for kind in OPERATORS:
        if kind != "Healthy":
            wait_for(lambda: waits(world, kind), f"the trouble of {kind} to be noticed")
    world.put("Blind", "2")
    # the garbage collector would come for it, some time
    world.client.request("DELETE", f"/api/v1/namespaces/{world.ns}/configmaps/deleted")
    return world


@pytest.fixture(scope="module")
def healed(trouble):
    """Everything is given back."""
    world = trouble
    world.put("Healthy", "2")
    world.wait_for_value("Healthy", "2")        # before anything is healed
    world.still = {kind: world.child(kind) for kind in OPERATORS}
    world.bind("Forbidden")
    world.bind("Leaf")
    world.serve("Unserved", True)
    for kind in ("Late", "Deleted", "Sprout"):
        install_crd(world.cluster, definition(kind))
    wait_for(lambda: world.client.request("GET", world.root("Unserved")).status == 200,
             "the version to be served")
    for kind in ("Late", "Deleted", "Unserved"):
        world.put(kind, "2")
    return world


def test_other_operators_go_on_while_kinds_are_missing(healed):
    assert healed.still["Healthy"][1] == "2"
    assert not waits(healed, "Healthy")


def test_what_cannot_be_seen_is_left_alone(healed):
    for kind in ("Forbidden", "Blind", "Unserved"):
        assert healed.still[kind] == healed.before[kind], kind


def test_the_log_says_which_right_is_missing(healed):
    log = healed.process.log
    for resource in ("forbiddens", "leafs"):
        assert f'cannot watch resource \\"{resource}\\" in API group \\"{GROUP}\\"' in log


def test_a_kind_that_is_installed_later_is_worked_on(healed):
    healed.wait_for_value("Late", "2")


@pytest.mark.parametrize("kind", ["Forbidden", "Blind"])
def test_a_right_that_is_given_back_is_used(healed, kind):
    """The change made meanwhile is carried out, on the same child."""
    assert healed.wait_for_value(kind, "2")[0] == healed.before[kind][0]
    healed.put(kind, "3")
    healed.wait_for_value(kind, "3")


def test_a_version_that_is_served_again_is_worked_on(healed):
    assert healed.wait_for_value("Unserved", "2")[0] == healed.before["Unserved"][0]


def test_a_definition_of_roots_that_comes_again_is_worked_on(healed):
    wait_for(lambda: healed.child("Deleted")[0] != healed.before["Deleted"][0],
             "a new child")
    healed.wait_for_value("Deleted", "2")


def test_a_definition_of_children_that_comes_again_is_worked_on(healed):
    assert healed.wait_for_value("Barren", "1")[0] != healed.before["Barren"][0]
    healed.put("Barren", "2")
    healed.wait_for_value("Barren", "2")


def test_nothing_of_this_makes_tidelock_delete_anything(healed):
    events = healed.cluster.audit(since=healed.mark, user=USER)
    assert [e for e in events if e["verb"].startswith("delete")] == []
    assert any(e["verb"] == "patch" for e in events)    # it is the right user
