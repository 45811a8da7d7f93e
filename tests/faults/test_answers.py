"""Answers and events as a server may give them, and what tidelock makes of them:
permanent refusals, huge objects, nothing but bookmarks."""

import json
import pathlib
import re
import socket
import urllib.request

import pytest

from fakeapi import FakeApi, Kind, refuse
from figures import figure
from harness import wait_for
from mirror import agree, end_watch, run_mirror

MEBIBYTE = 1 << 20


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def reconciles(port):
    """How many there were, whatever their outcome."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(v) for v in re.findall(
        r"^controller_runtime_reconcile_total\{.*\} (\S+)$", text, re.M))


def peak(process):
    """MiB of memory at most, so far."""
    text = pathlib.Path(f"/proc/{process.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


# ---- refused for good ----

def of_one(fake, mark=0):
    return [r for r in fake.asked("apply", "ConfigMap", mark) if r.key[1] == "one-mirror"]


# rows: D25
# broken: ERR_INVALID taken for retryable: dozens of tries
def test_what_is_not_valid_is_tried_once_for_each_spec(fake, tmp_path):
    def not_valid(exchange):
        own = exchange.request.key[1] == "one-mirror"
        (refuse(422, "spec: not like that") if own else lambda e: e.default())(exchange)
    fake.always("apply", "ConfigMap", not_valid)
    with run_mirror(fake, tmp_path) as process:
        for generation in (1, 2):
            wait_for(lambda: len(of_one(fake)) >= generation, "a try")
            for number in range(30):    # time goes by, and other roots go on
                fake.put("Mirror", "two", {"value": f"{generation}-{number}"})
                wait_for(lambda: fake.mirrored()["Mirror", "two"] ==
                         f"{generation}-{number}", "the others to go on")
            assert len(of_one(fake)) == generation
            fake.put("Mirror", "one", {"value": f"another {generation}"})
        assert "not like that" in process.log
    figure("D25", "requests for each spec", 1)


# ---- large and small events ----

@pytest.fixture
def sized(tmp_path):
    with FakeApi(tmp_path, [Kind("Mirror")]) as server:
        server.put("Mirror", "one", {"value": "one"})
        yield server


def grow(fake, size):
    """An event of exactly that many bytes, for root `large`."""
    spec = {"value": f"of {size}", "pad": ""}
    with fake.transaction():
        fake.put("Mirror", "large", spec)
        kind = fake.kinds["Mirror"]
        version, event, obj = kind.history.pop()
        line = json.dumps({"type": event, "object": obj}, separators=(",", ":"))
        obj["spec"]["pad"] = "x" * (size - len(line))
        kind.objects["default", "large"]["spec"]["pad"] = obj["spec"]["pad"]
        kind.history.append((version, event, obj))


# rows: D32
# broken: DECODER_MAX_BYTES of 2 MiB, and of 32 MiB
@pytest.mark.parametrize("size", [3 * MEBIBYTE // 2, 3 * MEBIBYTE, 16 * MEBIBYTE,
                                  17 * MEBIBYTE])
def test_a_large_event(sized, tmp_path, size):
    """Up to 16 MiB it is read; a script gets 8 MiB, which is said. What is larger
    is passed over. The next event counts in any case."""
    with run_mirror(sized, tmp_path) as process:
        agree(sized)
        before, mark = peak(process), sized.mark()
        grow(sized, size)
        sized.put("Mirror", "one", {"value": "behind it"})
        wait_for(lambda: sized.mirrored()["Mirror", "one"] == "behind it", "the next event")
        large = ("Mirror", "large")
        if size <= 8 * MEBIBYTE:
            wait_for(lambda: sized.mirrored().get(large) == f"of {size}", "the large one")
        elif size <= 16 * MEBIBYTE:
            wait_for(lambda: "default/large code=LIMIT" in process.log, "its trouble")
        else:
            assert large not in sized.mirrored() and "default/large" not in process.log
        assert not sized.asked("stream", "Mirror", mark)
        figure("D32", f"peak RSS of {size / MEBIBYTE:g} MiB, less that before, MiB",
               peak(process) - before)
        sized.put("Mirror", "large", {"value": "small again"})
        agree(sized)


# ---- nothing but bookmarks ----

# rows: D33
# broken: a bookmark that wakes its kind's roots: 180 reconciles
def test_an_hour_of_bookmarks_is_no_work(fake, tmp_path):
    port = free_port()
    with run_mirror(fake, tmp_path, ("Mirror",), "--listen", str(port)):
        agree(fake)
        wait_for(lambda: reconciles(port) >= 4, "the work to be counted")
        before, mark = reconciles(port), fake.mark()
        for _ in range(60):             # one a minute
            fake.bookmark("Mirror")
            fake.bookmark("ConfigMap")
        end_watch(fake, how=lambda exchange, lines: (
            exchange.write(b"".join(lines)), exchange.end()))
        last = fake.version
        watch = wait_for(lambda: fake.asked("watch", "Mirror", mark), "the next watch")[0]
        assert last - 2 <= int(watch.query["resourceVersion"]) <= last
        assert reconciles(port) == before
    figure("D33", "reconciles", 0)
