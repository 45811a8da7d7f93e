"""What is right and wrong with a pod, field by field: both servers say the same
of each item of pods.yaml, in a pod and in the template of a Deployment."""

import copy
import itertools
import os
import pathlib

import pytest
import yaml

import compare
from servers import Server

_CASES = yaml.safe_load((pathlib.Path(__file__).parent / "pods.yaml").read_text("utf-8"))
_numbers = itertools.count(1)


def lay_over(below, above):
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = copy.deepcopy(value)
    return below


def pod(case):
    """(metadata, spec)"""
    over = dict(case)
    meta = lay_over({"name": "p", "labels": {"app": "web"}}, over.pop("meta", {}))
    spec = {"containers": [lay_over({"name": "c", "image": "nginx"}, over.pop("c", {}))]}
    if "init" in over:
        spec["initContainers"] = [{"name": "i", "image": "nginx", **over.pop("init")}]
    return meta, lay_over(spec, over)


def of_pod(case):
    meta, spec = pod(case)
    return "Pod", "/api/v1/namespaces/$ns/pods", {
        "apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def of_deployment(case):
    meta, spec = pod(case)
    del meta["name"]
    return "Deployment", "/apis/apps/v1/namespaces/$ns/deployments", {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"app": "web"}},
                 "template": {"metadata": meta, "spec": spec}}}


@pytest.mark.parametrize("holder", (of_pod, of_deployment))
def test_pods_are_judged_alike(holder, sim, real):
    servers = Server("sim", sim), Server("real", real)
    steps = []
    for number, case in enumerate(_CASES):
        kind, path, body = holder(case)
        steps.append({"id": number, "kind": kind, "do": "raw", "method": "POST", "path": path,
                      "body": body, "query": {"dryRun": "All"}})
    ns = f"pods{next(_numbers)}x{os.getpid()}"
    found = [compare.run_both(*servers, f"{ns}n{step['id']}", [step], step["id"]) for step in steps]
    for server in servers:
        server.close()
    assert [compare.describe(m) for m in found if m] == []
