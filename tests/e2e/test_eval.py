"""`tidelock eval`: scripts in the style of other tools run as they are."""

import json

import pytest

from harness import tidelock

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, generation: 4}
spec: {replicas: 3, paused: false}
status: {observedGeneration: 4, updatedReplicas: 2, availableReplicas: 2}
"""

# A health check: globals, a chunk that returns early, `obj`.
HEALTH = """
hs = {}
if obj.metadata.generation ~= obj.status.observedGeneration then
  hs.status = "Progressing"
  hs.message = "Waiting for the spec to be observed"
  return hs
end
local missing = obj.spec.replicas - obj.status.updatedReplicas
if missing > 0 then
  hs.status = "Progressing"
  hs.message = string.format("%d of %d replicas are new", obj.status.updatedReplicas, obj.spec.replicas)
  return hs
end
hs.status = "Healthy"
return hs
"""

# The actions that an object offers, and one of them.
DISCOVERY = """
actions = {}
actions["restart"] = {["disabled"] = false}
local paused = false
if obj.spec.paused ~= nil then
  paused = obj.spec.paused
end
actions["pause"] = {["disabled"] = paused}
actions["resume"] = {["disabled"] = not paused}
return actions
"""
RESTART = """
local os = require("os")
if obj.spec.template == nil then
  obj.spec.template = {}
end
if obj.spec.template.metadata == nil then
  obj.spec.template.metadata = {}
end
obj.spec.template.metadata.annotations = {["restartedAt"] = os.date("!%Y-%m-%dT%XZ")}
return obj
"""

# An interpreter of a kind: one function for each question.
INTERPRETER = """
function GetReplicas(desiredObj)
  return desiredObj.spec.replicas
end
function ReviseReplica(desiredObj, desiredReplica)
  desiredObj.spec.replicas = desiredReplica
  return desiredObj
end
function AggregateStatus(desiredObj, statusItems)
  local sum = 0
  for i = 1, table.getn(statusItems) do
    if statusItems[i].status ~= nil and statusItems[i].status.availableReplicas ~= nil then
      sum = sum + statusItems[i].status.availableReplicas
    end
  end
  desiredObj.status = {availableReplicas = sum}
  return desiredObj
end
function InterpretHealth(observedObj)
  return observedObj.status.availableReplicas == observedObj.spec.replicas
end
"""


# What an interpreter of a workload asks the helper library for.
WORKLOAD = """
local kube = require("kube")
function GetReplicas(obj)
  replica = obj.spec.replicas
  requirement = kube.accuratePodRequirements(obj.spec.template)
  return replica, requirement
end
function GetDependencies(obj)
  return kube.getPodDependencies(obj.spec.template, obj.metadata.namespace)
end
function Total(obj)
  local total, cores = nil, 0
  for _, container in ipairs(obj.spec.template.spec.containers) do
    total = kube.resourceAdd(total, container.resources.requests.memory)
    cores = cores + kube.getResourceQuantity(container.resources.requests.cpu)
  end
  return total, cores
end
"""
POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  template:
    spec:
      serviceAccountName: web
      nodeSelector: {disk: ssd}
      initContainers:
      - {name: seed, resources: {requests: {memory: 4Gi}}}
      containers:
      - name: web
        env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: a}}}]
        resources: {requests: {cpu: 250m, memory: 512Mi}}
      - name: log
        envFrom: [{configMapRef: {name: settings}}]
        resources: {requests: {cpu: 1500m, memory: 1Gi}, limits: {memory: 2Gi, nvidia.com/gpu: 1}}
      volumes:
      - {name: d, persistentVolumeClaim: {claimName: data}}
      - {name: p, projected: {sources: [{secret: {name: certs}}]}}
"""


def test_an_interpreter_with_the_helper_library(tmp_path):
    (tmp_path / "workload.lua").write_text(WORKLOAD)
    (tmp_path / "pod.yaml").write_text(POD)

    def ask(function):
        return lines(tidelock("eval", tmp_path / "workload.lua", "--call", function,
                              "-f", tmp_path / "pod.yaml"))

    assert ask("GetReplicas") == [2, {
        "nodeClaim": {"nodeSelector": {"disk": "ssd"}},
        "resourceRequest": {"cpu": "1750m", "memory": "4Gi", "nvidia.com/gpu": "1"}}]
    assert [(d["kind"], d["name"], d["namespace"]) for d in ask("GetDependencies")[0]] == [
        ("ConfigMap", "settings", "shop"), ("Secret", "certs", "shop"), ("Secret", "keys", "shop"),
        ("ServiceAccount", "web", "shop"), ("PersistentVolumeClaim", "data", "shop")]
    assert ask("Total") == ["1536Mi", 1.75]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)
    for name, text in (("health", HEALTH), ("discovery", DISCOVERY),
                       ("restart", RESTART), ("interpreter", INTERPRETER)):
        (tmp_path / f"{name}.lua").write_text(text)
    return tmp_path


def lines(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_health_check(folder):
    done = tidelock("eval", folder / "health.lua", "-f", folder / "web.yaml")
    assert done.stdout == ('{"message":"2 of 3 replicas are new",'
                           '"status":"Progressing"}\n')


def test_actions(folder):
    done = tidelock("eval", folder / "discovery.lua", "-f", folder / "web.yaml")
    assert lines(done) == [{"restart": {"disabled": False},
                            "pause": {"disabled": False},
                            "resume": {"disabled": True}}]
    done = tidelock("eval", folder / "restart.lua", "-f", folder / "web.yaml")
    annotations = lines(done)[0]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["restartedAt"].startswith("20")


def test_an_interpreter(folder):
    interpreter, web = folder / "interpreter.lua", folder / "web.yaml"
    done = tidelock("eval", interpreter, "--call", "GetReplicas", "-f", web)
    assert done.stdout == "3\n"
    done = tidelock("eval", interpreter, "--call", "InterpretHealth", "--arg", web)
    assert done.stdout == "false\n"
    (folder / "seven.json").write_text("7")
    done = tidelock("eval", interpreter, "--call", "ReviseReplica",
                    "--arg", web, "--arg", folder / "seven.json")
    assert lines(done)[0]["spec"] == {"replicas": 7, "paused": False}
    (folder / "items.yaml").write_text(
        "- {clusterName: a, status: {availableReplicas: 2}}\n"
        "- {clusterName: b}\n"
        "- {clusterName: c, status: {availableReplicas: 3}}\n")
    done = tidelock("eval", interpreter, "--call", "AggregateStatus",
                    "--arg", web, "--arg", folder / "items.yaml")
    assert lines(done)[0]["status"] == {"availableReplicas": 5}


def test_standard_input_and_another_name(folder):
    (folder / "name.lua").write_text("return resource.metadata.name")
    done = tidelock("eval", folder / "name.lua", "-f", "-", "--global",
                    "resource", input=DEPLOYMENT)
    assert done.stdout == '"web"\n'
    done = tidelock("eval", "-", "-f", folder / "web.yaml",
                    input="return obj.spec.replicas * 2")
    assert done.stdout == "6\n"


def test_the_log_is_not_the_answer(folder):
    (folder / "log.lua").write_text('print("seen", obj.kind) return true')
    done = tidelock("eval", folder / "log.lua", "-f", folder / "web.yaml")
    assert (done.stdout, done.stderr) == ("true\n", "log: seen\tDeployment\n")


@pytest.mark.parametrize("arguments, code, message", [
    (["health.lua"], 1,
     "tidelock: health.lua:3: attempt to index a nil value (global 'obj')\n"
     "  hint: -f FILE gives the script its object\n"
     "  stack: health.lua:3 in the main chunk\n"),
    (["nothing.lua"], 1,
     "tidelock: cannot read 'nothing.lua': No such file or directory\n"),
    (["web.yaml"], 3, "tidelock: 'web.yaml' is no .lua file\n"),
    (["interpreter.lua", "--call", "GetReplica"], 1,
     "tidelock: interpreter.lua: there is no function 'GetReplica', did you "
     "mean 'GetReplicas'?\n"),
    (["health.lua", "--arg", "web.yaml"], 3,
     "tidelock: --arg needs --call FUNCTION\n"),
    (["health.lua", "--global", "x"], 3,
     "tidelock: --global names the object of -f\n  hint: add -f OBJECT\n"),
    (["-", "-f", "-"], 3, "tidelock: only one of the files can be '-'\n"),
    ([], 3, "tidelock: eval takes one Lua file\n"
            "  hint: tidelock eval health.lua -f deployment.yaml\n"),
    (["health.lua", "-f", "two.yaml"], 1,
     "tidelock: two.yaml has 2 documents, one is expected\n"
     "  hint: a list is one document: [first, second]\n"),
    (["health.lua", "-f", "twice.json"], 1,
     "tidelock: twice.json:1:9: key 'a' appears twice\n"),
    (["escape.lua"], 1,
     "tidelock: escape.lua:1: ?[2Jgone\n         second line\n"
     "  stack: escape.lua:1 in the main chunk\n"),
    (["loop.lua"], 1,
     "tidelock: loop.lua:2: the script ran longer than its budget of "
     "5,000,000 instructions\n"
     "  hint: this line was running: does its loop end?\n"
     "  stack: loop.lua:2 in the main chunk\n"),
])
def test_what_is_wrong_is_said(folder, arguments, code, message):
    (folder / "two.yaml").write_text("a: 1\n---\nb: 2\n")
    (folder / "twice.json").write_text('{"a":1, "a":2}')
    (folder / "escape.lua").write_text('error("\\27[2Jgone\\nsecond line")')
    (folder / "loop.lua").write_text("local n = 0\nwhile true do n = n + 1 end")
    done = tidelock("eval", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == message
