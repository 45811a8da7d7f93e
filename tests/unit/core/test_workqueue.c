/*
 * Tests of core/workqueue: the adjectives of its header one by one.
 * test_workqueue_model.c compares it with a plain model.
 */
#include "core/workqueue.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/backoff.h"
#include "test.h"

static const struct object_key A = {"default", "a"};
static const struct object_key B = {"default", "b"};
static const struct object_key C = {"", "c"};

static struct clock_fake fake;

static struct workqueue *queue_new(void)
{
    clock_fake_init(&fake);
    return workqueue_new(&fake.clock);
}

/* The next key out is this one (NULL: nothing is ready). */
static const struct object_key *gives(struct workqueue *q,
                                      const struct object_key *want)
{
    const struct object_key *key = workqueue_get(q);

    check((key != NULL) == (want != NULL));
    if (key && want)
        check(object_key_equal(key, want));
    check(workqueue_check(q));
    return key;
}

static void gives_and_is_done(struct workqueue *q,
                              const struct object_key *want)
{
    const struct object_key *key = gives(q, want);

    if (key)
        workqueue_done(q, key);
    check(workqueue_check(q));
}

/* ---- the adjectives ---- */

TEST(workqueue_hands_out_keys_in_the_order_of_their_arrival)
{
    struct workqueue *q = queue_new();

    check_int(workqueue_add(q, &B), 0);
    check_int(workqueue_add(q, &A), 0);
    check_int(workqueue_add(q, &C), 0);
    check_int(workqueue_ready(q), 3);
    gives_and_is_done(q, &B);
    gives_and_is_done(q, &A);
    gives_and_is_done(q, &C);
    gives(q, NULL);
    workqueue_free(q);
}

/* rows: S67, S120, S128
 * broken: want() that appends a READY key again */
TEST(workqueue_adds_a_queued_key_only_once)
{
    struct workqueue *q = queue_new();

    workqueue_add(q, &A);
    workqueue_add(q, &A);
    check_int(workqueue_ready(q), 1);
    gives_and_is_done(q, &A);
    gives(q, NULL);
    check_int(workqueue_known(q), 0);
    workqueue_free(q);
}

/* rows: S66, S67
 * broken: workqueue_done() that forgets RUNNING_DIRTY */
TEST(workqueue_keeps_a_running_key_to_itself_and_gives_it_again)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add(q, &A);
    key = gives(q, &A);
    workqueue_add(q, &A); /* changes under our hands, twice */
    workqueue_add(q, &A);
    gives(q, NULL);
    check_int(workqueue_running(q), 1);
    workqueue_done(q, key);
    gives_and_is_done(q, &A);
    gives(q, NULL);
    workqueue_free(q);
}

TEST(workqueue_tells_apart_namespaces_that_join_to_the_same_text)
{
    struct workqueue *q = queue_new();
    const struct object_key ab_c = {"ab", "c"}, a_bc = {"a", "bc"};

    workqueue_add(q, &ab_c);
    workqueue_add(q, &a_bc);
    gives_and_is_done(q, &ab_c);
    gives_and_is_done(q, &a_bc);
    workqueue_free(q);
}

TEST(workqueue_copies_its_keys)
{
    struct workqueue *q = queue_new();
    char ns[] = "default", name[] = "a";

    workqueue_add(q, &(struct object_key){ns, name});
    ns[0] = name[0] = 'x';
    gives_and_is_done(q, &A);
    workqueue_free(q);
}

/* ---- delays ---- */

/* rows: S69, S75, S123
 * broken: promote() that takes a deadline 1 ms early */
TEST(workqueue_gives_a_delayed_key_not_before_its_time)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, 100);
    check_int(workqueue_wait_ms(q), 100);
    check_int(workqueue_delayed(q), 1);
    clock_fake_advance(&fake, 99);
    gives(q, NULL);
    check_int(workqueue_wait_ms(q), 1);
    clock_fake_advance(&fake, 2); /* nobody looked in time */
    check_int(workqueue_wait_ms(q), 0);
    gives_and_is_done(q, &A);
    check(workqueue_wait_ms(q) == UINT64_MAX);
    workqueue_free(q);
}

/* rows: S69, S75, S126, S127
 * broken: delay() that always takes the new deadline */
TEST(workqueue_keeps_the_earlier_of_two_delays)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, 100);
    workqueue_add_after(q, &A, 300);
    workqueue_add_after(q, &B, 300);
    workqueue_add_after(q, &B, 50);
    check_int(workqueue_delayed(q), 2);
    clock_fake_advance(&fake, 50);
    gives_and_is_done(q, &B);
    gives(q, NULL);
    clock_fake_advance(&fake, 50);
    gives_and_is_done(q, &A);
    clock_fake_advance(&fake, 1000);
    gives(q, NULL);
    workqueue_free(q);
}

/* rows: S75, S124
 * broken: want() that leaves the key in the heap */
TEST(workqueue_ends_a_wait_by_a_plain_add)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, 1000);
    workqueue_add(q, &A);
    gives_and_is_done(q, &A);
    clock_fake_advance(&fake, 2000);
    gives(q, NULL); /* one reconcile, not two */
    workqueue_free(q);
}

TEST(workqueue_ignores_a_delay_of_a_key_that_is_ready)
{
    struct workqueue *q = queue_new();

    workqueue_add(q, &A);
    workqueue_add_after(q, &A, 1000);
    check_int(workqueue_delayed(q), 0);
    gives_and_is_done(q, &A);
    check_int(workqueue_known(q), 0);
    workqueue_free(q);
}

TEST(workqueue_remembers_a_delay_that_was_asked_for_while_running)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add(q, &A);
    key = gives(q, &A);
    workqueue_add_after(q, &A, 100);
    check_int(workqueue_delayed(q), 0);
    clock_fake_advance(&fake, 40);
    workqueue_done(q, key);
    check_int(workqueue_delayed(q), 1);
    check_int(workqueue_wait_ms(q), 60);
    clock_fake_advance(&fake, 60);
    gives_and_is_done(q, &A);
    workqueue_free(q);
}

TEST(workqueue_gives_a_key_again_whose_delay_ended_while_it_ran)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add(q, &A);
    key = gives(q, &A);
    workqueue_add_after(q, &A, 100);
    clock_fake_advance(&fake, 200);
    gives(q, NULL);
    check(workqueue_wait_ms(q) == UINT64_MAX);
    workqueue_done(q, key);
    gives_and_is_done(q, &A);
    gives(q, NULL);
    workqueue_free(q);
}

TEST(workqueue_forgets_a_delay_when_a_running_key_is_added) /* PQ-1 */
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add(q, &A);
    key = gives(q, &A);
    workqueue_add_after(q, &A, 100);
    workqueue_add(q, &A);
    workqueue_add_after(q, &A, 50); /* wanted already */
    workqueue_done(q, key);
    gives_and_is_done(q, &A);
    clock_fake_advance(&fake, 1000);
    gives(q, NULL);
    workqueue_free(q);
}

/* rows: S125
 * broken: add() without promote() */
TEST(workqueue_puts_a_key_that_became_due_before_one_added_later)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, 10);
    workqueue_add_after(q, &B, 5);
    clock_fake_advance(&fake, 20); /* nobody looks meanwhile */
    workqueue_add(q, &C);
    check_int(workqueue_ready(q), 3);
    gives_and_is_done(q, &B);
    gives_and_is_done(q, &A);
    gives_and_is_done(q, &C);
    workqueue_free(q);
}

TEST(workqueue_counts_a_due_key_as_ready_before_anybody_asks_for_it)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, 10);
    workqueue_add_after(q, &B, 30);
    clock_fake_advance(&fake, 20);
    check_int(workqueue_ready(q), 1);
    check_int(workqueue_delayed(q), 1);
    workqueue_free(q);
}

TEST(workqueue_survives_a_delay_beyond_the_end_of_time)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, UINT64_MAX);
    clock_fake_advance(&fake, 1000000);
    gives(q, NULL);
    workqueue_add_after(q, &A, 5);
    clock_fake_advance(&fake, 5);
    gives_and_is_done(q, &A);
    workqueue_free(q);
}

static void sum_waits(void *arg, const struct object_key *key, uint64_t wait_ms)
{
    (void)key;
    *(uint64_t *)arg += wait_ms + 1;
}

TEST(workqueue_shows_who_waits_and_how_long)
{
    struct workqueue *q = queue_new();
    uint64_t sum = 0;

    workqueue_add(q, &C);
    workqueue_add_after(q, &A, 100);
    workqueue_add_after(q, &B, 10);
    clock_fake_advance(&fake, 30);
    workqueue_each_delayed(q, sum_waits, &sum);
    check_int(sum, 71 + 1); /* B is due */
    workqueue_free(q);
}

/* ---- failures ---- */

/* rows: S71
 * broken: backoff_ms() that shifts by the failures */
TEST(workqueue_backs_off_per_key_up_to_a_thousand_seconds)
{
    struct workqueue *q = queue_new();
    uint64_t want = 5;

    for (unsigned i = 0; i < 80; i++) {
        check_int(workqueue_failures(q, &A), i);
        workqueue_add_rate_limited(q, &A);
        check_int(workqueue_wait_ms(q), want);
        clock_fake_advance(&fake, want);
        gives_and_is_done(q, &A);
        want = want * 2 < 1000000 ? want * 2 : 1000000;
    }
    workqueue_add_rate_limited(q, &B); /* its own count */
    check_int(workqueue_wait_ms(q), 5);
    workqueue_free(q);
}

TEST(workqueue_forgets_failures_when_told_and_then_the_key)
{
    struct workqueue *q = queue_new();

    workqueue_add_rate_limited(q, &A);
    workqueue_add_rate_limited(q, &A); /* counted, the wait stays */
    check_int(workqueue_failures(q, &A), 2);
    check_int(workqueue_wait_ms(q), 5);
    clock_fake_advance(&fake, 5);
    gives_and_is_done(q, &A);
    check_int(workqueue_known(q), 1);
    check_int(workqueue_failures(q, &A), 2);
    workqueue_forget(q, &A);
    check_int(workqueue_failures(q, &A), 0);
    check_int(workqueue_known(q), 0);
    workqueue_forget(q, &A); /* unknown: nothing */
    workqueue_add_rate_limited(q, &A);
    check_int(workqueue_wait_ms(q), 5);
    workqueue_free(q);
}

TEST(workqueue_forgets_failures_of_a_waiting_key_but_not_its_wait)
{
    struct workqueue *q = queue_new();

    workqueue_add_rate_limited(q, &A);
    workqueue_forget(q, &A);
    check_int(workqueue_delayed(q), 1);
    clock_fake_advance(&fake, 5);
    gives_and_is_done(q, &A);
    check_int(workqueue_known(q), 0);
    workqueue_free(q);
}

TEST(backoff_doubles_to_its_cap_and_never_overflows)
{
    check_int(backoff_ms(800, 30000, 0), 800);
    check_int(backoff_ms(800, 30000, 5), 25600);
    check_int(backoff_ms(800, 30000, 6), 30000);
    check_int(backoff_ms(800, 30000, UINT32_MAX), 30000);
    check_int(backoff_ms(50, 20, 0), 20);
    check_int(backoff_ms(0, 20, 9), 0);
    check(backoff_ms(3, UINT64_MAX, 200) == UINT64_MAX);
}

TEST(backoff_jitter_stays_between_a_half_and_the_whole)
{
    struct rng rng;
    uint64_t low = UINT64_MAX, high = 0;

    rng_init(&rng, 7);
    for (int i = 0; i < 1000; i++) {
        uint64_t ms = backoff_jitter(&rng, 101);

        low = ms < low ? ms : low;
        high = ms > high ? ms : high;
    }
    check_int(low, 51);
    check_int(high, 101);
    check_int(backoff_jitter(&rng, 0), 0);
}

/* ---- out of memory ---- */

/* Calls that need no memory must not fail, whatever failed before. */
TEST_TORTURE(workqueue_loses_no_key_that_it_accepted)
{
    struct workqueue *q = queue_new();
    unsigned accepted = 0, seen = 0;
    const struct object_key *key;

    if (!q) {
        check(torturing());
        return;
    }
    for (size_t i = 0; i < 40; i++) {
        char name[16];
        struct object_key k = {"n", name};

        snprintf(name, sizeof name, "%zu", i);
        if (i % 3 == 0)
            accepted += workqueue_add(q, &k) == 0;
        else if (i % 3 == 1)
            accepted += workqueue_add_after(q, &k, i) == 0;
        else
            accepted += workqueue_add_rate_limited(q, &k) == 0;
        check(workqueue_check(q));
    }
    check(accepted >= 39);
    check_int(workqueue_known(q), accepted);
    clock_fake_advance(&fake, 1000);
    while ((key = workqueue_get(q))) {
        workqueue_forget(q, key);
        workqueue_done(q, key);
        seen++;
    }
    check_int(seen, accepted);
    check_int(workqueue_known(q), 0);
    workqueue_free(q);
}

TEST_ALLOC(workqueue_is_as_it_was_when_a_delay_cannot_be_kept)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;
    int rc;

    if (!q)
        return -ERR_NOMEM;
    rc = workqueue_add(q, &A);
    key = workqueue_get(q);
    if (rc == 0)
        rc = workqueue_add_after(q, &A, 10);
    if (key)
        workqueue_done(q, key);
    check(workqueue_check(q));
    check_int(workqueue_known(q), rc == 0);
    workqueue_free(q);
    return rc;
}

TEST_ALLOC(workqueue_counts_no_failure_that_it_cannot_keep)
{
    struct workqueue *q = queue_new();
    int rc;

    if (!q)
        return -ERR_NOMEM;
    rc = workqueue_add_rate_limited(q, &A);
    check_int(workqueue_failures(q, &A), rc == 0);
    check_int(workqueue_known(q), rc == 0);
    check(workqueue_check(q));
    workqueue_free(q);
    return rc;
}

/* ---- what it tells ---- */

static void add_wait(void *arg, uint64_t ms)
{
    *(uint64_t *)arg = *(uint64_t *)arg * 100 + ms;
}

/* rows: S73
 * broken: want() that counts a key already wanted */
TEST(workqueue_counts_what_became_wanted_and_how_long_it_waited)
{
    struct workqueue *q = queue_new();
    uint64_t waits = 0;

    workqueue_on_get(q, add_wait, &waits);
    workqueue_add(q, &A);
    workqueue_add(q, &A); /* stingy */
    check_int(workqueue_adds(q), 1);
    clock_fake_advance(&fake, 7);
    workqueue_get(q);
    workqueue_add(q, &A); /* loyal */
    workqueue_add(q, &A);
    check_int(workqueue_adds(q), 2);
    workqueue_done(q, &A);
    clock_fake_advance(&fake, 3);
    gives_and_is_done(q, &A);
    check_int(waits, 703);
    workqueue_add_rate_limited(q, &B);
    check_int(workqueue_retries(q), 1);
    check_int(workqueue_adds(q), 2); /* not yet */
    clock_fake_advance(&fake, 5);
    gives_and_is_done(q, &B);
    check_int(workqueue_adds(q), 3);
    workqueue_free(q);
}
