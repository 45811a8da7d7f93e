"""`tidelock explain`, and the codes that other commands show."""

import re

import pytest

from harness import ROOT, tidelock


def names():
    """First names of the list."""
    return re.findall(r"^  ([\w-]+) +\S", tidelock("explain").stdout, re.M)


def test_what_is_listed_can_be_asked_for():
    found = names()
    assert len(found) > 60
    for some in (found[:40], found[40:]):   # 64 words are the most
        done = tidelock("explain", *some)
        assert done.returncode == 0
        for part in ("Why.", "What to do.", "Example."):
            assert done.stdout.count(f"\n{part}") == len(some)


def test_a_code_in_any_spelling():
    texts = {tidelock("explain", code).stdout
             for code in ("EmptyPlan", "EMPTY_PLAN", "empty-plan")}
    assert len(texts) == 1
    assert "plan:prune_all(reason)" in texts.pop()


@pytest.mark.parametrize("code, hint", [
    ("EmtyPlan", "did you mean EmptyPlan?"),
    ("NewReplicaSetAvailable", "'tidelock explain' lists them"),
])
def test_what_is_no_code(code, hint):
    done = tidelock("explain", code)
    assert done.returncode == 3
    assert f"there is no code '{code}'" in done.stderr and hint in done.stderr


def test_check_names_codes_that_are_explained():
    done = tidelock("check", "tests/golden/check/fields.lua")
    code = re.search(r"'tidelock explain ([\w-]+)' tells more", done.stdout)
    assert tidelock("explain", code.group(1)).returncode == 0


def test_reasons_are_written_by_their_names_only():
    """What is written into a condition stands in reasons.h, so that the unit
    test that holds it against the texts sees it."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "src/app/job_status.c").read_text(),
                  flags=re.S)
    words = set(re.findall(r'"([A-Z][a-z]+(?:[A-Z][a-z]+)*)"', text))
    assert words <= {"True", "False", "Unknown", "Normal", "Warning", "Reconciled"}
