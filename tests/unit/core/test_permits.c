/*
 * Tests of core/permits: who is next, and that nobody is forgotten.
 */
#include "core/permits.h"

#include "base/clock.h"
#include "test.h"

#define TAKERS 4

/* Operators with work: each takes permits until it has what it wants. */
struct desk {
    struct permits *permits;
    struct taker takers[TAKERS];
    unsigned turns[TAKERS]; /* how often each was called */
};

static void on_turn(void *arg)
{
    ++*(unsigned *)arg;
}

static void desk_open(struct desk *d, unsigned limit)
{
    *d = (struct desk){.permits = permits_new(limit)};
    for (unsigned i = 0; i < TAKERS && d->permits; i++) {
        d->takers[i].on_turn = on_turn;
        d->takers[i].arg = &d->turns[i];
        permits_join(d->permits, &d->takers[i]);
    }
}

static void desk_close(struct desk *d)
{
    for (unsigned i = 0; i < TAKERS; i++)
        permits_leave(&d->takers[i]);
    check(!d->permits || permits_held(d->permits) == 0);
    permits_free(d->permits);
}

TEST(permits_give_one_who_is_alone_all_there_are)
{
    struct desk d;

    desk_open(&d, 3);
    for (unsigned i = 0; i < 3; i++)
        check(permits_take(&d.takers[0]));
    check(!permits_were_short(d.permits));
    check(!permits_take(&d.takers[0]));
    check(permits_were_short(d.permits));
    check(!permits_were_short(d.permits)); /* once */
    check_int(d.turns[0], 0);
    permits_give(&d.takers[0]);
    check_int(d.turns[0], 1);
    check(permits_take(&d.takers[0]));
    desk_close(&d);
}

/* The heart of it: however much one wants, the next is another's.
 * broken: comes_before() that prefers who was served last */
TEST(permits_give_the_next_to_who_holds_the_fewest)
{
    struct desk d;

    desk_open(&d, 10);
    for (unsigned i = 0; i < 10; i++)
        check(permits_take(&d.takers[0]));
    check(!permits_take(&d.takers[0]));
    check(!permits_take(&d.takers[1]));
    permits_give(&d.takers[0]);
    check_int(d.turns[0], 0);
    check_int(d.turns[1], 1);
    check(!permits_take(&d.takers[0])); /* it is not for the taking */
    check(permits_take(&d.takers[1]));
    desk_close(&d);
}

TEST(permits_take_turns_when_all_hold_the_same)
{
    struct desk d;
    unsigned order[6];

    desk_open(&d, 1);
    check(permits_take(&d.takers[2]));
    for (unsigned i = 0; i < 3; i++)
        check(!permits_take(&d.takers[i]));
    for (unsigned n = 0; n < 6; n++) {
        struct taker *holder = NULL;

        for (unsigned i = 0; i < TAKERS; i++)
            holder = d.takers[i].held ? &d.takers[i] : holder;
        permits_give(holder);
        for (unsigned i = 0; i < 3; i++)
            if (permits_take(&d.takers[i]))
                order[n] = i;
    }
    for (unsigned n = 3; n < 6; n++)
        check_int(order[n], order[n - 3]);
    check(order[0] != order[1] && order[1] != order[2] && order[0] != order[2]);
    desk_close(&d);
}

TEST(permits_hold_nothing_back_for_who_does_not_want_it)
{
    struct desk d;

    desk_open(&d, 1);
    check(permits_take(&d.takers[0]));
    check(!permits_take(&d.takers[1]));
    check(!permits_take(&d.takers[0]));
    permits_give(&d.takers[0]);
    check(!permits_take(&d.takers[0]));
    permits_forgo(&d.takers[1]);
    check_int(d.turns[0], 1);
    check(permits_take(&d.takers[0]));
    desk_close(&d);
}

TEST(permits_of_one_who_leaves_go_to_the_others)
{
    struct desk d;

    desk_open(&d, 2);
    check(permits_take(&d.takers[0]));
    check(permits_take(&d.takers[0]));
    check(!permits_take(&d.takers[3]));
    permits_leave(&d.takers[0]);
    permits_leave(&d.takers[0]); /* once is enough */
    check_int(d.turns[3], 1);
    check(permits_take(&d.takers[3]));
    desk_close(&d);
}

TEST(permits_follow_a_limit_that_changes)
{
    struct desk d;

    desk_open(&d, 4);
    for (unsigned i = 0; i < 4; i++)
        check(permits_take(&d.takers[0]));
    permits_set_limit(d.permits, 2);
    check_int(permits_held(d.permits), 4);
    check(!permits_take(&d.takers[1]));
    permits_give(&d.takers[0]);
    permits_give(&d.takers[0]);
    check_int(d.turns[1], 0); /* still as many as may be */
    permits_set_limit(d.permits, 3);
    check_int(d.turns[1], 1);
    check(permits_take(&d.takers[1]));
    permits_set_limit(d.permits, 0);
    check_int(permits_limit(d.permits), 1);
    desk_close(&d);
}

/* Takes all it may: for each who waits and held less, one is left. */
static void take_all(struct desk *d, unsigned k)
{
    while (permits_take(&d->takers[k])) {
        unsigned left = permits_limit(d->permits) - permits_held(d->permits);
        unsigned due = 0;

        for (unsigned i = 0; i < TAKERS; i++)
            due += i != k && d->takers[i].wants &&
                   d->takers[i].held + 1 < d->takers[k].held;
        check(left >= due);
    }
}

/* Was anybody who waited called? */
static bool serve_woken(struct desk *d)
{
    bool any = false;

    for (unsigned k = 0; k < TAKERS; k++) {
        bool woken = d->turns[k] > 0 || !d->takers[k].wants;

        d->turns[k] = 0;
        if (!woken)
            continue;
        any |= d->takers[k].wants;
        take_all(d, k);
    }
    return any;
}

/* Who wants and could have one was told: otherwise it would sleep for good.
 * broken: permits_give() without call_next() */
TEST(permits_forget_nobody_and_prefer_nobody)
{
    struct desk d;
    struct rng rng;

    rng_init(&rng, test_seed());
    desk_open(&d, 7);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rng_below(&rng, TAKERS);

        if (rng_below(&rng, 50) == 0)
            permits_set_limit(d.permits, 1 + (unsigned)rng_below(&rng, 12));
        if (d.takers[i].held)
            permits_give(&d.takers[i]);
        while (serve_woken(&d))
            ;
        check(permits_held(d.permits) >= permits_limit(d.permits));
    }
    desk_close(&d);
}
