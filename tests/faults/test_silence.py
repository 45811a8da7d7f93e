"""What is noticed by the clock alone: answers that trickle, peers that vanish.

Everything begins when the session does and is looked at when the other tests
are through (waiting.py, conftest.py).
"""

import json
import time

import pytest

from fakeapi import FakeApi, Kind
from figures import figure
from harness import Tidelock, wait_for
from mirror import agree, mirror
from waiting import SLOW
from wire import Wire


def test_others_are_not_held_up_by_an_answer_that_trickles(begun):
    agree(begun.fake, "Lively")


# rows: D28
# broken: a low speed limit of 1 byte a second, and any byte taken for a sign of life
@pytest.mark.parametrize("kind", [k for k in SLOW if SLOW[k][0]])
def test_an_answer_of_a_byte_a_second_is_given_up(begun, kind):
    slow, following, _ = SLOW[kind]
    began = begun.fake.asked(slow, kind)[0]
    again = wait_for(lambda: [r for r in begun.fake.asked(following, kind) if r.at > began.at],
                     f"{kind} to be asked again", 120)[0]
    figure("D28", f"{kind.lower()} detection s", again.at - began.at)
    agree(begun.fake, kind)


def result_of(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


# rows: D29
# broken: neither TCP_USER_TIMEOUT nor keepalive: the watch does not begin again
def test_a_connection_whose_packets_vanish_is_given_up(begun):
    result = result_of(begun.forgotten)
    figure("D29", "detection s", result["noticed"])
    assert result["lists"] == 0


# rows: D42
# broken: getaddrinfo() on the loop before each watch: no health while a name is asked for
def test_the_loop_goes_on_while_a_name_server_does_not(begun):
    """It is silent, then it fails, then it says another address."""
    result = result_of(begun.names)
    figure("D42", "longest pause of the loop ms", result["stall_ms"])
    assert result["moved"]


# rows: D34
# broken: reflector_silence_ms() without an end: the watch goes on for ever
@pytest.mark.long
def test_a_peer_that_says_nothing_any_more_is_given_up(tmp_path):
    """It is there and its kernel acknowledges what it gets, so no timer of TCP
    helps; what helps is that bookmarks do not come."""
    with FakeApi(tmp_path, [Kind("Mirror")]) as fake, Wire(fake.port) as wire:
        fake.put("Mirror", "one", {"value": "one"})
        with Tidelock("run", mirror(tmp_path), folder=tmp_path,
                      kubeconfig=wire.kubeconfig(fake.kubeconfig, tmp_path)):
            agree(fake)
            for kind in ("Mirror", "ConfigMap"):
                fake.bookmark(kind)
            agree(fake)         # through the same watch: they have come
            wire.stop_reading()
            silent, before = time.monotonic(), len(wire.connections)
            mark = fake.mark()
            wait_for(lambda: len(wire.connections) > before, "the watch to begin again", 120)
            figure("D34", "silent peer, detection s", wire.connections[before].at - silent)
            wire.read_on()
            agree(fake)
    assert not fake.asked("stream", since=mark) and not fake.asked("list", since=mark)
