/*
 * test_barrier.c -- when a held object is looked at (G3).
 */
#include "core/barrier.h"
#include "test.h"

TEST(an_unknown_outcome_is_looked_at_at_once)
{
    struct barrier b = {0};

    check_int(barrier_wait_ms(&b, 7), 0);
    barrier_hold(&b, true, 1000);
    check(b.held && b.unknown);
    check_int(barrier_wait_ms(&b, 1000), 0);
}

TEST(what_is_going_is_looked_at_after_five_seconds_and_ever_more_rarely)
{
    static const uint64_t waits[] = {5000,   10000,  20000,  40000, 80000,
                                     160000, 300000, 300000};
    struct barrier b = {0};
    uint64_t now = 1000;

    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        barrier_hold(&b, false, now);
        check_int(barrier_wait_ms(&b, now), waits[i]);
        now += waits[i];
        check_int(barrier_wait_ms(&b, now), 0);
        barrier_looked(&b, now);
    }
    check_int(b.since_ms, 1000);
}

TEST(an_unknown_outcome_takes_precedence_over_patience)
{
    struct barrier b = {0};

    barrier_hold(&b, false, 1000);
    barrier_hold(&b, true, 2000);
    check_int(barrier_wait_ms(&b, 2000), 0);
    check_int(b.since_ms, 2000);
}
