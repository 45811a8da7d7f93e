"""test_uninstall.py on the embedded cluster."""

from sims import bare_cluster  # noqa: F401  its fixtures
from test_uninstall import *   # noqa: F401,F403  its tests
