"""The fixtures of conftest.py with `tidelock sim` in place of the real control
plane. A module that imports these and the tests of another one runs them on it:
one suite, two back ends."""

import pytest

import echo
import harness
from simplane import SimPlane

WEBSITE = harness.ROOT / "operators/website/crd.yaml"


@pytest.fixture(scope="module")
def cluster():
    """With controllers, without nodes: as the control plane of conftest.py."""
    with SimPlane(controllers="all") as plane:
        harness.install_crd(plane, WEBSITE)
        yield plane


@pytest.fixture(scope="module")
def bare_cluster():
    with SimPlane(controllers="none") as plane:
        harness.install_crd(plane, WEBSITE)
        yield plane


@pytest.fixture(scope="module")
def echo_cluster(bare_cluster):
    echo.install(bare_cluster)
    return bare_cluster
