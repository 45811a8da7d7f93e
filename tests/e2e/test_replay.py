"""`--record` and `tidelock replay`: passes of a live cluster as files, without
secrets, and what an edited script makes of them."""

import json

import pytest

from harness import ROOT, Tidelock, run_once, tidelock, wait_for, write_operator
from sims import bare_cluster                                   # noqa: F401
from test_website import Site

WEBSITE = ROOT / "operators/website"
CANARY = "correct-horse-battery-staple"

VAULT = """\
local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "vault",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" }, { "v1", "Secret" } },
  reads = { { "v1", "Secret", names = function() return { "password" } end } },
  parameters = { color = { type = "string", default = "red" } },
  %(extra)s
  reconcile = function(site, view, plan)
    local password = view:get("v1", "Secret", "password")
    local handle = password and password.data.word
    plan:apply { apiVersion = "v1", kind = "ConfigMap", metadata = {
      name = "of-" .. site.metadata.name,
      annotations = { sum = handle and handle:checksum() },
    }, data = { word = handle, color = view.params.color } }
    plan:apply { apiVersion = "v1", kind = "Secret", metadata = { name = "copy" },
      data = { word = handle } }
    plan:condition("Ready", handle ~= nil, "Looked")
  end,
}
"""


def vault(folder, extra="", **changes):
    text = VAULT % {"extra": extra}
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return write_operator(folder / "vault", text)


def replay(*arguments):
    done = tidelock("replay", *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def cluster(bare_cluster):
    bare_cluster.client().post("/api/v1/namespaces/default/secrets", {
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "password", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": CANARY}},
        "stringData": {"word": CANARY, "other": CANARY}})
    return bare_cluster


@pytest.fixture
def recorded(cluster, tmp_path):
    """The vault operator, and its passes: one that makes all, one that finds
    all there."""
    operator = vault(tmp_path)
    site = Site(cluster, "default")
    site.apply()
    for _ in range(2):
        run_once(operator, "--record", tmp_path / "fixtures", kubeconfig=cluster.kubeconfig)
    site.delete("websites")
    for path in ("configmaps/of-blog", "secrets/copy"):
        cluster.client().delete(f"/api/v1/namespaces/default/{path}")
    return operator, tmp_path / "fixtures"


def test_the_same_script_makes_the_same_plans(recorded):
    operator, fixtures = recorded
    code, out, err = replay(fixtures)
    count = len(list(fixtures.iterdir()))
    assert count >= 2
    assert (code, out) == (
        0, f"Compared {count} plans: 0 differ, {count} the same. Nothing was applied.\n"), err


def test_no_fixture_holds_a_secret(recorded):
    operator, fixtures = recorded
    files = sorted(fixtures.iterdir())
    texts = "".join(path.read_text() for path in files)
    # the values stand in a Secret that is read, in one that is owned, as text
    # in a ConfigMap, and as a checksum in an annotation
    for form in (CANARY, "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ"):
        assert form not in texts
    assert "redacted-1" in texts
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert files[0].name == "vault-default-blog-0001.yaml"


def test_an_edited_script_shows_what_it_does_differently(recorded, tmp_path):
    operator, fixtures = recorded
    edited = vault(tmp_path / "b", **{'"Looked"': '"Seen"'})
    code, out, err = replay(fixtures, "--operator", edited)
    assert code == 2, err
    assert "~ status Website default/blog" in out
    assert ".status.conditions[type=Ready].reason: Looked -> Seen" in out


def test_parameters_are_those_of_then_unless_set(recorded):
    operator, fixtures = recorded
    code, out, err = replay(fixtures, "--set", "color=blue", "-o", "json")
    assert code == 2, err
    fields = [f for i in json.loads(out)["items"] for d in i["differences"]
              for f in d.get("fields", ())]
    assert {"path": ".data.color", "old": "red", "new": "blue"} in fields


def test_a_script_that_breaks_is_an_error(recorded, tmp_path):
    operator, fixtures = recorded
    edited = vault(tmp_path / "b", **{"password.data.word": "password.dada.word"})
    code, out, err = replay(fixtures, "--operator", edited)
    assert code == 1
    assert "+ fails: operator.lua:13: " in out and "'dada'" in out
    assert "no longer succeed" in out


def test_what_was_not_recorded_is_unknown_and_never_absent(recorded, tmp_path):
    operator, fixtures = recorded
    edited = vault(tmp_path / "b", **{
        'reads = {': 'reads = { { "v1", "Pod" },',
        'plan:condition(': 'view:list("v1", "Pod") plan:condition('})
    code, out, err = replay(fixtures, "--operator", edited)
    assert code == 1
    assert "the fixture was recorded without it" in out, err


def test_two_revisions_are_compared_on_one_fixture(recorded, tmp_path):
    operator, fixtures = recorded
    edited = vault(tmp_path / "b", **{'"Looked"': '"Seen"'})
    code, out, err = replay(fixtures, "--operator", edited, "--against", edited)
    assert code == 0, err
    code, out, err = replay(fixtures, "--operator", operator, "--against", edited)
    assert code == 2 and "Seen -> Looked" in out


def test_a_live_run_is_recorded_while_it_goes_on(cluster, tmp_path):
    fixtures = tmp_path / "fixtures"
    client = cluster.client()
    client.post("/api/v1/namespaces", {"metadata": {"name": "live"}})
    site = Site(cluster, "live", "live")
    site.apply()
    with Tidelock("run", WEBSITE, "--namespace", "live", "--record", fixtures, kubeconfig=cluster.kubeconfig,
                  folder=tmp_path):
        site.wait_for_children()
        site.apply(replicas=3)
        wait_for(lambda: site.get("deployments")["spec"]["replicas"] == 3, "three replicas")
    texts = [p.read_text() for p in fixtures.iterdir() if "-live-" in p.name]
    assert len(texts) >= 2
    code, out, err = replay(fixtures)
    assert code == 0, out + err


def test_an_operator_that_reads_secrets_is_not_recorded(cluster, tmp_path):
    operator = vault(tmp_path, extra="reads_secret_values = true,")
    done = tidelock("run", operator, "--once", "--record", tmp_path / "fixtures",
                    kubeconfig=cluster.kubeconfig)
    assert done.returncode == 1
    assert "its reconciles are not recorded" in done.stderr
    assert not (tmp_path / "fixtures").exists()


@pytest.mark.parametrize("text,message", [
    ("a: [", "f.yaml:2:1: "),
    ("kind: Pod\napiVersion: v1\n", "f.yaml: this is no fixture"),
    ("kind: Fixture\napiVersion: tidelock.dev/v1alpha1\noperator: x\nnow: soon\n",
     ".now is no RFC 3339 time"),
    ("kind: Fixture\napiVersion: tidelock.dev/v1alpha1\noperator: x\n"
     "now: '2026-01-02T03:04:05Z'\nroot: &r {apiVersion: v1, kind: X, metadata: {name: x}}\n"
     "kinds: {}\nplan: {root: {name: x}}\n", ".kinds is not a list"),
    ("kind: Fixture\napiVersion: tidelock.dev/v1alpha1\noperator: x\n"
     "now: '2026-01-02T03:04:05Z'\nroot: {metadata: 7}\nkinds: [7, {items: [x]}]\n"
     "plan: {root: {name: x}}\noperatorPath: operators/website\n", ".root is no object"),
])
def test_a_damaged_fixture_is_named(tmp_path, text, message):
    (tmp_path / "f.yaml").write_text(text)
    code, out, err = replay(tmp_path / "f.yaml")
    assert code == 1 and message in err, err


def test_an_empty_folder_and_a_lost_operator_say_what_to_do(recorded, tmp_path):
    operator, fixtures = recorded
    (tmp_path / "empty").mkdir()
    code, out, err = replay(tmp_path / "empty")
    assert code == 1 and "there are no fixtures in" in err and "--record DIR" in err
    operator.rename(tmp_path / "moved")
    code, out, err = replay(fixtures)
    assert code == 1 and "is not at" in err and "--operator DIR" in err
