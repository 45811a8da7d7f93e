"""The bytes of Secrets come where a plan puts them and nowhere else: log, status,
Events, metrics, records, pages, plans."""

import base64
import json
import os
import random
import string

import pytest

import harness
from figures import figure
from harness import Tidelock, tidelock, wait_for, write_operator
from pages import get, is_ready
from simplane import SimPlane

VALUES = 200
SEED = int(os.environ.get("TIDELOCK_TEST_SEED", random.randrange(2 ** 32)))

OPERATOR = """
local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "keeper",
  resource = { "secrets.example.com/v1", "Keeper" },
  owns = { { "v1", "Secret" }, { "v1", "ConfigMap" }, { "apps/v1", "Deployment" } },
  reads = { { "v1", "Secret", names = function(root) return { root.spec.from } end } },
  reconcile = function(root, view, plan)
    local from = view:get("v1", "Secret", root.spec.from)
    local env, data, strings = {}, {}, {}
    for key, word in pairs(from.data) do
      env[#env + 1] = { name = key, value = word }
      data[key], strings["again-" .. key] = word, word
    end
    plan:apply { apiVersion = "v1", kind = "Secret", metadata = { name = "copy" },
      data = data, stringData = strings }
    plan:apply { apiVersion = "apps/v1", kind = "Deployment", metadata = { name = "web" },
      spec = { selector = { matchLabels = { app = "web" } }, template = {
        metadata = { labels = { app = "web" } },
        spec = { containers = { { name = "main", image = "busybox", env = env } } } } } }
    plan:event("Normal", "Copied", "copied " .. #env)
    plan:condition("Ready", true, "Copied", #env .. " values")
    log.info("copied", #env)
    if root.spec.fail then
      error("this is wrong: " .. tostring(from.data))
    end
  end,
}
"""


def canaries(rng):
    """Short and long, of letters, of control characters, of JSON's own."""
    alphabets = (string.ascii_letters + string.digits, string.printable, '"\\\n\t{}[]é€')
    return {f"key{i}": "C4n" + "".join(rng.choices(rng.choice(alphabets), k=rng.randint(9, 60)))
            for i in range(VALUES)}


def shows(text, value):
    """The bytes, as JSON writes them, or as base64."""
    forms = (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
             base64.b64encode(value.encode()).decode())
    return any(form in text for form in forms)


@pytest.fixture(scope="module")
def cluster():
    with SimPlane(controllers="none") as plane:
        harness.install_crd(plane, harness.crd("secrets.example.com", "Keeper", "keepers", spec={
            "from": {"type": "string"}, "fail": {"type": "boolean"}}))
        yield plane


# rows: D54, T6
# broken: with the values left unmarked when they are put into a plan, 200 hits
def test_200_secret_values_are_said_nowhere(cluster, tmp_path):
    values = canaries(random.Random(SEED))
    operator = write_operator(tmp_path / "keeper", OPERATOR)
    record = tmp_path / "record"
    apply(cluster, "v1", "Secret", "source", stringData=values)     # and last-applied-configuration
    apply(cluster, "secrets.example.com/v1", "Keeper", "one", spec={"from": "source"})
    said = {"plan": "", "pages": ""}
    for form in ("text", "json", "yaml"):
        done = tidelock("plan", operator, "-v", "-o", form, kubeconfig=cluster.kubeconfig)
        assert done.returncode == 2, done.stderr
        said["plan"] += done.stdout + done.stderr
    with Tidelock("run", operator, "-v", "--listen", "0", "--record", record,
                  kubeconfig=cluster.kubeconfig, folder=tmp_path) as run:
        wait_for(lambda: is_ready(run), "it is ready")
        copy = wait_for(lambda: json.loads(cluster.kubectl(
            "get", "secret", "copy", "-o", "json", check=False).stdout or "null"), "the copy")
        assert base64.b64decode(copy["data"]["key0"]).decode() == values["key0"]
        wait_for(lambda: cluster.kubectl("get", "deployment", "web", check=False).stdout, "the pods")
        cluster.kubectl("patch", "keeper", "one", "--type=merge", "-p", '{"spec":{"fail":true}}')
        wait_for(lambda: "reconcile failed" in run.log, "it fails")
        wait_for(lambda: "ScriptError" in everything(cluster), "the object says so")
        for page in ("/metrics", "/debug/queue", "/debug/cache", "/debug/plans", "/debug/watches",
                     "/debug/plans?o=text", "/readyz?verbose"):
            said["pages"] += get(run, page)[2]
    said["log"] = run.log
    said["cluster"] = everything(cluster)
    said["record"] = "".join(f.read_text() for f in record.rglob("*") if f.is_file())
    assert all(said.values()), {k: len(v) for k, v in said.items()}
    hits = [(where, key) for where, text in said.items()
            for key, value in values.items() if shows(text, value)]
    figure("D54", "hits", len(hits))
    assert hits == [], f"seed {SEED}"


def apply(cluster, version, kind, name, **rest):
    cluster.kubectl("apply", "-f", "-", input=json.dumps({
        "apiVersion": version, "kind": kind,
        "metadata": {"name": name, "namespace": "default"}, **rest}))


def everything(cluster):
    """What tidelock says in the cluster: status and Events."""
    return (cluster.kubectl("get", "keepers", "-o", "json").stdout +
            cluster.kubectl("get", "events.events.k8s.io", "-A", "-o", "json").stdout)
