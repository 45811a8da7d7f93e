"""The tests of test_two_operators.py on `tidelock sim`."""

from sims import bare_cluster, cluster, echo_cluster        # noqa: F401
from test_two_operators import *                                  # noqa: F401,F403
