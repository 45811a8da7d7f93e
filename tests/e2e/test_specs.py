"""tidelock test: specs on the production path, their reports, snapshots."""

import json
import os
import re
import shutil
import signal
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from harness import ROOT, program, wait_for

SITE = "examples/blog.yaml"

HEAD = """\
local testing = require "tidelock.testing"
local website = testing.operator()
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of operators/website without its specs."""
    path = tmp_path / "website"
    shutil.copytree(ROOT / "operators/website", path,
                    ignore=shutil.ignore_patterns("spec"))
    (path / "spec").mkdir()
    return path


def run(*arguments, env=None, cwd=ROOT):
    clean = {k: v for k, v in os.environ.items() if k != "CI"}
    return subprocess.run([program(), "test", *map(str, arguments)], cwd=cwd,
                          env=dict(clean, **(env or {})), capture_output=True,
                          text=True, timeout=120)


def spec(folder, text, name="a_spec.lua"):
    (folder / "spec" / name).write_text(HEAD + text)


def one(folder, body):
    """A spec with one test."""
    spec(folder, f'describe("it", function() it("holds", function()\n{body}\n'
                 "end) end)\n")


def without_times(text):
    return re.sub(r"in \d+ ms", "in N ms", text)


def test_the_specs_of_the_operators_pass():
    done = run("operators/website")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed, 0 failed, 0 skipped$", done.stdout, re.M)


def test_a_failure_says_which_object_and_field_and_where(folder):
    one(folder, f"""
website:plan("{SITE}"):expect {{
  apply = {{ {{ kind = "Deployment", spec = {{ replicas = 3 }} }} }},
  conditions = {{ Ready = true }},
  changes = {{ "create ConfigMap blog", "create Job blog", "create Service blog" }},
}}""")
    done = run(folder)

    assert done.returncode == 1
    assert without_times(done.stdout) == f"""\
website  1 tests in N ms
  FAIL   it holds{54 * " "}spec/a_spec.lua:5
         Website default/blog
           Deployment default/blog, applied at operator.lua:65
             .spec.replicas
               - 3
               + 2
           changes
               create ConfigMap blog
             - create Job blog
             + create Deployment blog
               create Service blog
           condition Ready, set at operator.lua:58
             .status
               - True
               + Unknown
0 passed, 1 failed, 0 skipped
"""


@pytest.mark.parametrize("body, message", [
    ('website:plan { objct = 1 }',
     "'objct' cannot be given\n           hint: there is absent, at, children"),
    (f'website:plan("{SITE}"):expect {{ aply = {{}} }}',
     "nothing of a plan is called 'aply'\n           hint: there is allow_bulk, apply"),
    ('website:plan { object = "nowhere.yaml" }', "cannot read 'nowhere.yaml'"),
    ('website:plan { object = { apiVersion = "v1", kind = "Pod", '
     'metadata = { name = "x" } } }',
     "the operator is for example.com/v1 Website, not for v1 Pod"),
    ('website:plan { object = { apiVersion = "example.com/v1", kind = '
     '"Website", metadata = { name = "x" }, spec = { content = { a = "b" }, '
     'replcas = 2 } } }', 'Website \'x\': unknown field "spec.replcas"'),
    ('website:plan { object = { apiVersion = "example.com/v1", kind = '
     '"Website", metadata = { name = "x" }, spec = {} } }',
     "spec.content: Required value"),
    (f'website:plan {{ object = "{SITE}", at = "yesterday" }}',
     "'yesterday' is not a time"),
    (f'website:plan {{ object = "{SITE}", params = {{ imge = "x" }} }}',
     "imge"),
    (f'website:plan {{ object = "{SITE}", unknown = {{ "v1" }} }}',
     "unknown[1]: a kind is expected"),
    ('local nothing = nil; nothing.x = 1', "attempt to index a nil value"),
    ('assert.equal(1, 2)', "Expected objects to be equal"),
])
def test_a_mistake_in_a_spec_is_told_with_its_line(folder, body, message):
    one(folder, body)
    done = run(folder)

    assert done.returncode == 1
    assert message in done.stdout
    assert "spec/a_spec.lua:4" in done.stdout
    assert "tidelock.testing" not in done.stdout


def test_a_spec_that_does_not_compile_is_named(folder):
    spec(folder, "describe(\n")
    done = run(folder)

    assert done.returncode == 1
    assert "spec/a_spec.lua" in done.stdout and "unexpected symbol" in done.stdout


def test_what_cannot_be_seen_fails_the_pass(folder):
    one(folder, f"""
local plan = website:plan {{ object = "{SITE}", unknown = {{ "apps/v1", "Deployment" }} }}
plan:expect {{ error = "cannot be seen now" }}
assert.equal("UNKNOWN", plan.error.code)
website:plan {{ object = "{SITE}", absent = {{ {{ "v1", "Service" }} }} }}
  :expect {{ error = "does not have kind 'Service'" }}
""")
    assert run(folder).returncode == 0


def test_an_error_that_nobody_expects_fails(folder):
    one(folder, f"""
website:plan {{ object = "{SITE}", unknown = {{ "v1", "Service" }} }}:expect {{ apply = {{}} }}""")
    done = run(folder)

    assert done.returncode == 1
    assert "the pass failed: kind 'Service' in 'v1' cannot be seen now" in done.stdout


def test_children_are_pruned_and_others_left(folder):
    one(folder, f"""
local map = {{ apiVersion = "v1", kind = "ConfigMap", metadata = {{ name = "old" }} }}
website:plan {{ object = "{SITE}", children = {{ map }} }}:expect {{
  changes = {{ "create ConfigMap blog", "create Deployment blog", "create Service blog",
    "delete ConfigMap old" }} }}
website:plan {{ object = "{SITE}", objects = {{ map }} }}:expect {{
  changes = {{ "create ConfigMap blog", "create Deployment blog", "create Service blog" }} }}
""")
    done = run(folder)
    assert done.returncode == 0, done.stdout


def test_children_that_are_as_declared_are_left_alone(folder):
    one(folder, f"""
local first = website:plan("{SITE}")
local children = {{ first:find("ConfigMap"), first:find("Deployment"), first:find("Service") }}
website:plan {{ object = "{SITE}", children = children }}:expect {{ changes = {{}} }}
children[2].spec.replicas = 7
local plan = website:plan {{ object = "{SITE}", children = children }}
  :expect {{ changes = {{ "change Deployment blog" }} }}
assert.same({{ {{ path = ".spec.replicas", before = 7, after = 2 }} }}, plan.changes[1].fields)
""")
    done = run(folder)
    assert done.returncode == 0, done.stdout


def test_documents_of_yaml_are_tests(folder):
    (folder / "spec" / "table.yaml").write_text(f"""\
name: two replicas
given: {{ object: {SITE} }}
expect:
  apply:
    - kind: Deployment
      spec: {{ replicas: 2, paused: null }}
---
name: three replicas
given: {{ object: {SITE} }}
expect:
  apply:
    - kind: Deployment
      spec: {{ replicas: 3 }}
---
name: nothing at all
given: {{ object: {SITE} }}
---
name: later
pending: the field is not there yet
---
nme: x
""")
    done = run(folder, "-v")

    assert done.returncode == 1
    assert re.search(r"ok +two replicas +spec/table.yaml:1", done.stdout)
    assert re.search(r"FAIL +three replicas +spec/table.yaml:8\n"
                     r".*\n.*Deployment default/blog, applied at operator.lua:65\n"
                     r" +\.spec\.replicas\n +- 3\n +\+ 2\n", done.stdout)
    assert "a test that expects nothing cannot fail" in done.stdout
    assert re.search(r"skip +later", done.stdout)
    assert "'nme' is no part of a test" in done.stdout
    assert "1 passed, 3 failed, 1 skipped" in done.stdout


def test_yaml_that_cannot_be_read_is_one_error(folder):
    (folder / "spec" / "bad.yaml").write_text("name: [\n")
    done = run(folder)

    assert done.returncode == 1
    assert "ERROR  spec/bad.yaml" in done.stdout


CASES = """
describe("table", function()
  website:cases("replicas", {
    { "none", n = 0 },
    { "two", n = 2 },
    { "three, wrong", n = 3, want = 4 },
  }, function(case)
    local site = testing.object "examples/blog.yaml"
    site.spec.replicas = case.n
    return site, { apply = { { kind = "Deployment", spec = { replicas = case.want or case.n } } } }
  end)
end)
"""


def test_each_case_of_a_table_has_its_own_result(folder):
    spec(folder, CASES)
    done = run(folder, "-v")

    assert done.returncode == 1
    assert re.search(r"ok +table replicas two +spec/a_spec.lua:5\n", done.stdout)
    assert re.search(r"FAIL +table replicas three, wrong +spec/a_spec.lua:8\n",
                     done.stdout)
    assert "2 passed, 1 failed, 0 skipped" in done.stdout


def test_the_filter_leaves_the_others_out(folder):
    spec(folder, CASES + 'it("stands alone", function() end)\n')

    assert "1 passed, 0 failed" in run(folder, "--filter", "two").stdout
    assert "1 passed, 0 failed" in run(folder, "--filter", "alone").stdout
    none = run(folder, "--filter", "f.ur")
    assert none.returncode == 1
    assert "there is no test of that name" in none.stdout


def test_an_operator_without_specs_has_not_passed(folder):
    done = run(folder)

    assert done.returncode == 1
    assert "there is no test: spec/*_spec.lua, spec/*.yaml" in done.stdout


FAILING = CASES + """
pending("is for later")
it("raises <&>", function() error("a & b < c") end)
"""


def test_junit_is_well_formed(folder):
    spec(folder, FAILING)
    done = run("operators/website", folder, "-o", "junit")
    root = ElementTree.fromstring(done.stdout)
    suites = root.findall("testsuite")

    assert done.returncode == 1
    assert [s.get("name") for s in suites] == ["website", "website"]
    assert (suites[1].get("tests"), suites[1].get("failures"),
            suites[1].get("errors"), suites[1].get("skipped")) == ("5", "1", "1", "1")
    error = suites[1].find("testcase/error")
    assert "a & b < c" in error.get("message")
    failure = suites[1].find("testcase/failure")
    assert "spec/a_spec.lua:8" in failure.text and "+ 3" in failure.text


def test_tap_is_well_formed(folder):
    spec(folder, FAILING)
    done = run(folder, "-o", "tap")
    lines = done.stdout.splitlines()

    assert lines[:2] == ["TAP version 13", "1..5"]
    results = [x for x in lines if re.match(r"(not )?ok \d+ - ", x)]
    assert [int(re.search(r"\d+", x).group()) for x in results] == [1, 2, 3, 4, 5]
    assert sum(x.startswith("not ok") for x in results) == 2
    assert sum("# SKIP" in x for x in results) == 1


def test_json_holds_every_test(folder):
    spec(folder, FAILING)
    report = json.loads(run(folder, "-o", "json").stdout)

    assert report["kind"] == "TestReport"
    (operator,) = report["operators"]
    assert (operator["passed"], operator["failed"], operator["skipped"]) == (2, 2, 1)
    assert {t["status"] for t in operator["tests"]} == {
        "passed", "failed", "error", "pending"}


SNAPSHOT = f'website:plan("{SITE}"):snapshot "a new site"'


def test_snapshots_are_written_compared_and_updated(folder):
    path = folder / "spec/snapshots/a-new-site.yaml"
    one(folder, SNAPSHOT)

    refused = run(folder, env={"CI": "true"})
    assert refused.returncode == 1 and not path.exists()
    assert "there is no snapshot spec/snapshots/a-new-site.yaml" in refused.stdout

    assert "1 snapshot written" in run(folder).stdout
    written = path.read_text()
    assert "replicas: 2" in written and "operator.lua" not in written
    assert run(folder, env={"CI": "true"}).returncode == 0

    script = folder / "operator.lua"
    script.write_text(script.read_text().replace("site.spec.replicas,", "5,"))
    differs = run(folder)
    assert differs.returncode == 1 and path.read_text() == written
    assert re.search(r"spec/snapshots/a-new-site.yaml differs\n(.*\n)*"
                     r" +- +replicas: 2\n +\+ +replicas: 5\n", differs.stdout)

    assert "1 snapshot updated" in run(folder, "--update").stdout
    assert "replicas: 5" in path.read_text()
    assert run(folder, env={"CI": "true"}).returncode == 0


def test_coverage_names_the_lines_that_never_ran(folder):
    script = folder / "operator.lua"
    text = script.read_text().replace(
        "local function reconcile(site, view, plan)\n",
        "local function reconcile(site, view, plan)\n"
        "  if site.spec.port == 81 then\n    plan:nothing(\"never\")\n  end\n")
    script.write_text(text)
    line = text.splitlines().index('    plan:nothing("never")') + 1
    one(folder, f'website:plan("{SITE}"):expect {{ apply = {{ {{ kind = "Service" }} }} }}')

    out = run(folder, "--coverage").stdout
    assert re.search(rf"operator.lua +\d+ of \d+ lines, \d+ %; not {line}\b", out), out
    assert "coverage" not in run(folder).stdout


def test_a_script_that_cannot_be_loaded_is_told(folder):
    one(folder, SNAPSHOT)
    (folder / "operator.lua").write_text("local x = = 1\n")
    done = run(folder)

    assert done.returncode == 1
    assert "operator.lua:1:" in done.stderr


def test_wrong_usage_is_told(folder):
    for arguments in ([], [folder, "--filtr", "x"], [folder, "-o", "xml"]):
        done = run(*arguments)
        assert done.returncode == 3
        assert done.stderr.startswith("tidelock: ")


def test_specs_read_files_of_their_operator(folder, tmp_path):
    one(folder, 'assert(io.open("crd.yaml")):close()\n'
                'assert.equal(1774749540, testing.seconds "2026-03-29T01:59:00Z")')
    done = run(os.path.relpath(folder, tmp_path), cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_document_shows_is_what_happens(folder):
    text = (ROOT / "lua/TESTING.md").read_text()
    lua = re.findall(r"^```lua\n(.*?)^```$", text, re.M | re.S)
    (yaml,) = re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
    one_pass, table, world = lua

    (folder / "spec/one_spec.lua").write_text(one_pass)
    spec(folder, f'describe("table", function()\n{table}\nend)\n', "table_spec.lua")
    spec(folder, f'it("is a world", function()\n{world}\nend)\n', "world_spec.lua")
    (folder / "spec/documents.yaml").write_text(yaml)
    done = run(folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed, 0 failed" in done.stdout


TIMER = """\
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "website", resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reads = { { "v1", "Secret", labels = { role = "key" } } },
  reconcile = function(site, view, plan)
    if site.spec.image == "broken" then error("it is broken") end
    local data = { now = tostring(view.now), keys = tostring(#view:list("v1", "Secret")) }
    plan:apply { apiVersion = "v1", kind = "ConfigMap",
      metadata = { name = site.metadata.name }, data = data }
    plan:requeue("30s")
  end,
}
"""


def test_time_moves_when_a_spec_moves_it(folder):
    (folder / "operator.lua").write_text(TIMER)
    one(folder, f"""
local world = website:world {{ object = "{SITE}", at = "2026-03-29T01:59:30Z" }}
local function seen() return world:get("v1", "ConfigMap", "blog").data.now end
world:settle "0s"
assert.equal("1774749570", seen())
world:advance "29s"
assert.is_nil(world:pass())
world:advance "1s"
world:pass():expect {{ changes = {{ "change ConfigMap blog" }}, requeue = "30s" }}
assert.equal("1774749600", seen())""")
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_pass_that_fails_comes_back_later(folder):
    (folder / "operator.lua").write_text(TIMER)
    one(folder, f"""
local site = testing.object "{SITE}"
site.spec.image = "broken"
local world = website:world(site)
world:pass():expect {{ error = "it is broken" }}
local status = world:get(site).status.conditions[1]
assert.equal("ScriptError", status.reason)
site.spec.image = "fine"
world:apply(site)
world:pass():expect {{ changes = {{ "create ConfigMap blog" }} }}""")
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_reads_are_selected_as_by_a_server(folder):
    (folder / "operator.lua").write_text(TIMER)
    one(folder, f"""
local function secret(name, role)
  return {{ apiVersion = "v1", kind = "Secret", metadata = {{ name = name, labels = {{ role = role }} }} }}
end
local given = {{ object = "{SITE}", objects = {{ secret("a", "key"), secret("b", "door"), secret("c", "key") }} }}
website:plan(given):expect {{ apply = {{ {{ kind = "ConfigMap", data = {{ keys = "2" }} }} }} }}
website:world(given):pass():expect {{ apply = {{ {{ kind = "ConfigMap", data = {{ keys = "2" }} }} }} }}""")
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_cluster_refuses_fails_the_pass(folder):
    script = folder / "operator.lua"
    script.write_text(script.read_text().replace('name = "httpd",', 'name = "HTTPD",'))
    one(folder, f'website:world("{SITE}"):pass():expect {{ error = "Invalid value" }}')
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr


class Watching:
    """tidelock test --watch in the background."""

    def __init__(self, folder, path):
        self.path = path
        self.out = open(path, "wb")
        self.process = subprocess.Popen(
            [program(), "test", str(folder), "--watch"], stdout=self.out,
            stderr=self.out, cwd=ROOT)

    def newest(self):
        """The output of the last run that is complete."""
        runs = self.path.read_text().split("waiting for a change; Ctrl-C ends\n")
        return runs[-2] if len(runs) > 1 else ""

    def wait_said(self, text):
        wait_for(lambda: text in self.newest(), text)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=60)
        self.out.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def test_watch_runs_again_after_a_change(folder, tmp_path):
    one(folder, "assert.equal(1, 1)")
    with Watching(folder, tmp_path / "out") as watching:
        watching.wait_said("1 passed, 0 failed")
        one(folder, "assert.equal(1, 2)")
        watching.wait_said("0 passed, 1 failed")
        script = folder / "operator.lua"
        good = script.read_text()
        script.write_text("local x = = 1\n")
        watching.wait_said("operator.lua:1:")
        script.write_text(good)
        one(folder, "assert.equal(2, 2)")
        watching.wait_said("1 passed, 0 failed")
        assert watching.end() == 0


def test_watch_ends_as_its_last_run(folder, tmp_path):
    one(folder, "assert.equal(1, 2)")
    with Watching(folder, tmp_path / "out") as watching:
        watching.wait_said("0 passed, 1 failed")
        assert watching.end() == 1
