#!/usr/bin/python3
"""What the cache of `tidelock run` costs in memory: idle, converged, Pods, Secrets.

usage: tests/bench/cache.py [--roots N] [--pods N] [--secrets N] [--only WORD]

The server is `tidelock sim` (release build), which is a process of its own; the
main process of `run` is what is measured, its workers are counted apart.
`private` is what the process alone costs, `grown` what it has more than idle;
both are set against the JSON text as the server sends it. Nothing here is a
test.
"""

import argparse
import base64
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

from cluster import (converged, create_sites, many, memory, namespace,  # noqa: E402
                     settled, synced)
from harness import ROOT, Tidelock, install_crd, write_operator  # noqa: E402
from simplane import SimPlane                                # noqa: E402

WORKLOADS = 150

READER = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "reader",
  resource = { "example.com/v1", "Website" },
  owns = {},
  reads = { { "v1", "%s"%s } },
  reconcile = function(site, view, plan)
    plan:condition("Counted", true, "Counted", tostring(#view:list("v1", "%s")))
  end,
}
"""


def workers(pid):
    """The pids of its children."""
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)],
                         capture_output=True, text=True).stdout
    return [int(word) for word in out.split()]


def pod(ns, i):
    """One of a workload's pods: 6 to 8 KB, most of it the workload's."""
    own, shared = random.Random(i), random.Random(i % WORKLOADS)
    app = f"app-{shared.choice(['web', 'api', 'db', 'cron'])}-{i % WORKLOADS:03}"
    env = [{"name": f"{app.upper().replace('-', '_')}_{k}", "value": f"{shared.getrandbits(96):x}"}
           for k in range(shared.randrange(10, 18))]
    probe = {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"},
             "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    container = {
        "image": f"registry.example.com/{app}:v1.{shared.randrange(20)}", "env": env,
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "500m", "memory": "512Mi"},
                      "requests": {"cpu": "100m", "memory": "128Mi"}},
        "livenessProbe": probe, "readinessProbe": probe,
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
        "terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent"}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": f"{app}-{own.getrandbits(40):010x}", "namespace": ns,
            "labels": {"app.kubernetes.io/name": app, "app.kubernetes.io/instance": f"{app}-prod",
                       "pod-template-hash": f"{shared.getrandbits(36):x}"},
            "annotations": {"checksum/config": f"{shared.getrandbits(256):064x}",
                            "example.com/container-id": f"{own.getrandbits(256):064x}"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app,
                                 "uid": f"{shared.getrandbits(128):032x}", "controller": True}]},
        "spec": {
            "nodeName": f"node-{own.randrange(200):03}", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "volumes": [{"name": "config", "configMap": {"name": f"{app}-config"}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists",
                             "effect": "NoExecute", "tolerationSeconds": 300}],
            "containers": [dict(container, name=name) for name in ("main", "sidecar")][:1 + i % 2]}}


def show(name, figures):
    print(f"{name:46} " + "  ".join(f"{k} {v}" for k, v in figures.items()), flush=True)


def figures(process, idle=None, text=0):
    used = memory(process.process.pid)
    row = {k: f"{used[k] / 1024:.1f} MiB" for k in ("rss", "private")}
    if idle:
        grown = used["private"] - idle["private"]
        row["grown"] = f"{grown / 1024:.1f} MiB"
        if text:
            row["of the text"] = f"{grown * 1024 / text:.3f}"
    row["workers"] = f"{sum(memory(p)['private'] for p in workers(process.process.pid)) / 1024:.1f} MiB"
    return row


class Bench:
    def __init__(self, cluster, folder, options):
        self.cluster, self.folder, self.options = cluster, folder, options
        self.idle = None

    def run(self, operator, ns):
        return Tidelock("run", operator, "--namespace", ns, kubeconfig=self.cluster.kubeconfig,
                        folder=self.folder)

    def bench_idle(self):
        ns = namespace(self.cluster, "empty")
        with self.run("operators/website", ns) as process:
            synced(process)
            settled(process, 4)
            self.idle = memory(process.process.pid)
            show("idle, no Website", figures(process))

    def bench_roots(self):
        roots = self.options.roots
        ns = namespace(self.cluster, "many")
        create_sites(self.cluster, ns, roots)
        with self.run("operators/website", ns) as process:
            converged(self.cluster, ns, roots)
            settled(process, 4)
            show(f"{roots} Websites, {3 * roots} children, converged", figures(process, self.idle))
        with self.run("operators/website", ns) as process:
            synced(process)
            settled(process, 4)
            show("the same after a restart", figures(process, self.idle))

    def fill(self, ns, plural, count, make):
        """The bytes of their list, as the server sends it."""
        path = f"/api/v1/namespaces/{ns}/{plural}"
        many(self.cluster, count, lambda client, i: client.post(path, make(ns, i)))
        return len(json.dumps(self.cluster.client().get(path), separators=(",", ":")))

    def bench_read(self, kind, count, text, options=""):
        ns = kind.lower() + "s"
        operator = write_operator(pathlib.Path(self.folder) / kind, READER % (kind, options, kind))
        with self.run(operator, ns) as process:
            synced(process)
            settled(process, 4)
            show(f"{count} {kind}s of {text / count / 1000:.1f} KB{options[:18]}", figures(process, self.idle, text))

    def bench_pods(self):
        self.cluster.client().post(f"/api/v1/namespaces/{namespace(self.cluster, 'pods')}"
                                   "/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount",
                                                        "metadata": {"name": "default"}})
        count = self.options.pods
        text = self.fill("pods", "pods", count, pod)
        for options in ("", ', bodies = { ".spec.nodeName", ".status.phase" }', ", bodies = false"):
            self.bench_read("Pod", count, text, options)

    def bench_secrets(self):
        rng = random.Random(1)
        namespace(self.cluster, "secrets")
        count = self.options.secrets
        text = self.fill("secrets", "secrets", count, lambda ns, i: {
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"s-{i:05}"},
            "data": {"blob": base64.b64encode(rng.randbytes(24 * 1024)).decode()}})
        self.bench_read("Secret", count, text)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roots", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10000)
    parser.add_argument("--secrets", type=int, default=5000)
    parser.add_argument("--only", help="idle, roots, pods or secrets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, SimPlane(controllers="none") as cluster:
        install_crd(cluster, ROOT / "operators/website/crd.yaml")
        bench = Bench(cluster, folder, options)
        bench.bench_idle()
        for name in ("roots", "pods", "secrets"):
            if options.only in (None, name):
                getattr(bench, f"bench_{name}")()


if __name__ == "__main__":
    main()
