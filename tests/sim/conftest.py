"""One real API server and one sim for all tests of this folder."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
for folder in (HERE, ROOT / "tests" / "cluster", ROOT / "tests" / "e2e"):
    sys.path.insert(0, str(folder))

from controlplane import ControlPlane                       # noqa: E402
from servers import Server                                  # noqa: E402
from simplane import SimPlane                               # noqa: E402


def ready(plane):
    """Its kubeconfig, with the kinds of crds.py installed."""
    server = Server("new", plane.kubeconfig)
    server.install_crds()
    server.close()
    return plane.kubeconfig


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in make test-long")


@pytest.fixture(scope="session")
def real():
    with ControlPlane(controller_manager=False) as plane:
        yield ready(plane)


@pytest.fixture(scope="session")
def sim():
    with SimPlane(controllers="none") as plane:
        yield ready(plane)


@pytest.fixture
def fresh_real():
    with ControlPlane(controller_manager=False) as plane:
        yield ready(plane)


@pytest.fixture
def fresh_sim():
    with SimPlane(controllers="none") as plane:
        yield ready(plane)


@pytest.fixture
def pair():
    """Two sims that nobody has asked anything: a sequence takes names and ports
    of the whole cluster, so it runs once on each."""
    with SimPlane(controllers="none") as one, SimPlane(controllers="none") as other:
        servers = Server("one", ready(one)), Server("other", ready(other))
        yield servers
        for server in servers:
            server.close()
