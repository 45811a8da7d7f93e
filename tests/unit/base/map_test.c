/* map: against a slow model, iteration, churn, out of memory. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

static int one, two;

TEST(map_replaces_and_hands_back_the_old_value)
{
    struct map *m = map_new();
    void *old = &one;

    check_int(map_put(m, "key", 3, &one, &old), 0);
    check(old == NULL);
    check_int(map_put(m, "key", 3, &two, &old), 0);
    check(old == &one);
    check_int(map_put(m, "key", 3, &two, NULL), 0);
    check_int(map_count(m), 1);
    check(map_get(m, "key", 3) == &two);
    check(map_get(m, "ke", 2) == NULL);
    check(map_remove(m, "key", 3) == &two);
    check(map_remove(m, "key", 3) == NULL);
    check_int(map_count(m), 0);
    map_free(m);
    map_free(NULL);
}

TEST(map_keys_may_be_empty_or_hold_nuls)
{
    struct map *m = map_new();

    check(map_get(m, "", 0) == NULL);
    check_int(map_put(m, "", 0, &one, NULL), 0);
    check_int(map_put(m, "a\0b", 3, &two, NULL), 0);
    check(map_get(m, "", 0) == &one);
    check(map_get(m, "a\0b", 3) == &two);
    check(map_get(m, "a\0c", 3) == NULL);
    check(map_get(m, "a", 1) == NULL);
    map_free(m);
}

TEST(map_iterates_in_the_order_of_insertion)
{
    struct map *m = map_new();
    const char *key;
    char name[16], want[16];
    size_t len, it = 0;
    void *value;
    int n = 0;

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "key-%d", i);
        check_int(map_put(m, name, strlen(name), &one, NULL), 0);
    }
    while (map_next(m, &it, &key, &len, &value)) {
        snprintf(want, sizeof want, "key-%d", n++);
        check_str(key, want);
        check_int(len, strlen(want));
    }
    check_int(n, 100);
    map_free(m);
}

TEST(map_entry_may_be_removed_while_iterating)
{
    struct map *m = map_new();
    const char *key;
    char name[16];
    size_t len, it = 0;
    void *value;
    int seen = 0;

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%d", i);
        map_put(m, name, strlen(name), &one, NULL);
    }
    while (map_next(m, &it, &key, &len, &value))
        if (seen++ % 2 == 0)
            check(map_remove(m, key, len) == &one);
    check_int(seen, 50);
    check_int(map_count(m), 25);
    map_free(m);
}

TEST(map_does_not_allocate_slots_for_churn)
{
    struct map *m = map_new();
    char name[32];
    uint64_t allocs;

    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "stay-%d", i);
        map_put(m, name, strlen(name), &one, NULL);
    }
    mem_fail_at(0); /* resets the counter */
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "pass-%d", i);
        map_put(m, name, strlen(name), &two, NULL);
        check(map_remove(m, name, strlen(name)) == &two);
    }
    allocs = mem_stats().allocs;
    check(allocs <= 10002); /* the keys, and at most one growth */
    check_int(map_count(m), 5);
    map_free(m);
}

/* Random puts and removes over 64 keys, against an array. */
TEST(map_agrees_with_a_model)
{
    struct map *m = map_new();
    void *model[64] = {0};
    char name[16];
    struct rng rng;
    void *old;

    rng_init(&rng, test_seed());
    for (int step = 0; step < 20000; step++) {
        size_t k = rng_below(&rng, 64);
        size_t len = (size_t)snprintf(name, sizeof name, "k%zu", k);
        void *value = rng_below(&rng, 2) ? &one : &two;

        if (rng_below(&rng, 2)) {
            check_int(map_put(m, name, len, value, &old), 0);
            check(old == model[k]);
            model[k] = value;
        } else {
            check(map_remove(m, name, len) == model[k]);
            model[k] = NULL;
        }
        if (!check(map_get(m, name, len) == model[k]))
            break;
    }
    map_free(m);
}

TEST_ALLOC(map_is_unchanged_after_out_of_memory)
{
    struct map *m = map_new();
    char name[16];
    int rc = m ? 0 : -ERR_NOMEM;
    int n = 0;

    for (; n < 40 && rc == 0; n++) {
        snprintf(name, sizeof name, "%d", n);
        rc = map_put(m, name, strlen(name), &one, NULL);
    }
    if (m && rc < 0) {
        check_int(map_count(m), n - 1);
        check(map_get(m, name, strlen(name)) == NULL);
        check_int(map_put(m, name, strlen(name), &two, NULL), 0);
        check(map_get(m, name, strlen(name)) == &two);
    }
    for (int i = 0; m && i < n - 1; i++) {
        snprintf(name, sizeof name, "%d", i);
        check(map_get(m, name, strlen(name)) == &one);
    }
    map_free(m);
    return rc;
}
