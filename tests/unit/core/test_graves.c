/*
 * Tests of core/graves: what is remembered of deletes, and for how long.
 */
#include "core/graves.h"

#include <string.h>

#include "base/str.h"
#include "snaps.h"
#include "test.h"

static void add(struct graves *g, const char *key, const char *uid,
                const char *rv, const char *position)
{
    struct object_key k = snap_key(key);

    graves_add(g, &k, uid, rv, position);
}

static void add_gone(struct graves *g, const char *key, const char *uid,
                     const char *alive)
{
    struct object_key k = snap_key(key);

    graves_add_gone(g, &k, uid, alive);
}

static bool held(struct graves *g, const char *key, const char *uid,
                 const char *rv, bool watch)
{
    struct snapshot *snap = snap_new(key, uid, rv, "");
    bool yes = graves_hold(g, snap, watch);

    snap_drop(snap);
    return yes;
}

TEST(graves_hold_what_is_not_newer_than_the_delete)
{
    struct graves g;

    check_int(graves_init(&g), 0);
    check(!held(&g, "a", "u", "9", true));
    add(&g, "a", "u", "10", "5");
    check(held(&g, "a", "u", "9", true));
    check(held(&g, "a", "u", "10", true));
    check(!held(&g, "a", "u", "11", true));
    check(held(&g, "a", "t", "8", true)); /* the one before it */
    check(!held(&g, "a", "v", "12", false));
    check(!held(&g, "b", "u", "9", true));
    check(!held(&g, "x/a", "u", "9", true));
    graves_release(&g);
}

TEST(graves_count_one_object_once_and_keep_its_latest_delete)
{
    struct graves g;

    graves_init(&g);
    add(&g, "a", "u", "10", "5");
    add(&g, "a", "u", "9", "5");
    check_int(g.count, 1);
    check(held(&g, "a", "u", "10", true));
    add(&g, "a", "v", "12", "5");
    add(&g, "b", "u", "12", "5");
    check_int(g.count, 3);
    graves_release(&g);
}

TEST(graves_go_when_the_position_has_passed_them)
{
    struct graves g;

    graves_init(&g);
    add(&g, "a", "u", "10", "5");
    add(&g, "b", "v", "11", "5");
    add(&g, "c", "w", "12", "10"); /* a is passed */
    check_int(g.count, 2);
    check(!held(&g, "a", "u", "9", true));
    check(held(&g, "b", "v", "9", true));
    graves_release(&g);
}

TEST(graves_of_a_live_read_stay_until_the_watch_has_told_the_delete)
{
    struct graves g;

    graves_init(&g);
    add_gone(&g, "a", "u", "7");
    check(held(&g, "a", "u", "20", true));
    check(held(&g, "a", "t", "6", true));
    check(!held(&g, "a", "v", "8", true));
    add(&g, "b", "w", "31", "30"); /* passing means nothing to it */
    check(held(&g, "a", "u", "20", true));
    add(&g, "a", "u", "40", "35"); /* now it is known when */
    add(&g, "b", "w", "41", "40");
    check_int(g.count, 1);
    graves_release(&g);
}

TEST(graves_trust_the_watch_where_versions_cannot_be_compared)
{
    static const char longer[] = "12345678901234567890123456789012345678901";
    struct graves g;

    graves_init(&g);
    add(&g, "a", "u", "x9", "x8");
    check(!held(&g, "a", "u", "x5", true));
    check(held(&g, "a", "u", "x5", false));
    check(!held(&g, "a", "v", "x5", false));
    add(&g, "b", "u", longer, "5"); /* no room for it */
    check(held(&g, "b", "u", "9", false));
    check(!held(&g, "b", "u", "9", true));
    add(&g, "c", "u", "", "5");
    check(held(&g, "c", "u", "9", false));
    graves_release(&g);
}

TEST(graves_settle_with_a_list)
{
    struct graves g;

    graves_init(&g);
    add(&g, "old", "u1", "10", "5");
    add(&g, "new", "u2", "30", "5");
    add_gone(&g, "away", "u3", "7");   /* not in the list: so it is over */
    add_gone(&g, "listed", "u4", "8"); /* in the list, which lags behind */
    add_gone(&g, "later", "u5", "25"); /* born after the list */
    add_gone(&g, "unknown", "u6", "");
    check(held(&g, "listed", "u4", "8", true));
    graves_settle(&g, "20");
    check_int(g.count, 4);
    check(!held(&g, "old", "u1", "9", true));
    check(held(&g, "new", "u2", "9", true));
    check(!held(&g, "away", "u3", "9", true));
    check(held(&g, "later", "u5", "26", true));
    check(held(&g, "unknown", "u6", "9", true));
    graves_settle(&g, "40"); /* asked about since: new, later, unknown */
    check_int(g.count, 3);
    graves_settle(&g, "40");
    check_int(g.count, 1); /* nobody knows when that was */
    graves_release(&g);
}

TEST(graves_forget_the_oldest_beyond_their_bound)
{
    struct graves g;
    struct str name;

    graves_init(&g);
    str_init(&name, 0);
    for (unsigned i = 0; i < GRAVES_MAX + 2; i++) {
        str_clear(&name);
        str_addf(&name, "n%u", i);
        add_gone(&g, str_text(&name), "u", "");
    }
    check_int(g.count, GRAVES_MAX);
    check(!held(&g, "n1", "u", "5", true));
    check(held(&g, "n2", "u", "5", true));
    check(held(&g, str_text(&name), "u", "5", true));
    str_release(&name);
    graves_release(&g);
}
