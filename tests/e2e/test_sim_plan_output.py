"""The tests of test_plan_output.py on `tidelock sim`."""

from sims import bare_cluster, cluster, echo_cluster        # noqa: F401
from test_plan_output import *                                  # noqa: F401,F403

# It takes a right away, and on sim everybody has every right.
del test_what_may_not_be_asked_is_shown_as_computed       # noqa: F821
