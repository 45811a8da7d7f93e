/* The versioned store: lists as of then, changes in order. */

#include "sim/history.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "test.h"

static int put(struct history *h, const char *bucket, const char *ns,
               const char *name, const char *json)
{
    struct object_key key = {ns, name};

    return history_put(h, bucket, &key, json, strlen(json), NULL);
}

static int drop(struct history *h, const char *bucket, const char *ns,
                const char *name)
{
    struct object_key key = {ns, name};

    return history_remove(h, bucket, &key, "last", 4, NULL);
}

static bool add_text(void *arg, const struct item *item)
{
    str_addf(arg, "%s/%s=%s ", item->key.ns, item->key.name, item->json);
    return true;
}

static const char *listed(struct history *h, struct str *out, const char *ns,
                          uint64_t revision)
{
    struct history_list l = {.bucket = "b", .ns = ns, .revision = revision};
    int rc;

    str_clear(out);
    rc = history_walk(h, &l, add_text, out, NULL);
    if (rc < 0)
        str_add(out, rc == -ERR_GONE ? "gone" : "too large");
    return str_text(out);
}

TEST(a_list_is_in_the_order_of_etcd_and_as_of_any_revision)
{
    struct history *h = history_new(100);
    struct str out = {0};

    check_int(put(h, "b", "a", "x", "1"), 0);
    check_int(put(h, "b", "a-b", "y", "2"), 0);
    check_int(put(h, "other", "a", "x", "3"), 0);
    check_int(put(h, "b", "a", "b", "4"), 0);
    check_int(put(h, "b", "a", "x", "5"), 0);
    check_int(drop(h, "b", "a", "b"), 0);
    check_int(history_revision(h), 6);
    check_str(listed(h, &out, "", 0), "a-b/y=2 a/x=5 ");
    check_str(listed(h, &out, "", 5), "a-b/y=2 a/b=4 a/x=5 ");
    check_str(listed(h, &out, "a", 4), "a/b=4 a/x=1 ");
    check_str(listed(h, &out, "a", 1), "a/x=1 ");
    check_str(listed(h, &out, "", 7), "too large");
    history_compact(h, 4);
    check_str(listed(h, &out, "", 3), "gone");
    check_str(listed(h, &out, "a", 4), "a/b=4 a/x=1 ");
    check_int(history_count(h, "b"), 2);
    check_int(drop(h, "b", "a", "b"), -ERR_NOT_FOUND);
    str_release(&out);
    history_free(h);
}

TEST(a_walk_goes_on_behind_a_key)
{
    struct history *h = history_new(100);
    struct str out = {0};
    struct history_list l = {
        .bucket = "b", .ns = "n", .after = {"n", "b"}, .revision = 0};

    check_int(put(h, "b", "n", "a", "1"), 0);
    check_int(put(h, "b", "n", "c", "2"), 0);
    check_int(put(h, "b", "m", "z", "3"), 0);
    check_int(put(h, "b", "o", "a", "4"), 0);
    check_int(history_walk(h, &l, add_text, &out, NULL), 0);
    check_str(str_text(&out), "n/c=2 ");
    l.ns = "";
    str_clear(&out);
    check_int(history_walk(h, &l, add_text, &out, NULL), 0);
    check_str(str_text(&out), "n/c=2 o/a=4 ");
    str_release(&out);
    history_free(h);
}

TEST(changes_come_in_order_with_what_was_before)
{
    struct history *h = history_new(3);
    const struct change *c = NULL;

    check_int(put(h, "b", "n", "a", "1"), 0);
    check_int(put(h, "c", "n", "a", "2"), 0);
    check_int(put(h, "b", "n", "a", "3"), 0);
    check_int(history_after(h, "b", 0, &c, NULL), 0);
    check(c && c->revision == 1 && !c->before && !c->deleted);
    check_int(history_after(h, "b", 1, &c, NULL), 0);
    check(c && c->revision == 3 && c->before);
    check_str(c->before->json, "1");
    check_int(history_after(h, NULL, 1, &c, NULL), 0);
    check(c && c->revision == 2);
    check_str(c->bucket, "c");
    check_int(history_after(h, "b", 3, &c, NULL), 0);
    check(!c);
    check_int(drop(h, "b", "n", "a"), 0);
    check_int(history_compacted(h), 1);
    check_int(history_after(h, "b", 0, &c, NULL), -ERR_GONE);
    check_int(history_after(h, "b", 3, &c, NULL), 0);
    check(c && c->deleted);
    check_str(c->before->json, "3");
    check_str(c->now->json, "last");
    history_free(h);
}

static void put_long(struct history *h, const char *name)
{
    char text[10001];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    check_int(put(h, "b", "n", name, text), 0);
}

TEST(versions_that_are_no_more_are_bound_by_their_bytes)
{
    struct history *h = history_new(1000);
    const struct change *c = NULL;

    history_bound(h, 35000);
    for (int i = 0; i < 50; i++)
        put_long(h, "a");
    check_int(history_compacted(h), 47); /* three versions are put aside */
    check_int(history_after(h, "b", 47, &c, NULL), 0);
    check(c && c->before);
    check_int(drop(h, "b", "n", "a"), 0);
    check_int(history_compacted(h), 48);
    for (int i = 0; i < 10; i++)
        check_int(put(h, "b", "n", "a", "1"), 0);
    check_int(history_compacted(h), 48);
    history_free(h);
}

TEST(as_much_as_there_is_may_be_put_aside)
{
    struct history *h = history_new(1000);
    static const char *const names[] = {"a", "b", "c", "d"};

    history_bound(h, 1);
    for (size_t i = 0; i < 12; i++)
        put_long(h, names[i % 4]);
    check_int(history_compacted(h), 8); /* 4 creations weigh nothing */
    put_long(h, "a");
    check_int(history_compacted(h), 9);
    history_free(h);
}

TEST(what_is_restored_keeps_its_revision)
{
    struct history *h = history_new(10);
    struct history_kept a = {{"n", "a"}, 38, "x", 1};
    struct history_kept b = {{"n", "b"}, 7, "y", 1};
    struct str out = {0};

    check_int(history_restore(h, "b", &a, NULL), 0);
    check_int(history_restore(h, "b", &b, NULL), 0);
    history_skip(h, 41);
    check_int(history_next(h), 42);
    check_int(history_get(h, "b", &b.key)->revision, 7);
    check_int(put(h, "b", "n", "a", "z"), 0);
    check_str(listed(h, &out, "", 41), "n/a=x n/b=y ");
    check_str(listed(h, &out, "", 0), "n/a=z n/b=y ");
    check_str(listed(h, &out, "", 40), "gone");
    str_release(&out);
    history_free(h);
}

/* ---- against a model: whole lists kept for each revision ---- */

enum { NAMES = 12, STEPS = 400, KEPT = 60 };

static char model[STEPS + 1][NAMES]; /* version of each name; 0: not there */

static void model_text(struct str *out, const char *state)
{
    str_clear(out);
    for (int i = 0; i < NAMES; i++)
        if (state[i])
            str_addf(out, "n/%c=%d ", 'a' + i, state[i]);
}

static void random_step(struct history *h, struct rng *rng, int step)
{
    unsigned i = (unsigned)rng_below(rng, NAMES);
    char name[2] = {(char)('a' + (int)i), 0}, json[8];

    memcpy(model[step], model[step - 1], NAMES);
    if (model[step][i] && rng_below(rng, 3) == 0) {
        model[step][i] = 0;
        check_int(drop(h, "b", "n", name), 0);
        return;
    }
    model[step][i] = (char)(1 + step % 100);
    snprintf(json, sizeof json, "%d", model[step][i]);
    check_int(put(h, "b", "n", name, json), 0);
}

TEST(every_revision_that_is_kept_is_as_it_was)
{
    struct history *h = history_new(KEPT);
    struct str got = {0}, want = {0};
    struct rng rng;

    rng_init(&rng, test_seed());
    for (int step = 1; step <= STEPS; step++) {
        int past = step - (int)rng_below(&rng, KEPT);

        random_step(h, &rng, step);
        if (past < 1)
            continue;
        model_text(&want, model[past]);
        if (!check_str(listed(h, &got, "", (uint64_t)past), str_text(&want)))
            break;
    }
    check_int(history_revision(h) - history_compacted(h), KEPT);
    str_release(&got);
    str_release(&want);
    history_free(h);
}

TEST_ALLOC(a_change_that_has_no_memory_changes_nothing)
{
    struct history *h = history_new(100);
    int rc = h ? 0 : -ERR_NOMEM;
    uint64_t before;

    for (int i = 0; h && i < 70 && rc == 0; i++) {
        char name[8];

        snprintf(name, sizeof name, "n%d", i % 7);
        before = history_revision(h);
        rc = put(h, i % 2 ? "b" : "c", "n", name, "x");
        check_int(history_revision(h), before + (rc == 0));
        if (rc == 0 && i % 3 == 0)
            rc = drop(h, i % 2 ? "b" : "c", "n", name);
    }
    history_free(h);
    return rc;
}
