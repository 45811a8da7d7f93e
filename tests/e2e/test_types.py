"""`tidelock check --types`: types for editors, as a golden file.

TIDELOCK_UPDATE_GOLDEN=1 writes it; look at the diff then."""

import json
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT, tidelock

GOLDEN = ROOT / "tests/golden/types"


@pytest.fixture
def widget(tmp_path):
    """A copy of the operator, with its types written."""
    folder = tmp_path / "widget"
    shutil.copytree(GOLDEN / "widget", folder)
    done = tidelock("check", folder, "--types")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{folder}/types/widget.lua\n" in done.stdout
    return folder


def classes(text):
    """{class: {field: type}}; a field that stands twice has its last type."""
    found = {}
    for block in re.split(r"^---@class (?:\(exact\) )?", text, flags=re.M)[1:]:
        fields = re.findall(r"^---@field (\S+) (.*)$", block, re.M)
        name = block.split("\n", 1)[0]
        assert name not in found, f"{name} is there twice"
        found[name] = dict(fields)
    return found


def test_types_of_an_operator(widget):
    text = (widget / "types/widget.lua").read_text()
    file = GOLDEN / "widget.lua"
    if os.environ.get("TIDELOCK_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


def test_built_in_kinds_and_all_they_need(widget):
    text = (widget / "types/kubernetes.lua").read_text()
    found = classes(text)
    # a definition that refers to itself
    props = found["apiextensions.v1.JSONSchemaProps"]
    assert props["properties?"] == "table<string, apiextensions.v1.JSONSchemaProps>"
    assert props['["$ref"]?'] == "string"
    assert found["apps.v1.Deployment"]["kind"] == '"Deployment"'
    assert found["core.v1.ContainerPort"]["containerPort"] == "integer"
    assert found["core.v1.HTTPGetAction"]["port"] == "integer|string"
    assert found["core.v1.ResourceRequirements"]["limits?"] == \
        "table<string, string|number>"
    # no class is missing: what a field names is defined, here or in the other
    everything = set(found) | set(classes((widget / "types/widget.lua").read_text()))
    named = set(re.findall(r"\b[\w]+(?:\.\w+)*\.v\d\w*\.\w+", re.sub(r'"[^"]*"', "", text)))
    assert named <= everything, named - everything


def test_every_file_is_lua_and_nothing_but_comments(widget):
    for file in (widget / "types").rglob("*.lua"):
        done = subprocess.run(["lua5.4", "-e", f"assert(loadfile '{file}')"],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_editor_is_told_where_they_are(widget):
    luarc = json.loads((widget / ".luarc.json").read_text())
    assert luarc["workspace.library"] == ["types"]
    assert luarc["runtime.version"] == "Lua 5.4"
    assert set(luarc["runtime.builtin"]) == \
        {"coroutine", "debug", "io", "os", "package"}


def test_a_second_time_keeps_the_authors_settings(widget):
    file = widget / ".luarc.json"
    file.write_text("{}\n")
    done = tidelock("check", widget, "--types")
    assert done.returncode == 0 and ".luarc.json is left as it is" in done.stdout
    assert file.read_text() == "{}\n"


def test_the_library_is_not_written_where_an_installation_has_it(widget):
    assert (widget / "types/tidelock/cron.lua").exists()
    shutil.rmtree(widget / "types")
    (widget / ".luarc.json").write_text(
        '{"workspace.library": ["/usr/local/share/tidelock/types"]}')
    assert tidelock("check", widget, "--types").returncode == 0
    assert sorted(p.name for p in (widget / "types").iterdir()) == \
        ["kubernetes.lua", "widget.lua"]


def test_types_are_no_modules_of_the_operator(widget):
    done = tidelock("check", widget)
    assert "1 file, " in done.stdout


def test_views_inherit_what_the_library_has(widget):
    text = "".join(f.read_text() for f in (widget / "types").rglob("*.lua"))
    for name in re.findall(r"---@class [\w.]+ : ([\w.]+)", text):
        assert re.search(rf"---@class (\(exact\) )?{re.escape(name)}\b", text), name


@pytest.mark.parametrize("arguments, message", [
    (["operators/website", "operators/website", "--types"], "one operator at a time"),
    (["operators/website", "--folder", "x"], "it goes with that"),
])
def test_wrong_usage_is_told_so(arguments, message):
    done = tidelock("check", *arguments)
    assert done.returncode == 3 and message in done.stderr
