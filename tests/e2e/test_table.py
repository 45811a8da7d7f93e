"""The plan/action table of the design (what the cache says, what is true, what
is declared), row by row, with a proxy that keeps tidelock's view old."""

from echo import Echo, configmap, deployment
from gate import is_write
from harness import condition, wait_for, write_operator
from live import READY, Live, live          # noqa: F401 (a fixture)

CREATE_ONLY = "1"       # the resourceVersion of an apply that only creates


def child(value):
    return ("apply", configmap("child", {"value": value}))


# ---- the cache says it is absent ----

def test_row_1_an_absent_child_is_created_and_only_created(live):
    mark = live.settle(child("a"), READY)
    (verb, name, code, body), = live.sent(0)
    assert (verb, name, code) == ("patch", "child", 201)
    assert body["metadata"]["resourceVersion"] == CREATE_ONLY
    assert live.sent(mark) == []


def test_row_2_a_child_whose_creation_was_not_heard_of_is_found_not_doubled(live):
    mark = live.cluster.audit_mark()
    live.gate.shut("configmaps")
    lost = live.gate.lose(is_write("PATCH", "/configmaps/child"))
    live.settle(child("a"), READY)
    assert lost.is_set()
    # Sent again or not, it was made once, and the look after that found it ours.
    first, *again = [code for _, _, code, _ in live.sent(mark)]
    assert first == 201 and set(again) <= {409}
    gets = [e for e in live.cluster.audit(since=mark, user=live.user, verbs=["get"])
            if e["objectRef"]["resource"] == "configmaps"]
    assert [e["responseStatus"]["code"] for e in gets] == [200]


def test_row_3_a_foreign_object_made_between_our_look_and_our_write_is_not_touched(live):
    foreign = dict(configmap("child", {"value": "theirs"},
                             labels={"app.kubernetes.io/managed-by": "tidelock",
                                     "tidelock.dev/operator": "echo"}))
    came = live.gate.do_before(is_write("PATCH", "/configmaps/child"),
                               lambda: live.cluster.new_client().post(
                                   live.path_of("configmaps"), foreign))
    live.gate.shut("configmaps")
    live.declare(child("ours"), READY)
    root = live.wait_reason("NameConflict")
    assert came.is_set()
    assert condition(root, "Reconciled")["status"] == "False"
    assert "observedGeneration" not in root["status"]
    found = live.get("configmaps", "child")
    assert found["data"] == {"value": "theirs"}
    assert "ownerReferences" not in found["metadata"]
    assert [m["manager"] for m in found["metadata"]["managedFields"]
            if m["manager"].startswith("tidelock-echo")] == []
    # Equal fields make it no more ours.
    live.gate.open()
    refusals = live.process.log.count("code=NAME_CONFLICT")
    live.declare(child("theirs"), READY)
    wait_for(lambda: live.process.log.count("code=NAME_CONFLICT") > refusals,
             "the second pass")
    assert "ownerReferences" not in live.get("configmaps", "child")["metadata"]
    # When it goes, ours comes.
    live.client.delete(live.path_of("configmaps", "child"))
    live.wait_reason("Applied")
    assert live.get("configmaps", "child")["metadata"]["ownerReferences"]


# ---- the cache says it is there ----

def test_row_4_a_child_that_differs_is_changed_under_its_uid(live):
    live.settle(child("a"), READY)
    uid = live.get("configmaps", "child")["metadata"]["uid"]
    mark = live.cluster.audit_mark()
    live.settle(child("b"), READY)
    (verb, _, code, body), = live.sent(mark)
    assert (verb, code, body["metadata"]["uid"]) == ("patch", 200, uid)
    assert "resourceVersion" not in body["metadata"]


COPIES = """\
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "echo",
  resource = { "echo.example.com/v1", "Echo" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = function(root, view, plan)
    local child = view:get("v1", "ConfigMap", "child")
    plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "child" },
      data = { value = root.spec.value, seen = tidelock.get(child, "data", "theirs") } }
    plan:condition("Ready", true)
  end,
}
"""


def test_row_5_a_change_that_depends_on_what_was_seen_is_planned_again(
        echo_cluster, bare_namespace, bare_admin, tmp_path):
    live = Live(echo_cluster, bare_namespace, bare_admin,
                write_operator(tmp_path / "copies", COPIES)).start(tmp_path)
    try:
        live.settle(value="a")
        live.gate.shut("configmaps")
        live.client.patch(live.path_of("configmaps", "child"),
                          {"data": {"theirs": "new"}})
        mark = live.cluster.audit_mark()
        live.settle(value="b")
        first, *_, last = live.sent(mark)
        assert first[2] == 409 and first[3]["metadata"]["resourceVersion"]
        assert "seen" not in first[3]["data"]
        assert last[2] == 200
        assert live.get("configmaps", "child")["data"] == {
            "value": "b", "seen": "new", "theirs": "new"}
    finally:
        live.stop()


def test_row_6_an_old_view_of_a_child_costs_nobody_their_fields(live):
    live.settle(child("a"), READY)
    live.gate.shut("configmaps")
    live.client.patch(live.path_of("configmaps", "child"),
                      {"metadata": {"labels": {"theirs": "yes"}},
                       "data": {"more": "theirs"}})
    live.settle(child("b"), READY)
    found = live.get("configmaps", "child")
    assert found["data"] == {"value": "b", "more": "theirs"}
    assert found["metadata"]["labels"]["theirs"] == "yes"


def test_rows_7_and_8_a_child_that_was_removed_is_not_raised_from_an_old_view(live):
    live.settle(child("a"), READY)
    live.gate.shut("configmaps")
    live.client.delete(live.path_of("configmaps", "child"))
    mark = live.cluster.audit_mark()
    live.settle(child("b"), READY)
    first, *others, last = live.sent(mark)
    assert first[2] == 409 and "uid" in first[3]["metadata"]
    # What came after is a creation, and the root was looked at before.
    assert others == []
    assert last[2] == 201 and last[3]["metadata"]["resourceVersion"] == CREATE_ONLY
    assert 200 in live.looked_at_root(mark)


def test_row_9_what_is_no_longer_declared_goes_under_preconditions(live):
    live.settle(child("a"), ("apply", configmap("goes")), READY)
    before = live.get("configmaps", "goes")["metadata"]
    mark = live.cluster.audit_mark()
    live.settle(child("a"), READY)
    (verb, name, code, body), = live.sent(mark)
    assert (verb, name, code) == ("delete", "goes", 200)
    assert body["preconditions"] == {"uid": before["uid"],
                                     "resourceVersion": before["resourceVersion"]}
    assert live.find("configmaps", "goes") is None
    assert live.looked_at_root(mark) == [200]


def test_row_10_a_child_that_is_gone_already_needs_no_delete(live):
    live.settle(child("a"), ("apply", configmap("goes")), READY)
    live.gate.shut("configmaps")
    live.client.delete(live.path_of("configmaps", "goes"))
    mark = live.cluster.audit_mark()
    live.settle(child("a"), READY)
    assert [(verb, name, code) for verb, name, code, _ in live.sent(mark)] == \
        [("delete", "goes", 404)]


def test_row_11_a_successor_of_the_same_name_is_not_deleted(live):
    live.settle(child("a"), ("apply", configmap("goes")), READY)
    live.gate.shut("configmaps")
    live.client.delete(live.path_of("configmaps", "goes"))
    theirs = live.create("configmaps", configmap("goes", {"value": "theirs"}))
    mark = live.cluster.audit_mark()
    live.settle(child("a"), READY)
    assert [(verb, name, code) for verb, name, code, _ in live.sent(mark)] == \
        [("delete", "goes", 409)]
    assert live.get("configmaps", "goes")["metadata"]["uid"] == \
        theirs["metadata"]["uid"]


def hold_child(live):
    """Deletes the child, which a finalizer keeps for now."""
    live.client.patch(live.path_of("configmaps", "child"),
                      {"metadata": {"finalizers": ["example.com/hold"]}})
    live.client.delete(live.path_of("configmaps", "child"))


def free_child(live):
    live.client.patch(live.path_of("configmaps", "child"),
                      {"metadata": {"finalizers": None}})


def nudge(live, *steps):
    """Makes tidelock look again and waits until it did: a pass is over when a
    child that it had to change is changed."""
    nudge.count += 1
    value = str(nudge.count)
    live.declare(*steps, ("apply", configmap("nudge", {"value": value})), READY)
    wait_for(lambda: live.get("configmaps", "nudge")["data"]["value"] == value,
             "another pass")


nudge.count = 0


def test_row_12_a_child_that_is_going_is_waited_for(live):
    live.settle(child("a"), READY)
    uid = live.get("configmaps", "child")["metadata"]["uid"]
    hold_child(live)
    mark = live.cluster.audit_mark()
    nudge(live, child("b"))
    assert {name for _, name, _, _ in live.sent(mark)} == {"nudge"}
    # It is not said to be applied while it waits.
    root = live.root()
    assert root["status"]["observedGeneration"] < root["metadata"]["generation"]
    free_child(live)
    wait_for(lambda: live.get("configmaps", "child")["metadata"]["uid"] != uid,
             "a new child")
    assert live.get("configmaps", "child")["data"] == {"value": "b"}
    wait_for(lambda: live.root()["status"]["observedGeneration"] ==
             live.root()["metadata"]["generation"], "the wait to be over")


def test_row_13_a_child_that_is_going_and_not_declared_is_left_alone(live):
    live.settle(child("a"), ("apply", configmap("stays")), READY)
    hold_child(live)
    mark = live.cluster.audit_mark()
    nudge(live, ("apply", configmap("stays")))
    assert {name for _, name, _, _ in live.sent(mark)} == {"nudge"}
    free_child(live)
    wait_for(lambda: live.find("configmaps", "child") is None, "it to go")


def test_row_14_drift_that_is_not_seen_is_repaired_when_it_is(live):
    live.settle(child("a"), READY)
    live.gate.shut("configmaps")
    live.client.patch(live.path_of("configmaps", "child"), {"data": {"value": "x"}})
    mark = live.cluster.audit_mark()
    nudge(live, child("a"))
    assert {name for _, name, _, _ in live.sent(mark)} == {"nudge"}
    live.gate.open()
    wait_for(lambda: live.get("configmaps", "child")["data"] == {"value": "a"},
             "the declared value")
    assert live.looked_at_root(mark), "a value of another writer is put back " \
        "only after the root was looked at"


def test_row_15_a_child_that_is_not_seen_is_pruned_when_it_is(live):
    root = live.declare(child("a"), READY)
    live.settle(child("a"), READY)
    live.gate.shut("configmaps")
    live.create("configmaps", configmap("unseen", ownerReferences=[{
        "apiVersion": root["apiVersion"], "kind": root["kind"], "name": "one",
        "uid": root["metadata"]["uid"], "controller": True}]))
    mark = live.cluster.audit_mark()
    nudge(live, child("a"))
    assert {name for _, name, _, _ in live.sent(mark)} == {"nudge"}
    live.gate.open()
    wait_for(lambda: live.find("configmaps", "unseen") is None, "it to be pruned")


# ---- the root is old ----

def test_row_16_an_old_wish_is_not_carried_out(live):
    """The user scales up, in the root and by hand; tidelock knows only of the
    second and would scale down again."""
    def scaled(n):
        return ("apply", deployment("web", replicas=n))
    live.settle(scaled(2), READY)
    live.gate.shut("echoes")
    live.declare(scaled(5), READY)
    mark = live.cluster.audit_mark()
    live.client.patch(live.path_of("deployments", "web"), {"spec": {"replicas": 5}})
    wait_for(lambda: live.looked_at_root(mark), "a look at the root")
    # It has learnt of the new root by looking, and agrees.
    wait_for(lambda: live.root()["status"]["observedGeneration"] == 2,
             "the new wish to be observed")
    assert live.get("deployments", "web")["spec"]["replicas"] == 5
    assert [body["spec"]["replicas"] for verb, _, _, body in
            live.sent(mark, "deployments")] in ([], [5])


def test_row_17_what_was_written_is_seen_before_it_is_heard_of(live):
    """The watch of the children is silent: a second pass knows them anyway."""
    live.gate.shut("configmaps")
    mark = live.cluster.audit_mark()
    live.settle(child("a"), ("apply", configmap("goes")), READY)
    live.settle(child("b"), ("apply", configmap("third")), READY)
    live.settle(child("b"), READY)
    assert [(verb, name, code) for verb, name, code, _ in live.sent(mark)] == [
        ("patch", "child", 201), ("patch", "goes", 201),
        ("patch", "third", 201), ("patch", "child", 200), ("delete", "goes", 200),
        ("delete", "third", 200)]


COUNTS = """\
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "echo",
  resource = { "echo.example.com/v1", "Echo" },
  owns = { { "v1", "ConfigMap" } },
  reads = { { "v1", "ConfigMap", labels = { foreign = "yes" } } },
  reconcile = function(root, view, plan)
    local count = 0
    for _, found in ipairs(view:list("v1", "ConfigMap", { labels = { foreign = "yes" } })) do
      count = count + 1
    end
    local function child(suffix, data)
      plan:apply { apiVersion = "v1", kind = "ConfigMap",
        metadata = { name = root.metadata.name .. suffix }, data = data }
    end
    child("-counter", { count = tostring(count) })
    if count > 0 or root.spec.always then
      child("-needed")
    end
    plan:condition("Ready", true)
  end,
}
"""


def test_row_17_what_was_counted_is_counted_again_before_something_is_deleted(
        echo_cluster, bare_namespace, bare_admin, tmp_path):
    """Nothing needs the child any more; while the root is looked at for the last
    time, something comes that does. Another root shows that tidelock knows."""
    live = Live(echo_cluster, bare_namespace, bare_admin,
                write_operator(tmp_path / "counts", COUNTS)).start(tmp_path)
    other = Echo(live.cluster, live.ns, (live.user, live.kubeconfig),
                 live.operator, "other")

    def come():
        live.cluster.new_client().post(live.path_of("configmaps"), configmap(
            "second", labels={"foreign": "yes"}))
        wait_for(lambda: live.cluster.new_client().get(
            live.path_of("configmaps", "other-counter"))["data"] == {"count": "1"},
            "the other root to count it")
    try:
        live.create("configmaps", configmap("first", labels={"foreign": "yes"}))
        other.declare(always=True)
        live.settle()
        wait_for(lambda: other.get("configmaps", "other-needed"), "the other root")
        came = live.gate.do_before(
            lambda r: r.method == "GET" and not r.is_watch and
            r.path.split("?")[0].endswith("/echoes/one"), come)
        mark = live.cluster.audit_mark()
        live.client.delete(live.path_of("configmaps", "first"))
        assert came.wait(60), live.process.log
        wait_for(lambda: live.get("configmaps", "one-counter")["data"] ==
                 {"count": "1"}, "the root to count again")
        nudge_root = live.settle(nudge="yes")
        assert [s for s in live.sent(mark) if s[0] == "delete"] == []
        assert nudge_root and live.find("configmaps", "one-needed")
    finally:
        live.stop()


def test_row_18_nothing_is_made_for_a_root_that_is_gone(live):
    live.settle(child("a"), READY)
    live.gate.shut("echoes")
    live.client.delete(live.path)
    mark = live.cluster.audit_mark()
    live.client.delete(live.path_of("configmaps", "child"))
    wait_for(lambda: 404 in live.looked_at_root(mark), "a look at the root")
    other = Echo(live.cluster, live.ns, (live.user, live.kubeconfig),
                 live.operator, "other")
    live.gate.open()
    other.declare(("apply", configmap("of-other")))
    wait_for(lambda: other.find("configmaps", "of-other"), "another root's pass")
    assert [name for _, name, _, _ in live.sent(mark)] == ["of-other"]
    assert live.find("configmaps", "child") is None


def test_row_18_a_root_of_the_same_name_is_another_root(live):
    live.settle(child("a"), READY)
    live.gate.shut("echoes")
    live.client.delete(live.path)
    live.declare(child("second"), READY)
    mark = live.cluster.audit_mark()
    live.client.delete(live.path_of("configmaps", "child"))
    uid = live.root()["metadata"]["uid"]
    wait_for(lambda: live.get("configmaps", "child")["metadata"][
        "ownerReferences"][0]["uid"] == uid, "the second root's child")
    assert all(body["metadata"]["ownerReferences"][0]["uid"] == uid
               for verb, _, _, body in live.sent(mark) if verb == "patch")


def test_row_19_a_status_made_from_an_old_root_is_refused_and_made_again(live):
    live.settle(child("a"), ("status", {"said": "one"}))
    mark = live.cluster.audit_mark()
    changed = live.gate.do_before(
        is_write("PATCH", "/echoes/one/status"),
        lambda: live.cluster.new_client().apply(live.path, live.document(
            child("a"), ("status", {"said": "three"}))))
    live.declare(child("a"), ("status", {"said": "two"}))
    wait_for(lambda: live.root()["status"].get("said") == "three", "the last status")
    assert changed.is_set()
    assert [(body["status"]["said"], code) for _, _, code, body in
            live.sent(mark, "echoes")] == [("two", 409), ("three", 200)]
