/*
 * Tests of core/snapset and core/keytab, as far as the tests of the store do
 * not see them: order, memory, and what a table does when it is full.
 */
#include "core/snapset.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "snaps.h"
#include "test.h"

static void put(struct snapset *s, const char *key, const char *version,
                const char *owner)
{
    struct snapshot *snap = snap_new(key, "u", version, owner);
    struct snapshot *old = NULL;

    if (check(snap != NULL))
        check_int(snapset_put(s, snap, &old), 0);
    snapshot_unref(old, "store");
    snap_drop(snap);
    check(snapset_check(s));
}

static void take(struct snapset *s, const char *key)
{
    struct object_key k = snap_key(key);
    struct snapshot *old = snapset_take(s, &k);

    check(old != NULL);
    snapshot_unref(old, "store");
    check(snapset_check(s));
}

TEST(snapset_needs_no_sorting_for_a_list_that_comes_in_order)
{
    struct snapset s = {0};

    put(&s, "a", "1", "");
    put(&s, "b", "2", "");
    put(&s, "x/a", "3", "");
    check(!s.out_of_order);
    put(&s, "c", "4", "");
    check(s.out_of_order);
    snapset_release(&s);
}

TEST(snapset_sorts_once_and_keeps_the_order_from_then_on)
{
    struct snapset s = {0};
    struct snapshot *const *items;

    put(&s, "b", "1", "");
    put(&s, "a", "2", "");
    check(s.out_of_order);
    check_int(snapset_list(&s, "", &items), 2);
    check(!s.out_of_order);
    put(&s, "aa", "3", "");
    put(&s, "a", "4", "");
    check(!s.out_of_order);
    check_int(snapset_list(&s, "", &items), 3);
    check_str(items[0]->resource_version, "4");
    check_str(items[1]->key.name, "aa");
    take(&s, "aa");
    check_int(snapset_list(&s, "", &items), 2);
    snapset_release(&s);
}

TEST(snapset_takes_from_what_was_never_sorted)
{
    struct snapset s = {0};
    struct object_key nobody = {"", "nobody"};
    struct snapshot *const *items;

    check(snapset_take(&s, &nobody) == NULL);
    put(&s, "c", "1", "");
    put(&s, "a", "2", "");
    put(&s, "b", "3", "");
    take(&s, "a");
    check(snapset_take(&s, &nobody) == NULL);
    check_int(snapset_list(&s, "", &items), 2);
    check_str(items[0]->key.name, "b");
    snapset_release(&s);
}

TEST(snapset_counts_the_memory_of_its_owners)
{
    struct snapset s = {0};
    char name[] = "a";

    for (; name[0] <= 'j'; name[0]++)
        put(&s, name, "1", name[0] == 'j' ? "o2" : "o1");
    /* two owners, and one array of 16 that grew from 1 */
    check(s.owner_bytes > 16 * sizeof(void *));
    check(s.owner_bytes <= 2 * 48 + 16 * sizeof(void *));
    for (name[0] = 'a'; name[0] <= 'j'; name[0]++)
        take(&s, name);
    check_int(s.owner_bytes, 0);
    check_int(snapset_count(&s), 0);
    snapset_release(&s);
}

TEST(snapset_finds_no_children_of_nobody)
{
    struct snapset s = {0};
    struct snapshot *const *items;

    put(&s, "a", "1", "");
    check_int(snapset_owned(&s, "", &items), 0);
    check_int(snapset_owned(&s, "o", &items), 0);
    check(items == NULL);
    snapset_release(&s);
}

/* ---- keytab ---- */

#define KEYS 200

TEST(keytab_finds_each_key_after_any_removals)
{
    static char names[KEYS][8];
    static struct object_key keys[KEYS];
    struct keytab t = {0};
    struct rng rng;
    bool in[KEYS] = {false};

    rng_init(&rng, test_seed());
    for (size_t i = 0; i < KEYS; i++) {
        struct str text;

        str_init(&text, 0);
        str_addf(&text, "%zu", i);
        memcpy(names[i], str_text(&text), text.len + 1);
        str_release(&text);
        keys[i] = (struct object_key){i % 3 ? "ns" : "", names[i]};
    }
    for (int round = 0; round < 3000; round++) {
        size_t i = rng_below(&rng, KEYS);
        const struct object_key *old = in[i] ? &keys[i] : NULL;

        check(keytab_get(&t, &keys[i]) == old);
        if (rng_below(&rng, 2)) {
            check_int(keytab_reserve(&t, 1), 0);
            check(keytab_put(&t, &keys[i]) == old);
            in[i] = true;
        } else {
            check(keytab_remove(&t, &keys[i]) == old);
            in[i] = false;
        }
        if (!check(keytab_check(&t)))
            break;
    }
    keytab_release(&t);
}

TEST(keytab_grows_only_beyond_three_quarters)
{
    static const struct object_key keys[] = {
        {"", "a"}, {"", "b"}, {"", "c"}, {"", "d"}, {"", "e"}, {"", "f"},
    };
    struct keytab t = {0};

    check(keytab_get(&t, &keys[0]) == NULL);
    check(keytab_remove(&t, &keys[0]) == NULL);
    check_int(keytab_reserve(&t, 0), 0); /* makes it usable */
    check_int(t.cap, 8);
    check_int(keytab_reserve(&t, 6), 0);
    check_int(t.cap, 8);
    for (size_t i = 0; i < 6; i++)
        keytab_put(&t, &keys[i]);
    check_int(keytab_reserve(&t, 0), 0);
    check_int(t.cap, 8);
    check_int(keytab_reserve(&t, 1), 0);
    check_int(t.cap, 16);
    check_int(keytab_reserve(&t, 100), 0);
    check_int(t.cap, 256);
    check(keytab_check(&t));
    keytab_release(&t);
}
