"""`tidelock runbook`: from the script alone, the same bytes every time."""

import pytest

import harness
from harness import ROOT

WORKER_POOL = "operators/worker-pool"
OVERLAY = "operators/worker-pool/overlays/site.lua"


def runbook(*arguments, code=0):
    done = harness.tidelock("runbook", *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_shipped_runbook_is_that_of_the_script():
    assert runbook(WORKER_POOL) == (ROOT / WORKER_POOL / "RUNBOOK.md").read_text()


@pytest.mark.parametrize("operator", ["website", "worker-pool"])
def test_the_same_script_gives_the_same_bytes(operator):
    assert runbook(f"operators/{operator}") == runbook(f"operators/{operator}")


def test_an_operator_without_a_table_has_a_runbook():
    text = runbook("operators/website", "--set", "image=busybox:1.36")
    assert "It has no decision table: its functions decide." in text
    assert "| `reconcile` | `operator.lua:" in text
    assert '| `image` | `"busybox:1.36"` | has busybox\'s httpd |' in text
    assert "Held" not in text and "tidelock_row_objects" not in text


def test_an_overlay_is_named_and_its_rows_are_there():
    text = runbook(WORKER_POOL, "--overlay", OVERLAY)
    assert f"Changed by the overlay `{OVERLAY}:5`: No changes of large pools" in text
    assert "### 3. `too-large`" in text
    assert f"Holds by `{OVERLAY}:13`" in text
    assert "return state.wanted > 50" in text


def test_wrong_use_is_refused():
    assert "no operator is given" in runbook(code=3)
    assert "a runbook is of one operator" in runbook(WORKER_POOL, WORKER_POOL, code=3)
    assert "there is no operator at 'nowhere'" in runbook("nowhere", code=1)
