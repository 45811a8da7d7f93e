"""The tests of test_crash.py on `tidelock sim`."""

from sims import bare_cluster, cluster, echo_cluster        # noqa: F401
from test_crash import *                                  # noqa: F401,F403
