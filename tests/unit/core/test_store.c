/*
 * Tests of core/store: who wins, what is told, what a relist does.
 * test_store_relist.c has the
 * relists, test_store_model.c throws random histories at it.
 */
#include "core/store.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "snaps.h"
#include "store_kit.h"
#include "test.h"

/* ---- put, get, list ---- */

TEST(store_gives_back_what_was_put)
{
    struct store *s = store_new(&snap_gvk);

    check(gvk_equal(store_gvk(s), &snap_gvk));
    check_int(kit_put(s, "default/a", "u1", "5", ""), 0);
    kit_check_state(s, "default/a", "u1@5");
    kit_check_state(s, "default/b", "");
    kit_check_state(s, "a", "");
    check_int(store_count(s), 1);
    check(store_check(s));
    store_free(s);
}

TEST(store_counts_one_reference_to_each_object)
{
    struct store *s = store_new(&snap_gvk);
    struct snapshot *a = snap_new("a", "u", "1", "o");
    struct snapshot *b = snap_new("a", "u", "2", "o");

    store_put(s, a);
    check_int(a->refs, 2);
    store_put(s, a); /* the same again */
    check_int(a->refs, 2);
    store_put(s, b);
    check_int(a->refs, 1);
    check_int(b->refs, 2);
    store_remove(s, b);
    check_int(b->refs, 1);
    snap_drop(a);
    snap_drop(b);
    store_free(s);
}

TEST(store_lists_by_namespace_and_name_whatever_the_order_of_arrival)
{
    struct store *s = store_new(&snap_gvk);

    kit_check_list(s, "", "");
    kit_check_list(s, "x", "");
    kit_put(s, "y/b", "1", "1", "");
    kit_put(s, "x/c", "2", "2", "");
    kit_put(s, "y/a", "3", "3", "");
    kit_put(s, "xx/a", "4", "4", "");
    kit_check_list(s, "", "x/c=2 xx/a=4 y/a=3 y/b=1");
    kit_check_list(s, "x", "x/c=2");
    kit_check_list(s, "y", "y/a=3 y/b=1");
    kit_check_list(s, "w", "");
    kit_check_list(s, "z", "");
    store_free(s);
}

TEST(store_keeps_a_list_in_order_through_changes)
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "x/b", "1", "1", "");
    kit_check_list(s, "", "x/b=1");
    kit_put(s, "x/d", "2", "2", "");
    kit_put(s, "x/a", "3", "3", "");
    kit_put(s, "x/c", "4", "4", "");
    kit_check_list(s, "", "x/a=3 x/b=1 x/c=4 x/d=2");
    kit_put(s, "x/b", "1", "5", "");
    kit_drop(s, "x/c", "4", "6");
    kit_drop(s, "x/a", "3", "7");
    kit_check_list(s, "", "x/b=5 x/d=2");
    store_free(s);
}

/* ---- owners ---- */

static void add_name(void *arg, struct snapshot *snap)
{
    struct str *text = arg;

    str_addf(text, "%s%s", text->len ? " " : "", snap->key.name);
}

static void check_owned(const struct store *s, const char *uid,
                        const char *want)
{
    struct str text;

    str_init(&text, 0);
    store_owned_by(s, uid, add_name, &text);
    check_str(str_text(&text), want);
    str_release(&text);
    check(store_check(s));
}

/* rows: S109
 * broken: a child that went stayed with its owner */
TEST(store_finds_children_by_the_uid_of_their_controller) /* S52, S53 */
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "n/c", "1", "1", "o1");
    check_owned(s, "o1", "c");
    kit_put(s, "n/a", "2", "2", "o1");
    kit_put(s, "n/b", "3", "3", "o2");
    kit_put(s, "n/d", "4", "4", "");
    kit_put(s, "m/z", "5", "5", "o1");
    check_owned(s, "o1", "z a c");
    check_owned(s, "o2", "b");
    check_owned(s, "", "");
    check_owned(s, "o3", "");

    kit_put(s, "n/a", "2", "6", "o2"); /* changes hands */
    check_owned(s, "o1", "z c");
    check_owned(s, "o2", "a b");
    kit_put(s, "n/b", "3", "7", "");
    check_owned(s, "o2", "a");
    kit_drop(s, "m/z", "5", "8");
    kit_drop(s, "n/c", "1", "9");
    check_owned(s, "o1", "");
    store_free(s);
}

/* rows: S52
 * broken: the entry of an owner without children was not freed */
TEST(store_drops_an_owner_without_children) /* IN-12 */
{
    struct store *s = store_new(&snap_gvk);
    size_t before;

    kit_put(s, "a", "1", "1", "o1");
    before = store_stats(s).bytes;
    kit_put(s, "b", "2", "2", "o2");
    check(store_stats(s).bytes > before);
    kit_drop(s, "b", "2", "3");
    check_int(store_stats(s).bytes, before);
    store_free(s);
}

/* ---- which state wins ---- */

struct duel {
    const char *what;
    const char *uid, *version; /* stored */
    const char *new_uid, *new_version;
    bool by_watch, by_answer; /* does the new one win? */
};

static const struct duel duels[] = {
    {"newer", "u", "9", "u", "10", true, true},
    {"older", "u", "10", "u", "9", false, false},
    {"same", "u", "10", "u", "10", false, false},
    {"recreated", "u", "10", "v", "11", true, true},
    {"late word of the one before", "v", "11", "u", "10", false, false},
    {"no number stored", "u", "abc", "u", "10", true, false},
    {"no number comes", "u", "10", "u", "abc", true, false},
    {"leading zero", "u", "10", "u", "011", true, false},
    {"equal texts that are no numbers", "u", "abc", "u", "abc", false, false},
    {"objects of files have no version", "u", "", "u", "", true, false},
    {"128 bits", "u", "99999999999999999999", "u", "100000000000000000000",
     true, true},
};

static void fight(const struct duel *d, bool by_watch)
{
    struct store *s = store_new(&snap_gvk);
    struct kit_log log = {{0}};
    bool wins = by_watch ? d->by_watch : d->by_answer;

    kit_put(s, "a", d->uid, d->version, "");
    store_listen(s, kit_note, &log);
    if (by_watch)
        kit_put(s, "a", d->new_uid, d->new_version, "");
    else
        kit_answer(s, "a", d->new_uid, d->new_version);
    if (!check(wins == (log.text.len > 0)))
        check_str(d->what, by_watch ? "by watch" : "by answer");
    check_int(store_stats(s).ignored, !wins);
    check_str(kit_get(s, "a")->resource_version,
              wins ? d->new_version : d->version);
    str_release(&log.text);
    store_free(s);
}

/* rows: D35
 * broken: the last event wins, whatever its version */
TEST(store_lets_the_newer_state_win_and_the_watch_where_none_is) /* ST-1 */
{
    for (size_t i = 0; i < sizeof duels / sizeof duels[0]; i++) {
        fight(&duels[i], true);
        fight(&duels[i], false);
    }
}

TEST(store_reads_its_own_writes_and_is_not_thrown_back) /* note 12 */
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "a", "u", "10", "");
    kit_answer(s, "a", "u", "14");
    kit_put(s, "a", "u", "12", ""); /* was under way */
    kit_check_state(s, "a", "u@14");
    kit_drop(s, "a", "u", "13"); /* left the selector and is back */
    kit_check_state(s, "a", "u@14");
    kit_put(s, "a", "u", "16", "");
    kit_check_state(s, "a", "u@16");
    store_free(s);
}

/* rows: D35
 * broken: any DELETED taken at its word */
TEST(store_ignores_the_delete_of_another_uid) /* D35 */
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "a", "new", "12", "");
    kit_drop(s, "a", "old", "11");
    kit_drop(s, "a", "old", "13");
    kit_check_state(s, "a", "new@12");
    check_int(store_stats(s).ignored, 2);
    store_free(s);
}

/* ---- deleted is deleted ---- */

TEST(store_does_not_bring_back_what_the_position_has_passed)
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "a", "u", "10", "");
    store_bookmark(s, "10");
    kit_drop(s, "a", "u", "12");
    store_bookmark(s, "12");
    kit_answer(s, "a", "u", "11");  /* our write, long under way */
    kit_put(s, "a", "u", "11", ""); /* a watch event that comes again */
    kit_check_state(s, "a", "");
    kit_answer(s, "b", "v", "13"); /* ahead of the watch */
    kit_check_state(s, "b", "v@13");
    check_str(store_resource_version(s), "12");
    store_free(s);
}

TEST(store_does_not_bring_back_what_it_saw_deleted_ahead_of_the_watch)
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "a", "u", "10", "");
    store_bookmark(s, "10");
    kit_drop(s, "a", "u", "14");    /* the answer to our delete */
    kit_put(s, "a", "u", "12", ""); /* the watch is still there */
    kit_check_state(s, "a", "");
    kit_drop(s, "b", "w", "20"); /* never seen alive */
    kit_answer(s, "b", "w", "19");
    kit_check_state(s, "b", "");
    kit_put(s, "a", "v", "16", ""); /* created again */
    kit_check_state(s, "a", "v@16");
    store_free(s);
}

TEST(store_believes_a_live_read_that_says_gone)
{
    struct store *s = store_new(&snap_gvk);
    struct object_key a = snap_key("a");

    kit_put(s, "a", "u", "10", "");
    store_remove_key(s, &a, "other");
    kit_check_state(s, "a", "u@10");
    store_remove_key(s, &a, "u");
    kit_check_state(s, "a", "");
    kit_put(s, "a", "u", "12", ""); /* the watch lags behind */
    kit_check_state(s, "a", "");
    kit_drop(s, "a", "u", "13");
    kit_put(s, "a", "v", "15", "");
    kit_check_state(s, "a", "v@15");
    kit_put(s, "a", "u", "12", "");
    kit_check_state(s, "a", "v@15");
    store_free(s);
}

TEST(store_lets_an_object_leave_and_enter_the_selector) /* WS-11 */
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "a", "u", "10", "");
    kit_drop(s, "a", "u", "11");
    kit_put(s, "a", "u", "12", "");
    kit_check_state(s, "a", "u@12");
    kit_drop(s, "a", "u", "13");
    store_bookmark(s, "13");
    kit_answer(s, "a", "u", "13"); /* the write that took it out */
    kit_check_state(s, "a", "");
    store_free(s);
}

TEST(store_follows_the_watch_where_versions_cannot_be_compared) /* S39 */
{
    struct store *s = store_new(&snap_gvk);

    kit_put(s, "a", "u", "x1", "");
    store_bookmark(s, "x1");
    kit_drop(s, "a", "u", "x2");
    store_bookmark(s, "x2");
    kit_answer(s, "a", "u", "x1"); /* nobody knows when that was */
    kit_check_state(s, "a", "");
    kit_put(s, "a", "u", "x3", ""); /* but the watch does */
    kit_check_state(s, "a", "u@x3");
    check_str(store_resource_version(s), "x2");
    store_free(s);
}

TEST(store_remembers_deletes_within_a_bound)
{
    struct store *s = store_new(&snap_gvk);
    struct str name;

    str_init(&name, 0);
    for (int i = 0; i < 3000; i++) { /* far more than are kept */
        struct object_key key;

        str_clear(&name);
        str_addf(&name, "n%d", i);
        key = (struct object_key){"", str_text(&name)};
        store_remove_key(s, &key, str_text(&name));
    }
    kit_put(s, "n2999", "n2999", "5", "");
    kit_check_state(s, "n2999", "");
    kit_put(s, "n0", "n0", "5", ""); /* forgotten: the watch will say */
    kit_check_state(s, "n0", "n0@5");
    str_release(&name);
    store_free(s);
}

/* ---- deltas ---- */

/* rows: S40, S45
 * broken: what was ignored was told as well */
TEST(store_tells_every_change_once_and_nothing_else) /* S40, S45 */
{
    struct store *s = store_new(&snap_gvk);
    struct kit_log log = {{0}};

    check_int(store_listen(s, kit_note, &log), 0);
    kit_put(s, "a", "u", "1", "");
    kit_put(s, "a", "u", "1", "");
    kit_put(s, "a", "u", "3", "");
    kit_put(s, "a", "u", "2", "");
    kit_put(s, "a", "v", "4", "");
    kit_drop(s, "b", "w", "5");
    kit_drop(s, "a", "v", "6");
    kit_check_log(&log, "+a=1 ~a=3 !a=4 -a=4");
    check_int(store_stats(s).changes, 4);
    str_release(&log.text);
    store_free(s);
}

/* rows: S61
 * broken: another listener was taken off */
TEST(store_tells_several_listeners_until_they_leave)
{
    struct store *s = store_new(&snap_gvk);
    struct kit_log one = {{0}}, two = {{0}};

    store_listen(s, kit_note, &one);
    store_listen(s, kit_note, &two);
    kit_put(s, "a", "u", "1", "");
    store_unlisten(s, kit_note, &one);
    store_unlisten(s, kit_note, &one); /* twice is harmless */
    kit_put(s, "a", "u", "2", "");
    kit_check_log(&one, "+a=1");
    kit_check_log(&two, "+a=1 ~a=2");
    str_release(&one.text);
    str_release(&two.text);
    store_free(s);
}

static void look(void *arg, const struct delta *d)
{
    struct store *s = arg;
    struct snapshot *const *items;
    const struct snapshot *any = d->now ? d->now : d->old;

    check(store_get(s, &any->key) == d->now);
    check_int(store_list(s, "", &items), store_count(s));
}

TEST(store_has_changed_when_it_tells) /* IN-3 */
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);

    store_listen(s, look, s);
    kit_put(s, "a", "u", "1", "");
    kit_put(s, "b", "v", "2", "");
    kit_drop(s, "a", "u", "3");
    kit_collect(b, "c", "w", "4");
    check_int(store_replace(s, b, "4"), 0);
    store_batch_free(b);
    store_free(s);
}

/* ---- position ---- */

/* rows: S51
 * broken: a bookmark moved the position back */
TEST(store_moves_its_position_forward_only) /* IN-13, S51 */
{
    struct store *s = store_new(&snap_gvk);
    char longer[300];

    check_str(store_resource_version(s), "");
    store_bookmark(s, "9");
    store_bookmark(s, "10");
    store_bookmark(s, "9");
    store_bookmark(s, "");
    check_str(store_resource_version(s), "10");
    kit_put(s, "a", "u", "17", ""); /* only list, event and bookmark move it */
    kit_answer(s, "a", "u", "18");
    check_str(store_resource_version(s), "10");
    store_bookmark(s, "opaque");
    check_str(store_resource_version(s), "opaque");
    memset(longer, '7', sizeof longer - 1);
    longer[STORE_MAX_VERSION] = '\0';
    store_bookmark(s, longer);
    check_str(store_resource_version(s), longer);
    longer[STORE_MAX_VERSION] = '7';
    longer[STORE_MAX_VERSION + 1] = '\0';
    store_bookmark(s, longer);
    check_str(store_resource_version(s), "");
    store_free(s);
}

/* ---- out of memory ---- */

TEST_ALLOC(store_put_fails_as_a_whole)
{
    struct store *s = store_new(&snap_gvk);
    struct str name;
    int rc = s ? 0 : -ERR_NOMEM;
    size_t done = 0;

    str_init(&name, 0);
    for (int i = 0; s && rc == 0 && i < 30; i++) {
        str_clear(&name);
        rc = str_addf(&name, "n%d", (i * 7) % 30);
        if (rc == 0)
            rc = kit_put(s, str_text(&name), "u", "1", i % 3 ? "o1" : "o2");
        done += rc == 0;
        check(store_check(s));
        check_int(store_count(s), done);
    }
    str_release(&name);
    store_free(s);
    return rc;
}
