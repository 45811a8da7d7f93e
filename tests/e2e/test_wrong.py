"""Wrong scripts: each message says where, what, and how to put it right.

TIDELOCK_UPDATE_GOLDEN=1 writes the files; look at the diff then."""

import os
import re

import pytest

from harness import ROOT, tidelock

GOLDEN = ROOT / "tests/golden/wrong"
CRD = ROOT / "operators/website/crd.yaml"
# It shows only in a cluster that has seen another version of the operator.
IN_A_CLUSTER = ["dropped-kind"]
SCRIPTS = sorted({path.stem for path in GOLDEN.glob("*.lua")} - set(IN_A_CLUSTER))
# The server would take them, and a newer one may know the field.
WARNINGS = ["misspelt-field"]


def compare(name, text):
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("TIDELOCK_UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_wrong_script_is_told_what_is_wrong(name):
    done = tidelock("plan", GOLDEN / f"{name}.lua", "--offline", "-f", CRD,
                    "-f", GOLDEN / "blog.yaml", "-f", GOLDEN / "children.yaml")
    compare(name, f"exit {done.returncode}\n{done.stderr}{done.stdout}")
    assert done.returncode == (2 if name in WARNINGS else 1)


def test_a_kind_that_is_dropped_is_to_be_retired_first(tmp_path):
    operator = GOLDEN / "dropped-kind.lua"
    before = tmp_path / "before.lua"
    before.write_text(operator.read_text()
                      .replace('{ "v1", "Secret" }', '{ "v1", "Secret" }, { "v1", "ConfigMap" }')
                      .replace('kind = "Secret"', 'kind = "ConfigMap"'))
    data = tmp_path / "data.db"
    done = tidelock("sim", before, "--data", data, "-f", CRD,
                    "-f", ROOT / "operators/website/examples/blog.yaml", "--until-quiet")
    assert done.returncode == 0, done.stderr
    done = tidelock("sim", operator, "--data", data, "--until-quiet")
    said = done.stderr[done.stderr.index("tidelock: "):]
    compare("dropped-kind", f"exit {done.returncode}\n{said}")
    assert done.returncode == 1


def test_each_message_has_its_place():
    """A line of the script, or what of it is meant where no line is at fault."""
    whole = {"empty-plan", "missing-return", "dropped-kind"}
    for file in GOLDEN.glob("*.txt"):
        assert re.search(r"operator\.lua:\d+", file.read_text()) or file.stem in whole, file


def test_each_message_says_how_to_put_it_right():
    """In a hint, or because what is wrong is said in such words."""
    said = {"dot-for-colon", "misspelt-field", "syntax-error", "unknown-module"}
    for file in GOLDEN.glob("*.txt"):
        assert "hint: " in file.read_text() or file.stem in said, file
