"""`tidelock plan`: what it says is what `run` does next, write for write; and
it changes nothing itself."""

import json

from echo import configmap, deployment, ref, secret
from writelog import actions, planned, sent, show


def run_as_planned(one, *expected, settles=True):
    """Plans, runs once, compares the two write for write; then there is
    nothing left to do. `expected`: (action, kind, name) of each change."""
    plan = one.plan(code=2)
    assert actions(plan) == list(expected)
    mark = one.cluster.audit_mark()
    one.run_once()
    was, told = sent(one.cluster, mark, one.user), planned(plan)
    assert was == told, f"planned:\n{show(told)}\nsent:\n{show(was)}"
    if settles:
        assert planned(one.plan(code=0)) == []
    return plan


# ---- a plan is what run does ----

def test_creates_are_as_planned_with_the_lease_before_them(one):
    one.declare(("apply", secret("password", word="swordfish")),
                ("apply", configmap("settings", {"a": "1"})),
                ("apply", deployment("web", replicas=2)),
                ("condition", "Ready", True, "Declared", "as it says"),
                ("status", {"children": 3}))
    plan = run_as_planned(one,
                          ("create", "Secret", "password"),
                          ("create", "ConfigMap", "settings"),
                          ("create", "Deployment", "web"),
                          ("status", "Echo", "one"))
    lease, = plan["operatorWrites"]
    assert lease["path"].startswith(
        f"/apis/coordination.k8s.io/v1/namespaces/default/leases/lease-{one.ns}?")
    assert lease["body"]["metadata"]["annotations"] == {
        "owned-kinds.tidelock.dev/echo":
        "apps/v1 Deployment,v1 ConfigMap,v1 Secret,v1 Service"}
    assert one.get("secrets", "password")["data"] == {"word": "c3dvcmRmaXNo"}
    assert "swordfish" not in json.dumps(plan)
    assert "c3dvcmRmaXNo" not in json.dumps(plan)
    assert plan["summary"] == {"roots": 1, "create": 3, "change": 0, "recreate": 0,
                               "delete": 0, "status": 1, "events": 0, "errors": 0}


def test_changes_are_as_planned(one):
    one.declare(("apply", configmap("settings", {"a": "1", "b": "2"})),
                ("apply", deployment("web", replicas=3)),
                ("condition", "Ready", False, "Waiting"))
    one.run_once()
    one.declare(("apply", configmap("settings", {"a": "2"})),
                ("apply", deployment("web", "busybox:1.38", replicas=1)),
                ("condition", "Ready", True, "Declared"))
    plan = run_as_planned(one,
                          ("change", "ConfigMap", "settings"),
                          ("change", "Deployment", "web"),
                          ("status", "Echo", "one"))
    fields = {f["path"]: (f.get("before"), f.get("after"))
              for c in plan["items"][0]["changes"][:2] for f in c["fields"]}
    assert fields == {
        ".data.a": ("1", "2"), ".data.b": ("2", None),
        ".spec.replicas": (3, 1),
        ".spec.template.spec.containers[name=main].image":
            ("busybox:1.37", "busybox:1.38")}
    assert all(c["confirmed"] for c in plan["items"][0]["changes"])


def test_a_recreate_is_as_planned(one):
    frozen = dict(configmap("frozen", {"a": "1"}), immutable=True)
    one.declare(("apply", frozen, {"immutable": "recreate"}))
    one.run_once()
    before = one.get("configmaps", "frozen")
    frozen = dict(frozen, data={"a": "2"})
    one.declare(("apply", frozen, {"immutable": "recreate"}))
    plan = run_as_planned(one, ("recreate", "ConfigMap", "frozen"))
    delete, create = plan["items"][0]["changes"][0]["requests"]
    assert delete["body"]["preconditions"] == {
        "uid": before["metadata"]["uid"],
        "resourceVersion": before["metadata"]["resourceVersion"]}
    assert create["body"]["metadata"]["resourceVersion"] == "1"
    after = one.get("configmaps", "frozen")
    assert after["data"] == {"a": "2"}
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_change_that_needs_no_recreate_is_none(one):
    mutable = configmap("mutable", {"a": "1"})
    one.declare(("apply", mutable, {"immutable": "recreate"}))
    one.run_once()
    one.declare(("apply", dict(mutable, data={"a": "2"}), {"immutable": "recreate"}))
    run_as_planned(one, ("change", "ConfigMap", "mutable"))


def test_prunes_and_deletes_are_as_planned(one):
    foreign = one.create("configmaps", configmap("old", labels={"foreign": "yes"}))
    one.declare(("apply", configmap("stays")), ("apply", configmap("goes")),
                ("apply", deployment("goes")))
    one.run_once()
    one.declare(("apply", configmap("stays")), ("delete", ref("ConfigMap", "old")))
    plan = run_as_planned(one,
                          ("delete", "ConfigMap", "old"),
                          ("delete", "Deployment", "goes"),
                          ("delete", "ConfigMap", "goes"))
    for change in plan["items"][0]["changes"][:3]:
        request, = change["requests"]
        assert set(request["body"]["preconditions"]) == {"uid", "resourceVersion"}
    assert plan["items"][0]["changes"][0]["requests"][0]["body"]["preconditions"][
        "uid"] == foreign["metadata"]["uid"]
    assert [one.find("configmaps", n) for n in ("old", "goes")] == [None, None]
    assert one.find("configmaps", "stays")


def test_kinds_whose_delete_answers_with_the_object_are_deleted_once(one):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "goes"},
               "spec": {"ports": [{"port": 80}]}}
    one.declare(("apply", configmap("stays")), ("apply", service))
    one.run_once()
    one.declare(("apply", configmap("stays")))
    run_as_planned(one, ("delete", "Service", "goes"))
    assert one.find("services", "goes") is None


def test_patches_and_scales_are_as_planned(one):
    labels = {"foreign": "yes"}
    for name in ("apply", "merge", "json"):
        one.create("configmaps", configmap(name, {"a": "1", "b": "2"}, labels=labels))
    one.create("deployments", deployment("up", replicas=1, labels=labels))
    one.create("deployments", deployment("down", replicas=5, labels=labels))
    one.declare(
        ("apply", configmap("child")),
        ("patch", ref("ConfigMap", "apply"), {"data": {"c": "3"}}),
        ("patch", ref("ConfigMap", "merge"), {"data": {"c": "3", "b": "4"}},
         {"type": "merge"}),
        ("patch", ref("ConfigMap", "json"),
         [{"op": "replace", "path": "/data/a", "value": "9"}], {"type": "json"}),
        ("scale", ref("Deployment", "up", "apps/v1"), 3),
        ("scale", ref("Deployment", "down", "apps/v1"), 2))
    plan = run_as_planned(
        one, ("create", "ConfigMap", "child"), ("patch", "ConfigMap", "apply"),
        ("patch", "ConfigMap", "merge"), ("patch", "ConfigMap", "json"),
        ("scale", "Deployment", "up"), ("scale", "Deployment", "down"))
    by_name = {c["name"]: c["requests"][0] for c in plan["items"][0]["changes"]}
    assert by_name["up"]["path"].split("?")[0].endswith("/deployments/up/scale")
    assert one.get("configmaps", "apply")["data"] == {"a": "1", "b": "2", "c": "3"}
    assert one.get("configmaps", "merge")["data"] == {"a": "1", "b": "4", "c": "3"}
    assert one.get("configmaps", "json")["data"] == {"a": "9", "b": "2"}
    assert one.get("deployments", "up")["spec"]["replicas"] == 3
    assert one.get("deployments", "down")["spec"]["replicas"] == 2


def test_a_json_patch_whose_test_does_not_hold_is_refused_not_sent(one):
    one.create("configmaps", configmap("it", {"a": "1"}, labels={"foreign": "yes"}))
    one.declare(("apply", configmap("child")), ("patch", ref("ConfigMap", "it"), [
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "remove", "path": "/data/a"}], {"type": "json"}))
    plan = one.plan(code=1)
    assert plan["items"][0]["error"]["code"] == "PLAN"
    assert "operator.lua:5" in plan["items"][0]["error"]["message"]
    assert "the test does not hold at '/data/a'" in \
        plan["items"][0]["error"]["message"]
    mark = one.cluster.audit_mark()
    one.run_once(code=1)
    paths = [path for _, path, _ in sent(one.cluster, mark, one.user)]
    assert not [p for p in paths if "/configmaps/" in p], paths


def test_the_finalizer_comes_first_and_goes_last(final):
    labels = {"foreign": "yes"}
    final.create("configmaps", configmap("outside", {"a": "1"}, labels=labels))
    final.declare(("apply", configmap("child")), ("condition", "Ready", True, "Is"),
                  finalize=[("delete", ref("ConfigMap", "outside"))])
    run_as_planned(final, ("add finalizer", "Echo", "one"),
                   ("create", "ConfigMap", "child"), ("status", "Echo", "one"))
    assert final.root()["metadata"]["finalizers"] == ["tidelock.dev/echo"]

    final.client.delete(final.path)
    plan = run_as_planned(final, ("delete", "ConfigMap", "outside"),
                          ("status", "Echo", "one"),    # none is declared now
                          ("remove finalizer", "Echo", "one"))
    assert plan["items"][0]["root"]["name"] == "one"
    assert final.client.request("GET", final.path).status == 404
    assert final.find("configmaps", "child"), "the garbage collector's, not ours"


def test_an_operator_that_finalizes_no_more_takes_its_finalizer_off(
        final, one, tmp_path):
    final.declare(("apply", configmap("child")))
    final.run_once()
    one.ns = final.ns
    run_as_planned(one, ("remove finalizer", "Echo", "one"))
    assert "finalizers" not in one.root()["metadata"]


def test_an_orphan_that_is_dropped_is_released(one):
    one.declare(("apply", configmap("keep", {"a": "1"}, labels={"mine": "yes"}),
                 {"on_delete": "orphan"}), ("apply", configmap("other")))
    run_as_planned(one, ("create", "ConfigMap", "keep"),
                   ("create", "ConfigMap", "other"))
    assert "ownerReferences" not in one.get("configmaps", "keep")["metadata"]
    one.declare(("apply", configmap("other")))
    run_as_planned(one, ("release", "ConfigMap", "keep"))
    found = one.get("configmaps", "keep")
    assert found["data"] == {"a": "1"}
    assert found["metadata"]["labels"] == {"mine": "yes"}
    assert "annotations" not in found["metadata"]


def test_events_are_as_planned(one):
    one.declare(("apply", configmap("child")),
                ("event", "Normal", "Declared", "this is the note"),
                ("event", "Warning", "Odd", "and this another"))
    plan = one.plan(code=2)
    assert [c["action"] for c in plan["items"][0]["changes"]] == \
        ["create", "event", "event"]
    run_as_planned(one, *actions(plan), settles=False)
    events = one.client.get(
        f"/apis/events.k8s.io/v1/namespaces/{one.ns}/events")["items"]
    assert {(e["type"], e["reason"], e["note"], e["regarding"]["name"])
            for e in events} == {
        ("Normal", "Declared", "this is the note", "one"),
        ("Warning", "Odd", "and this another", "one")}
    # Another process knows nothing of them, and tells each once more.
    one.run_once()
    assert len(one.client.get(
        f"/apis/events.k8s.io/v1/namespaces/{one.ns}/events")["items"]) == 4
