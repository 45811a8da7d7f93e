"""Answers of something that is no API server, or hardly one: proxies, bugs, half
answers, silence. In the end the cache is right, which shows in what tidelock
writes; and what ends by itself ends, with a reason.
"""

import contextlib
import json

import pytest

from fakeapi import FakeApi, Kind, error_line, hang_up, plain, refuse, silence
from fakeobjects import status_body
from harness import Tidelock, wait_for
from mirror import agree, change_everything, end_watch, mirror, once, run_mirror

MEGABYTE = 1 << 20


# ---- silence: begun here, looked at at the end of this file, because what
# ends it is time ----

def head_and_silence(exchange):
    """The answer begins and does not go on."""
    exchange.begin_stream()
    silence(exchange)


QUIET = {                       # kind -> what is scripted before the start
    "Quiet": [("stream", silence)],
    "Begun": [("stream", head_and_silence)],
    "Still": [("stream", refuse(422)), ("list", silence)],
    "Asleep": [],               # a watch of its falls silent later
}
ENDLESS = {                     # name -> (always, what the reason must name)
    "discovery": ([("discover", None, silence)], "in time"),
    "discovery that hangs up": ([("discover", None, hang_up)], "lost the connection"),
    "writes that hang up": ([("apply", "ConfigMap", hang_up)], "one-mirror"),
    "lists that fail": ([("stream", "Mirror", refuse(500)),
                         ("list", "Mirror", refuse(500))], "mirrors"),
    "lists of html": ([("stream", "Mirror", refuse(422)),
                       ("list", "Mirror", plain(200, "<html>"))], "mirrors"),
    "silent lists": ([("stream", "Mirror", silence), ("list", "Mirror", silence)],
                     "mirrors"),
    "a busy server": ([("stream", "Mirror", refuse(429, retry_after="1"))], "mirrors"),
}


@pytest.fixture(scope="module", autouse=True)
def quiet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quiet")
    with FakeApi(folder, [Kind(k) for k in QUIET]) as fake:
        for kind, scripts in QUIET.items():
            fake.put(kind, "one", {"value": "one"})
            for verb, answer in scripts:
                fake.script(verb, kind, answer)
        with run_mirror(fake, folder, QUIET):
            agree(fake, "Asleep")
            with fake.transaction():
                fake.script("watch", "Asleep", silence)
                once(fake, "Asleep", lambda exchange, lines: (
                    exchange.write(b"".join(lines)), exchange.end()))
                fake.bookmark("Asleep")
            wait_for(lambda: fake.asked("watch", "Asleep"), "the silent watch")
            fake.put("Asleep", "two", {"value": "two"})
            yield fake


@pytest.fixture(scope="module", autouse=True)
def endless(tmp_path_factory):
    """{(name, command): Tidelock}: run --once and plan, each with a server of
    its own that never does what it should."""
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, (scripts, _) in ENDLESS.items():
            folder = tmp_path_factory.mktemp("endless")
            fake = stack.enter_context(FakeApi(folder, [Kind("Mirror")]))
            fake.put("Mirror", "one", {"value": "one"})
            for script in scripts:
                fake.always(*script)
            for command in (["run", "--once"], ["plan"]):
                processes[name, command[0]] = Tidelock(
                    *command, mirror(folder), kubeconfig=fake.kubeconfig, folder=folder)
        yield processes
        for process in processes.values():
            process.stop()


# ---- streams that are not as they should be ----

def rewritten(fake, change):
    """All events that are due pass through change(lines) once."""
    done = []

    def tamper(exchange, lines):
        if not done:
            done.append(1)
            lines = change(lines)
        exchange.write(b"".join(lines))
    fake.tamper("Mirror", tamper)
    return done


def edited(line, **fields):
    event = json.loads(line)
    event.update(fields)
    return json.dumps(event).encode() + b"\n"


STREAMS = {
    "every event comes twice": lambda lines: [x for x in lines for _ in (0, 1)],
    "all of them come twice": lambda lines: lines + lines,
    "an unknown type comes between": lambda lines:
        [y for x in lines for y in (edited(x, type="RENAMED"), x)],
    "events without an object come between": lambda lines:
        [y for x in lines for y in (b'{"type":"ADDED"}\n', b"{}\n", x)],
    "objects of another kind come between": lambda lines:
        [y for x in lines for y in (edited(x, object={
            "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "x"}}), x)],
    "objects without metadata come between": lambda lines:
        [y for x in lines for y in (edited(x, object={
            "kind": "Mirror", "apiVersion": "fake.example.com/v1"}), x)],
    "empty lines come between": lambda lines:
        [y for x in lines for y in (b"\n \r\n", x)],
    "no line ends": lambda lines: [x.strip() for x in lines],
}


@pytest.mark.parametrize("name", STREAMS)
def test_an_odd_stream_is_understood(fake, tmp_path, name):
    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        with fake.transaction():
            done = rewritten(fake, STREAMS[name])
            change_everything(fake)
        agree(fake)
        assert done
    assert not fake.asked("stream", "Mirror", mark)     # nothing was asked anew
    assert not fake.asked("watch", "Mirror", mark)


def test_events_in_the_wrong_order_do_no_harm(fake, tmp_path):
    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            rewritten(fake, lambda lines: lines[::-1])
            change_everything(fake)
        agree(fake)


def test_an_old_state_does_not_come_back(fake, tmp_path):
    """A repetition of what is over: a deleted object, an earlier value."""
    with run_mirror(fake, tmp_path):
        agree(fake)
        old = [json.dumps({"type": "MODIFIED", "object": o}).encode() + b"\n"
               for o in fake.kinds["Mirror"].objects.values()]
        change_everything(fake)
        agree(fake)
        with fake.transaction():
            rewritten(fake, lambda lines: old + lines)
            fake.put("Mirror", "five", {"value": "5"})
        agree(fake)


def test_an_event_that_is_too_large_is_left_out_and_the_next_one_counts(fake, tmp_path):
    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            rewritten(fake, lambda lines: [
                b'{"type":"ADDED","object":{"kind":"Mirror","x":"' +
                b"x" * (17 * MEGABYTE) + b'"}}\n', *lines])
            change_everything(fake)
        agree(fake)


def test_a_stream_that_comes_byte_by_byte_is_understood(fake, tmp_path):
    def drip(exchange, lines):
        for byte in b"".join(lines):
            exchange.write(bytes([byte]))

    with run_mirror(fake, tmp_path):
        agree(fake)
        fake.tamper("Mirror", drip)
        with fake.transaction():
            change_everything(fake)
        agree(fake)


def test_a_watch_resumes_behind_the_last_bookmark(fake, tmp_path):
    told = []

    def end_after_bookmarks(exchange, lines):
        bookmarks = [x for x in lines if b'"BOOKMARK"' in x]
        exchange.write(b"".join(bookmarks))
        exchange.end()
        told.append(json.loads(bookmarks[-1])["object"]["metadata"]["resourceVersion"])

    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        with fake.transaction():
            once(fake, "Mirror", end_after_bookmarks)
            for _ in range(3):
                fake.bookmark("Mirror")
            change_everything(fake)
        agree(fake)
    watch = fake.asked("watch", "Mirror", mark)[0]
    assert watch.query["resourceVersion"] == told[0]
    assert not fake.asked("stream", "Mirror", mark)


@pytest.mark.parametrize("text", [
    b"<html>not a watch</html>", b'{"type":"ADDED","object":{"kind":"Mirror"',
    b"[1, 2, 3]\n", b'{"type":"ERROR","object":"broken"}\n',
    b'{"type":"ERROR","object":{"kind":"Status","message":"ha',
    b"\x00\xff\xfe\n", b"{" * 5000],
    ids=["html", "half", "array", "no-status", "half-status", "bytes", "deep"])
def test_rubbish_in_a_stream_does_no_harm(fake, tmp_path, text):
    def rubbish(exchange, _):
        exchange.write(text)
        exchange.end()

    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            once(fake, "Mirror", rubbish)
            change_everything(fake)
        agree(fake)
    assert not fake.asked("delete")


@pytest.mark.parametrize("code", [429, 500, 504])
def test_an_error_event_is_not_the_end(fake, tmp_path, code):
    def fails(exchange, lines):
        exchange.write(lines[0] + error_line(code))
        exchange.end()

    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            once(fake, "Mirror", fails)
            change_everything(fake)
        agree(fake)


# ---- answers of something else than an API server ----

OTHERS = {
    "a redirect": plain(302, "", Location="http://127.0.0.1:1/elsewhere"),
    "html": plain(200, "<html>please sign in</html>"),
    "half a Status": plain(500, json.dumps(status_body(500, "InternalError", "x"))[:40],
                           "application/json"),
    "half a Status that says 404": plain(
        404, json.dumps(status_body(404, "NotFound", "x"))[:40], "application/json"),
    "nothing": plain(200, "", "application/json"),
    "null": plain(200, "null", "application/json"),
    "another list": plain(200, '{"kind":"PodList","apiVersion":"v1","metadata":'
                          '{"resourceVersion":"9999999"},"items":[]}', "application/json"),
    "a table": plain(200, '{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":'
                     '{"resourceVersion":"9999999"},"rows":[]}', "application/json"),
    "no connection": hang_up,
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_list_that_is_none_is_not_believed(fake, tmp_path, name):
    """Least of all that everything is gone."""
    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            fake.always("stream", "Mirror", refuse(422))
            fake.script("watch", "Mirror", refuse(410))
            fake.script("list", "Mirror", OTHERS[name])
            end_watch(fake)
            change_everything(fake)
        agree(fake)
    assert not fake.asked("delete")


@pytest.mark.parametrize("name", OTHERS)
def test_an_answer_to_a_write_that_is_none_is_not_believed(fake, tmp_path, name):
    with run_mirror(fake, tmp_path):
        agree(fake)
        fake.script("apply", "ConfigMap", OTHERS[name])
        fake.put("Mirror", "four", {"value": "written"})
        agree(fake)
    assert not fake.asked("delete")


# ---- silence, looked at ----

@pytest.mark.parametrize("kind", [
    pytest.param(k, marks=[pytest.mark.long] if k == "Asleep" else []) for k in QUIET])
def test_silence_is_ended_and_asked_again(quiet, kind):
    # what is waited for takes 30 s, and 90 s; without it the client gives up
    # after 180 s
    agree(quiet, kind, deadline=150 if kind == "Asleep" else 100)
    if kind == "Asleep":        # the same watch once more
        first, second = quiet.asked("watch", kind)[:2]
        assert first.query["resourceVersion"] == second.query["resourceVersion"]


@pytest.mark.parametrize("command", ["run", "plan"])
@pytest.mark.parametrize("name", [
    pytest.param(n, marks=[pytest.mark.long] if n == "silent lists" else [])
    for n in ENDLESS])
def test_what_ends_by_itself_ends_when_the_server_does_not_do_its_part(
        endless, name, command):
    process = endless[name, command]
    assert process.process.wait(240) == 1, process.log
    said = process.log + process.output
    assert ENDLESS[name][1] in said
    assert "Sanitizer" not in said
