#!/usr/bin/python3
"""What tidelock costs on a real control plane: memory, start, converging.

usage: tests/bench/cluster.py [--roots N] [--secrets N] [--json]

Prints one table; nothing here is a test. Run it with the release build, on a
machine that does nothing else. Memory is read from /proc/PID/smaps_rollup:
RSS is everything mapped, PSS shares pages among those who map them, private is
what the process alone costs.
"""

import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import random
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "cluster")]
os.environ.setdefault("TIDELOCK_BIN",
                      str(HERE.parent.parent / "build/release/bin/tidelock"))

from controlplane import ControlPlane                       # noqa: E402
from harness import ROOT, Tidelock, install_crd, wait_for, write_operator  # noqa: E402

WEBSITES = "/apis/example.com/v1/namespaces/{ns}/websites"
TICKS = os.sysconf("SC_CLK_TCK")

READS_SECRETS = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1,
  name = "reader",
  resource = { "example.com/v1", "Website" },
  owns = {},
  reads = { { "v1", "Secret" } },
  reconcile = function(site, view, plan)
    plan:condition("Counted", true, "Counted", tostring(#view:list("v1", "Secret")))
  end,
}
"""


def memory(pid):
    """{"rss": KiB, "pss": KiB, "private": KiB}"""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, amount = line.split(":")
        fields[name] = int(amount.split()[0])
    return {"rss": fields["Rss"], "pss": fields["Pss"],
            "private": fields["Private_Clean"] + fields["Private_Dirty"]}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Rows(list):
    """(name, figures) rows, each printed when it is measured."""

    def __init__(self, quiet):
        super().__init__()
        self.quiet = quiet

    def append(self, row):
        super().append(row)
        if not self.quiet:
            name, figures = row
            print(f"{name:42} " + "  ".join(
                f"{key} {value / 1024:.1f} MiB" if key in ("rss", "pss", "private")
                else f"{key} {value}" for key, value in figures.items()), flush=True)


def many(cluster, count, job, threads=8):
    """job(client, i) for i in range(count), from several connections."""
    def part(start):
        client = cluster.new_client()
        for i in range(start, count, threads):
            job(client, i)
        client.close()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, range(threads)))


def namespace(cluster, name):
    cluster.client().post("/api/v1/namespaces", {
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def create_sites(cluster, ns, count):
    def job(client, i):
        client.post(WEBSITES.format(ns=ns), {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": f"site-{i:05}"},
            "spec": {"content": {"index.html": f"<h1>{i}</h1>"}, "replicas": 1}})
    many(cluster, count, job)


def synced(process):
    wait_for(lambda: "in sync" in process.log, "the first sync", deadline=300)


def converged(cluster, ns, count):
    def done():
        items = cluster.client().get(WEBSITES.format(ns=ns))["items"]
        return sum("observedGeneration" in i.get("status", {}) for i in items) == count
    wait_for(done, "all sites to converge", deadline=600, every=0.25)


def settled(process, seconds=1.0):
    """Until the process has used no CPU for a while."""
    last, since = cpu_seconds(process.process.pid), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.1)
        now = cpu_seconds(process.process.pid)
        if now != last:
            last, since = now, time.monotonic()


def bench_idle(cluster, folder, rows):
    with Tidelock("run", "operators/website", kubeconfig=cluster.kubeconfig,
                  folder=folder) as process:
        synced(process)
        settled(process)
        rows.append(("idle, no Website", memory(process.process.pid)))


def bench_start(cluster, folder, rows, rounds=9):
    """From exec to the first child on the server."""
    times = []
    for i in range(rounds):
        ns = namespace(cluster, f"start-{i}")
        create_sites(cluster, ns, 1)
        path = f"/api/v1/namespaces/{ns}/configmaps/site-00000"
        begin = time.monotonic()
        with Tidelock("run", "operators/website", "--namespace", ns,
                      kubeconfig=cluster.kubeconfig, folder=folder):
            wait_for(lambda: cluster.client().request("GET", path).status == 200,
                     "the first child", every=0.001)
            times.append(time.monotonic() - begin)
    rows.append(("start to first child, median of 9",
                 {"ms": round(sorted(times)[rounds // 2] * 1000, 1)}))


def bench_converge(cluster, folder, rows, roots):
    ns = namespace(cluster, "many")
    create_sites(cluster, ns, roots)
    server = cluster.pids["kube-apiserver"]
    server_before = cpu_seconds(server)
    begin = time.monotonic()
    with Tidelock("run", "operators/website", "--namespace", ns,
                  kubeconfig=cluster.kubeconfig, folder=folder) as process:
        converged(cluster, ns, roots)
        wall = time.monotonic() - begin
        settled(process)
        rows.append((f"{roots} Websites converge", {
            "wall_s": round(wall, 2), "cpu_s": cpu_seconds(process.process.pid),
            "server_cpu_s": round(cpu_seconds(server) - server_before, 1)}))
        rows.append((f"{roots} Websites, {3 * roots} children",
                     memory(process.process.pid)))
    with Tidelock("run", "operators/website", "--namespace", ns,
                  kubeconfig=cluster.kubeconfig, folder=folder) as process:
        synced(process)
        settled(process)
        cpu = cpu_seconds(process.process.pid)
        rows.append((f"restart over {roots} converged Websites", {
            "cpu_s": cpu, "us_per_root": round(cpu / roots * 1e6)}))
        rows.append(("the same, memory", memory(process.process.pid)))


def bench_secrets(cluster, folder, rows, count):
    ns = namespace(cluster, "secrets")
    rng = random.Random(1)
    blob = base64.b64encode(rng.randbytes(24 * 1024)).decode()

    def job(client, i):
        client.post(f"/api/v1/namespaces/{ns}/secrets", {
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": f"s-{i:05}"},
            "data": {"blob": base64.b64encode(
                b"%06d" % i).decode() + blob[8:]}})
    many(cluster, count, job)
    text = len(json.dumps(cluster.client().get(
        f"/api/v1/namespaces/{ns}/secrets/s-00000"), separators=(",", ":")))
    operator = write_operator(pathlib.Path(folder) / "reader", READS_SECRETS)
    with Tidelock("run", operator, "--namespace", ns,
                  kubeconfig=cluster.kubeconfig, folder=folder) as process:
        synced(process)
        settled(process)
        used = memory(process.process.pid)
        used["of_json"] = round(used["private"] * 1024 / (text * count), 3)
        rows.append((f"{count} Secrets of {text // 1024} KB", used))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roots", type=int, default=1000)
    parser.add_argument("--secrets", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = Rows(quiet=options.json)
    with tempfile.TemporaryDirectory() as folder, \
            ControlPlane(controller_manager=False) as cluster:
        install_crd(cluster, ROOT / "operators/website/crd.yaml")
        bench_idle(cluster, folder, rows)
        bench_start(cluster, folder, rows)
        bench_converge(cluster, folder, rows, options.roots)
        bench_secrets(cluster, folder, rows, options.secrets)
    if options.json:
        print(json.dumps(dict(rows), indent=2))


if __name__ == "__main__":
    main()
