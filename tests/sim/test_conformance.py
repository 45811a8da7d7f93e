"""`tidelock sim` answers random sequences of operations as a real API server
does; and whoever compares them would notice if it did not."""

import itertools
import os
import pathlib
import re
import types

import pytest

import campaign
import compare
import faults
import generate
import known
import masks
import shrink
from conftest import ROOT

_numbers = itertools.count(1)
SEEDS = 300
LONG_SEEDS = 10000
LONG_STEP = 1000        # sequences for one real server: it forgets nothing
SELF_TEST_SEEDS = 150


def compared(sim, real, seeds):
    """The text of a report, "" when nothing differs."""
    print(f"seeds {seeds[0]}-{seeds[-1]}")
    with campaign.Campaign(campaign.connect(sim, real)) as work:
        found = work.run_twice(seeds)
        groups = campaign.group(found)
        work.shorten(groups[:5])
    return campaign.report(groups, len(seeds), len(found), 5) if found else ""


def test_three_hundred_sequences_are_answered_alike(sim, real):
    first = int(os.environ.get("TIDELOCK_TEST_SEED") or 1)
    assert compared(sim, real, range(first, first + SEEDS)) == ""


@pytest.mark.long
@pytest.mark.parametrize("first", range(1, LONG_SEEDS, LONG_STEP))
def test_ten_thousand_sequences_are_answered_alike(first, fresh_sim, fresh_real):
    assert compared(fresh_sim, fresh_real, range(first, first + LONG_STEP)) == ""


# ---- the comparer itself ----

def test_what_differs_in_the_same_way_twice_counts():
    def mismatch(seed, *signatures):
        return types.SimpleNamespace(seed=seed, signatures=signatures)
    first = [mismatch(1, "a", "b"), mismatch(2, "a"), mismatch(3, "c")]
    second = [mismatch(1, "b"), mismatch(2, "d")]
    assert [m.seed for m in campaign.shown_twice(first, second)] == [1]



def compared_once(one, other, seed):
    mismatch = compare.run_both(one, other, f"self{next(_numbers)}x{os.getpid()}",
                                generate.generate(seed), seed)
    return [mismatch] if mismatch else []


def first_mismatch(one, other):
    for seed in range(1, SELF_TEST_SEEDS):
        first = compared_once(one, other, seed)
        for mismatch in first and campaign.shown_twice(first, compared_once(one, other, seed)):
            print(compare.describe(mismatch))
            return mismatch
    return None


def test_a_server_is_like_itself(pair):
    """Nothing but the masks stands between this and zero."""
    assert first_mismatch(*pair) is None


# rows: D17
# broken: faults that the test plants itself
@pytest.mark.parametrize("fault", faults.ALL, ids=lambda f: f.__name__)
def test_a_planted_fault_is_found(fault, pair):
    assert first_mismatch(fault(pair[0]), pair[1])


def test_a_planted_fault_is_shrunk(pair):
    """To the few operations that show it."""
    faulty = faults.FinalizerIgnored(pair[0])
    found = first_mismatch(faulty, pair[1])

    def still(ops):
        again = compare.run_both(faulty, pair[1], f"self{next(_numbers)}x{os.getpid()}", ops, found.seed)
        return again and set(again.signatures) & set(found.signatures)
    assert len(shrink.shrink(found.ops, still)) <= 3


def test_seeds_mean_the_same_for_ever():
    assert generate.generate(7) == generate.generate(7)
    assert generate.generate(7) != generate.generate(8)


def test_deliberate_differences_are_in_the_document():
    """known.KNOWN and the table in src/sim/README.md are one."""
    text = pathlib.Path(ROOT / "src/sim/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*?) \| (.*?) \|", text.partition("## Deliberately not equal")[2]
                      .partition("\n## ")[0], re.M)
    assert rows[1:] == list(known.KNOWN)


# ---- masks ----

@pytest.fixture
def mask():
    return masks.Masks("cf1", '{"port": 8080}')


def thing(version, uid="11111111-1111-1111-1111-111111111111", **more):
    return {"metadata": {"uid": uid, "resourceVersion": version}, **more}


def test_versions_are_counted_per_object(mask):
    assert [mask.body(thing(v))["metadata"]["resourceVersion"] for v in ("5", "9", "5", "7")] == \
        ["rv1", "rv2", "rv1", "older"]


def test_a_write_has_the_newest_version(mask):
    mask.body(thing("9"))
    other = thing("8", "22222222-2222-2222-2222-222222222222")
    assert mask.body(other, written=True)["metadata"]["resourceVersion"] == "rv1 (not the newest)"


def test_uids_stay_apart(mask):
    one, two = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
    assert mask.body([one, two, one, f"k:{{\"uid\":\"{two}\"}}"]) == \
        ["uid1", "uid2", "uid1", "k:{\"uid\":\"uid2\"}"]


def test_generated_names_are_masked_whatever_they_begin_with(mask):
    made = thing("5")
    made["metadata"].update(generateName="cf1-x", name="cf1-x7k2mn")
    assert mask.body(made)["metadata"]["name"] == "NS-xmade1"
    assert mask.body(["cf1-x7k2mn", "cf1-x7k2mnx"]) == ["NS-xmade1", "NS-x7k2mnx"]


def test_only_times_of_today_are_masked(mask):
    assert mask.body("2024-05-06T07:08:09Z") == "2024-05-06T07:08:09Z"
    today = sorted(mask._days)[1]
    assert mask.body([f"{today}T01:02:03Z", f"{today}T01:02:03.123456Z"]) == ["NOW", "NOW.6"]


def test_finalizers_of_a_namespace_that_ends_have_no_order(mask):
    def ending(*finalizers):
        return {"metadata": {"deletionTimestamp": "x", "finalizers": list(finalizers)},
                "spec": {}, "status": {"phase": "Terminating"}}
    assert mask.body(ending("b", "a")) == mask.body(ending("a", "b"))
    assert mask.body({**ending("b", "a"), "status": {}}) != mask.body({**ending("a", "b"), "status": {}})


def test_the_second_in_which_managers_wrote_does_not_matter(mask):
    one, two = ({"manager": m, "operation": "Apply"} for m in ("one", "two"))
    assert mask.body({"managedFields": [two, one]}) == mask.body({"managedFields": [one, two]})
