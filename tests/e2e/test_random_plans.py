"""Random declarations and random interference: each plan is what the next run
does, and after it there is nothing left to do. A failure prints its seed, and
TIDELOCK_TEST_SEED=<seed> repeats it."""

import json
import os
import random

import pytest

from conftest import make_namespace
from controlplane import ApiError
from echo import Echo, configmap, deployment, operator, secret
from harness import writes
from writelog import planned, sent, show

PLURALS = {"ConfigMap": "configmaps", "Secret": "secrets", "Service": "services",
           "Deployment": "deployments"}
NAMES = ("a", "b", "c")
ROUNDS = 4              # of one root: each starts from what the last one left


class Gambler:
    """What a root declares and what users do to its children."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, items, most):
        return self.random.sample(items, self.random.randint(0, most))

    def maybe(self, chance):
        return self.random.random() < chance

    def child(self):
        name = self.random.choice(NAMES)
        labels = {x: self.random.choice("12") for x in self.some("xyz", 2)}
        make = self.random.choice([self.configmap, self.configmap, self.secret,
                                   self.service, self.deployment])
        return make(name, labels)

    def configmap(self, name, labels):
        return configmap(name, {x: self.random.choice(["1", "2", ""])
                                for x in self.some("pqrs", 3)}, labels=labels)

    def secret(self, name, _):
        made = secret(name, **{x: self.random.choice(["1", "swordfish"])
                               for x in self.some("pqrs", 3)})
        if self.maybe(0.3):
            made["data"] = {"z": "AAE="}
        return made

    def service(self, name, labels):
        ports = []
        for i, port in enumerate(self.some(["web", "adm", "x"], 2) or ["only"]):
            ports.append({"name": port, "port": self.random.choice([80, 81]) + 10 * i})
            if self.maybe(0.5):
                ports[-1]["targetPort"] = self.random.choice([8080, "http"])
            if self.maybe(0.5):
                ports[-1]["protocol"] = self.random.choice(["TCP", "UDP"])
        return {"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "labels": labels},
                "spec": {"selector": {"app": name}, "ports": ports}}

    def deployment(self, name, labels):
        made = deployment(name, self.random.choice(["i:1", "i:2"]),
                          self.random.choice([None, 0, 1, 3]), labels=labels)
        pod = made["spec"]["template"]["spec"]
        main = pod["containers"][0]
        if self.maybe(0.6):
            main["env"] = [{"name": x, "value": self.random.choice(["1", ""])}
                           for x in self.some(["A", "B", "C"], 3)]
        if self.maybe(0.5):
            main["resources"] = {"limits": {
                "cpu": self.random.choice(["0.5", "500m", 1, "1"]),
                "memory": self.random.choice(["1024Mi", "1Gi"])}}
        if self.maybe(0.3):
            main["ports"] = [{"containerPort": p} for p in self.some([80, 81, 82], 3)]
        if self.maybe(0.3):
            pod["volumes"] = [{"name": "v", "emptyDir": {}}]
            main["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
        return made

    def steps(self):
        children = [self.child() for _ in range(self.random.randint(1, 5))]
        by_name = {(c["kind"], c["metadata"]["name"]): c for c in children}
        return [("apply", c, *([{"immutable": "recreate"}] if self.maybe(0.2) else []))
                for c in by_name.values()]

    def interfere(self, root):
        for _ in range(self.random.randint(0, 2)):
            kind, name = self.random.choice(list(PLURALS)), self.random.choice(NAMES)
            path = root.path_of(PLURALS[kind], name)
            act = self.random.choice([
                lambda: root.client.delete(path),
                lambda: root.client.patch(path, {"metadata": {"labels": {
                    self.random.choice("xyzw"): "9"}}}),
                lambda: root.client.patch(path, {"metadata": {"labels": None}}),
                lambda: root.client.patch(path, self.damage(kind), "strategic")])
            try:
                act()
            except ApiError as error:
                assert error.status in (404, 422), error

    def damage(self, kind):
        return {"ConfigMap": {"data": {self.random.choice("pqrs"):
                                       self.random.choice(["9", None])}},
                "Secret": {"stringData": {"q": "theirs"}},
                "Service": {"spec": {"ports": [{"name": "theirs", "port": 99}]}},
                "Deployment": {"spec": {"replicas": self.random.choice([2, 7])}},
                }[kind]


def children(root):
    """{(kind, name)} of what has the root as its controller."""
    uid = root.root()["metadata"]["uid"]
    return {(kind, item["metadata"]["name"])
            for kind, plural in PLURALS.items()
            for item in root.client.get(root.path_of(plural))["items"]
            if any(o["uid"] == uid for o in item["metadata"].get("ownerReferences", []))}


def play(root, gambler):
    steps = gambler.steps()
    root.declare(("allow_bulk", "whatever comes"), *steps,
                 ("condition", "Ready", gambler.maybe(0.5), "Is"))
    gambler.interfere(root)
    told = planned(root.plan())
    mark = root.cluster.audit_mark()
    root.run_once()
    was = sent(root.cluster, mark, root.user)
    assert was == told, f"planned:\n{show(told)}\nsent:\n{show(was)}"

    assert children(root) == {(c["kind"], c["metadata"]["name"]) for _, c, *_ in steps}
    mark = root.cluster.audit_mark()
    assert root.plan_text(code=0) == "No changes. 1 object is as declared.\n"
    root.run_once()
    assert writes(root.cluster, mark, root.user, lease=True) == []


def gamble(cluster, user, folder, roots):
    seed = int(os.environ.get("TIDELOCK_TEST_SEED") or random.randrange(2 ** 32))
    path = operator(folder)
    for number in range(roots):
        gambler = Gambler(seed + number)
        root = Echo(cluster, make_namespace(cluster), user, path)
        for _ in range(ROUNDS):
            try:
                play(root, gambler)
            except AssertionError as error:
                spec = json.dumps(root.root()["spec"])
                raise AssertionError(
                    f"TIDELOCK_TEST_SEED={seed + number}: {spec}\n{error}") from error


def test_a_random_plan_is_what_run_does_and_leaves_nothing_to_do(
        echo_cluster, bare_admin, tmp_path):
    gamble(echo_cluster, bare_admin, tmp_path, 3)


@pytest.mark.long
def test_many_random_plans_are_what_run_does(echo_cluster, bare_admin, tmp_path):
    gamble(echo_cluster, bare_admin, tmp_path, 100)
