"""The tests of test_half_broken.py on `tidelock sim`."""

from sims import bare_cluster, cluster, echo_cluster        # noqa: F401
from test_half_broken import *                                  # noqa: F401,F403
