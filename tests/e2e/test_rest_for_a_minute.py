"""Nothing happens, and nothing is asked. The minute began in test_quiet.py, when
other tests had work to do; this file comes late."""

import time

from harness import wait_for, writes

IDLE = 60       # seconds


def test_sixty_idle_seconds_are_spent_without_a_request(resting):
    wait_for(lambda: time.monotonic() > resting.since + IDLE, "a minute to pass",
             deadline=2 * IDLE)
    requests = [e for e in resting.cluster.audit(
        since=resting.mark, user=resting.user)
        if e["verb"] != "watch" and
        (e["verb"], e.get("objectRef", {}).get("resource")) != ("update", "leases")]
    assert [(e["verb"], e["requestURI"]) for e in requests] == []

    # It was not asleep.
    resting.change("second")
    assert writes(resting.cluster, resting.mark, resting.user)
