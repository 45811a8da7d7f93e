"""What takes a while to be noticed, begun when the session begins; test_silence.py
looks at it when the other tests are through, so that the waiting costs little."""

import contextlib
import pathlib
import subprocess
import sys

import pytest

from fakeapi import FakeApi, Kind, refuse
from harness import wait_for
from mirror import end_watch, run_mirror

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
    "Frame": ("watch", "stream", [("watch", slow_frame)]),
    "Lively": (None, None, []),
}


class Begun:
    """Everything that waits."""

    def __init__(self, folder):
        self.folder = folder
        self.stack = contextlib.ExitStack()

    def scene(self, name, *unshare):
        """One of namespace.py, in a folder of its own."""
        folder = self.folder / name
        folder.mkdir()
        process = subprocess.Popen(
            ["unshare", *unshare, sys.executable, HERE / "namespace.py", name, folder],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.stack.callback(process.kill)
        return process

    def start(self):
        self.forgotten = self.scene("forgotten", "-rn")
        self.names = self.scene("names", "-rnm")
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
