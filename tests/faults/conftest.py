"""The helpers of the end-to-end tests are those of the fault tests too."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "cluster")]

import pytest                                            # noqa: E402

from fakeapi import FakeApi, Kind                        # noqa: E402
from waiting import begun                                # noqa: E402,F401


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in make test-long")


def pytest_collection_modifyitems(items):
    """What waits begins first and is looked at last (test_silence.py)."""
    items.sort(key=lambda item: "begun" in item.fixturenames)


@pytest.fixture(scope="session", autouse=True)
def waiting(request):
    """The session's long waits, where one of its tests asks for them."""
    if any("begun" in item.fixturenames for item in request.session.items):
        request.getfixturevalue("begun")


@pytest.fixture
def fake(tmp_path):
    """A scripted API server with three roots of the kind Mirror."""
    with FakeApi(tmp_path, [Kind("Mirror", status=True)]) as server:
        for name in ("one", "two", "three"):
            server.put("Mirror", name, {"value": name})
        yield server
        assert server.wrong == []
