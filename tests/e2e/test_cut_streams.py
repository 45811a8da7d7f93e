"""A watch is cut at every byte of five events, and resumes without a loss.

Many kinds, each with an operator and a watch of its own, so that many cuts
happen at once. In every round each kind gets five events in one piece and the
server ends the connection behind the n-th byte of them.
"""

import contextlib
import json

import pytest

from fakeapi import FakeApi, Kind
from harness import wait_for
from mirror import agree, run_mirror

KINDS = [f"K{number:03}" for number in range(140)]
PROCESSES = 4


def five_events(fake, kind, number):
    """A new object, a changed one, one less, one that is made anew, a bookmark.
    Every round of every kind has as many bytes."""
    value = f"{number:06}"
    fake.put(kind, f"new-{kind.lower()}-{number:03}", {"value": value})
    fake.put(kind, f"old-{kind.lower()}", {"value": value})
    fake.remove(kind, f"new-{kind.lower()}-{number - 1:03}")
    fake.put(kind, f"old-{kind.lower()}", {"value": value[::-1]})
    fake.bookmark(kind)


def version(line):
    return json.loads(line)["object"]["metadata"]["resourceVersion"]


class Cut:
    """Cuts the next stream of a kind and knows how it must be resumed."""

    def __init__(self, fake, kind, offset, how):
        self.fake, self.kind, self.offset, self.how = fake, kind, offset, how
        self.mark = fake.mark()
        self.before = str(fake.kinds[kind].history[-1][0])
        self.versions = None
        fake.tamper(kind, self)

    def __call__(self, exchange, lines):
        self.fake.tamper(self.kind, None)   # the next watch may be here at once
        payload = b"".join(lines)
        assert len(lines) == 5
        ends = [sum(len(x) for x in lines[:i + 1]) - 1 for i in range(5)]
        told = [version(x) for x, end in zip(lines, ends) if end <= self.offset]
        self.versions = [self.before, *told]
        if self.how == "end":
            exchange.write(payload[:self.offset])
            exchange.end()
        else:
            exchange.write(payload[:self.offset], announced=len(payload))
        if self.how == "reset":
            exchange.reset()
        return False

    def check(self):
        """Behind the last event that came whole; no list, but where a watch
        ended at once and without having said anything (LW-10)."""
        watches = self.fake.asked("watch", self.kind, self.mark)
        lists = self.fake.asked("stream", self.kind, self.mark)
        if self.how == "end" and len(self.versions) == 1 and len(lists) == 1:
            return
        resumed = [w.query["resourceVersion"] for w in watches]
        assert not lists, self
        if self.how == "reset":     # what was under way may be lost with it
            assert set(resumed) <= set(self.versions), self
        else:
            assert resumed == [self.versions[-1]], self

    def __repr__(self):
        return f"{self.how} at byte {self.offset}: {self.versions}"


def plan_of_cuts(length, first):
    """[[(offset, how), ...] for each kind]. A cut without any event makes the
    next try wait, longer each time: two of these for a kind at most."""
    cuts = [(n, "cut") for n in range(length + 1)]
    cuts += [(n, "end") for n in range(first, length + 1, 5)]
    cuts += [(n, "end") for n in range(0, first, 40)]
    cuts += [(n, "reset") for n in range(0, length + 1, 5)]
    silent = [c for c in cuts if c[0] < first]
    telling = [c for c in cuts if c[0] >= first]
    count = len(KINDS)
    return [silent[i::count] + telling[i::count] for i in range(count)]


@pytest.fixture(scope="module")
def cutting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cutting")
    with FakeApi(folder, [Kind(k) for k in KINDS]) as fake:
        for kind in KINDS:
            fake.put(kind, f"new-{kind.lower()}-000", {"value": "000000"})
            fake.put(kind, f"old-{kind.lower()}", {"value": "000000"})
        with contextlib.ExitStack() as stack:
            for part in range(PROCESSES):
                stack.enter_context(run_mirror(fake, folder, KINDS[part::PROCESSES]))
            agree(fake, *KINDS)
            for kind in KINDS:
                fake.remove(kind, "nudge")
            yield fake
        assert fake.wrong == []


def measure(fake):
    """The length of five events, and of the first of them."""
    lengths = []

    def whole(exchange, lines):
        lengths.extend(len(x) for x in lines)
        exchange.write(b"".join(lines))
    with fake.transaction():
        fake.tamper(KINDS[0], whole)
        five_events(fake, KINDS[0], 1)
    wait_for(lambda: len(lengths) >= 5, "five events")
    fake.tamper(KINDS[0], None)
    for kind in KINDS[1:]:
        five_events(fake, kind, 1)
    return sum(lengths[-5:]), lengths[-5]


def same(fake):
    return fake.mirrored() == fake.values(*KINDS)


# rows: D30
# broken: a position that deletions do not move on
def test_a_stream_that_is_cut_at_any_byte_is_resumed_without_a_loss(cutting):
    fake = cutting
    length, first = measure(fake)
    wait_for(lambda: same(fake), "everything to be mirrored")
    plan = plan_of_cuts(length, first)
    done = 0
    for number in range(max(map(len, plan))):
        cuts = []
        with fake.transaction():
            for kind, its in zip(KINDS, plan):
                if number < len(its):
                    cuts.append(Cut(fake, kind, *its[number]))
                    five_events(fake, kind, number + 2)
        wait_for(lambda: same(fake) and all(c.versions for c in cuts),
                 f"round {number} to be mirrored")
        for cut in cuts:
            wait_for(lambda: cut.check() or True, f"{cut} to be resumed")
        done += len(cuts)
    assert done == sum(map(len, plan)) and done > length > 1000
    agree(fake, *KINDS)
    assert not fake.asked("delete")
