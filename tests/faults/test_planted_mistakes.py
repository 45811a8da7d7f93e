"""Twelve scripts that look reasonable and are wrong: which of our tools says so.

`tidelock check`, which also tries the script on objects, finds most of what can be
found; the embedded cluster and the comparison of plans find one each. What none of
them finds stands here with the reason."""

import json
import re

from figures import figure
from harness import crd, tidelock, write_operator
from test_schema import plan, told

HEAD = """\
local tidelock = require "tidelock"

local function configmap(name, data)
  return { apiVersion = "v1", kind = "ConfigMap", metadata = { name = name }, data = data }
end

local function deployment(root, pod_labels)
  return { apiVersion = "apps/v1", kind = "Deployment", metadata = { name = root.metadata.name },
    spec = {
      replicas = root.spec.replicas,
      selector = { matchLabels = { app = root.metadata.name } },
      template = {
        metadata = { labels = pod_labels },
        spec = { containers = { { name = "main", image = "busybox:1.37" } } },
      },
    } }
end

"""
TAIL = """
return tidelock.operator {
  api = 1, name = "planted",
  resource = { "example.com/v1", "Task" },
  owns = { { "v1", "ConfigMap" }, { "apps/v1", "Deployment" } },
  reads = {
    { "v1", "Secret" }, { "v1", "Pod" }, { "v1", "ConfigMap", labels = { shared = "yes" } },
  },
  reconcile = reconcile,
}
"""
TASK = {"apiVersion": "example.com/v1", "kind": "Task",
        "metadata": {"name": "one", "namespace": "default"},
        "spec": {"replicas": 2, "target": "kube-system", "ports": {"web": 80, "admin": 81}}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one", "namespace": "default"},
          "data": {"password": "c3dvcmRmaXNo"}}
THEIRS = {"apiVersion": "v1", "kind": "ConfigMap",
          "metadata": {"name": "theirs", "namespace": "default", "labels": {"shared": "yes"},
                       "ownerReferences": [{
                           "apiVersion": "example.com/v1", "kind": "Task", "name": "one",
                           "uid": "99999999-0000-4000-8000-000000000009", "controller": True}]}}

SCRIPTS = {
    "B1 cleans up only while the pod is there": """
local function reconcile(root, view, plan)
  plan:apply(configmap("settings", { a = "b" }))
  if view:get("v1", "Pod", root.metadata.name) then
    plan:apply(configmap("cleanup", { of = root.metadata.name }))
  end
end
""",
    "B2 deletes by label what another root owns": """
local function reconcile(root, view, plan)
  plan:apply(configmap(root.metadata.name, {}))
  for _, old in ipairs(view:list("v1", "ConfigMap", { labels = "shared=yes" })) do
    plan:delete(old)
  end
end
""",
    "B4 decides the second step by the first one's absence": """
local function reconcile(root, view, plan)
  if view:get("v1", "Pod", "old") then
    plan:delete(view:get("v1", "Pod", "old"))
  else
    plan:apply(deployment(root, { app = root.metadata.name }))
  end
end
""",
    "B7 gives a child a random name": """
local function reconcile(root, view, plan)
  plan:apply(configmap("run-" .. math.random(1000), {}))
end
""",
    "B8 builds a list in the order of a table": """
local function reconcile(root, view, plan)
  local names = {}
  for name in pairs(root.spec.ports) do names[#names + 1] = name end
  plan:apply(configmap("ports", { names = table.concat(names, ",") }))
end
""",
    "B10 makes something outside and has no finalizer": """
local function reconcile(root, view, plan)
  os.execute("create-bucket " .. root.metadata.name)
  plan:apply(configmap(root.metadata.name, {}))
end
""",
    "B11 takes what is no number for none": """
local function reconcile(root, view, plan)
  local object = deployment(root, { app = root.metadata.name })
  object.spec.replicas = tonumber(root.spec.replicaCount) or 0
  plan:apply(object)
end
""",
    "B14 declares one object twice": """
local function reconcile(root, view, plan)
  plan:apply(configmap(root.metadata.name, { a = "1" }))
  plan:apply(configmap(root.metadata.name, { a = "2" }))
end
""",
    "B15 selects other labels than its pods have": """
local function reconcile(root, view, plan)
  plan:apply(deployment(root, { application = root.metadata.name }))
end
""",
    "B17 is ready before the new generation was seen": """
local function reconcile(root, view, plan)
  plan:apply(deployment(root, { app = root.metadata.name }))
  plan:condition("Ready", true, "Applied")
end
""",
    "B18 copies a secret into a ConfigMap": """
local function reconcile(root, view, plan)
  local secret = view:get("v1", "Secret", root.metadata.name)
  plan:apply(configmap(root.metadata.name, { password = secret and secret.data.password }))
end
""",
    "B19 writes where a field of the root says": """
local function reconcile(root, view, plan)
  local child = configmap(root.metadata.name, {})
  child.metadata.namespace = root.spec.target
  plan:apply(child)
end
""",
}


# What check says, with the place.
CHECKED = {
    "B7": r"operator\.lua:21:34: error: 'math\.random' does not exist in scripts",
    "B10": r"operator\.lua:21:3: error: 'os\.execute' does not exist in scripts",
    "B14": r"operator\.lua:22: error: .*ConfigMap 'one': another step names the same object",
    "B19": r"operator\.lua:23: error: .*namespace 'kube-system' is not the namespace of the root",
}
# What no tool finds, and why.
MISSED = {
    "B1": "shows over several passes, with views in between: an exploration of states",
    "B2": "deletes what the view showed, as it says: an exploration with a root made again",
    "B4": "shows over several passes, with views in between: an exploration of states",
    "B8": "pairs() has one order here: the mistake has no effect",
    "B17": "shows while a controller lags behind: an exploration of states",
    "B18": "a handle may be placed anywhere: the script never sees the value, but others may",
}


def folder_of(tmp_path, number):
    """The operator with this mistake, and a file of objects to try it with."""
    text = next(text for name, text in SCRIPTS.items() if name.split()[0] == number)
    operator = write_operator(tmp_path / number, HEAD + text + TAIL, crd(
        "example.com", "Task", "tasks", {
            "replicas": {"type": "integer"}, "target": {"type": "string"},
            "ports": {"type": "object", "additionalProperties": {"type": "integer"}}}))
    file = tmp_path / f"{number}.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List",
                                "items": [TASK, SECRET, THEIRS]}))
    return operator, file


def is_checked(tmp_path, number):
    operator, file = folder_of(tmp_path, number)
    done = tidelock("check", operator, "-f", file)
    said = re.search(CHECKED.get(number, "error: .*"), done.stdout + done.stderr)
    return done.returncode == 1 and said is not None


def is_refused(tmp_path, number):
    """By the embedded cluster, as a server would."""
    operator, file = folder_of(tmp_path, number)
    done = tidelock("sim", operator, "-f", file, "--until-quiet", "--workers", 0)
    return done.returncode == 1 and "`selector` does not match template `labels`" in done.stderr


def is_insensitive(tmp_path, number):
    """Other replicas, the same plan: what test_schema.py looks for."""
    operator, _ = folder_of(tmp_path, number)
    roots = [dict(TASK, metadata={"name": "one", "namespace": f"n{replicas}"},
                  spec=dict(TASK["spec"], replicas=replicas)) for replicas in (2, 3)]
    one, other = plan(operator, roots, tmp_path)
    return told(one) == told(other)


# rows: D18
# broken: without the comparison of neighbours in core/diff_steps.c B14 is found no more
def test_planted_mistakes_are_found(tmp_path):
    numbers = [name.split()[0] for name in SCRIPTS]
    checked = {n for n in numbers if is_checked(tmp_path, n)}
    others = {"B11": is_insensitive(tmp_path, "B11"), "B15": is_refused(tmp_path, "B15")}
    found = checked | {n for n, is_found in others.items() if is_found}
    figure("D18", f"found of {len(numbers)}", len(found))
    assert checked == set(CHECKED)
    assert found == set(numbers) - set(MISSED)
    assert not is_insensitive(tmp_path, "B15"), "it does look at replicas"
