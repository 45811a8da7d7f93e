/* The gate: holds and the rate, by numbers. */
#include "io/http_gate.h"

#include "test.h"

TEST(gate_is_open_unless_told)
{
    struct http_gate g = {0};

    for (unsigned i = 0; i < 1000; i++)
        check_int(http_gate_place_ms(&g, 5), 0);
    check_int(http_gate_held_ms(&g, 0), 0);
}

/* rows: S72
 * broken: the shorter of two holds ended the longer */
TEST(gate_holds_until_the_longest_of_its_holds_is_over)
{
    struct http_gate g = {0};

    http_gate_hold(&g, 1000, 7000);
    http_gate_hold(&g, 2000, 1000);
    check_int(http_gate_held_ms(&g, 2000), 6000);
    check_int(http_gate_held_ms(&g, 7999), 1);
    check_int(http_gate_held_ms(&g, 8000), 0);
    http_gate_hold(&g, 9000, 0);
    check_int(http_gate_held_ms(&g, 9000), 0);
}

/* broken: a rate without `early`: the burst waits */
TEST(gate_lets_a_burst_go_and_then_keeps_its_rate)
{
    struct http_gate g = {.qps = 10, .burst = 3};

    for (unsigned i = 0; i < 3; i++)
        check_int(http_gate_place_ms(&g, 1000), 0);
    check_int(http_gate_place_ms(&g, 1000), 100);
    check_int(http_gate_place_ms(&g, 1000), 200);
    check_int(http_gate_place_ms(&g, 1250), 50);
    /* all of the burst is there again after a while, and no more than that */
    for (unsigned i = 0; i < 3; i++)
        check_int(http_gate_place_ms(&g, 90000), 0);
    check_int(http_gate_place_ms(&g, 90000), 100);
}

/* In any second not more than the rate, after the burst. */
TEST(gate_never_lets_more_go_than_it_may)
{
    struct http_gate g = {.qps = 7};
    uint64_t last = 0;

    for (unsigned i = 0; i < 70; i++)
        last = 100 + http_gate_place_ms(&g, 100);
    check(last >= 100 + 69 * 1000 / 7);
    check(last <= 101 + 69 * 1000 / 7 + 1);
}
