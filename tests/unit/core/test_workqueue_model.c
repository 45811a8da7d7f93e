/*
 * Random calls of core/workqueue against a model that keeps plain arrays.
 */
#include "core/workqueue.h"

#include "core/backoff.h"
#include "test.h"

static struct clock_fake fake;

#define KEYS 7

struct model_key {
    bool ready, running, dirty, waiting;
    bool urgent; /* the class of the wait, or that it was handed out from */
    bool again;  /* while it runs: the class of what comes after */
    uint64_t ready_order; /* who became ready first in its class */
    uint64_t ready_ms;
    uint64_t when, when_order;
    unsigned failures;
};

struct model {
    struct model_key keys[KEYS];
    uint64_t counter;
    unsigned skipped; /* urgent ones since the last other one */
};

static struct object_key key_of(size_t i)
{
    static const char *const names[KEYS] = {"k0", "k1", "k2", "k3",
                                            "k4", "k5", "k6"};

    return (struct object_key){i % 2 ? "odd" : "", names[i]};
}

static void model_want(struct model *m, struct model_key *k, bool urgent)
{
    bool pending = k->waiting || k->dirty;

    if (k->running) {
        k->again = urgent || (pending && k->again);
        k->dirty = true;
    } else if (!k->ready || (urgent && !k->urgent)) {
        k->urgent = urgent || (pending && k->urgent);
        k->ready = true;
        k->ready_order = m->counter++;
        k->ready_ms = fake.ms;
    }
    k->waiting = false;
}

static void model_promote(struct model *m)
{
    for (;;) {
        struct model_key *first = NULL;

        for (size_t i = 0; i < KEYS; i++) {
            struct model_key *k = &m->keys[i];

            if (k->waiting && k->when <= fake.ms &&
                (!first || k->when < first->when ||
                 (k->when == first->when && k->when_order < first->when_order)))
                first = k;
        }
        if (!first)
            return;
        model_want(m, first, false);
    }
}

static void model_delay(struct model *m, struct model_key *k, uint64_t ms)
{
    bool urgent = k->running || k->waiting ? k->urgent : true;

    if (k->ready)
        return;
    if (ms == 0 || k->dirty) {
        model_want(m, k, urgent);
        return;
    }
    if (k->running)
        k->again = urgent || (k->waiting && k->again);
    else
        k->urgent = urgent;
    if (!k->waiting || fake.ms + ms < k->when) {
        k->waiting = true;
        k->when = fake.ms + ms;
        k->when_order = m->counter++;
    }
}

/* The first of a class, KEYS when none. */
static size_t model_first(const struct model *m, bool urgent)
{
    size_t best = KEYS;

    for (size_t i = 0; i < KEYS; i++)
        if (m->keys[i].ready && m->keys[i].urgent == urgent &&
            (best == KEYS ||
             m->keys[i].ready_order < m->keys[best].ready_order))
            best = i;
    return best;
}

/* The index of the key that has to come out, KEYS when none. */
static size_t model_get(struct model *m)
{
    size_t best = model_first(m, true), low = model_first(m, false);

    if (best == KEYS || (low < KEYS && m->skipped >= WORKQUEUE_SHARE - 1 &&
                         fake.ms - m->keys[low].ready_ms >= WORKQUEUE_AGE_MS))
        best = low;
    if (best < KEYS) {
        m->skipped = m->keys[best].urgent ? m->skipped + 1 : 0;
        m->keys[best].ready = false;
        m->keys[best].running = true;
    }
    return best;
}

static void compare_get(struct workqueue *q, struct model *m)
{
    size_t want = model_get(m);
    const struct object_key *key = workqueue_get(q);

    if (want == KEYS) {
        check(key == NULL);
    } else if (check(key != NULL)) {
        struct object_key expected = key_of(want);

        check(object_key_equal(key, &expected));
    }
}

static void compare_done(struct workqueue *q, struct model *m, size_t i)
{
    struct object_key key = key_of(i);
    struct model_key *k = &m->keys[i];

    if (!k->running)
        return;
    workqueue_done(q, &key);
    k->running = false;
    k->urgent = k->waiting ? k->again : k->urgent;
    if (k->dirty) {
        k->dirty = false;
        model_want(m, k, k->again);
    }
}

static void compare_counts(struct workqueue *q, const struct model *m)
{
    size_t ready = 0, low = 0, delayed = 0, running = 0, known = 0;

    for (size_t i = 0; i < KEYS; i++) {
        const struct model_key *k = &m->keys[i];
        struct object_key key = key_of(i);

        ready += k->ready;
        low += k->ready && !k->urgent;
        running += k->running;
        delayed += k->waiting && !k->running;
        known += k->ready || k->running || k->waiting || k->failures;
        check_int(workqueue_failures(q, &key), k->failures);
    }
    check_int(workqueue_ready(q), ready);
    check_int(workqueue_depth(q, WORKQUEUE_LOW), low);
    check_int(workqueue_delayed(q), delayed);
    check_int(workqueue_running(q), running);
    check_int(workqueue_known(q), known);
    check(workqueue_check(q));
}

static void random_step(struct workqueue *q, struct model *m, struct rng *rng)
{
    size_t i = rng_below(rng, KEYS);
    struct object_key key = key_of(i);
    struct model_key *k = &m->keys[i];
    uint64_t delay = rng_below(rng, 40);

    model_promote(m);
    switch (rng_below(rng, 9)) {
    case 0:
        workqueue_add(q, &key);
        model_want(m, k, true);
        break;
    case 8:
        workqueue_add_low(q, &key);
        model_want(m, k, false);
        break;
    case 1:
        workqueue_add_after(q, &key, delay);
        model_delay(m, k, delay);
        break;
    case 2:
        workqueue_add_rate_limited(q, &key);
        model_delay(m, k, backoff_ms(5, 1000000, k->failures));
        k->failures++;
        break;
    case 3:
        workqueue_forget(q, &key);
        k->failures = 0;
        break;
    case 4:
    case 5:
        compare_get(q, m);
        break;
    case 6:
        compare_done(q, m, i);
        break;
    default:
        /* now and then long enough to be overdue */
        clock_fake_advance(&fake,
                           rng_below(rng, 20) ? delay : WORKQUEUE_AGE_MS);
    }
    model_promote(m);
    compare_counts(q, m);
}

TEST(workqueue_does_what_a_plain_model_does)
{
    int rounds = test_rounds(200, 5000);
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int round = 0; round < rounds; round++) {
        struct workqueue *q;
        struct model m = {0};

        clock_fake_init(&fake);
        q = workqueue_new(&fake.clock);

        for (int step = 0; step < 200; step++)
            random_step(q, &m, &rng);
        workqueue_free(q);
    }
}
