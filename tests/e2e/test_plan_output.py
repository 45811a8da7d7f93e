"""`tidelock plan` and `run --dry-run`: they change nothing, say so by their exit
code, and say the same in every form."""

import json
import os
import pty
import re
import subprocess

import pytest

from echo import Echo, configmap, deployment, operator, ref, secret
from harness import (ROOT, Tidelock, is_dry, program, tidelock, wait_for)
from writelog import actions, planned, without_times

READS = ("get", "list", "watch")


def changing(cluster, since, user):
    """The requests of a user that are neither reads nor questions."""
    return [e["requestURI"] for e in cluster.audit(since=since, user=user)
            if e["verb"] not in READS and not is_dry(e) and
            not e["objectRef"]["resource"].startswith("selfsubject")]


def make_busy(root):
    """Leaves something of everything to do."""
    labels = {"foreign": "yes"}
    frozen = dict(configmap("frozen", {"a": "1"}), immutable=True)
    root.create("configmaps", configmap("patched", {"a": "1"}, labels=labels))
    root.create("configmaps", configmap("deleted", labels=labels))
    root.create("deployments", deployment("scaled", replicas=5, labels=labels))
    root.declare(("apply", configmap("changed", {"a": "1", "b": "2"})),
                 ("apply", secret("word", password="swordfish")),
                 ("apply", frozen, {"immutable": "recreate"}),
                 ("apply", configmap("released"), {"on_delete": "orphan"}),
                 ("apply", configmap("pruned")),
                 ("condition", "Ready", False, "Waiting"))
    root.run_once()
    frozen["data"] = {"a": "2"}
    root.declare(("apply", configmap("created", {"a": "1"})),
                 ("apply", configmap("changed", {"a": "2"})),
                 ("apply", secret("word", password="tunafish")),
                 ("apply", frozen, {"immutable": "recreate"}),
                 ("patch", ref("ConfigMap", "patched"), {"data": {"b": "2"}}),
                 ("delete", ref("ConfigMap", "deleted")),
                 ("scale", ref("Deployment", "scaled", "apps/v1"), 2),
                 ("condition", "Ready", True, "Declared", "all of it"),
                 ("event", "Normal", "Declared", "all of it"))
    return root


@pytest.fixture
def busy(final):
    return make_busy(final)


# ---- for people ----

GOLDEN = """\
Echo gold/one
  + ConfigMap gold/created                     operator.lua:5
  ~ ConfigMap gold/changed                     operator.lua:5
      .data.a: 1 -> 2
      .data.b: 2 -> (absent)
  ~ Secret gold/word                           operator.lua:5
      .data.password: (sensitive) -> (sensitive)
  -/+ ConfigMap gold/frozen                    operator.lua:5   a changed field is immutable: recreate
      .data.a: 1 -> 2
  ~ ConfigMap gold/patched                     operator.lua:5
      .data.b: (absent) -> 2
  ~ Deployment gold/scaled                     operator.lua:5
      .spec.replicas: 5 -> 2
  - ConfigMap gold/deleted                     operator.lua:5
  - ConfigMap gold/pruned                      no longer declared
  ~ ConfigMap gold/released                    no longer declared
  ~ status .conditions[type=Ready]: False -> True   operator.lua:5
  ~ status .observedGeneration: 1 -> 2         operator.lua:5
  + Event gold/one.(hash)                      operator.lua:5
Plan: 1 to create, 5 to change, 1 to recreate, 2 to delete; status changes. Nothing was applied.
"""


def test_a_plan_reads_as_it_always_did(echo_cluster, bare_admin, tmp_path):
    echo_cluster.kubectl("create", "namespace", "gold")
    gold = make_busy(Echo(echo_cluster, "gold", bare_admin,
                          operator(tmp_path, finalize=True)))
    text = gold.plan_text(code=2)
    assert "\033" not in text
    text = re.sub(r"one\.[0-9a-f]{16}", "one.(hash)" + " " * 10, text)
    assert text == GOLDEN


def on_a_terminal(arguments, kubeconfig, **env):
    """What a command prints there, and its exit code."""
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            [program(), *map(str, arguments)], stdin=slave, stdout=slave,
            stderr=subprocess.PIPE, cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "KUBECONFIG": kubeconfig, **env})
        os.close(slave)
        text = b""
        while True:
            try:
                text += os.read(master, 65536)
            except OSError:             # the other side is closed
                break
        process.communicate()
    finally:
        os.close(master)
    return text.decode().replace("\r\n", "\n"), process.returncode


def test_colours_are_for_terminals_only(busy):
    arguments = ("plan", *busy.arguments)
    text, code = on_a_terminal(arguments, busy.kubeconfig, NO_COLOR="")
    assert code == 2
    plain = busy.plan_text(code=2)
    assert re.sub("\033\\[[0-9;]*m", "", text) == plain
    for sign, colour in (("  + ConfigMap", 32), ("  - ConfigMap", 31),
                         ("  ~ Deployment", 33)):
        assert f"\033[{colour}m{sign}" in text
    for quiet in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert on_a_terminal(arguments, busy.kubeconfig, **quiet) == (plain, 2)


# ---- nothing is changed ----

def test_a_plan_changes_nothing(busy):
    mark = busy.cluster.audit_mark()
    busy.plan_text(code=2)
    busy.plan(code=2)
    assert changing(busy.cluster, mark, busy.user) == []
    # It did ask: every create, change, patch, scale and status.
    asked = [e for e in busy.cluster.audit(since=mark, user=busy.user) if is_dry(e)]
    assert len(asked) >= 2 * 7


def test_a_dry_run_changes_nothing_and_ends_when_nothing_is_ready(busy):
    mark = busy.cluster.audit_mark()
    done = tidelock("run", *busy.arguments, "--dry-run", "--once",
                    kubeconfig=busy.kubeconfig)
    assert done.returncode == 2
    assert done.stdout == busy.plan_text(code=2)
    assert changing(busy.cluster, mark, busy.user) == []


def test_a_dry_run_shows_each_new_plan_as_it_comes(busy, tmp_path):
    mark = busy.cluster.audit_mark()
    with Tidelock("run", *busy.arguments, "--dry-run", kubeconfig=busy.kubeconfig,
                  folder=tmp_path) as process:
        wait_for(lambda: f"ConfigMap {busy.ns}/created" in process.output, "a plan")
        busy.declare(("allow_bulk", "all of it is another"),
                     ("apply", configmap("brand-new")))
        wait_for(lambda: f"ConfigMap {busy.ns}/brand-new" in process.output,
                 "another plan")
        assert process.stop() == 2
    assert changing(busy.cluster, mark, busy.user) == []


def test_the_exit_code_says_whether_there_are_changes(one):
    one.declare(("apply", configmap("child")), ("condition", "Ready", True, "Is"))
    assert one.plan_text(code=2).endswith(
        "Plan: 1 to create; status changes. Nothing was applied.\n")
    one.run_once()
    assert one.plan_text(code=0) == "No changes. 1 object is as declared.\n"
    one.declare(("apply", configmap("child", {"a": 1})))
    text = one.plan_text(code=1)
    assert "operator.lua:5: plan:apply: ConfigMap 'child': .data.a: " \
        "expected string, got integer" in text
    assert "1 object cannot be planned" in text


# ---- for programs ----

def test_json_and_yaml_say_the_same_and_so_do_two_runs(busy):
    plan = busy.plan_text("-o", "json")
    assert without_times(busy.plan_text("-o", "json")) == without_times(plan)
    yaml = busy.plan_text("-o", "yaml")
    # kubectl reads YAML as the API server does: the plan as a part of an object.
    wrapped = "apiVersion: echo.example.com/v1\nkind: Echo\n" \
        "metadata: {name: x}\nspec:\n" + \
        "".join(f"  {line}\n" for line in yaml.splitlines())
    parsed = json.loads(busy.cluster.kubectl(
        "create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-",
        input=wrapped).stdout)["spec"]
    assert without_times(json.dumps(parsed, sort_keys=True)) == \
        without_times(json.dumps(json.loads(plan), sort_keys=True))


def test_roots_come_in_the_order_of_their_names(one):
    for name in ("c", "a", "b"):
        root = Echo(one.cluster, one.ns, (one.user, one.kubeconfig),
                    one.operator, name)
        root.declare(("apply", configmap(f"of-{name}")))
    plan = one.plan(code=2)
    assert [i["root"]["name"] for i in plan["items"]] == ["a", "b", "c"]
    assert [i["root"]["name"] for i in one.plan("b", code=2)["items"]] == ["b"]


def test_a_name_that_is_not_there_is_an_error(one):
    one.declare(("apply", configmap("child")))
    done = tidelock("plan", *one.arguments, "nobody", kubeconfig=one.kubeconfig)
    assert done.returncode == 1 and done.stdout == ""
    assert f"there is no Echo 'nobody' in namespace '{one.ns}'" in done.stderr


# ---- roots from files ----

def as_file(folder, *documents):
    path = folder / "roots.yaml"
    path.write_text("\n---\n".join(json.dumps(d) for d in documents))
    return path


def test_a_new_root_from_a_file_is_planned_as_if_it_were_applied(one, tmp_path):
    document = one.document(("apply", configmap("child", {"a": "1"})),
                            ("condition", "Ready", True, "Is"))
    mark = one.cluster.audit_mark()
    plan = one.plan("-f", as_file(tmp_path, document), code=2)
    assert changing(one.cluster, mark, one.user) == []
    assert one.client.request("GET", one.path).status == 404
    assert actions(plan) == [("create", "ConfigMap", "child"),
                             ("status", "Echo", "one")]
    # That is what happens when it is applied, but for the uid it gets.
    guessed = plan["items"][0]["root"]["uid"]
    uid = one.client.apply(one.path, document)["metadata"]["uid"]
    real = json.dumps(planned(one.plan(code=2)), sort_keys=True)
    assert json.dumps(planned(plan), sort_keys=True).replace(guessed, uid) == real


def test_a_changed_root_from_a_file_is_planned_as_if_it_were_applied(one, tmp_path):
    one.declare(("apply", configmap("stays", {"a": "1"})), ("apply", configmap("goes")),
                ("status", {"children": 2}))
    one.run_once()
    document = one.document(("apply", configmap("stays", {"a": "2"})),
                            ("status", {"count": 1}))
    mark = one.cluster.audit_mark()
    plan = one.plan("-f", as_file(tmp_path, document), code=2)
    assert changing(one.cluster, mark, one.user) == []
    assert actions(plan) == [("change", "ConfigMap", "stays"),
                             ("delete", "ConfigMap", "goes"), ("status", "Echo", "one")]
    fields = {f["path"]: (f.get("before"), f.get("after"))
              for f in plan["items"][0]["changes"][-1]["fields"]}
    assert fields == {".children": (2, None), ".count": (None, 1),
                      ".observedGeneration": (1, 2)}
    one.client.apply(one.path, document)
    assert planned(plan) == planned(one.plan(code=2))


def test_a_root_from_a_file_that_the_server_refuses_is_an_error(one, tmp_path):
    document = one.document(("apply", configmap("child")))
    document["metadata"]["labels"] = {"not a label": "x"}
    done = tidelock("plan", *one.arguments, "-f", as_file(tmp_path, document),
                    kubeconfig=one.kubeconfig)
    assert done.returncode == 1 and done.stdout == ""
    assert "roots.yaml:1: " in done.stderr and "not a label" in done.stderr


def test_offline_plans_need_no_cluster(tmp_path):
    arguments = ("plan", "operators/website", "--offline", "-f",
                 "operators/website/examples/blog.yaml")
    done = tidelock(*arguments)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == OFFLINE
    twice = [tidelock(*arguments, "-o", "json").stdout for _ in range(2)]
    assert without_times(twice[0]) == without_times(twice[1])
    assert {r["method"] for c in json.loads(twice[0])["items"][0]["changes"]
            for r in c["requests"]} == {"PATCH"}


OFFLINE = """\
Website default/blog
  + ConfigMap default/blog                     operator.lua:64
  + Deployment default/blog                    operator.lua:65
  + Service default/blog                       operator.lua:66
  ~ status .conditions[type=Ready]: (absent) -> Unknown   operator.lua:57
  ~ status .conditions[type=Progressing]: (absent) -> True   operator.lua:57
  ~ status .conditions[type=Reconciled]: (absent) -> True   operator.lua:57
  ~ status .observedGeneration: (absent) -> 1  operator.lua:57
  ~ status .readyReplicas: (absent) -> 0       operator.lua:57
Plan: 3 to create; status changes. Nothing was applied.
"""


# ---- rights ----

def test_what_may_not_be_asked_is_shown_as_computed(busy, tmp_path):
    cluster = busy.cluster
    name = f"reader-{busy.ns}"
    for kind, more in (("clusterrole", ("--verb=get,list,watch", "--resource=*.*")),
                       ("clusterrolebinding", (f"--clusterrole={name}",
                                               f"--user={name}"))):
        cluster.kubectl("create", kind, name, *more)
    text = busy.plan_text(code=2, kubeconfig=cluster.user(name))
    assert text.count("computed, not confirmed by the server") == 6
    # The same changes but for one: that it needs a recreate only the server knows.
    confirmed = busy.plan_text(code=2).replace("-/+ ConfigMap", "~ ConfigMap")
    assert [line.split()[:3] for line in text.splitlines() if line[2:3] in "+-~"] == \
        [line.split()[:3] for line in confirmed.splitlines() if line[2:3] in "+-~"]
