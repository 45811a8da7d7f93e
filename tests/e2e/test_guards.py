"""What holds tidelock back: from deleting too much, from fighting over a field,
from giving up in a storm of other writers."""

import threading

import pytest

import echo
from echo import configmap, secret
from gate import is_write
from harness import condition, wait_for, write_operator
from live import READY, Live, live          # noqa: F401 (a fixture)


def maps(*names):
    return [("apply", configmap(name)) for name in names]


def names_of(live):
    found = live.client.get(live.path_of("configmaps"))["items"]
    return sorted(o["metadata"]["name"] for o in found if o["metadata"].get("ownerReferences"))


# ---- deleting ----

# broken: without diff_blast() in diff_children() the eleven go at once
def test_a_plan_that_deletes_too_much_is_refused_until_it_says_that_it_is_meant(live):
    many = [f"m{i:02}" for i in range(12)]
    mark = live.settle(*maps(*many), READY)
    live.declare(*maps("m00", "new"), READY)
    said = condition(live.wait_reason("BlastRadius"), "Reconciled")
    assert said["status"] == "False"
    assert said["message"] == (
        "the plan deletes 11 objects, at most 10 in one pass (ConfigMap 'm01', ConfigMap 'm02', "
        "ConfigMap 'm03', ...); plan:allow_bulk(reason) in the script allows it")
    # Nothing of it: not what it would have made, either.
    assert live.sent(mark) == []
    live.settle(*maps("m00", "new"), ("allow_bulk", "the old ones are not needed"), READY)
    assert names_of(live) == ["m00", "new"]
    assert condition(live.root(), "Reconciled")["reason"] == "Applied"


# broken: without diff_blast() both go
def test_two_objects_that_hold_data_are_not_deleted_by_one_plan(live):
    keep = maps("a", "b", "c")
    secrets = [("apply", secret("one", k="v")), ("apply", secret("two", k="v"))]
    mark = live.settle(*keep, *secrets, READY)
    live.declare(*keep, READY)
    root = live.wait_reason("BlastRadius")
    assert "2 objects that hold data, at most 1 in one pass (Secret 'one', Secret 'two')" in \
        condition(root, "Reconciled")["message"]
    assert live.sent(mark, "secrets") == []


# broken: with may_delete() saying yes always, all three go
def test_deletes_wait_for_their_minute_and_the_rest_does_not(
        echo_cluster, bare_namespace, bare_admin, tmp_path):
    live = Live(echo_cluster, bare_namespace, bare_admin, echo.operator(tmp_path)).start(
        tmp_path, "--max-deletes-per-minute", "2")
    try:
        mark = live.settle(*maps("a", "b", "c", "d"), READY)
        live.declare(*maps("a", "new"), READY)
        root = live.wait_reason("BlastRadius")
        assert "--max-deletes-per-minute" in condition(root, "Reconciled")["message"]
        assert [(verb, name) for verb, name, _, _ in live.sent(mark)] == [
            ("patch", "new"), ("delete", "b"), ("delete", "c")]
        live.settle(*maps("a", "new"), ("allow_bulk", "now"), READY)
        assert names_of(live) == ["a", "new"]
    finally:
        live.stop()


# ---- fighting ----

class Rival:
    """Changes a value back whenever it is changed."""

    def __init__(self, live, value="theirs"):
        self.live, self.value = live, value
        self.client = live.cluster.new_client()
        self.stopped, self.count = threading.Event(), 0
        self.thread = threading.Thread(target=self.fight)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.stopped.set()
        self.thread.join()

    def fight(self):
        path = self.live.path_of("configmaps", "child")
        while not self.stopped.is_set():
            if self.client.get(path)["data"].get("color") != self.value:
                self.client.patch(path + "?fieldManager=rival",
                                  {"data": {"color": self.value}})
                self.count += 1
            self.stopped.wait(0.02)


def colored(color, shape="round"):
    return ("apply", configmap("child", {"color": color, "shape": shape}))


# broken: without contest_mark() the two write as fast as the server lets them
def test_a_field_that_another_keeps_changing_is_left_alone(live):
    mark = live.settle(colored("ours"), READY)
    with Rival(live):
        said = condition(live.wait_reason("Contested"), "Reconciled")
        assert said["status"] == "False"
        assert said["message"] == (f"left alone for a while: cannot change 'ConfigMap {live.ns}/child': "
                                   "'rival' keeps changing .data.color")
        back = [s for s in live.sent(mark) if s[1] == "child"]
        assert [code for _, _, code, _ in back] == [200, 200, 200]
        # The rest of the plan is carried out, and the fight does not go on.
        live.declare(colored("ours"), *maps("beside"), READY)
        wait_for(lambda: live.find("configmaps", "beside"), "what is not fought over")
        assert len([s for s in live.sent(mark) if s[1] == "child"]) == 3
        assert live.get("configmaps", "child")["data"]["color"] == "theirs"
        # Giving in ends it.
        live.settle(colored("theirs"), *maps("beside"), READY)
    assert condition(live.root(), "Reconciled")["reason"] == "Applied"


# broken: with fights that never end (the minute of core/fights.c) it stays as it is
@pytest.mark.long
def test_a_fight_is_over_when_the_other_stops(live):
    live.settle(colored("ours"), READY)
    with Rival(live):
        live.wait_reason("Contested")
    # After a minute it is tried once more, and stays.
    wait_for(lambda: condition(live.root(), "Reconciled")["reason"] == "Applied",
             "the next try", deadline=120)
    assert live.get("configmaps", "child")["data"]["color"] == "ours"


# ---- what cannot be known ----

# rows: D6
# broken: with a create that does not insist on creating (CREATE_ONLY_RV) the child is
#   written twice, and nobody looks
def test_after_a_write_without_an_answer_nothing_is_written_before_a_look(live):
    """The answer is lost, and that of the look as well; the watch is silent."""
    live.gate.shut("configmaps")
    mark = live.cluster.audit_mark()
    lost = [live.gate.lose(is_write("PATCH", "/configmaps/child")),
            live.gate.lose(lambda r: r.method == "GET" and r.path.endswith("/configmaps/child"))]
    live.settle(("apply", configmap("child")), READY)
    assert all(done.is_set() for done in lost)
    # One write, which took effect (an HTTP client may send it again); then only looks.
    asked = [(e["verb"], e["responseStatus"]["code"]) for e in
             live.cluster.audit(since=mark, user=live.user, verbs=["get", "patch"])
             if e["objectRef"]["resource"] == "configmaps"]
    writes = [code for verb, code in asked if verb == "patch"]
    assert writes[0] == 201 and set(writes[1:]) <= {409}
    assert asked[len(writes):] == [("get", 200)] * (len(asked) - len(writes))
    assert len(asked) > len(writes)


# rows: D60
# broken: without hold_back(), or with hold_ask() returning at once, the child is not made again
def test_what_went_while_the_watch_was_silent_is_found_by_a_look(live):
    keep, child = ("apply", configmap("keep")), ("apply", configmap("child"))
    live.settle(keep, child, READY)
    path = live.path_of("configmaps", "child")
    live.client.patch(path, {"metadata": {"finalizers": ["example.com/slow"]}})
    live.settle(keep, READY)
    wait_for(lambda: "deletionTimestamp" in live.get("configmaps", "child")["metadata"],
             "it to be on its way out")
    old = live.get("configmaps", "child")["metadata"]["uid"]
    passes = live.process.log.count('msg="reconciled"')
    live.declare(keep, child, READY)        # it has to wait for the old one
    wait_for(lambda: live.process.log.count('msg="reconciled"') > passes, "the pass that waits")
    live.gate.shut("configmaps")
    live.client.patch(path, {"metadata": {"finalizers": None}})
    new = wait_for(lambda: live.find("configmaps", "child"), "it to be made again")
    assert new["metadata"]["uid"] != old


# ---- storms ----

READS = """\
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "echo",
  resource = { "echo.example.com/v1", "Echo" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = function(root, view, plan)
    local now = view:get("v1", "ConfigMap", "child")    -- so the change depends on what was seen
    plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "child" },
      data = { value = root.spec.value, before = now and now.data.value or "none" } }
    plan:condition("Ready", true)
  end,
}
"""


# rows: D22
# broken: with conflicts that are reported (REASON_MAP has CONFLICT) an error condition is seen
def test_a_storm_of_conflicts_ends_as_declared_without_an_error(
        echo_cluster, bare_namespace, bare_admin, tmp_path):
    live = Live(echo_cluster, bare_namespace, bare_admin,
                write_operator(tmp_path / "reads", READS)).start(tmp_path)
    stopped, seen = threading.Event(), set()

    def storm():
        client = live.cluster.new_client()
        number = 0
        while not stopped.wait(0.05):
            number += 1
            client.patch(live.path_of("configmaps", "child"),
                         {"metadata": {"annotations": {"storm": str(number)}}})
            said = condition(client.get(live.path), "Reconciled") or {}
            seen.add((said.get("status"), said.get("reason")))
    try:
        live.settle(value="0")
        wait_for(lambda: live.find("configmaps", "child"), "the child")
        thread = threading.Thread(target=storm)
        thread.start()
        try:
            for value in range(1, 11):
                live.settle(value=str(value))
        finally:
            stopped.set()
            thread.join()
        wait_for(lambda: live.get("configmaps", "child")["data"] == {"value": "10", "before": "10"},
                 "the last value")
        assert seen == {("True", "Applied")}
    finally:
        live.stop()
