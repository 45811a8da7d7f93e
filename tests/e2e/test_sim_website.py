"""The tests of test_website.py on `tidelock sim`."""

from sims import bare_cluster, cluster, echo_cluster        # noqa: F401
from test_website import *                                  # noqa: F401,F403
