"""tidelock new: an operator that works as it is, whatever it is called."""

import json
import os
import re
import subprocess

import pytest

from harness import program


def run(*arguments, cwd):
    return subprocess.run([program(), *map(str, arguments)], cwd=cwd,
                          env=dict(os.environ, CI="true", KUBECONFIG=""),
                          capture_output=True, text=True, timeout=120)


NAMES = ["redis-cache", "x", "proxy", "my-table", "wiki-2", "end", "box",
         "a" * 54]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flags", [(), ("--table",)], ids=["reconcile", "table"])
def test_what_is_made_works_as_it_is(name, flags, tmp_path):
    made = run("new", name, *flags, cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    left = [p for p in (tmp_path / name).rglob("*") if p.is_file()
            and re.search(r"@\w+@", p.read_text())]
    assert left == []
    json.loads((tmp_path / name / ".luarc.json").read_text())

    tested = run("test", name, cwd=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "never reached" not in tested.stdout

    planned = run("plan", name, "--offline", "-f", f"{name}/examples", cwd=tmp_path)
    assert planned.returncode == 2, planned.stderr
    assert "Plan: 2 to create" in planned.stdout


def test_it_runs_on_the_embedded_cluster(tmp_path):
    run("new", "redis-cache", cwd=tmp_path)
    done = run("sim", "redis-cache", "-f", "redis-cache/examples",
               "--until-quiet", "-o", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr

    objects = json.loads(done.stdout)["items"]
    (cache,) = [o for o in objects if o["kind"] == "RedisCache"]
    ready = {c["type"]: c["status"] for c in cache["status"]["conditions"]}
    assert ready == {"Ready": "True", "Reconciled": "True"}
    assert cache["status"]["readyReplicas"] == 2


def test_names_may_be_given(tmp_path):
    done = run("new", "redis-cache", "--kind", "Cache", "--group", "db.example.org",
               "--dir", "operators/cache", cwd=tmp_path)
    folder = tmp_path / "operators/cache"

    assert done.stdout.startswith("operators/cache: an operator for Cache (db.example.org/v1)\n")
    assert '"db.example.org/v1", "Cache"' in (folder / "operator.lua").read_text()
    assert "name: caches.db.example.org" in (folder / "crd.yaml").read_text()
    assert run("test", folder, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("arguments, message, hint", [
    (["Redis_Cache"], "'Redis_Cache' is no name", "tidelock new redis-cache"),
    (["9 lives"], "'9 lives' is no name", "tidelock new lives"),
    (["a" * 55], "at most 54", None),
    (["../x"], "'../x' is no name", "tidelock new x"),
    (["x", "--kind", "redisCache"], "'redisCache' is no kind", "--kind RedisCache"),
    (["x", "--group", "example"], "'example' is no API group", "example.com"),
    (["x", "--group", "x.k8s.io"], "belongs to Kubernetes", "of your own"),
    ([], "new takes one name", "tidelock new redis-cache"),
    (["a", "b"], "new takes one name", "tidelock new redis-cache"),
])
def test_names_that_cannot_be_used_are_refused(arguments, message, hint, tmp_path):
    done = run("new", *arguments, cwd=tmp_path)

    assert done.returncode == 3
    assert message in done.stderr
    assert (f"hint: " in done.stderr) == (hint is not None)
    assert (hint or "") in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path):
    folder = tmp_path / "redis-cache"
    folder.mkdir()
    assert run("new", "redis-cache", cwd=tmp_path).returncode == 0  # it was empty
    (folder / "operator.lua").write_text("-- mine")
    done = run("new", "redis-cache", cwd=tmp_path)

    assert done.returncode == 1
    assert "'redis-cache' is there already, nothing was written" in done.stderr
    assert (folder / "operator.lua").read_text() == "-- mine"


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "x").write_text("")
    assert run("new", "x", cwd=tmp_path).returncode == 1
    done = run("new", "y", "--dir", "x/y", cwd=tmp_path)
    assert done.returncode == 1
    assert "x" in done.stderr
