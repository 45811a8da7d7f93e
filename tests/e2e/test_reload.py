"""Operator files that change while they run: the next version is checked and
takes charge, or is refused and the last good one stays."""

import re
import signal
import threading
import urllib.request

import pytest

from fakeapi import FakeApi, Kind, plain, refuse
from harness import Tidelock, wait_for

OPERATOR = """
local tidelock = require "tidelock"
return tidelock.operator {
  api = 1, name = "%(name)s",
  resource = { "fake.example.com/v1", "Mirror" },
  owns = { %(owns)s },
  parameters = { tail = { type = "string", default = "%(tail)s" } },
  reconcile = function(root, view, plan)
    for _, child in ipairs { %(children)s } do
      plan:apply {
        apiVersion = "v1", kind = child[1],
        metadata = { name = root.metadata.name .. "-" .. child[2] },
        data = { value = root.spec.value .. view.params.tail },
      }
    end
    plan:condition("Ready", true, "Mirrored")
  end,
}
"""
MAP = '{ "v1", "ConfigMap" }'
SECRET = '{ "v1", "Secret" }'
BOTH_WAYS = pytest.mark.parametrize("workers", ["0", "1"], ids=["inline", "worker"])


@pytest.fixture
def fake(tmp_path):
    kinds = [Kind("Mirror", status=True), Kind("Secret", ""), Kind("Event", "events.k8s.io")]
    with FakeApi(tmp_path, kinds) as server:
        for name in ("one", "two", "three"):
            server.put("Mirror", name, {"value": name})
        server.always("apply", "Event", plain(200, "{}", "application/json"))   # a count
        yield server
        assert server.wrong == []


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "mirror"
    path.mkdir()
    return path


def text(tail="", name="mirror", owns=MAP, children='{ "ConfigMap", "a" }'):
    return OPERATOR % {"tail": tail, "name": name, "owns": owns, "children": children}


def write(folder, *arguments, **words):
    """As an editor does it: beside, then renamed."""
    beside = folder / ".operator.lua.swp"
    beside.write_text(text(*arguments, **words))
    beside.replace(folder / "operator.lua")


def run(fake, folder, *arguments):
    if not (folder / "operator.lua").exists():
        write(folder, "-v1")
    return Tidelock("run", folder, "--workers", "1", *arguments, kubeconfig=fake.kubeconfig,
                    folder=folder.parent)


def children(fake, kind="ConfigMap"):
    with fake.transaction():
        return {name: o["data"]["value"] for (_, name), o in fake.kinds[kind].objects.items()}


def all_have(fake, tail, names=("one", "two", "three"), child="a"):
    wanted = {f"{n}-{child}": n + tail for n in names}
    wait_for(lambda: children(fake) == wanted, f"all children to end with {tail!r}")


def condition(fake, name):
    with fake.transaction():
        status = fake.kinds["Mirror"].objects["default", name].get("status", {})
    return {c["type"]: c for c in status.get("conditions", [])}.get("ScriptUpToDate")


def lines(process, what):
    return [line for line in process.log.splitlines() if what in line]


@BOTH_WAYS
def test_a_new_version_takes_charge_of_all_roots(fake, folder, workers):
    with run(fake, folder, "--workers", workers) as process:
        all_have(fake, "-v1")
        write(folder, "-v2")
        all_have(fake, "-v2")
        (folder / "operator.lua").write_text(text("-v3"))       # in place
        all_have(fake, "-v3")
        assert len(lines(process, 'msg="reloaded"')) == 2, process.log
        fake.put("Mirror", "four", {"value": "four"})
        all_have(fake, "-v3", ("one", "two", "three", "four"))
    assert "Sanitizer" not in process.log


def test_a_mounted_configmap_is_swapped_as_a_whole(fake, tmp_path):
    """As a kubelet does it: files are links through `..data`."""
    mount = tmp_path / "mount"
    mount.mkdir()

    def publish(number):
        real = mount / f"..2026_{number}"
        real.mkdir()
        (real / "operator.lua").write_text(text(f"-v{number}"))
        new = mount / "..data_tmp"
        new.symlink_to(real.name)
        new.replace(mount / "..data")
    publish(1)
    (mount / "operator.lua").symlink_to("..data/operator.lua")
    with run(fake, mount):
        for number in (1, 2, 3):
            if number > 1:
                publish(number)
            all_have(fake, f"-v{number}")


BROKEN = {
    "syntax": (lambda f: (f / "operator.lua").write_text("return {\n  1 +\n}\n"), r"operator\.lua:3"),
    "declaration": (lambda f: (f / "operator.lua").write_text(text().replace("api = 1", "api = 7")),
                    r"operator\.lua:\d+"),
    "gone": (lambda f: (f / "operator.lua").unlink(), "has no operator.lua"),
    "name": (lambda f: write(f, name="other"), "the operator is now named 'other', and was 'mirror'"),
    "root": (lambda f: (f / "operator.lua").write_text(text().replace('"Mirror"', '"Glass"')),
             r"now reconciles fake\.example\.com/v1 Glass"),
    "dropped kind": (lambda f: write(f, owns=SECRET, children='{ "Secret", "a" }'),
                     "once owned 'v1 ConfigMap' and no longer declares it"),
    "parameters": (lambda f: (f / "parameters.yaml").write_text("tial: x\n"), "tial"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_version_leaves_the_last_good_one_in_charge(fake, folder, how):
    edit, message = BROKEN[how]
    with run(fake, folder) as process:
        all_have(fake, "-v1")
        edit(folder)
        wait_for(lambda: lines(process, "the new version is refused"), "the refusal")
        assert re.search(message, lines(process, "the new version is refused")[0]), process.log
        fake.put("Mirror", "four", {"value": "four"})
        all_have(fake, "-v1", ("one", "two", "three", "four"))
        (folder / "parameters.yaml").unlink(missing_ok=True)
        write(folder, "-v2")
        all_have(fake, "-v2", ("one", "two", "three", "four"))
        assert len(lines(process, "the new version is refused")) == 1, process.log


def get(process, path):
    port = re.search(r'msg="?listening"? address="?[^\s"]*:(\d+)', process.log).group(1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.read().decode()


def test_a_refusal_shows_in_metrics_event_and_condition(fake, folder):
    with run(fake, folder, "--listen", "0") as process:
        all_have(fake, "-v1")
        good = re.search(r'tidelock_operator_info\{operator="mirror",digest="(\w+)"\} 1',
                         get(process, "/metrics")).group(1)
        (folder / "operator.lua").write_text("return 1 +\n")
        wait_for(lambda: condition(fake, "one"), "the condition")
        page = get(process, "/metrics")
        assert 'tidelock_reload_total{operator="mirror",result="refused"} 1' in page
        assert 'tidelock_reload_last_successful{operator="mirror"} 0' in page
        assert f'digest="{good}"}} 1' in page
        assert get(process, "/readyz") == "ok\n"
        assert condition(fake, "one")["status"] == "False"
        assert condition(fake, "one")["reason"] == "ReloadRefused"
        assert "operator.lua:2: unexpected symbol" in condition(fake, "one")["message"]
        said = [r.body for r in fake.asked("post", "Event") if r.body["reason"] == "ReloadRefused"]
        assert said[0]["regarding"]["kind"] == "Lease" and said[0]["type"] == "Warning"
        assert "operator.lua:2: unexpected symbol" in said[0]["note"]
        write(folder, "-v2")
        wait_for(lambda: not any(condition(fake, n) for n in ("one", "two", "three")),
                 "the condition to go")
        all_have(fake, "-v2")
        page = get(process, "/metrics")
        assert 'tidelock_reload_last_successful{operator="mirror"} 1' in page
        assert good not in page and page.count("tidelock_operator_info{") == 1


def test_going_back_to_what_is_in_charge_ends_a_refusal(fake, folder):
    with run(fake, folder) as process:
        all_have(fake, "-v1")
        before = (folder / "operator.lua").read_text()
        (folder / "operator.lua").write_text("return 1 +\n")
        wait_for(lambda: lines(process, "the new version is refused"), "the refusal")
        mark = fake.mark()
        (folder / "operator.lua").write_text(before)
        wait_for(lambda: lines(process, "nothing is new"), "the return")
        assert fake.asked("apply", "ConfigMap", mark) == []


def test_sighup_looks_at_once_and_says_what_came_of_it(fake, folder):
    with run(fake, folder, "--reload", "signal") as process:
        all_have(fake, "-v1")
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: lines(process, "nothing is new"), "the answer")
        write(folder, "-v2")
        process.process.send_signal(signal.SIGHUP)
        all_have(fake, "-v2")
        (folder / "operator.lua").write_text("return 1 +\n")
        for times in (1, 2):        # also what was refused before
            process.process.send_signal(signal.SIGHUP)
            wait_for(lambda: len(lines(process, "the new version is refused")) == times, "the refusal")


def test_set_stays_and_a_version_without_that_parameter_is_refused(fake, folder):
    with run(fake, folder, "--set", "tail=-set") as process:
        all_have(fake, "-set")
        write(folder, "-v2")
        wait_for(lambda: lines(process, 'msg="reloaded"'), "the new version")
        all_have(fake, "-set")
        (folder / "operator.lua").write_text(text().replace("tail", "ending"))
        wait_for(lambda: lines(process, "the new version is refused"), "the refusal")
        assert "tail" in lines(process, "the new version is refused")[0]


def test_parameters_and_overlays_are_looked_at_too(fake, folder, tmp_path):
    overlay = tmp_path / "site.lua"

    def overlay_says(tail):
        overlay.write_text('local tidelock = require "tidelock"\n'
                           'return tidelock.overlay { api = 1, operator = "mirror", '
                           f'parameters = {{ tail = "{tail}" }} }}\n')
    (folder / "parameters.yaml").write_text("tail: -file\n")
    overlay_says("-over")
    with run(fake, folder, "--overlay", overlay) as process:
        all_have(fake, "-over")
        overlay_says("-again")
        all_have(fake, "-again")
        overlay.write_text(overlay.read_text().replace('"mirror"', '"nobody"'))
        wait_for(lambda: lines(process, "this overlay is for operator 'nobody'"), "the refusal")
        overlay.write_text('local tidelock = require "tidelock"\n'
                           'return tidelock.overlay { api = 1, operator = "mirror" }\n')
        all_have(fake, "-file")
        (folder / "parameters.yaml").write_text("tail: -file2\n")
        all_have(fake, "-file2")


def test_a_hundred_edits_in_a_row(fake, folder):
    """Half of them broken; what is there at the end is in charge."""
    with run(fake, folder) as process:
        all_have(fake, "-v1")
        for number in range(2, 102):
            if number % 2:
                (folder / "operator.lua").write_text("return 1 +\n")
            else:
                write(folder, f"-v{number}")
        write(folder, "-last")
        all_have(fake, "-last")
        wait_for(lambda: lines(process, 'msg="reloaded"'), "the log")
        assert not any(condition(fake, n) for n in ("one", "two", "three"))
    assert "Sanitizer" not in process.log


# rows: D16
# broken: a controller that is held began passes all the same: children of both versions
def test_a_plan_under_way_is_carried_out_by_the_version_that_made_it(fake, folder):
    two = '{ "ConfigMap", "a" }, { "ConfigMap", "b" }'
    write(folder, "-v1", children=two)
    with run(fake, folder) as process:
        wait_for(lambda: len(children(fake)) == 6, "the children")
        asked, go_on = threading.Event(), threading.Event()

        def slow(exchange):
            asked.set()
            go_on.wait(60)
            exchange.default()
        mark = fake.mark()
        fake.script("apply", "ConfigMap", slow)
        fake.put("Mirror", "one", {"value": "changed"})
        assert asked.wait(60)
        write(folder, "-v2", children=two)
        fake.put("Mirror", "two", {"value": "meanwhile"})
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: lines(process, "SIGHUP"), "the signal to be noticed")
        assert not lines(process, 'msg="reloaded"')
        go_on.set()
        wait_for(lambda: set(children(fake).values()) ==
                 {"changed-v2", "meanwhile-v2", "three-v2"}, "the new version")
        values = [(r.body["metadata"]["name"], r.body["data"]["value"])
                  for r in fake.asked("apply", "ConfigMap", mark) if r.status == 200]
        ones = [v for v in values if v[0].startswith("one")]
        assert ones[:2] == [("one-a", "changed-v1"), ("one-b", "changed-v1")], values
        first = next(i for i, v in enumerate(values) if v[1].endswith("-v2"))
        assert all(v[1].endswith("-v2") for v in values[first:]), values


def test_kinds_come_and_go_with_versions(fake, folder):
    both = '{ "ConfigMap", "a" }, { "Secret", "s" }'

    def watches(kind):
        return len(fake.asked("watch", kind)) + len(fake.asked("stream", kind))
    with run(fake, folder) as process:
        all_have(fake, "-v1")
        assert watches("Secret") == 0
        write(folder, "-v2", owns=f"{MAP}, {SECRET}", children=both)
        wait_for(lambda: len(children(fake, "Secret")) == 3, "the new kind")
        write(folder, "-v3")
        wait_for(lambda: lines(process, "once owned 'v1 Secret'"), "the refusal")
        write(folder, "-v4", owns=MAP + ', { "v1", "Secret", retired = true }')
        wait_for(lambda: children(fake, "Secret") == {}, "the kind to be retired")
        all_have(fake, "-v4")

        def forgotten():
            lease = fake.find(fake.kinds["Lease"], ("default", "tidelock"))
            return "Secret" not in str(lease["metadata"].get("annotations"))
        wait_for(forgotten, "the Lease to forget it")
        write(folder, "-v5")
        all_have(fake, "-v5")
        told = watches("Secret")
        fake.put("Mirror", "four", {"value": "four"})
        all_have(fake, "-v5", ("one", "two", "three", "four"))
        assert watches("Secret") == told


def test_a_version_that_may_not_see_its_kinds_waits_for_the_right(fake, folder):
    for verb in ("list", "watch", "stream"):
        fake.always(verb, "Secret", refuse(403))
    with run(fake, folder) as process:
        all_have(fake, "-v1")
        write(folder, "-v2", owns=f"{MAP}, {SECRET}")
        wait_for(lambda: lines(process, "the new version waits"), "the log")
        assert "secrets" in lines(process, "the new version waits")[0]
        fake.put("Mirror", "four", {"value": "four"})
        all_have(fake, "-v1", ("one", "two", "three", "four"))
        for verb in ("list", "watch", "stream"):
            fake.always(verb, "Secret", None)
        write(folder, "-v3", owns=f"{MAP}, {SECRET}")
        all_have(fake, "-v3", ("one", "two", "three", "four"))
