/*
 * Tests of core/workqueue: what is urgent, what is patient, and many at a time.
 */
#include "core/workqueue.h"

#include <stdio.h>
#include <string.h>

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

static const struct object_key *gives(struct workqueue *q,
                                      const struct object_key *want)
{
    const struct object_key *key = workqueue_get(q);

    check((key != NULL) == (want != NULL));
    if (key && want)
        check_str(key->name, want->name);
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

/* "<letter><number>", good until the next call. */
static struct object_key key_of(char letter, unsigned number)
{
    static char name[16];

    snprintf(name, sizeof name, "%c%u", letter, number);
    return (struct object_key){"n", name};
}

/* ---- urgent ---- */

/* rows: S74
 * broken: choose() that takes the LOW list first */
TEST(workqueue_gives_what_somebody_changed_before_what_is_looked_at_again)
{
    struct workqueue *q = queue_new();

    workqueue_add_low(q, &A);
    workqueue_add_low(q, &B);
    workqueue_add(q, &C);
    check_int(workqueue_depth(q, WORKQUEUE_LOW), 2);
    check_int(workqueue_depth(q, WORKQUEUE_NORMAL), 1);
    gives_and_is_done(q, &C);
    gives_and_is_done(q, &A);
    gives_and_is_done(q, &B);
    workqueue_free(q);
}

/* rows: S74
 * broken: raise_ready() that puts the key first in its new class */
TEST(workqueue_puts_a_raised_key_at_the_end_of_its_new_class)
{
    struct workqueue *q = queue_new();

    workqueue_add_low(q, &A);
    workqueue_add(q, &B);
    workqueue_add(q, &A);
    workqueue_add(q, &C);
    check_int(workqueue_ready(q), 3);
    gives_and_is_done(q, &B);
    gives_and_is_done(q, &A);
    gives_and_is_done(q, &C);
    gives(q, NULL); /* once, not twice */
    workqueue_free(q);
}

/* rows: S74
 * broken: raise_ready() without its first two lines */
TEST(workqueue_never_lowers_a_key)
{
    struct workqueue *q = queue_new();

    workqueue_add(q, &A);
    workqueue_add(q, &B);
    workqueue_add_low(q, &A);
    gives_and_is_done(q, &A);
    gives_and_is_done(q, &B);
    workqueue_free(q);
}

/* rows: S75
 * broken: want() that keeps the class of a waiting key as it was */
TEST(workqueue_raises_a_key_that_waits_and_keeps_its_shorter_wait)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add_low(q, &A);
    key = gives(q, &A);
    workqueue_add_after(q, key, 100); /* as it was: LOW */
    workqueue_done(q, key);
    workqueue_add_after(q, &A, 300);
    check_int(workqueue_ready(q), 0);
    check_int(workqueue_delayed(q), 1);
    check_int(workqueue_wait_ms(q), 100);
    workqueue_add(q, &A); /* ends the wait, and is urgent */
    check_int(workqueue_depth(q, WORKQUEUE_NORMAL), 1);
    check_int(workqueue_delayed(q), 0);
    gives_and_is_done(q, &A);
    clock_fake_advance(&fake, 1000);
    gives(q, NULL);
    workqueue_free(q);
}

/* rows: S80
 * broken: delay() that takes NORMAL for every key */
TEST(workqueue_keeps_the_class_over_a_failure_and_a_requeue)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add_low(q, &A);
    key = gives(q, &A);
    workqueue_add_rate_limited(q, key);
    workqueue_done(q, key);
    clock_fake_advance(&fake, 5);
    check_int(workqueue_depth(q, WORKQUEUE_LOW), 1);
    key = gives(q, &A);
    workqueue_add_after(q, key, 10);
    workqueue_done(q, key);
    clock_fake_advance(&fake, 10);
    check_int(workqueue_depth(q, WORKQUEUE_LOW), 1);
    key = gives(q, &A);
    workqueue_add_after(q, key, 0); /* at once: after _done() */
    workqueue_done(q, key);
    check_int(workqueue_depth(q, WORKQUEUE_LOW), 1);
    workqueue_free(q);
}

TEST(workqueue_takes_a_change_of_a_low_key_that_runs_for_urgent)
{
    struct workqueue *q = queue_new();
    const struct object_key *key;

    workqueue_add_low(q, &A);
    workqueue_add_low(q, &B);
    key = gives(q, &A);
    workqueue_add(q, &A);
    workqueue_done(q, key);
    gives_and_is_done(q, &A);
    gives_and_is_done(q, &B);
    workqueue_add(q, &A); /* and the other way round */
    key = gives(q, &A);
    workqueue_add_low(q, &A);
    workqueue_done(q, key);
    check_int(workqueue_depth(q, WORKQUEUE_LOW), 1);
    workqueue_free(q);
}

/* ---- patient ---- */

/* Takes one key out; was it of class LOW? */
static bool take(struct workqueue *q, char *ret_name, size_t size)
{
    const struct object_key *key = workqueue_get(q);
    bool low = key && key->name[0] == 'l';

    if (!check(key != NULL))
        return false;
    snprintf(ret_name, size, "%s", key->name);
    workqueue_done(q, key);
    return low;
}

/* The n-th LOW key, behind n others, comes out at the latest as the
 * SHARE * (n + 1)-th key after it is old enough, while NORMAL keys never end.
 * rows: S77
 * broken: choose() without is_overdue(): no LOW key ever comes */
TEST(workqueue_hands_out_every_low_key_within_the_bound_of_its_header)
{
    struct workqueue *q = queue_new();
    enum { LOWS = 40, MAX_STEP_MS = 50 };
    unsigned taken = 0, lows = 0, normals = 0;
    uint64_t start = fake.ms;
    struct rng rng;
    char name[16];

    rng_init(&rng, test_seed());
    for (unsigned i = 0; i < LOWS; i++) {
        struct object_key key = key_of('l', i);

        check_int(workqueue_add_low(q, &key), 0);
    }
    while (lows < LOWS && taken < 100000) {
        bool old = fake.ms - start >= WORKQUEUE_AGE_MS;

        for (unsigned i = 0; i < 2; i++) { /* more than are taken */
            struct object_key key = key_of('n', normals++);

            workqueue_add(q, &key);
        }
        if (take(q, name, sizeof name)) {
            struct object_key want = key_of('l', lows++);

            check(old); /* NORMAL keys were there: not before */
            check_str(name, want.name);
        }
        taken += old;
        check(lows == LOWS || taken < WORKQUEUE_SHARE * (lows + 1));
        clock_fake_advance(&fake, rng_below(&rng, MAX_STEP_MS));
    }
    check_int(lows, LOWS);
    workqueue_free(q);
}

/* The other half of the bound: many overdue keys cost a change no more than
 * one place in SHARE.
 * broken: choose() that gives every overdue key its turn */
TEST(workqueue_lets_overdue_keys_delay_a_change_by_their_share_only)
{
    struct workqueue *q = queue_new();
    unsigned lows = 0;
    char name[16];

    for (unsigned i = 0; i < 1000; i++) {
        struct object_key key = key_of('l', i);

        workqueue_add_low(q, &key);
    }
    clock_fake_advance(&fake, 10 * WORKQUEUE_AGE_MS);
    for (unsigned i = 0; i < 90; i++) {
        struct object_key key = key_of('n', i);

        workqueue_add(q, &key);
    }
    while (workqueue_depth(q, WORKQUEUE_NORMAL) > 0)
        lows += take(q, name, sizeof name);
    check(lows >= 90 / (WORKQUEUE_SHARE - 1) - 1);
    check(lows <= 90 / (WORKQUEUE_SHARE - 1));
    workqueue_free(q);
}

/* ---- many at a time ---- */

/* Fifty who add, ten who work, a machine that interleaves them at random.
 * rows: S65, S118
 * broken: want() that puts a running key on the list */
TEST(workqueue_never_gives_one_key_to_two_workers_and_loses_none)
{
    enum { KEYS = 20, PRODUCERS = 50, WORKERS = 10, ADDS = 40 };
    struct workqueue *q = queue_new();
    const struct object_key *work[WORKERS] = {0};
    unsigned left = PRODUCERS * ADDS, version[KEYS] = {0}, seen[KEYS] = {0};
    bool running[KEYS] = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    while (left > 0 || workqueue_ready(q) > 0 || workqueue_running(q) > 0) {
        unsigned w = (unsigned)rng_below(&rng, WORKERS), k;
        struct object_key key;

        if (left > 0 && rng_below(&rng, 2) == 0) {
            k = (unsigned)rng_below(&rng, KEYS);
            key = key_of('k', k);
            version[k]++;
            left--;
            check_int(rng_below(&rng, 2) ? workqueue_add(q, &key)
                                         : workqueue_add_low(q, &key),
                      0);
        } else if (work[w]) {
            sscanf(work[w]->name, "k%u", &k);
            running[k] = false;
            workqueue_done(q, work[w]);
            work[w] = NULL;
        } else if ((work[w] = workqueue_get(q))) {
            sscanf(work[w]->name, "k%u", &k);
            check(!running[k]);
            running[k] = true;
            seen[k] = version[k];
        }
    }
    for (unsigned k = 0; k < KEYS; k++)
        check_int(seen[k], version[k]);
    check_int(workqueue_known(q), 0);
    workqueue_free(q);
}

/* A thousand that run are no burden to the one that comes, and all may ask to
 * come again: nothing is full.
 * rows: S74, S129
 * broken: workqueue_done() that forgets a deadline which was set meanwhile */
TEST(workqueue_steps_over_keys_that_run_and_takes_each_again)
{
    enum { MANY = 1000 };
    struct workqueue *q = queue_new();
    const struct object_key *keys[MANY];

    for (unsigned i = 0; i < MANY; i++) {
        struct object_key key = key_of('k', i);

        workqueue_add(q, &key);
        keys[i] = workqueue_get(q);
        workqueue_add_after(q, keys[i], 10 + i % 3);
    }
    gives(q, NULL);
    workqueue_add_low(q, &A);
    gives_and_is_done(q, &A);
    for (unsigned i = 0; i < MANY; i++)
        workqueue_done(q, keys[i]);
    check_int(workqueue_delayed(q), MANY);
    clock_fake_advance(&fake, 20);
    check_int(workqueue_ready(q), MANY);
    check(workqueue_check(q));
    workqueue_free(q);
}

/* Whoever frees a queue means it: nothing waits for its time.
 * rows: S70
 * broken: workqueue_free() that frees only what is ready: memory is left */
TEST(workqueue_drops_what_waits_when_it_is_freed)
{
    struct workqueue *q = queue_new();

    workqueue_add_after(q, &A, 1000);
    workqueue_add_low(q, &B);
    workqueue_add(q, &C);
    workqueue_get(q);
    workqueue_add_after(q, &C, 10);
    check(workqueue_check(q));
    workqueue_free(q);
}
