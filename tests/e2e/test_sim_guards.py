"""The tests of test_guards.py on `tidelock sim`."""

from sims import bare_cluster, cluster, echo_cluster        # noqa: F401
from test_guards import *                                 # noqa: F401,F403
