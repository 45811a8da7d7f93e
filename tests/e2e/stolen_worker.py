#!/usr/bin/python3 -I
"""A tidelock-worker that somebody has taken over, for test_threats.py.

Stands between the main process (descriptor 0) and an honest worker, and does to
the answers what the file `orders` beside it says, as JSON:

  {"worker": path of the honest one, "log": file, "times": N, "do": [what, ...]}

  replace OLD NEW   texts of equal length, in the answer
  noise HEX         these bytes in place of the answer
  twice             the answer, and once more
  unasked           an answer before anything was asked

It does so until that has worked `times` times (counted in the log, one line
each, which outlives it), and is honest then.
"""

import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys

ANSWER = 8          # enum frame_type in include/script/frame.h
HERE = pathlib.Path(__file__).resolve().parent
ORDERS = json.loads((HERE / "orders").read_text(encoding="utf-8"))


def tampered(frame, what, *arguments):
    """The bytes to send in place of an answer."""
    if what == "replace":
        old, new = (text.encode() for text in arguments)
        assert len(old) == len(new)
        return frame.replace(old, new)
    if what == "noise":
        return bytes.fromhex(arguments[0])
    return frame * 2 if what == "twice" else frame


def spent():
    log = pathlib.Path(ORDERS["log"])
    return log.exists() and len(log.read_text(encoding="ascii").splitlines()) >= ORDERS["times"]


def note():
    with open(ORDERS["log"], "a", encoding="ascii") as log:
        log.write(f"{os.getpid()}\n")


def frames(stream, buffer):
    """Whole frames of what has come in; false at its end."""
    data = stream.recv(1 << 20)
    buffer += data
    found = []
    while len(buffer) >= 4 and len(buffer) >= 4 + struct.unpack_from("<I", buffer)[0]:
        end = 4 + struct.unpack_from("<I", buffer)[0]
        found.append(bytes(buffer[:end]))
        del buffer[:end]
    return found if data else None


def relay(parent, worker):
    buffer = bytearray()
    while True:
        readable, _, _ = select.select([parent, worker], [], [])
        if parent in readable:
            data = parent.recv(1 << 20)
            if not data:
                return
            worker.sendall(data)
        if worker in readable:
            found = frames(worker, buffer)
            if found is None:
                return
            for frame in found:
                parent.sendall(altered(frame))


def altered(frame):
    kind, what = frame[4], ORDERS["do"]
    wanted = 1 if what[0] == "unasked" else ANSWER
    if kind != wanted or spent():
        return frame
    if what[0] == "unasked":        # behind the hello, in which nothing is asked
        note()
        return frame + struct.pack("<IB", 1, ANSWER)
    new = tampered(frame, *what)
    if new != frame:
        note()
    return new


def main():
    parent = socket.socket(fileno=0)
    near, far = socket.socketpair()
    with subprocess.Popen([ORDERS["worker"]], stdin=far, env={}):
        far.close()
        try:
            relay(parent, near)
        except OSError:             # the main process has had enough
            pass
        near.close()


sys.exit(main())
