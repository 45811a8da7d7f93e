#!/usr/bin/python3
"""tidelock beside controller-runtime, kube-rs and kopf: one operator, one server.

usage: tests/bench/peers.py [--roots N] [--pods N] [--secrets N] [--edits N]
                            [--only NAME]... [--json]

Each one runs the same Website operator (operators/website; the others' are in
peers/, written as their documentation recommends) against one real control
plane without controllers, one after the other, each in namespaces of its own.
Prints a table; nothing here is a test. Memory is that of the process and its
children: RSS is everything mapped, private is what it alone costs. "floor" is
the load driver doing the operator's one write by hand: what a reaction costs
when the operator takes no time at all.
"""

import argparse
import base64
import contextlib
import itertools
import json
import os
import pathlib
import platform
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cluster as bench
from cluster import ROOT, ControlPlane, create_sites, install_crd, many, namespace
from harness import wait_for, write_operator

HERE = pathlib.Path(__file__).resolve().parent
WRITES = ["create", "update", "patch", "delete"]
PODS = "/api/v1/namespaces/{ns}/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"
SETTLED_S = 2.0

CACHE = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "cache-%(plural)s",
  resource = { "example.com/v1", "Website" },
  owns = {},
  reads = { { "v1", "%(kind)s", namespace = "all" } },
  reconcile = function(site, view, plan)
    local with_body = 0
    for _, object in ipairs(view:list("v1", "%(kind)s")) do
      if object.%(body)s then with_body = with_body + 1 end
    end
    plan:status { readyReplicas = with_body }
  end,
}
"""


# ---- the four ----

class Peer:
    """How one of them is started. `cache` is "pods" or "secrets"."""

    name = None

    def command(self, folder, ns):
        raise NotImplementedError

    def cache(self, folder, plural, kind):
        raise NotImplementedError

    def size(self):
        """MiB on disk."""
        raise NotImplementedError


def mebibytes(*paths):
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*"))
             if f.is_file() and not f.is_symlink()]
    return round(sum(f.stat().st_size for f in files) / 2 ** 20, 1)


class TidelockPeer(Peer):
    name = "tidelock"
    program = pathlib.Path(os.environ["TIDELOCK_BIN"])

    def command(self, folder, ns):
        return [self.program, "run", "operators/website"]

    def cache(self, folder, plural, kind):
        operator = write_operator(pathlib.Path(folder) / f"cache-{plural}",
                                  CACHE % {
            "plural": plural, "kind": kind,
            "body": {"pods": "spec", "secrets": "data"}[plural]})
        return [self.program, "run", operator]

    def size(self):
        return mebibytes(self.program, self.program.with_name("tidelock-worker"))


class BuiltPeer(Peer):
    def __init__(self):
        done = subprocess.run([HERE / "peers/build", self.name], check=True,
                              stdout=subprocess.PIPE, text=True)
        self.folder = pathlib.Path(done.stdout.splitlines()[-1])

    def command(self, folder, ns):
        return [self.folder / "peer"]

    def cache(self, folder, plural, kind):
        return [self.folder / "peer", "--cache", plural]

    def size(self):
        return mebibytes(self.folder / "peer")


class ControllerRuntime(BuiltPeer):
    name = "controller-runtime"


class KubeRs(BuiltPeer):
    name = "kube-rs"


class Kopf(BuiltPeer):
    name = "kopf"

    def _run(self, module):
        return [self.folder / "bin/kopf", "run", "--all-namespaces", "--quiet",
                HERE / "peers/kopf" / module]

    def command(self, folder, ns):
        return self._run("operator_website.py")

    def cache(self, folder, plural, kind):
        return self._run(f"cache_{plural}.py")

    def size(self):
        return mebibytes(self.folder / "lib")


# ---- one process under measurement ----

def descendants(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += descendants(int(child))
    return found


class Running:
    """A peer at work, as a user of its own, so that the audit log tells its
    requests from the others'."""

    def __init__(self, control, user, kubeconfig, command, folder):
        self.control, self.user = control, user
        self.log = open(pathlib.Path(folder) / f"{user}.log", "ab")
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, cwd=ROOT, env=dict(os.environ, KUBECONFIG=str(kubeconfig)))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _sum(self, measure):
        total = 0
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):  # it has just ended
                total += measure(pid)
        return total

    def cpu(self):
        return self._sum(bench.cpu_seconds)

    def memory(self, what):
        return round(self._sum(lambda pid: bench.memory(pid)[what]) / 1024, 1)

    def begun(self):
        """Until it watches or lists something: none says so in its log alike."""
        wait_for(lambda: self.control.audit(user=self.user, verbs=["watch", "list"]),
                 f"{self.user} to begin", deadline=60)

    def settle(self, seconds=SETTLED_S, deadline=600):
        """Until it has used next to no CPU for a while; False: it never did."""
        end = time.monotonic() + deadline
        last, since = self.cpu(), time.monotonic()

        def quiet():
            nonlocal last, since
            now = self.cpu()
            if now - last > 0.02:
                last, since = now, time.monotonic()
            return time.monotonic() - since >= seconds or time.monotonic() > end
        wait_for(quiet, "it to come to rest", deadline=deadline + 60, every=0.1)
        return time.monotonic() <= end

    def writes(self, mark):
        return len(self.control.audit(since=mark, user=self.user, verbs=WRITES))


class Bench:
    def __init__(self, control, folder, options):
        self.control, self.folder, self.options = control, folder, options
        self.server = control.pids["kube-apiserver"]
        self.count = itertools.count()

    def start(self, peer, command):
        user = f"{peer.name}-{next(self.count)}"
        kubeconfig = self.control.user(user, ["system:masters"])
        return Running(self.control, user, kubeconfig, command, self.folder)

    def names(self, peer):
        return f"{peer.name}-{next(self.count)}"

    # each returns figures: {column: value}

    def idle(self, peer):
        with self.start(peer, peer.command(self.folder, None)) as running:
            running.begun()
            running.settle()
            return {"RSS idle": running.memory("rss"),
                    "private idle": running.memory("private")}

    def first(self, peer, rounds=5):
        times = []
        for _ in range(rounds):
            ns = namespace(self.control, self.names(peer))
            create_sites(self.control, ns, 1)
            path = f"/api/v1/namespaces/{ns}/configmaps/site-00000"
            begin = time.monotonic()
            with self.start(peer, peer.command(self.folder, ns)):
                wait_for(lambda: self.control.client().request("GET", path).status == 200,
                         "the first child", every=0.001)
                times.append(time.monotonic() - begin)
            self.clear(ns)
        return {"start to first child ms": round(sorted(times)[rounds // 2] * 1000)}

    def converge(self, peer):
        """Roots that are there when it starts; then edits; then touches."""
        roots = self.options.roots
        ns = namespace(self.control, self.names(peer))
        create_sites(self.control, ns, roots)
        mark = self.control.audit_mark()
        server, begin = bench.cpu_seconds(self.server), time.monotonic()
        with self.start(peer, peer.command(self.folder, ns)) as running:
            bench.converged(self.control, ns, roots)
            wall = time.monotonic() - begin
            running.settle()
            figures = {
                f"{roots} roots: wall s": round(wall, 1),
                "its CPU s": round(running.cpu(), 2),
                "API server CPU s": round(bench.cpu_seconds(self.server) - server, 1),
                "writes a root": round(running.writes(mark) / roots, 2),
                f"RSS with {roots} roots": running.memory("rss"),
                f"private with {roots} roots": running.memory("private"),
            }
            figures.update(self.react(peer, ns, running))
            figures.update(self.touch(ns, running))
        self.clear(ns)
        return figures

    def react(self, peer, ns, running=None):
        mark = self.control.audit_mark()
        times = sorted(Edits(self.control, ns, self.options).run())
        figures = {"edit p50 ms": round(times[len(times) // 2] * 1000, 1),
                   "edit p99 ms": round(times[len(times) * 99 // 100] * 1000, 1)}
        if running:
            running.settle()
            figures["writes an edit"] = round(running.writes(mark) / len(times), 2)
        return figures

    def touch(self, ns, running):
        mark = self.control.audit_mark()

        def job(client, i):
            client.patch(f"{bench.WEBSITES.format(ns=ns)}/site-{i:05}",
                         {"metadata": {"annotations": {"touched": "yes"}}})
        many(self.control, self.options.roots, job)
        running.settle()
        return {f"writes on {self.options.roots} touches": running.writes(mark)}

    def cached(self, peer, plural, kind, text):
        with self.start(peer, peer.cache(self.folder, plural, kind)) as running:
            running.begun()
            if not running.settle(deadline=180):
                return {f"{plural}: RSS": "not synced in 180 s"}
            return {f"{plural}: RSS": running.memory("rss"),
                    f"{plural}: private": running.memory("private"),
                    f"{plural}: of JSON": round(
                        running.memory("private") * 2 ** 20 / text, 3)}

    def clear(self, ns):
        """No other peer shall find them. There is no garbage collector here."""
        client = self.control.new_client(timeout=300)
        for path in (bench.WEBSITES.format(ns=ns), f"/api/v1/namespaces/{ns}/configmaps",
                     DEPLOYMENTS.format(ns=ns)):
            client.delete(path)
        for item in client.get(bench.WEBSITES.format(ns=ns))["items"]:
            client.patch(f"{bench.WEBSITES.format(ns=ns)}/{item['metadata']['name']}",
                         {"metadata": {"finalizers": None}})
        services = f"/api/v1/namespaces/{ns}/services"
        if client.request("DELETE", services).status == 405:
            for item in client.get(services)["items"]:
                client.delete(f"{services}/{item['metadata']['name']}")
        client.close()


# ---- edits at a steady rate ----


class Edits:
    """Asks one site after the other for another number of replicas, and sees in
    a watch when its Deployment has it."""

    RATE = 20

    def __init__(self, control, ns, options):
        self.control, self.ns, self.options = control, ns, options
        self.sent, self.seen = {}, {}
        self.ready = threading.Event()

    def _watch(self, version):
        client = self.control.new_client()
        self.ready.set()
        seconds = self.options.edits // self.RATE + 60
        for event in client.watch(DEPLOYMENTS.format(ns=self.ns), timeout=seconds,
                                  resourceVersion=version):
            replicas = event["object"].get("spec", {}).get("replicas")
            if replicas in self.sent:
                self.seen.setdefault(replicas, time.monotonic())
            if len(self.seen) == self.options.edits:
                return

    def run(self):
        client = self.control.new_client()
        version = client.get(DEPLOYMENTS.format(ns=self.ns),
                             limit=1)["metadata"]["resourceVersion"]
        watcher = threading.Thread(target=self._watch, args=(version,), daemon=True)
        watcher.start()
        self.ready.wait()
        begin = time.monotonic()
        for i in range(self.options.edits):
            time.sleep(max(0, begin + i / self.RATE - time.monotonic()))
            replicas = 1000 + i
            self.sent[replicas] = time.monotonic()
            name = f"site-{i * 7 % self.options.roots:05}"
            client.patch(f"{bench.WEBSITES.format(ns=self.ns)}/{name}",
                         {"spec": {"replicas": replicas}})
        wait_for(lambda: len(self.seen) == len(self.sent), "all edits to arrive",
                 deadline=60)
        return [self.seen[key] - self.sent[key] for key in self.sent]


class Floor:
    """The reaction by hand: a watch on sites, one patch for each event."""

    def __init__(self, control, ns):
        self.control, self.ns = control, ns
        self.sites = bench.WEBSITES.format(ns=ns)
        # before any edit: the watch begins here, whenever the thread does
        self.version = control.client().get(
            self.sites, limit=1)["metadata"]["resourceVersion"]
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self):
        reader, writer = self.control.new_client(), self.control.new_client()
        for event in reader.watch(self.sites, timeout=3600,
                                  resourceVersion=self.version):
            site = event["object"]
            writer.patch(
                f"{DEPLOYMENTS.format(ns=self.ns)}/{site['metadata']['name']}",
                {"spec": {"replicas": site["spec"]["replicas"]}})


def empty_deployment(name):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "httpd", "image": "busybox:1.37"}]}}}}


def floor(run, control, options):
    ns = namespace(control, "floor")
    create_sites(control, ns, options.roots)
    many(control, options.roots, lambda client, i: client.post(
        DEPLOYMENTS.format(ns=ns), empty_deployment(f"site-{i:05}")))
    by_hand = Floor(control, ns)
    by_hand.thread.start()
    figures = run.react(None, ns)
    run.clear(ns)
    return figures


# ---- what is cached ----

def filler(rng, length):
    words = ("request", "limit", "node", "zone", "volume", "mount", "image", "probe",
             "ready", "label", "team", "cost", "region", "policy")
    text = ""
    while len(text) < length:
        text += f"{rng.choice(words)}-{rng.randrange(1000)} "
    return text[:length]


def create_pods(control, count):
    """Pods of about 6 KB of JSON, of workloads with 20 pods each."""
    ns = namespace(control, "pods")
    control.client().post(f"/api/v1/namespaces/{ns}/serviceaccounts", {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})

    def job(client, i):
        rng = random.Random(i // 20)  # what the pods of a workload share
        workload = f"workload-{i // 20:04}"
        container = {
            "name": "main", "image": f"registry.example.com/{workload}:{rng.randrange(99)}",
            "args": [filler(rng, 400)],
            "env": [{"name": f"SETTING_{n}", "value": filler(rng, 60)} for n in range(18)],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        }
        client.post(PODS.format(ns=ns), {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": f"{workload}-{i:05}",
                "labels": {"app": workload, "pod-template-hash": f"{rng.getrandbits(40):x}"},
                "annotations": {"example.com/note": filler(rng, 500)},
            },
            "spec": {"automountServiceAccountToken": False,
                     "containers": [container, dict(container, name="side")],
                     "nodeName": f"node-{i % 50}"}})
    many(control, count, job)
    return text_of(control, PODS.format(ns=ns), count)


def create_secrets(control, count):
    ns = namespace(control, "secrets")
    path = f"/api/v1/namespaces/{ns}/secrets"

    def job(client, i):
        blob = random.Random(i).randbytes(24 * 1024)
        client.post(path, {"apiVersion": "v1", "kind": "Secret",
                           "metadata": {"name": f"s-{i:05}"},
                           "data": {"blob": base64.b64encode(blob).decode()}})
    many(control, count, job)
    return text_of(control, path, count)


def text_of(control, path, count):
    sample = control.client().get(path, limit=20)["items"]
    size = sum(len(json.dumps(item, separators=(",", ":"))) for item in sample)
    return size / len(sample) * count


# ---- the table ----

def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) // 2 ** 20
    return (f"{os.cpu_count()} x {model}, {memory} GiB, Linux {platform.release()}, "
            f"load {os.getloadavg()[0]:.1f}")


def table(results):
    columns = list(results)
    rows = list(dict.fromkeys(row for figures in results.values() for row in figures))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = [str(results[column].get(row, "")) for column in columns]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def measure(control, folder, options, peers):
    run = Bench(control, folder, options)
    results = {"floor": floor(run, control, options)}
    caches = []
    for peer in peers:
        results[peer.name] = {"size MiB": peer.size()}
    steps = [run.idle, run.first, run.converge]
    for peer in peers:
        for step in steps:
            print(f"{peer.name}: {step.__name__}", file=sys.stderr, flush=True)
            results[peer.name].update(step(peer))
    if options.pods:
        caches.append(("pods", "Pod", create_pods(control, options.pods)))
    if options.secrets:
        caches.append(("secrets", "Secret", create_secrets(control, options.secrets)))
    for peer in peers:
        for plural, kind, text in caches:
            print(f"{peer.name}: {plural}", file=sys.stderr, flush=True)
            results[peer.name].update(run.cached(peer, plural, kind, text))
    return results


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roots", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10000)
    parser.add_argument("--secrets", type=int, default=5000)
    parser.add_argument("--edits", type=int, default=400)
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = {p.name: p for p in (TidelockPeer, ControllerRuntime, KubeRs, Kopf)}
    chosen = options.only or list(kinds)
    if not set(chosen) <= set(kinds):
        parser.error(f"--only knows {', '.join(kinds)}")
    peers = [kinds[name]() for name in chosen]
    with tempfile.TemporaryDirectory() as folder, \
            ControlPlane(controller_manager=False) as control:
        install_crd(control, ROOT / "operators/website/crd.yaml")
        results = measure(control, folder, options, peers)
    print(json.dumps(results, indent=2) if options.json
          else f"{machine()}\n\n{table(results)}")


if __name__ == "__main__":
    main()
