"""Two operators in one process: what they share, and what they must not."""

import echo
from echo import configmap
from harness import run_once, write_operator, writes

OTHER = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "other",
  resource = { "%(root)s" },
  owns = { %(owns)s },
  reads = { %(reads)s },
  reconcile = function(root, view, plan)
    %(body)s
  end,
}
"""


def other(folder, root='echo.example.com/v1", "Echo', owns='{ "v1", "Secret" }',
          reads="", body=""):
    return write_operator(folder / "other", OTHER % locals())


def test_two_operators_of_one_kind_leave_each_others_children_alone(one, tmp_path):
    """Each owns kinds of its own."""
    first = echo.operator(tmp_path / "a", owns=[("v1", "ConfigMap")], reads=[])
    second = other(tmp_path, body="""
    plan:apply { apiVersion = "v1", kind = "Secret", metadata = { name = "s" } }""")
    one.declare(("apply", configmap("c")))
    arguments = (first, second, "--namespace", one.ns, "--lease-name", f"l-{one.ns}")
    run_once(*arguments, kubeconfig=one.kubeconfig)
    assert one.find("configmaps", "c") and one.find("secrets", "s")
    mark = one.cluster.audit_mark()
    run_once(*arguments, kubeconfig=one.kubeconfig)
    assert writes(one.cluster, mark, one.user, lease=True) == []


MAP = """
    plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "%s" },
      data = { by = "other" } }"""


def test_two_operators_that_own_the_same_kind_do_not_prune_for_each_other(one, tmp_path):
    """Whose child an object is does not say who made it."""
    arguments = (echo.operator(tmp_path, owns=[("v1", "ConfigMap")], reads=[]),
                 other(tmp_path, owns='{ "v1", "ConfigMap" }', body=MAP % "theirs"),
                 "--namespace", one.ns, "--lease-name", f"l-{one.ns}")
    one.declare(("apply", configmap("mine")), ("apply", configmap("old")))
    run_once(*arguments, kubeconfig=one.kubeconfig)
    assert one.find("configmaps", "mine") and one.find("configmaps", "theirs")
    mark = one.cluster.audit_mark()
    run_once(*arguments, kubeconfig=one.kubeconfig)
    assert writes(one.cluster, mark, one.user, lease=True) == []
    one.declare(("apply", configmap("mine")))
    run_once(*arguments, kubeconfig=one.kubeconfig)
    (event,) = writes(one.cluster, mark, one.user)
    assert (event["verb"], event["objectRef"]["name"]) == ("delete", "old")


def test_two_operators_that_declare_the_same_object_do_not_fight(one, tmp_path):
    """The first that is there keeps it; the other says why it cannot."""
    arguments = (echo.operator(tmp_path, owns=[("v1", "ConfigMap")], reads=[]),
                 other(tmp_path, owns='{ "v1", "ConfigMap" }', body=MAP % "same"),
                 "--namespace", one.ns, "--lease-name", f"l-{one.ns}")
    one.declare(("apply", configmap("same", {"by": "echo"})))
    done = run_once(*arguments, kubeconfig=one.kubeconfig, code=1)
    owner = one.get("configmaps", "same")["data"]["by"]
    assert f"the name belongs to operator '{owner}'" in done.stderr
    sent = [e for e in writes(one.cluster, 0, one.user)
            if e["objectRef"]["resource"] == "configmaps" and e["responseStatus"]["code"] < 400]
    assert len(sent) == 1


def test_children_that_others_made_for_a_root_of_a_built_in_kind_stay(one, tmp_path):
    """What the endpoint slice controller does for a Service, for one."""
    service = one.create("services", {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"ports": [{"port": 80}]}})
    one.create("configmaps", configmap("made-by-kubernetes", ownerReferences=[{
        "apiVersion": "v1", "kind": "Service", "name": "web", "controller": True,
        "uid": service["metadata"]["uid"]}]))
    operator = other(tmp_path, root='v1", "Service', owns='{ "v1", "ConfigMap" }',
                     body=MAP % "mine")
    run_once(operator, "--namespace", one.ns, "--lease-name", f"l-{one.ns}",
             kubeconfig=one.kubeconfig)
    assert one.find("configmaps", "mine")
    assert one.find("configmaps", "made-by-kubernetes")


def test_two_operators_begin_one_lease_together(one, tmp_path):
    first = echo.operator(tmp_path / "a", owns=[("v1", "ConfigMap")], reads=[])
    second = other(tmp_path)
    for i in range(8):
        lease = f"fresh-{one.ns}-{i}"
        run_once(first, second, "--namespace", one.ns, "--lease-name", lease,
                 kubeconfig=one.kubeconfig)
        found = one.client.get(
            f"/apis/coordination.k8s.io/v1/namespaces/default/leases/{lease}")
        assert found["metadata"]["annotations"] == {
            "owned-kinds.tidelock.dev/echo": "v1 ConfigMap",
            "owned-kinds.tidelock.dev/other": "v1 Secret"}
