"""What is noticed by the clock alone: answers that trickle, peers that vanish.

Everything begins when the session does and is looked at when the other tests
are through (conftest.py), so that the waiting costs little.
"""

import contextlib
import json
import pathlib
import subprocess
import sys

import pytest

from fakeapi import FakeApi, Kind, refuse
from figures import figure
from harness import wait_for
from mirror import agree, end_watch, run_mirror

HERE = pathlib.Path(__file__).resolve().parent


def drip(exchange, data):
    """A byte a second, for as long as anybody listens."""
    for byte in data:
        exchange.raw(bytes([byte]))
        if exchange.server.closed.wait(1):
            return
    exchange.cut()


def slow_head(exchange):
    exchange.request.status = 200
    drip(exchange, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
         b"X-Slow: yes\r\n" * 100)


def slow_body(exchange):
    exchange.head(200, {"Content-Type": "application/json", "Content-Length": "5000"})
    drip(exchange, b'{"kind":"ListList","apiVersion":"v1","items":[' + b" " * 4000)


def slow_events(exchange):
    exchange.begin_stream()
    drip(exchange, b"1\r\n \r\n" * 1000)


def slow_frame(exchange):
    """An event begins, and does not get on."""
    exchange.begin_stream()
    drip(exchange, b'1000\r\n{"type":"ADDED","object":{"kind":"Frame","x":"' + b"x" * 4000)


SLOW = {        # kind -> (what trickles, what comes next, what is scripted)
    "Head": ("stream", "stream", [("stream", slow_head)]),
    "Body": ("list", "list", [("stream", refuse(422)), ("list", slow_body)]),
    "Initial": ("stream", "list", [("stream", slow_events)]),
    "Frame": ("watch", "watch", [("watch", slow_frame)]),
    "Lively": (None, None, []),
}


class Begun:
    """Everything that waits."""

    def __init__(self, folder):
        self.folder = folder
        self.stack = contextlib.ExitStack()

    def start(self):
        self.namespace = subprocess.Popen(
            ["unshare", "-rn", sys.executable, HERE / "namespace.py", "forgotten", self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.stack.callback(self.namespace.kill)
        self.fake = self.stack.enter_context(FakeApi(self.folder, [Kind(k) for k in SLOW]))
        for kind, (_, _, scripts) in SLOW.items():
            self.fake.put(kind, "one", {"value": "one"})
            for verb, answer in scripts:
                self.fake.script(verb, kind, answer)
        self.stack.enter_context(run_mirror(self.fake, self.folder, SLOW))
        wait_for(lambda: ("Frame", "one") in self.fake.mirrored(), "frames to be watched")
        end_watch(self.fake, "Frame")


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    found = Begun(tmp_path_factory.mktemp("begun"))
    with found.stack:
        found.start()
        yield found


# rows: D28
# broken: an http client for two requests at a time, held by those that trickle
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


# rows: D29
# broken: neither TCP_USER_TIMEOUT nor keepalive: noticed by silence, after 165 s, with a list
def test_a_connection_whose_packets_vanish_is_given_up(begun):
    out, err = begun.namespace.communicate(timeout=300)
    assert begun.namespace.returncode == 0, err
    result = json.loads(out.splitlines()[-1])
    figure("D29", "detection s", result["noticed"])
    assert result["lists"] == 0
