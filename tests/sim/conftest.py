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
def pair(sim):
    """Two connections to the same server."""
    servers = Server("one", sim), Server("other", sim)
    yield servers
    for server in servers:
        server.close()
