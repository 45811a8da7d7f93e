"""`tidelock plan NEW --compare OLD`: what a revision of a script would do that
the one in charge does not, over all live objects, before it is installed."""

import json
import shutil

import pytest

from harness import ROOT, run_once, tidelock, wait_for
from sims import cluster                                        # noqa: F401
from test_website import Site

WEBSITE = ROOT / "operators/website"
PORT = ('"-p", "8080"', '"-p", "8000"')
FIELD = ".spec.template.spec.containers[name=httpd].command[3]: 8080 -> 8000\n"


@pytest.fixture(scope="module")
def live(cluster):
    """Two sites with all that the operator in charge makes of them."""
    sites = [Site(cluster, "default", name) for name in ("blog", "shop")]
    for site in sites:
        site.apply(replicas=2)

    def nothing_left():
        run_once(WEBSITE, kubeconfig=cluster.kubeconfig)
        return all(site.get("websites").get("status", {}).get("readyReplicas") == 2
                   for site in sites)

    wait_for(nothing_left, "two sites that serve")
    return cluster


def revision(folder, *changes):
    """The website operator with texts replaced."""
    copy = folder / "website"
    shutil.copytree(WEBSITE, copy)
    script = copy / "operator.lua"
    text = script.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    script.write_text(text)
    return copy


def compare(new, old, *arguments, kubeconfig=None):
    done = tidelock("plan", new, "--compare", old, *arguments, kubeconfig=kubeconfig)
    return done.returncode, done.stdout, done.stderr


def test_a_revision_that_does_the_same_differs_in_nothing(live, tmp_path):
    code, out, err = compare(revision(tmp_path, ("-- Every child has", "-- All of them have")),
                             WEBSITE, kubeconfig=live.kubeconfig)
    assert (code, out) == (0, "Compared 2 plans: 0 differ, 2 the same. Nothing was applied.\n"), err


def test_a_change_of_all_objects_is_told_once(live, tmp_path):
    new = revision(tmp_path, PORT)
    mark = live.audit_mark()
    code, out, err = compare(new, WEBSITE, kubeconfig=live.kubeconfig)
    assert code == 2, err
    assert out == f"""\
website: - only {WEBSITE}, + only {new}, ~ both, differently

2 objects differ in the same way: default/blog, default/shop
  + change Deployment default/{{name}}            operator.lua:65
      {FIELD}
Compared 2 plans: 2 differ, 0 the same. Nothing was applied.
"""
    assert not [e for e in live.audit(since=mark)
                if e["verb"] in ("create", "update", "patch", "delete")
                and "dryRun" not in e["requestURI"]
                and "selfsubject" not in e["requestURI"]]


def test_what_is_no_longer_declared_is_a_delete_of_the_new_side(live, tmp_path):
    new = revision(tmp_path, ("  plan:apply(service(site))\n", ""))
    code, out, err = compare(new, WEBSITE, "blog", kubeconfig=live.kubeconfig)
    assert code == 2, err
    assert "default/blog\n  + delete Service default/blog\n\nCompared 1 plan: 1 differs" in out


def test_a_revision_that_fails_is_an_error(live, tmp_path):
    new = revision(tmp_path, ("site.spec.port or 80", "site.spec.prot.number"))
    code, out, err = compare(new, WEBSITE, kubeconfig=live.kubeconfig)
    assert code == 1
    assert "2 objects differ in the same way" in out
    assert "+ fails: operator.lua:" in out and "'prot'" in out
    assert "2 no longer succeed" in out


def test_programs_get_a_document(live, tmp_path):
    new = revision(tmp_path, PORT)
    code, out, err = compare(new, WEBSITE, "-o", "json", kubeconfig=live.kubeconfig)
    assert code == 2, err
    document = json.loads(out)
    assert document["kind"] == "PlanComparison"
    assert document["summary"] == {"plans": 2, "differ": 2, "broken": 0}
    assert [i["name"] for i in document["items"]] == ["blog", "shop"]
    [difference] = document["items"][0]["differences"]
    assert (difference["side"], difference["kind"]) == ("new", "Deployment")


def test_files_will_do_without_a_cluster(tmp_path):
    new = revision(tmp_path, PORT)
    code, out, err = compare(new, WEBSITE, "--offline", "-f", WEBSITE / "examples")
    assert code == 2, err
    assert "2 objects differ in the same way: default/blog, default/shop" in out
    assert "  ~ create Deployment default/{name} " in out and FIELD in out


@pytest.mark.parametrize("change,message", [
    (('name = "website"', 'name = "other"'), "is named 'other'"),
    (('"Website"', '"Shop"'), "reconciles example.com/v1 Shop"),
])
def test_two_operators_are_not_two_revisions(tmp_path, change, message):
    code, out, err = compare(revision(tmp_path, change), WEBSITE, "--offline",
                             "-f", WEBSITE / "examples")
    assert code == 1 and message in err and out == ""
