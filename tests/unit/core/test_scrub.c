/*
 * Tests of core/scrub: what a watch has lost is found, what is only late is
 * not called lost.
 */
#include "core/scrub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "snaps.h"
#include "store_kit.h"
#include "test.h"

/* A store that watched a=10, b=20, c=30 and stands at 30. */
static struct store *watched(void)
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "n/a", "u-a", "10", "");
    kit_put(s, "n/b", "u-b", "20", "");
    kit_put(s, "n/c", "u-c", "30", "");
    store_bookmark(s, "30");
    return s;
}

static int list(struct scrub *scrub, const char *key, const char *uid,
                const char *version)
{
    struct snapshot *snap = snap_new(key, uid, version, "");
    int rc = snap ? scrub_item(scrub, snap) : -ERR_NOMEM;

    snap_drop(snap);
    return rc;
}

static void list_all(struct scrub *scrub)
{
    list(scrub, "n/a", "u-a", "10");
    list(scrub, "n/b", "u-b", "20");
    list(scrub, "n/c", "u-c", "30");
}

static size_t differences(struct scrub *scrub, const char *rv)
{
    check_int(scrub_listed(scrub, rv), 0);
    check(scrub_due(scrub));
    check_int(scrub_judge(scrub), 0);
    return scrub_result(scrub).differences;
}

TEST(scrub_of_an_equal_store_finds_nothing)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list_all(scrub);
    check_int(differences(scrub, "30"), 0);
    check(!scrub_unsure(scrub));
    check_int(scrub_result(scrub).objects, 3);
    check(!scrub_result(scrub).example.name);
    scrub_free(scrub);
    store_free(s);
}

/* broken: with is_behind() always false the change is not found */
TEST(scrub_finds_a_change_that_the_watch_lost)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list(scrub, "n/a", "u-a", "10");
    list(scrub, "n/b", "u-b", "25");
    list(scrub, "n/c", "u-c", "30");
    check_int(differences(scrub, "30"), 1);
    check_str(scrub_result(scrub).example.name, "b");
    scrub_free(scrub);
    store_free(s);
}

/* broken: without judge_stored() the end is not found */
TEST(scrub_finds_an_end_that_the_watch_lost)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list(scrub, "n/b", "u-b", "20");
    list(scrub, "n/c", "u-c", "30");
    check_int(differences(scrub, "30"), 1);
    check_str(scrub_result(scrub).example.name, "a");
    check_str(scrub_result(scrub).example.ns, "n");
    scrub_free(scrub);
    store_free(s);
}

TEST(scrub_finds_an_object_that_was_made_again_unseen)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list(scrub, "n/a", "u-other", "28");
    list(scrub, "n/b", "u-b", "20");
    list(scrub, "n/c", "u-c", "30");
    check_int(differences(scrub, "30"), 1);
    scrub_free(scrub);
    store_free(s);
}

/* broken: when scrub_due() is always true the late change counts as lost */
TEST(scrub_waits_until_the_watch_is_as_far_as_the_list)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list(scrub, "n/a", "u-a", "35");
    list(scrub, "n/b", "u-b", "20");
    check(!scrub_due(scrub));
    scrub_listed(scrub, "40");
    check(!scrub_due(scrub));
    kit_put(s, "n/a", "u-a", "35", "");
    kit_drop(s, "n/c", "u-c", "38");
    check(!scrub_due(scrub));
    store_bookmark(s, "40");
    check(scrub_due(scrub));
    check_int(scrub_judge(scrub), 0);
    check_int(scrub_result(scrub).differences, 0);
    scrub_free(scrub);
    store_free(s);
}

TEST(scrub_of_an_equal_store_waits_for_nothing)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list_all(scrub);
    check_int(differences(scrub, "9999"), 0); /* the watch is not that far */
    scrub_free(scrub);
    store_free(s);
}

TEST(scrub_does_not_miss_in_the_list_what_is_newer_than_it)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list_all(scrub);
    kit_put(s, "n/d", "u-d", "31", "");     /* made after the list */
    kit_answer(s, "n/e", "u-e", "99");      /* our own write */
    kit_put(s, "n/a", "u-a", "32", "");     /* changed after it */
    kit_drop(s, "n/b", "u-b", "33");        /* deleted after it */
    check_int(differences(scrub, "30"), 0);
    check(!scrub_unsure(scrub)); /* b was stored when it was listed */
    scrub_free(scrub);
    store_free(s);
}

/* broken: with the uid not compared the second object counts as lost, too */
TEST(scrub_asks_about_what_is_listed_and_not_stored)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list_all(scrub);
    list(scrub, "n/x", "u-x", "21");
    list(scrub, "n/y", "u-y", "22");
    list(scrub, "n/z", "u-z", "23");
    check_int(differences(scrub, "30"), 0);
    check_str(scrub_unsure(scrub)->name, "z");
    scrub_answer(scrub, NULL); /* deleted since */
    check_str(scrub_unsure(scrub)->name, "y");
    scrub_answer(scrub, "u-other"); /* deleted and made again */
    check_str(scrub_unsure(scrub)->name, "x");
    scrub_answer(scrub, "u-x"); /* there all the time */
    check(!scrub_unsure(scrub));
    check_int(scrub_result(scrub).differences, 1);
    check_str(scrub_result(scrub).example.name, "x");
    scrub_free(scrub);
    store_free(s);
}

TEST(scrub_believes_the_watch_that_brings_it_while_it_is_asked_about)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);

    list_all(scrub);
    list(scrub, "n/x", "u-x", "21");
    check_int(differences(scrub, "30"), 0);
    check(scrub_unsure(scrub));
    kit_put(s, "n/x", "u-x", "41", "");
    scrub_answer(scrub, "u-x");
    check_int(scrub_result(scrub).differences, 0);
    scrub_free(scrub);
    store_free(s);
}

TEST(scrub_does_not_ask_about_many)
{
    struct store *s = watched();
    struct scrub *scrub = scrub_new(s);
    size_t asked = 0;
    char key[32], uid[32];

    list_all(scrub);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "n/x-%d", i);
        snprintf(uid, sizeof(uid), "u-%d", i);
        list(scrub, key, uid, "21");
    }
    check_int(differences(scrub, "30"), 100 - SCRUB_MAX_UNSURE);
    for (; scrub_unsure(scrub); asked++)
        scrub_answer(scrub, NULL);
    check_int(asked, SCRUB_MAX_UNSURE);
    scrub_free(scrub);
    store_free(s);
}

TEST(scrub_of_versions_that_cannot_be_compared_calls_nothing_lost)
{
    struct store *s = store_new(&snap_gvk);
    struct scrub *scrub;

    kit_put(s, "n/a", "u-a", "x1", "");
    kit_put(s, "n/b", "u-b", "x2", "");
    store_bookmark(s, "x2");
    scrub = scrub_new(s);
    list(scrub, "n/a", "u-a", "x9");
    check_int(differences(scrub, "x9"), 0);
    scrub_free(scrub);
    store_free(s);
}

/* ---- random histories ---- */

enum { OBJECTS = 12, STEPS = 200, BASE = 1000 };

/* What is true of each object, and what the watch told: versions, 0 = gone;
 * an object that is made again has another uid. */
struct history {
    struct store *store;
    unsigned life[OBJECTS], now[OBJECTS], told[OBJECTS];
};

static void name_it(const struct history *h, unsigned i, char key[32],
                    char uid[32])
{
    snprintf(key, 32, "n/o-%u", i);
    snprintf(uid, 32, "u-%u-%u", i, h->life[i]);
}

static void happen(struct history *h, unsigned i, unsigned version, bool end,
                   bool told)
{
    char key[32], uid[32], rv[32];

    if (!end && h->now[i] == 0)
        h->life[i]++;
    name_it(h, i, key, uid);
    snprintf(rv, sizeof(rv), "%u", version);
    h->now[i] = end ? 0 : version;
    if (!told)
        return;
    h->told[i] = h->now[i];
    if (end)
        kit_drop(h->store, key, uid, rv);
    else
        kit_put(h->store, key, uid, rv, "");
}

/* How many differences a scrub finds when it ends. */
static size_t scrubbed(const struct history *h)
{
    struct scrub *scrub = scrub_new(h->store);
    char key[32], uid[32], rv[32];
    size_t found;

    for (unsigned i = 0; i < OBJECTS; i++) {
        name_it(h, i, key, uid);
        snprintf(rv, sizeof(rv), "%u", h->now[i]);
        if (h->now[i])
            list(scrub, key, uid, rv);
    }
    scrub_listed(scrub, "1200");
    scrub_judge(scrub);
    while (scrub_unsure(scrub)) {
        unsigned i = (unsigned)strtoul(scrub_unsure(scrub)->name + 2, NULL, 10);

        name_it(h, i, key, uid);
        scrub_answer(scrub, uid);
    }
    found = scrub_result(scrub).differences;
    scrub_free(scrub);
    return found;
}

/* broken: with is_behind() always false, and without judge_stored() */
TEST(scrub_finds_exactly_what_is_lost_of_random_histories)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct rng rng;
        struct history h = {.store = store_new(&snap_gvk)};
        size_t wrong = 0;

        rng_init(&rng, seed);
        for (unsigned step = 1; step <= STEPS; step++) {
            unsigned i = (unsigned)rng_below(&rng, OBJECTS);
            bool end = h.now[i] && rng_below(&rng, 4) == 0;

            happen(&h, i, BASE + step, end, rng_below(&rng, 40) != 0);
        }
        store_bookmark(h.store, "1200");
        for (unsigned i = 0; i < OBJECTS; i++)
            wrong += h.now[i] != h.told[i];
        check_int(scrubbed(&h), wrong);
        store_free(h.store);
    }
}

TEST_ALLOC(scrub_survives_out_of_memory)
{
    struct store *s = store_new(&snap_gvk);
    struct scrub *scrub = s ? scrub_new(s) : NULL;
    int rc = scrub ? kit_put(s, "n/a", "u-a", "10", "") : -ERR_NOMEM;

    if (rc == 0)
        rc = list(scrub, "n/b", "u-b", "11");
    if (rc == 0)
        rc = list(scrub, "n/c", "u-c", "12");
    if (rc == 0)
        rc = scrub_listed(scrub, "12");
    if (rc == 0)
        rc = scrub_judge(scrub);
    scrub_free(scrub);
    store_free(s);
    return rc;
}
