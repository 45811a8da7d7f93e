#!/usr/bin/python3
"""How many specs a second `tidelock test` runs, and what of it is busted's own.

usage: tests/bench/specs.py [COUNT]

CPU time of the whole process, without what it costs to start: each kind is run
with COUNT (2000) tests and with one, and the difference is divided.
"""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/bin/tidelock"

HEAD = """\
local testing = require "tidelock.testing"
local website = testing.operator()
local site = testing.object "examples/blog.yaml"
local function expected(n)
  return { apply = { { kind = "Deployment", spec = { replicas = n } } }, conditions = { Ready = "Unknown" } }
end
"""

CASES = HEAD + """
local list = {}
for i = 1, COUNT do list[i] = { "case " .. i, n = i % 10 } end
website:cases("table", list, function(case)
  site.spec.replicas = case.n
  return site, expected(case.n)
end)
"""

PLANS = HEAD + """
for i = 1, COUNT do
  it("case " .. i, function()
    site.spec.replicas = i % 10
    website:plan(site):expect(expected(i % 10))
  end)
end
"""

EMPTY = HEAD + """
for i = 1, COUNT do it("case " .. i, function() end) end
"""

WORLDS = HEAD + """
local list = {}
for i = 1, COUNT do
  it("case " .. i, function() website:world(site):settle() end)
end
"""

DOCUMENT = """\
name: case N
given: { object: examples/blog.yaml }
expect:
  apply: [{ kind: Deployment, spec: { replicas: 2 } }]
  conditions: { Ready: Unknown }
"""


def cpu_seconds(folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([PROGRAM, "test", folder], capture_output=True, text=True,
                          env=dict(os.environ, CI="true"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def spec(folder, text, name="bench_spec.lua"):
    shutil.rmtree(folder / "spec", ignore_errors=True)
    (folder / "spec").mkdir()
    (folder / "spec" / name).write_text(text)


def measure(folder, make, count):
    """Seconds of one test, the best of three."""
    best = None
    for _ in range(3):
        make(folder, 1)
        start = cpu_seconds(folder)
        make(folder, count)
        each = (cpu_seconds(folder) - start) / (count - 1)
        best = each if best is None else min(best, each)
    return best


def lua(text):
    return lambda folder, count: spec(folder, text.replace("COUNT", str(count)))


def documents(folder, count):
    spec(folder, "---\n".join(DOCUMENT.replace("N", str(i)) for i in range(count)),
         "bench.yaml")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    kinds = [
        ("a case of a table", lua(CASES), count),
        ("a document of YAML", documents, count),
        ("an `it` with one plan", lua(PLANS), count),
        ("an empty `it`: busted's own", lua(EMPTY), count),
        ("a world that settles", lua(WORLDS), max(count // 20, 2)),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "website"
        shutil.copytree(ROOT / "operators/website", folder)
        for name, make, n in kinds:
            seconds = measure(folder, make, n)
            print(f"{name:<30} {seconds * 1e6:8.0f} us {1 / seconds:8.0f} a second")


if __name__ == "__main__":
    main()
