/*
 * Tests of core/store: batches, and what a relist does to the store.
 */
#include "core/store.h"

#include "base/mem.h"
#include "snaps.h"
#include "store_kit.h"
#include "test.h"

/* ---- relist ---- */

/* rows: S41, S42, S43
 * broken: the deltas of a list were told from its end */
TEST(store_swaps_in_a_list_and_tells_deletes_first_in_order) /* IN-2, S43 */
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);
    struct kit_log log = {{0}};
    const struct snapshot *same;

    kit_put(s, "b", "2", "2", "");
    kit_put(s, "z", "9", "9", "");
    kit_put(s, "c", "3", "3", "");
    kit_put(s, "d", "4", "4", "");
    kit_put(s, "e", "5", "5", "");
    same = kit_get(s, "c");
    store_listen(s, kit_note, &log);

    kit_collect(b, "e", "5x", "12"); /* created again */
    kit_collect(b, "d", "4", "11");
    kit_collect(b, "c", "3", "3");
    kit_collect(b, "a", "1", "10");
    check_int(store_batch_count(b), 4);
    check_int(store_count_lost(s, b), 3); /* b, z, and e under its old uid */
    check_int(store_replace(s, b, "13"), 0);
    kit_check_log(&log, "-b=2 -z=9 +a=10 ~d=11 !e=12");
    check(kit_get(s, "c") == same);
    check_int(store_batch_count(b), 0);
    check_str(store_resource_version(s), "13");
    kit_check_list(s, "", "/a=10 /c=3 /d=11 /e=12");
    str_release(&log.text);
    store_batch_free(b);
    store_free(s);
}

TEST(store_takes_the_word_of_a_list_over_what_it_distrusts) /* G2 */
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);
    const struct snapshot *before;

    kit_put(s, "a", "1", "7", "o");
    kit_put(s, "b", "2", "8", "");
    store_bookmark(s, "8");
    kit_answer(s, "c", "3", "14");
    before = kit_get(s, "a");
    kit_collect(b, "a", "1", "7"); /* the version was given out twice */
    kit_collect(b, "b", "2", "6");
    kit_collect(b, "c", "3", "4");
    store_distrust(s);
    check_int(store_replace(s, b, "10"), 0);
    kit_check_list(s, "", "/a=7 /b=6 /c=14");
    check(kit_get(s, "a") != before);
    before = kit_get(s, "a");
    kit_collect(b, "a", "1", "7");
    kit_collect(b, "b", "2", "6");
    kit_collect(b, "c", "3", "14");
    check_int(store_replace(s, b, "20"), 0); /* only once */
    check(kit_get(s, "a") == before);
    store_batch_free(b);
    store_free(s);
}

/* rows: S17, S49
 * broken: what is newer than a list went with it */
TEST(store_keeps_what_is_newer_than_a_list) /* note 12 */
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);

    kit_put(s, "a", "1", "2", "o");
    kit_put(s, "b", "2", "3", "o");
    store_bookmark(s, "3");
    kit_answer(s, "a", "1", "14"); /* written while the list was under way */
    kit_answer(s, "n", "5", "15");
    kit_collect(b, "a", "1", "2");
    kit_collect(b, "b", "2", "3");
    check_int(store_replace(s, b, "10"), 0);
    kit_check_list(s, "", "/a=14 /b=3 /n=15");
    check_str(store_resource_version(s), "10");

    check_int(store_replace(s, b, "20"), 0); /* an empty one, later */
    kit_check_list(s, "", "");
    store_batch_free(b);
    store_free(s);
}

TEST(store_does_not_take_back_a_deleted_object_from_a_list)
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);
    struct object_key c = snap_key("c");

    kit_put(s, "a", "1", "2", "");
    kit_put(s, "c", "3", "3", "");
    store_bookmark(s, "3");
    kit_drop(s, "a", "1", "14"); /* the answer to our delete */
    store_remove_key(s, &c, "3");
    kit_collect(b, "a", "1", "2");
    kit_collect(b, "b", "2", "9");
    kit_collect(b, "c", "3", "3");
    store_replace(s, b, "10");
    kit_check_list(s, "", "/b=9");

    kit_collect(b, "b", "2", "9"); /* the list does not have c any more: over */
    store_replace(s, b, "15");
    kit_put(s, "c", "3", "16", "");
    kit_check_list(s, "", "/b=9 /c=16");
    store_batch_free(b);
    store_free(s);
}

TEST(store_follows_a_list_where_versions_cannot_be_compared) /* S39 */
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);

    kit_put(s, "a", "1", "x1", "");
    kit_put(s, "b", "2", "x2", "");
    kit_put(s, "c", "3", "x3", "");
    kit_drop(s, "a", "1", "x4");
    kit_collect(b, "a", "1", "x1");
    kit_collect(b, "b", "2", "x5");
    kit_collect(b, "b", "2", "x0"); /* the later one */
    check_int(store_replace(s, b, "x9"), 0);
    kit_check_list(s, "", "/a=x1 /b=x0");
    check_str(store_resource_version(s), "x9");
    store_batch_free(b);
    store_free(s);
}

TEST(store_refuses_a_list_older_than_its_position)
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);

    kit_put(s, "a", "1", "2", "");
    store_bookmark(s, "20");
    check_int(store_replace(s, b, "19"), -ERR_INVALID);
    kit_check_list(s, "", "/a=2");
    check_int(store_replace(s, b, "20"), 0);
    kit_check_list(s, "", "");
    store_batch_free(b);
    store_free(s);
}

TEST(store_takes_a_list_as_it_is_after_a_rewind) /* G2 */
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);
    struct kit_log log = {{0}};

    kit_put(s, "a", "1", "90", "");
    kit_put(s, "b", "2", "80", "");
    kit_put(s, "c", "3", "40", "");
    kit_drop(s, "d", "4", "99");
    store_bookmark(s, "99");
    store_listen(s, kit_note, &log);
    store_rewind(s);
    kit_collect(b, "a", "1", "30");
    kit_collect(b, "c", "3", "40"); /* may differ: another timeline */
    kit_collect(b, "d", "4", "45");
    check_int(store_replace(s, b, "50"), 0);
    kit_check_log(&log, "-b=80 ~a=30 ~c=40 +d=45");
    check_str(store_resource_version(s), "50");

    kit_put(s, "a", "1", "60", "");
    store_bookmark(s, "60");
    kit_collect(b, "a", "1",
                "30"); /* once: from here on versions count again */
    check_int(store_replace(s, b, "55"), -ERR_INVALID);
    str_release(&log.text);
    store_batch_free(b);
    store_free(s);
}

TEST(store_batch_keeps_the_newest_of_each_name)
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = store_batch_new(s);
    struct snapshot *last = snap_new("c", "3", "9", "");

    kit_collect(b, "a", "1", "5");
    kit_collect(b, "a", "1", "4");
    kit_collect(b, "b", "2", "5");
    kit_collect(b, "b", "2x", "6");
    kit_collect(b, "c", "3", "7");
    store_batch_remove(b, last);
    store_batch_remove(b, last); /* not there */
    kit_collect(b, "d", "3", "10");
    snap_drop(last);
    last = snap_new("d", "3", "9", "");
    store_batch_remove(b, last); /* older */
    snap_drop(last);
    check_int(store_replace(s, b, "10"), 0);
    kit_check_list(s, "", "/a=5 /b=6 /d=10");
    kit_collect(b, "z", "9", "11");
    store_batch_clear(b);
    check_int(store_batch_count(b), 0);
    store_batch_free(b);
    store_batch_free(NULL);
    store_free(s);
    store_free(NULL);
}

/* ---- out of memory ---- */

static int fill_batch(struct store_batch *b)
{
    int rc = kit_collect(b, "a", "1", "12");

    if (rc == 0)
        rc = kit_collect(b, "c", "3", "11");
    if (rc == 0)
        rc = kit_collect(b, "d", "4", "13");
    return rc;
}

static void count_change(void *arg, const struct delta *d)
{
    (void)d;
    ++*(int *)arg;
}

/* rows: S49
 * broken: half of a list was kept when memory ran out */
TEST_ALLOC(store_replace_fails_as_a_whole)
{
    struct store *s = store_new(&snap_gvk);
    struct store_batch *b = s ? store_batch_new(s) : NULL;
    int rc = s && b ? 0 : -ERR_NOMEM;
    int changes = 0;

    if (rc == 0)
        rc = store_listen(s, count_change, &changes);
    if (rc == 0)
        rc = kit_put(s, "a", "1", "2", "");
    if (rc == 0)
        rc = kit_put(s, "b", "2", "3", "o");
    if (rc == 0)
        rc = kit_put(s, "n", "5", "25", "o"); /* will survive the list */
    if (rc == 0)
        rc = fill_batch(b);
    if (rc == 0) {
        check_int(changes, 3);
        rc = store_replace(s, b, "20");
        check_int(changes, rc == 0 ? 3 + 4 : 3);
        check_int(store_count(s), rc == 0 ? 4 : 3);
        check_str(store_resource_version(s), rc == 0 ? "20" : "");
    }
    if (s)
        check(store_check(s));
    store_batch_free(b);
    store_free(s);
    return rc;
}
