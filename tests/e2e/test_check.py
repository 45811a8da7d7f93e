"""`tidelock check`: wrong scripts and what is said about them, as golden files.

TIDELOCK_UPDATE_GOLDEN=1 writes the files; look at the diff then."""

import json
import os
import re

import pytest

from harness import ROOT, tidelock, write_operator

GOLDEN = ROOT / "tests/golden/check"
SCRIPTS = sorted(path.stem for path in GOLDEN.glob("*.lua"))
WEBSITE = ROOT / "operators/website"


def check(path, *more, **options):
    return tidelock("check", path, "-f", WEBSITE / "crd.yaml",
                    "-f", WEBSITE / "examples/blog.yaml", *more, **options)


def relative(text):
    return text.replace(f"{ROOT}/", "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_wrong_script_is_told_so(name):
    done = check(f"tests/golden/check/{name}.lua")
    text = f"exit {done.returncode}\n{relative(done.stdout)}"
    assert done.stderr == ""
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("TIDELOCK_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


def codes():
    """(code, level) of each row of CHECK_MAP."""
    text = (ROOT / "include/app/check.h").read_text()
    return re.findall(r'XX\("([\w-]+)", (ERROR|WARNING)\)', text)


def test_every_code_has_a_script_that_shows_it():
    seen = set(re.findall(r"(error|warning): .* \[([\w-]+)\]$",
                          "".join(f.read_text() for f in GOLDEN.glob("*.txt")),
                          re.M))
    assert {(code, level.lower()) for code, level in codes()} == \
        {(code, level) for level, code in seen}


def test_an_operator_that_is_right_has_no_findings():
    for folder in sorted((ROOT / "operators").iterdir()):
        if (folder / "operator.lua").exists():
            done = tidelock("check", folder, "--strict")
            assert done.returncode == 0, done.stdout
            assert "0 errors, 0 warnings" in done.stdout


def test_warnings_fail_only_when_that_is_asked_for():
    name = "tests/golden/check/unused-kinds.lua"
    assert check(name).returncode == 0
    assert check(name, "--strict").returncode == 1


def test_the_document_has_what_the_text_has():
    done = check("tests/golden/check/fields.lua", "-o", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["apiVersion"], document["kind"]) == \
        ("tidelock.dev/v1alpha1", "Check")
    operator, = document["operators"]
    assert operator["name"] == "fields"
    assert operator["owns"] == [{"apiVersion": "v1", "kind": "Service"}]
    text = (GOLDEN / "fields.txt").read_text()
    lines = [f"{f['file']}:{f['line']}:{f['column']}: {f['level']}: "
             f"{f['message']} [{f['code']}]" for f in operator["findings"]]
    assert lines and all(line in text for line in lines)
    assert document["errors"] == len(lines)


def test_modules_are_looked_at_too(tmp_path):
    folder = write_operator(tmp_path / "op", """
local tidelock = require "tidelock"
local ports = require "lib.ports"
return tidelock.operator {
  api = 1, name = "modules", resource = { "v1", "ConfigMap" },
  reconcile = function(map, _, plan) plan:requeue(ports.of(map)) end,
}
""")
    (folder / "lib").mkdir()
    (folder / "lib/ports.lua").write_text(
        "local ports = {}\nfunction ports.of(map)\n  local x = 1\n"
        "  return #map.metadata.name + os.clock()\nend\nreturn ports\n")
    done = tidelock("check", folder)
    assert f"{folder}/lib/ports.lua:3:9: warning: variable 'x'" in done.stdout
    assert f"{folder}/lib/ports.lua:4:31: error: 'os.clock'" in done.stdout


def test_without_luacheck_the_rest_is_done_and_that_is_said():
    done = check("tests/golden/check/helper-fields.lua",
                 env={"TIDELOCK_LUACHECK": "/nonexistent"})
    assert done.returncode == 1
    assert '.spec.replica: unknown field, did you mean "replicas"?' in done.stdout
    assert "luacheck is not installed" in done.stdout
    assert "lua-check" in done.stdout
    done = check("tests/golden/check/syntax.lua",
                 env={"TIDELOCK_LUACHECK": "/nonexistent"})
    assert "syntax.lua:5: error: unexpected symbol near 'end' [syntax]" in done.stdout


def test_another_luacheck_is_named(tmp_path):
    (tmp_path / "luacheck/stages").mkdir(parents=True)
    (tmp_path / "luacheck/parser.lua").write_text("return {}\n")
    done = check("tests/golden/check/right.lua",
                 env={"TIDELOCK_LUACHECK": str(tmp_path)})
    assert done.returncode == 1
    assert "luacheck has no module 'luacheck.check_state'" in done.stderr


@pytest.mark.parametrize("arguments, code, message", [
    ([], 3, "no operator is given"),
    (["/nonexistent"], 1, "there is no operator at '/nonexistent'"),
    ([WEBSITE, "-o", "xml"], 3, "-o is text or json, not 'xml'"),
    ([WEBSITE, "-f", "/nonexistent.yaml"], 1, "cannot read '/nonexistent.yaml'"),
    ([WEBSITE, "--set", "image"], 3, "not of the form name=value"),
])
def test_wrong_usage_is_told_so(arguments, code, message):
    done = tidelock("check", *arguments)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr


def test_a_name_cannot_write_to_the_terminal(tmp_path):
    folder = write_operator(tmp_path / "op", 'return "\\27[2J"\n')
    (folder / "lib.lua").write_text('local _ = "\x1b[2J" +\n')
    done = tidelock("check", folder)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
