#!/usr/bin/python3
"""The embedded cluster beside a real API server: start, requests, watches, memory.

usage: tests/bench/sim.py [--objects N] [--sim-only]

The same load goes to both, one after the other, both with an audit log and
without controllers. What counts is the CPU time that the server spends (for
the real one kube-apiserver and etcd), because the client here is slower than
either; "per core" is requests by that time. Nothing here is a test.
"""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "cluster"), str(HERE)]
os.environ.setdefault("TIDELOCK_BIN",
                      str(HERE.parent.parent / "build/release/bin/tidelock"))

from cluster import cpu_seconds, many, memory                # noqa: E402
from controlplane import ControlPlane                        # noqa: E402
from simplane import SimPlane                                # noqa: E402

MAPS = "/api/v1/namespaces/default/configmaps"
WATCHERS = 100


def body(i, value="first"):
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": f"map-{i:05}", "labels": {"app": "bench", "part": str(i % 10)}},
            "data": {"value": value, "text": "x" * 600}}


class Server:
    """One of the two: its name, its client, its processes."""

    def __init__(self, name, plane, pids):
        self.name, self.plane, self.pids = name, plane, pids

    def cpu(self):
        return sum(cpu_seconds(pid) for pid in self.pids())

    def private(self):
        return sum(memory(pid)["private"] for pid in self.pids()) * 1024


def measured(server, what, count, job, rows):
    """Runs job(client, i) `count` times; a row of requests by CPU and by wall."""
    cpu, wall = server.cpu(), time.monotonic()
    many(server.plane, count, job, threads=4)
    cpu, wall = server.cpu() - cpu, time.monotonic() - wall
    rows.setdefault(what, {})[server.name] = count / max(cpu, 0.01)
    print(f"{server.name:5} {what:28} {count / max(cpu, 0.01):9.0f} a second and core,"
          f" {count / wall:7.0f} a second here", flush=True)


def bench_requests(server, rows, count):
    before = server.private()
    measured(server, "create", count, lambda c, i: c.post(MAPS, body(i)), rows)
    text = len(json.dumps(server.plane.client().get(f"{MAPS}/map-00000"),
                          separators=(",", ":")))
    grown = (server.private() - before) / count
    rows.setdefault("memory by JSON text", {})[server.name] = grown / text
    print(f"{server.name:5} {'memory of an object':28} {grown:9.0f} bytes,"
          f" {grown / text:.2f} times its JSON text", flush=True)
    measured(server, "get", count, lambda c, i: c.get(f"{MAPS}/map-{i:05}"), rows)
    measured(server, "apply, changed", count // 2, lambda c, i: c.apply(
        f"{MAPS}/map-{i:05}", body(i, "second"), force="true"), rows)
    measured(server, "apply, as it was", count // 2, lambda c, i: c.apply(
        f"{MAPS}/map-{i:05}", body(i, "second"), force="true"), rows)
    measured(server, f"list of {count}", 20, lambda c, i: c.get(MAPS), rows)


def bench_watches(server, rows, updates):
    """Each of a hundred watches sees each update."""
    client = server.plane.client()
    version = client.get(MAPS, limit=1)["metadata"]["resourceVersion"]
    seen = [0] * WATCHERS
    started = threading.Barrier(WATCHERS + 1)

    def watch(number):
        own = server.plane.new_client(timeout=120)
        events = own.watch(MAPS, 120, resourceVersion=version)
        started.wait()
        for _ in events:
            seen[number] += 1
            if seen[number] == updates:
                break
        own.close()

    threads = [threading.Thread(target=watch, args=(n,)) for n in range(WATCHERS)]
    for thread in threads:
        thread.start()
    started.wait()
    cpu, wall = server.cpu(), time.monotonic()
    for i in range(updates):
        client.put(f"{MAPS}/map-00000", body(0, f"update {i}"))
    for thread in threads:
        thread.join()
    cpu, wall = server.cpu() - cpu, time.monotonic() - wall
    rows.setdefault("watch events, 100 watches", {})[server.name] = sum(seen) / max(cpu, 0.01)
    print(f"{server.name:5} {'watch events, 100 watches':28} {sum(seen) / max(cpu, 0.01):9.0f}"
          f" a second and core, {sum(seen) / wall:7.0f} a second here", flush=True)


def bench_start(rounds=15):
    """From exec to the line that says where it serves."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            begin = time.monotonic()
            process = subprocess.Popen(
                [os.environ["TIDELOCK_BIN"], "sim", "--write-kubeconfig", f"{folder}/k"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            process.stdout.readline()
            times.append(time.monotonic() - begin)
            process.terminate()
            process.wait()
            process.stdout.close()
    times.sort()
    print(f"sim   {'exec to listening':28} {times[rounds // 2] * 1000:9.1f} ms, the median of"
          f" {rounds}; {times[0] * 1000:.1f} to {times[-1] * 1000:.1f}", flush=True)


@contextlib.contextmanager
def sim():
    with SimPlane(controllers="none") as plane:
        yield Server("sim", plane, lambda: [plane.pid])


@contextlib.contextmanager
def real():
    with ControlPlane(controller_manager=False) as plane:
        yield Server("real", plane, lambda: plane.pids.values())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=4000)
    parser.add_argument("--sim-only", action="store_true")
    options = parser.parse_args()
    rows = {}
    bench_start()
    for make in (sim,) if options.sim_only else (sim, real):
        with make() as server:
            bench_requests(server, rows, options.objects)
            bench_watches(server, rows, 200)
    for what, figures in rows.items():
        if "real" in figures:
            print(f"{what:34} sim / real {figures['sim'] / figures['real']:.2f}")


if __name__ == "__main__":
    main()
