"""The helpers of the end-to-end tests are those of the fault tests too."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "cluster")]


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in make test-long")
