"""One node for all tests of this folder."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import node as nodes                                      # noqa: E402
import installed                                          # noqa: E402
import machine                                            # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in make test-long")


@pytest.fixture(autouse=True, scope="session")
def containers():
    """Skips every test, by name, where no container can run."""
    if machine.lacks():
        pytest.skip(machine.lacks())


@pytest.fixture(scope="session")
def node(containers):
    """A cluster that runs pods, shared by the whole session."""
    with nodes.Node() as running:
        yield running


@pytest.fixture(scope="session")
def image(node, tmp_path_factory):
    """The image of the release build, on the node as tidelock:test."""
    archive = installed.make_image(tmp_path_factory.mktemp("image"))
    node.load(archive)
    return archive
