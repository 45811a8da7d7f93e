"""References out of a root's fields: wherever they point, no request leaves the namespace.

A failure prints its seed; TIDELOCK_TEST_SEED=<seed> makes the same references again."""

import json
import os
import random
import re

import echo
from figures import figure
from harness import crd, tidelock

ROOTS = 600
SPACES = ("kube-system", "other", "", "../kube-system", "default/../other", "Default", "*", "default ")
NAMES = ("settings", "theirs", "../x", "a/b", "..", "a?force=true", "a#b", "%2e%2e", "", "A", "a b", "\u202e")
KINDS = (("v1", "ConfigMap"), ("v1", "Secret"), ("apps/v1", "Deployment"), ("v1", "Namespace"),
         ("v1", "Node"), ("rbac.authorization.k8s.io/v1", "ClusterRole"),
         ("apiextensions.k8s.io/v1", "CustomResourceDefinition"), ("v1", "Pod"), ("", "ConfigMap"))
# What a root may ask for, its own status and its events.
INSIDE = re.compile(r"(/api/v1/namespaces/default/(configmaps|secrets|services)"
                    r"|/apis/apps/v1/namespaces/default/deployments"
                    r"|/apis/echo\.example\.com/v1/namespaces/default/echoes"
                    r"|/apis/events\.k8s\.io/v1/namespaces/default/events)"
                    r"(/[\w.-]+(/(status|scale))?)?(\?[\w=&%.-]*)?")


class Wanderer:
    """Steps of a plan whose references are made up."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def reference(self):
        choose, chance = self.random.choice, self.random.random
        api, kind = choose(KINDS[:3]) if chance() < 0.8 else choose(KINDS)
        metadata = {"name": choose(NAMES[:2]) if chance() < 0.8 else choose(NAMES)}
        if chance() < 0.5:
            metadata["namespace"] = choose(SPACES)
        return {"apiVersion": api, "kind": kind, "metadata": metadata}

    def step(self):
        there = self.reference()
        flat = [there["apiVersion"], there["kind"], there["metadata"]["name"]]
        if "namespace" in there["metadata"]:
            flat.append(there["metadata"]["namespace"])
        named = self.random.choice([there, flat])
        return self.random.choice([
            ["apply", there], ["delete", named], ["scale", named, 3],
            ["patch", named, {"metadata": {"labels": {"a": "b"}}}]])


def neighbours():
    """Objects that the references of a root could reach."""
    for space in ("default", "kube-system", "other"):
        for make in (echo.configmap, echo.deployment):
            yield make("theirs", namespace=space, labels={"foreign": "yes"})


def planned(folder, objects):
    operator = echo.operator(folder)
    (operator / "crd.yaml").write_text(json.dumps(crd(echo.GROUP, "Echo", "echoes")))
    (folder / "objects.json").write_text(json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": objects}))
    done = tidelock("plan", operator, "--offline", "-f", operator / "crd.yaml",
                    "-f", folder / "objects.json", "-o", "json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["items"]


# rows: D56
# broken: without the comparison with the root's namespace in core/diff_validate.c: the plan looks into '../kube-system'
def test_no_reference_leads_out_of_the_namespace(tmp_path):
    seed = int(os.environ.get("TIDELOCK_TEST_SEED") or random.randrange(2 ** 32))
    wanderer = Wanderer(seed)
    roots = [{"apiVersion": f"{echo.GROUP}/v1", "kind": "Echo",
              "metadata": {"name": f"r{number}", "namespace": "default"},
              "spec": {"plan": [wanderer.step()]}} for number in range(ROOTS)]
    items = planned(tmp_path, roots + list(neighbours()))
    paths = [request["path"] for item in items for change in item.get("changes", ())
             for request in change["requests"]]
    refused = sum("error" in item for item in items)
    out = [path for path in paths if not INSIDE.fullmatch(path)]
    figure("D56", "references, refused ones, requests out of scope",
           f"{len(items)}, {refused}, {len(out)}")
    assert len(items) == ROOTS and out == [], f"TIDELOCK_TEST_SEED={seed}"
    assert refused > ROOTS // 4 and len(paths) > ROOTS // 10
