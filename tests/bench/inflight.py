#!/usr/bin/python3
"""How many objects at a time a real API server is fast with, and what is found.

usage: tests/bench/inflight.py [--roots N] [--rounds N] [--limits N,N,...] [--json]

The website operator converges N roots (four writes each) with --max-in-flight
1, 2, 4, ... and then without, each in a namespace of its own; medians of the
rounds. Latencies are those that the API server's own audit log has. Prints a
table; nothing here is a test. Run it with the release build, on a machine that
does nothing else.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "cluster"), str(HERE)]
os.environ.setdefault("TIDELOCK_BIN",
                      str(HERE.parent.parent / "build/release/bin/tidelock"))

from cluster import cpu_seconds, create_sites, namespace    # noqa: E402
from controlplane import ControlPlane                       # noqa: E402
from harness import ROOT, install_crd                       # noqa: E402

LIMITS = "1,2,4,6,8,10,16,32,64"


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def one_round(cluster, ns, limit, roots):
    """Figures of one run; `limit` None: it is found."""
    create_sites(cluster, namespace(cluster, ns), roots)
    mark = cluster.audit_mark()
    server = cluster.pids["kube-apiserver"]
    before, begin = cpu_seconds(server), time.monotonic()
    flags = ["--max-in-flight", str(limit)] if limit else []
    done = subprocess.run(
        [os.environ["TIDELOCK_BIN"], "run", ROOT / "operators/website", "--once",
         "--verbose", "--namespace", ns, "--kubeconfig", cluster.kubeconfig, *flags],
        capture_output=True, text=True, timeout=600, check=True)
    wall = time.monotonic() - begin
    took = sorted(
        seconds(e["stageTimestamp"]) - seconds(e["requestReceivedTimestamp"])
        for e in cluster.audit(since=mark, verbs=["patch"])
        if e["objectRef"].get("namespace") == ns)
    found = re.findall(r"roots at a time.*?limit=\"?(\d+)", done.stderr)
    return {"writes_per_s": len(took) / wall,
            "p50_ms": took[len(took) // 2] * 1000,
            "p99_ms": took[len(took) * 99 // 100] * 1000,
            "server_cpu_ms": (cpu_seconds(server) - before) / len(took) * 1000,
            "last_limit": int(found[-1]) if found else limit or 0}


def measure(cluster, limits, roots, rounds):
    """[(limit, medians)]: rounds go through all limits, so that what the
    machine does besides falls on each of them."""
    seen = {limit: [] for limit in limits}
    for i in range(rounds):
        for limit in limits:
            seen[limit].append(one_round(
                cluster, f"limit-{limit or 'found'}-{i}", limit, roots))
    return [(limit, {key: round(statistics.median(one[key] for one in figures), 1)
                     for key in figures[0]}) for limit, figures in seen.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--roots", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limits", default=LIMITS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with ControlPlane() as cluster:
        install_crd(cluster, ROOT / "operators/website/crd.yaml")
        one_round(cluster, "warm-up", 4, 50)
        limits = [int(n) for n in options.limits.split(",")] + [None]
        rows = measure(cluster, limits, options.roots, options.rounds)
    if options.json:
        print(json.dumps([{"limit": limit, **figures} for limit, figures in rows]))
        return
    for limit, figures in rows:
        print(f"{limit or 'found':>6} " + "  ".join(
            f"{key} {value}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
