"""A few seconds of what `make soak` does for hours."""

import os
import subprocess
import sys

from harness import ROOT

SECONDS = 3600 if "TIDELOCK_TEST_LONG" in os.environ else 8


# rows: D58
# broken: 410 on a watch taken for trouble that passes: roots are never mirrored
def test_faults_at_random_leave_nothing_behind():
    done = subprocess.run([sys.executable, ROOT / "tests/faults/soak", "--seconds",
                           str(SECONDS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
