"""Everything an API server or a proxy may answer: in the end the cache is right,
which shows in what tidelock writes.

The server is a scripted one (fakeapi.py), the operator copies each root's
spec.value into a ConfigMap (mirror.py).
"""

import email.utils
import json
import time

import pytest

from fakeapi import (FakeApi, Kind, default, error_line, hang_up, plain, refuse)
from fakeobjects import status_body
from harness import wait_for
from mirror import agree, run_mirror

MEGABYTE = 1 << 20


@pytest.fixture
def fake(tmp_path):
    with FakeApi(tmp_path, [Kind("Mirror", status=True)]) as server:
        for name in ("one", "two", "three"):
            server.put("Mirror", name, {"value": name})
        yield server
        assert server.wrong == []


def end_now(exchange, _):
    """The watch ends as if its time were over; what was due is not told."""
    exchange.end()
    return False


def end_watch(fake, kind="Mirror", how=end_now):
    """Ends the running watch; returns when that is done. The changes made
    since the caller took the transaction are not told."""
    fake.tamper(kind, how)
    fake.bookmark(kind)


def change_everything(fake, kind="Mirror"):
    """An object less, one more, one changed, one made anew."""
    fake.remove(kind, "one")
    fake.put(kind, "four", {"value": "new"})
    fake.put(kind, "two", {"value": "changed"})
    fake.remove(kind, "three")
    fake.put(kind, "three", {"value": "again"})


# ---- positions that are too old ----

@pytest.mark.parametrize("how", ["answer", "event"])
def test_a_watch_that_is_too_old_is_followed_by_a_list(fake, tmp_path, how):
    def cut_off(exchange, _):
        if how == "event":
            exchange.write(error_line(410))
        exchange.end()
        fake.tamper("Mirror", None)
        return False

    with run_mirror(fake, tmp_path):
        agree(fake)
        mark, position = fake.mark(), fake.version
        with fake.transaction():
            if how == "answer":
                fake.script("watch", "Mirror", refuse(410))
            end_watch(fake, how=cut_off)
            change_everything(fake)
            fake.compact("Mirror")
        agree(fake)
    watches = fake.asked("watch", "Mirror", mark)
    streams = fake.asked("stream", "Mirror", mark)
    assert [w.status for w in watches] == ([410] if how == "answer" else [])
    # one list, not older than what is known; what follows comes on its stream
    assert [s.status for s in streams] == [200]
    assert int(streams[0].query["resourceVersion"]) <= position
    assert not fake.asked("list", "Mirror", mark)


def test_a_list_that_is_refused_as_too_old_is_asked_for_without_a_version(fake, tmp_path):
    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        with fake.transaction():
            fake.script("watch", "Mirror", refuse(410))
            fake.script("stream", "Mirror", refuse(410))
            end_watch(fake)
            change_everything(fake)
        wait_for(lambda: fake.asked("stream", "Mirror", mark), "a list")
        fake.tamper("Mirror", None)
        agree(fake)
    first, second = fake.asked("stream", "Mirror", mark)
    assert "resourceVersion" in first.query and first.status == 410
    assert "resourceVersion" not in second.query and second.status == 200


def test_a_server_that_says_too_old_again_and_again_is_not_hammered(fake, tmp_path):
    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        with fake.transaction():
            fake.always("stream", "Mirror", refuse(422))
            fake.script("watch", "Mirror", *[refuse(410)] * 3)
            end_watch(fake)
            change_everything(fake)
        wait_for(lambda: len(fake.asked("watch", "Mirror", mark)) >= 3, "three watches")
        fake.tamper("Mirror", None)
        agree(fake)
    times = [w.at for w in fake.asked("watch", "Mirror", mark)]
    assert times[2] - times[1] > 0.3        # the first relist comes at once


# ---- pages ----

@pytest.fixture
def paged(fake):
    """WatchList is refused, and a page has two objects."""
    fake.page = 2
    fake.always("stream", "Mirror", refuse(422))
    for number in range(5):
        fake.put("Mirror", f"more-{number}", {"value": str(number)})
    return fake


def test_changes_between_two_pages_are_not_missed(paged, tmp_path):
    def second_page(exchange):
        change_everything(paged)
        exchange.default()

    paged.script("list", "Mirror", default, second_page)
    with run_mirror(paged, tmp_path):
        agree(paged)
    pages = paged.asked("list", "Mirror")
    assert [p.query.get("limit") for p in pages] == ["500"] * 4
    assert ["continue" in p.query for p in pages] == [False, True, True, True]
    assert not any("resourceVersion" in p.query for p in pages)
    # the watch goes on from the version of the first page
    watch = paged.asked("watch", "Mirror")[0]
    assert watch.query["resourceVersion"] == pages[1].query["continue"].split("/")[0]


def test_an_expired_continue_token_is_followed_by_one_whole_list(paged, tmp_path):
    def second_page(exchange):
        change_everything(paged)
        refuse(410, "The provided continue parameter is too old")(exchange)

    paged.script("list", "Mirror", default, second_page)
    with run_mirror(paged, tmp_path):
        agree(paged)
    pages = paged.asked("list", "Mirror")
    assert [p.status for p in pages] == [200, 410, 200]
    assert not {"limit", "continue", "resourceVersion"} & set(pages[2].query)


@pytest.mark.parametrize("trouble", [
    refuse(500), refuse(503, retry_after="1"), refuse(429, retry_after="1"), hang_up],
    ids=["500", "503", "429", "hang-up"])
def test_a_page_that_fails_is_asked_for_again(paged, tmp_path, trouble):
    paged.script("list", "Mirror", default, trouble)
    with run_mirror(paged, tmp_path):
        agree(paged)
    pages = paged.asked("list", "Mirror")
    assert len(pages) == 5
    assert pages[1].query["continue"] == pages[2].query["continue"]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
def test_a_page_that_is_cut_off_is_not_believed(paged, tmp_path, part):
    def short_page(exchange):
        items = [dict(o, apiVersion=None, kind=None)
                 for o in paged.kinds["Mirror"].objects.values()][:1]
        body = json.dumps({"kind": "MirrorList", "apiVersion": "fake.example.com/v1",
                           "metadata": {"resourceVersion": str(paged.version)},
                           "items": items}).encode()
        exchange.head(200, {"Content-Type": "application/json",
                            "Content-Length": str(len(body))})
        exchange.raw(body[:int(len(body) * part)])
        exchange.cut()

    paged.script("list", "Mirror", short_page)
    with run_mirror(paged, tmp_path):
        agree(paged)
    assert not paged.asked("delete")


# ---- streaming lists that are none ----

@pytest.mark.parametrize("trouble", [
    refuse(422), refuse(400), refuse(403), plain(200, "<html>sign in</html>")],
    ids=["422", "400", "403", "html"])
def test_without_streaming_lists_pages_are_read(fake, tmp_path, trouble):
    fake.always("stream", "Mirror", trouble)
    with run_mirror(fake, tmp_path):
        agree(fake)
    assert fake.asked("list", "Mirror") and fake.asked("watch", "Mirror")


def test_a_server_that_ignores_the_wish_for_a_streaming_list_is_found_out(fake, tmp_path):
    def as_a_plain_watch(exchange):
        exchange.begin_stream()
        with fake.transaction():
            objects = list(fake.kinds["Mirror"].objects.values())
            version = fake.version
        for obj in objects:
            exchange.write(json.dumps({"type": "ADDED", "object": obj}).encode() + b"\n")
        exchange.write(json.dumps({"type": "BOOKMARK", "object": {
            "kind": "Mirror", "apiVersion": "fake.example.com/v1",
            "metadata": {"resourceVersion": str(version)}}}).encode() + b"\n")
        fake.closed.wait(60)

    fake.always("stream", "Mirror", as_a_plain_watch)
    with run_mirror(fake, tmp_path):
        agree(fake)
    assert len(fake.asked("stream", "Mirror")) == 1
    assert fake.asked("list", "Mirror")


@pytest.mark.parametrize("events", [0, 1, 2])
def test_a_streaming_list_that_is_cut_before_its_end_is_not_believed(fake, tmp_path, events):
    def cut_short(exchange):
        exchange.begin_stream()
        with fake.transaction():
            objects = list(fake.kinds["Mirror"].objects.values())[:events]
        for obj in objects:
            exchange.write(json.dumps({"type": "ADDED", "object": obj}).encode() + b"\n")
        exchange.cut()

    fake.script("stream", "Mirror", cut_short)
    with run_mirror(fake, tmp_path):
        agree(fake)
    assert not fake.asked("delete")


# ---- a server in trouble ----

def soon():
    return email.utils.formatdate(time.time() + 2, usegmt=True)


TROUBLES = {                # kind -> (status, Retry-After or None, seconds it asks for)
    "Throttled": (429, "1", 1),
    "Dated": (429, soon, 0.9),
    "Wordy": (429, "soon", 0),
    "Negative": (429, "-5", 0),
    "Mute": (429, None, 0),
    "Failing": (500, None, 0),
    "Away": (503, "1", 1),
    "Gateway": (502, None, 0),
    "Lost": (504, None, 0),
}


def trouble_of(kind, times):
    status, retry_after, _ = TROUBLES[kind]

    def answer(exchange):
        times.append(time.monotonic())
        after = retry_after() if callable(retry_after) else retry_after
        if status in (502, 504):
            plain(status, "<html>bad gateway</html>")(exchange)
        else:
            refuse(status, retry_after=after)(exchange)
    return answer


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """One process, one operator for each kind of trouble, all of them in
    trouble with their first list and, later, with a watch that ended."""
    folder = tmp_path_factory.mktemp("troubled")
    times = {kind: [] for kind in TROUBLES}
    with FakeApi(folder, [Kind(k) for k in TROUBLES]) as fake:
        for kind in TROUBLES:
            fake.put(kind, "one", {"value": "one"})
            fake.script("stream", kind, trouble_of(kind, times[kind]))
        with run_mirror(fake, folder, TROUBLES) as process:
            agree(fake, *TROUBLES)
            with fake.transaction():
                for kind in TROUBLES:
                    fake.script("watch", kind, trouble_of(kind, times[kind]))
                    end_watch(fake, kind)
                    fake.put(kind, "one", {"value": "changed"})
                    fake.put(kind, "two", {"value": "new"})
            for kind in TROUBLES:
                wait_for(lambda: fake.asked("watch", kind), f"a watch of {kind}")
                fake.tamper(kind, None)
            yield fake, process, times


@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_with_lists_and_watches_passes(troubled, kind):
    fake, _, times = troubled
    agree(fake, kind)
    status, _, seconds = TROUBLES[kind]
    lists, watches = fake.asked("stream", kind), fake.asked("watch", kind)
    assert lists[0].status == status and watches[0].status == status
    assert lists[1].at - lists[0].at >= seconds     # never sooner than asked for
    if kind == "Lost":      # the server gave up: who knows why
        assert len(lists) == 3
        return
    # the same watch again, not a list
    assert len(lists) == 2
    assert watches[1].query["resourceVersion"] == watches[0].query["resourceVersion"]
    assert watches[1].at - watches[0].at >= seconds


@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_with_writes_passes(troubled, kind):
    fake, _, times = troubled
    agree(fake, kind)
    mark = fake.mark()
    trouble = trouble_of(kind, times[kind])

    def if_of_this_kind(exchange):
        name = exchange.request.key[1]
        if name.endswith("-" + kind.lower()) and trouble_left:
            trouble_left.pop()
            trouble(exchange)
        else:
            exchange.default()
    trouble_left = [1]
    fake.always("apply", "ConfigMap", if_of_this_kind)
    fake.put(kind, "three", {"value": "written"})
    agree(fake, kind)
    fake.always("apply", "ConfigMap", None)
    writes = [r for r in fake.asked("apply", "ConfigMap", mark)
              if r.key[1] == f"three-{kind.lower()}"]
    assert writes[0].status == TROUBLES[kind][0]
    assert writes[1].status == 201
    assert writes[1].at - writes[0].at >= TROUBLES[kind][2]


def test_a_write_whose_answer_is_lost_takes_effect_once(fake, tmp_path):
    def lose_the_answer(exchange):
        request = exchange.request
        request.status, _ = fake.apply(request.kind, request.key, request.body,
                                       request.query)
        exchange.cut()

    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        fake.script("apply", "ConfigMap", lose_the_answer)
        fake.put("Mirror", "four", {"value": "lost"})
        agree(fake)
    mine = [r.status for r in fake.asked("apply", "ConfigMap", mark)
            if r.key[1] == "four-mirror"]
    assert mine in ([201], [201, 409])      # a create that met itself
    assert fake.asked("get", "ConfigMap", mark)
    assert not fake.asked("delete")


def test_a_server_that_refuses_every_write_is_not_hammered(fake, tmp_path):
    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        fake.always("apply", "ConfigMap", refuse(409))
        fake.put("Mirror", "one", {"value": "changed"})
        wait_for(lambda: len(fake.asked("apply", "ConfigMap", mark)) >= 8, "eight tries")
        fake.always("apply", "ConfigMap", None)
        agree(fake)
    times = [r.at for r in fake.asked("apply", "ConfigMap", mark)]
    assert times[7] - times[0] > 0.07       # 5 + 10 + 20 + 40 ms at least


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
        fake.tamper("Mirror", None)
        return False

    with run_mirror(fake, tmp_path):
        agree(fake)
        mark = fake.mark()
        with fake.transaction():
            fake.tamper("Mirror", end_after_bookmarks)
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
        fake.tamper("Mirror", None)
        return False

    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            fake.tamper("Mirror", rubbish)
            change_everything(fake)
        agree(fake)
    assert not fake.asked("delete")


@pytest.mark.parametrize("code", [429, 500, 504])
def test_an_error_event_is_not_the_end(fake, tmp_path, code):
    def fails(exchange, lines):
        exchange.write(lines[0] + error_line(code))
        exchange.end()
        fake.tamper("Mirror", None)
        return False

    with run_mirror(fake, tmp_path):
        agree(fake)
        with fake.transaction():
            fake.tamper("Mirror", fails)
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
        wait_for(lambda: fake.asked("list", "Mirror"), "the list")
        fake.tamper("Mirror", None)
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
