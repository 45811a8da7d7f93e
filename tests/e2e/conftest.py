"""Fixtures: one real control plane for all tests, a namespace for each."""

import itertools
import sys
import pathlib
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import echo                                               # noqa: E402
import everything                                         # noqa: E402
import harness                                            # noqa: E402
from fakeapi import FakeApi, Kind                         # noqa: E402
from controlplane import ControlPlane                     # noqa: E402

_numbers = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in make test-long")


@pytest.fixture(scope="session")
def cluster():
    """A control plane with controllers, shared by the whole session."""
    with ControlPlane(controller_manager=False) as plane:
        # The garbage collector looks for new kinds every 30 s, and first of all.
        harness.install_crd(plane, harness.ROOT / "operators/website/crd.yaml")
        plane.start_controller_manager()
        yield plane


@pytest.fixture(scope="session")
def bare_cluster():
    """A control plane without controllers: nothing but the tests and tidelock
    writes, so that every write can be accounted for."""
    with ControlPlane(controller_manager=False) as plane:
        harness.install_crd(plane, harness.ROOT / "operators/website/crd.yaml")
        yield plane


def make_namespace(plane):
    name = f"test-{next(_numbers)}"
    plane.client().post("/api/v1/namespaces", {
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture
def namespace(cluster):
    """A fresh namespace in `cluster`."""
    return make_namespace(cluster)


@pytest.fixture
def bare_namespace(bare_cluster):
    """A fresh namespace in `bare_cluster`."""
    return make_namespace(bare_cluster)


@pytest.fixture
def admin(cluster):
    """(name, kubeconfig) of a user of the test's own with every right, so that
    its requests can be told apart in the audit log."""
    name = f"tidelock-{next(_numbers)}"
    return name, cluster.user(name, groups=["system:masters"])


@pytest.fixture
def bare_admin(bare_cluster):
    """The same in `bare_cluster`."""
    name = f"tidelock-{next(_numbers)}"
    return name, bare_cluster.user(name, groups=["system:masters"])


@pytest.fixture(scope="session")
def echo_cluster(bare_cluster):
    """`bare_cluster` with the kind of echo.py."""
    echo.install(bare_cluster)
    return bare_cluster


@pytest.fixture
def one(echo_cluster, bare_namespace, bare_admin, tmp_path):
    """A root `one` whose operator does not finalize."""
    return echo.Echo(echo_cluster, bare_namespace, bare_admin,
                     echo.operator(tmp_path))


@pytest.fixture
def final(echo_cluster, bare_namespace, bare_admin, tmp_path):
    """The same root, and an operator that does."""
    return echo.Echo(echo_cluster, bare_namespace, bare_admin,
                     echo.operator(tmp_path / "final", finalize=True))


@pytest.fixture
def fake(tmp_path):
    """A scripted API server with three roots of the kind Mirror."""
    with FakeApi(tmp_path, [Kind("Mirror", status=True)]) as server:
        for name in ("one", "two", "three"):
            server.put("Mirror", name, {"value": name})
        yield server
        assert server.wrong == []


@pytest.fixture(scope="session")
def resting(cluster, tmp_path_factory):
    """A process that has nothing to do from `since` on, while the other tests
    run and controllers go on writing the status of its children."""
    user = "tidelock-resting"
    kubeconfig = cluster.user(user, groups=["system:masters"])
    found = everything.Everything(cluster, make_namespace(cluster))
    with harness.Tidelock(
            "run", everything.EVERYTHING, "operators/website", "--namespace",
            found.ns, kubeconfig=kubeconfig,
            folder=tmp_path_factory.mktemp("rest")) as process:
        harness.wait_for(lambda: found.client.get(
            f"/api/v1/namespaces/{found.ns}/serviceaccounts/default"),
            "pods to be accepted")
        found.change("first")
        site = f"/apis/example.com/v1/namespaces/{found.ns}/websites/blog"
        found.client.apply(site, {
            "apiVersion": "example.com/v1", "kind": "Website",
            "metadata": {"name": "blog"},
            "spec": {"content": {"index.html": "<h1>hello</h1>"}}})
        harness.wait_for(lambda: found.settled() and harness.condition(
            found.client.get(site), "Ready")["reason"] == "Unavailable",
            "the controllers to have looked")
        found.user, found.process = user, process
        found.mark, found.since = cluster.audit_mark(), time.monotonic()
        yield found
