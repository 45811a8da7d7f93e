/*
 * Feeds from manifests.
 */
#include <string.h>

#include "app/source_files.h"
#include "base/mem.h"
#include "stage.h"
#include "test.h"

struct bench {
    struct stage stage; /* for its texts */
    struct restmap *restmap;
    struct source *source;
    struct err err;
};

static void bench_init(struct bench *b)
{
    *b = (struct bench){0};
    stage_init(&b->stage);
    b->restmap = restmap_new();
    for (int k = STAGE_ROOT; b->restmap && k < STAGE_KINDS; k++)
        restmap_add(b->restmap, stage_resource((enum stage_kind)k), &b->err);
    if (!b->restmap)
        err_nomem(&b->err);
}

static void bench_release(struct bench *b)
{
    source_free(b->source);
    restmap_free(b->restmap);
    stage_release(&b->stage);
}

static int open_files(struct bench *b, struct source *behind,
                      const struct gvk *front)
{
    b->source = source_files_new(b->restmap, behind, front, &b->err);
    return b->source ? 0 : -(int)b->err.code;
}

static int add(struct bench *b, const char *text)
{
    struct value *v = stage_value(&b->stage, text);

    if (!v)
        return err_nomem(&b->err);
    return source_files_add(b->source, v, "shop", &b->err);
}

static struct source_feed *feed_of(struct bench *b, const char *api_version,
                                   const char *kind, const char *ns)
{
    struct source_want want = {.gvk = {api_version, kind}, .ns = ns};

    return source_feed(b->source, &want, &b->err);
}

static const struct snapshot *find(const struct source_feed *feed,
                                   const char *ns, const char *name)
{
    return store_get(feed->store, &(struct object_key){ns, name});
}

#define MAP(meta) "{'apiVersion':'v1','kind':'ConfigMap','metadata':{" meta "}}"

TEST(files_are_all_there_is)
{
    struct bench b;
    struct source_feed *maps, *secrets;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, MAP("'name':'a'")), &b.err);
    check_ok(add(&b, MAP("'name':'b','namespace':'other'")), &b.err);
    maps = feed_of(&b, "v1", "ConfigMap", "");
    check(maps->known);
    check(maps->resource == restmap_find(b.restmap, "v1", "ConfigMap"));
    check_int(store_count(maps->store), 2);
    check(find(maps, "shop", "a"));
    check(find(maps, "other", "b"));
    secrets = feed_of(&b, "v1", "Secret", "");
    check(secrets->known);
    check_int(store_count(secrets->store), 0);
    bench_release(&b);
}

TEST(a_feed_of_a_namespace_has_only_its_objects)
{
    struct bench b;
    struct source_feed *feed;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, MAP("'name':'a'")), &b.err);
    check_ok(add(&b, MAP("'name':'b','namespace':'other'")), &b.err);
    feed = feed_of(&b, "v1", "ConfigMap", "other");
    check_int(store_count(feed->store), 1);
    check(find(feed, "other", "b"));
    bench_release(&b);
}

TEST(cluster_scoped_objects_get_no_namespace)
{
    struct bench b;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, "{'apiVersion':'v1','kind':'Node','metadata':{"
                     "'name':'n'}}"),
             &b.err);
    check(find(feed_of(&b, "v1", "Node", ""), "", "n"));
    bench_release(&b);
}

TEST(stand_ins_are_the_same_in_every_run)
{
    struct bench b;
    const struct snapshot *a, *c;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, MAP("'name':'a'")), &b.err);
    check_ok(add(&b, MAP("'name':'a','namespace':'other'")), &b.err);
    check_ok(add(&b, MAP("'name':'c','uid':'u','resourceVersion':'9',"
                         "'generation':4")),
             &b.err);
    a = find(feed_of(&b, "v1", "ConfigMap", ""), "shop", "a");
    check_str(a->uid, "8c4cb2de-e0ec-4af5-8292-8d745c50be6b");
    check_int(strlen(a->uid), 36);
    check_str(a->resource_version, "1");
    check_int(a->generation, 1);
    c = find(feed_of(&b, "v1", "ConfigMap", ""), "other", "a");
    check(strcmp(a->uid, c->uid) != 0);
    c = find(feed_of(&b, "v1", "ConfigMap", ""), "shop", "c");
    check_str(c->uid, "u");
    check_str(c->resource_version, "9");
    check_int(c->generation, 4);
    bench_release(&b);
}

TEST(a_kind_that_nothing_is_known_of_is_not_empty)
{
    struct bench b;
    struct source_feed *feed;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, "{'apiVersion':'x.io/v1','kind':'X','metadata':{"
                     "'name':'n'}}"),
             &b.err);
    feed = feed_of(&b, "x.io/v1", "X", "");
    check(!feed->known);
    check_int(feed->why.code, ERR_NO_KIND);
    check_has(feed->why.hint, "CustomResourceDefinition");
    bench_release(&b);
}

TEST(an_object_that_is_none_is_refused)
{
    struct bench b;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_int(add(&b, MAP("")), -ERR_INVALID);
    check_int(store_count(feed_of(&b, "v1", "ConfigMap", "")->store), 0);
    bench_release(&b);
}

/* ---- in front of another source ---- */

struct behind {
    struct source source;
    struct source_feed feed;
    unsigned asked;
    bool freed;
};

static struct source_feed *behind_feed(struct source *s,
                                       const struct source_want *want,
                                       struct err *err)
{
    struct behind *b = (struct behind *)s;

    (void)want;
    (void)err;
    b->asked++;
    return &b->feed;
}

static void behind_free(struct source *s)
{
    ((struct behind *)s)->freed = true;
}

static const struct source_ops BEHIND = {
    .name = "behind", .feed = behind_feed, .free = behind_free};

static void told(void *arg, struct source_feed *feed)
{
    (void)arg;
    (void)feed;
}

TEST(the_source_behind_serves_all_but_the_front)
{
    const struct gvk widget = {"example.com/v1", "Widget"};
    struct behind behind = {.source = {.ops = &BEHIND}};
    struct source_feed *feed;
    struct bench b;

    bench_init(&b);
    check_ok(open_files(&b, &behind.source, &widget), &b.err);
    b.source->on_change = told;
    b.source->arg = &b;
    check_ok(add(&b, "{'apiVersion':'example.com/v1','kind':'Widget',"
                     "'metadata':{'name':'w'}}"),
             &b.err);
    feed = feed_of(&b, "example.com/v1", "Widget", "");
    check_int(store_count(feed->store), 1);
    check_int(behind.asked, 0);
    check(feed_of(&b, "v1", "ConfigMap", "") == &behind.feed);
    check_int(behind.asked, 1);
    check(behind.source.on_change == told && behind.source.arg == &b);
    bench_release(&b);
    check(behind.freed);
}

TEST_ALLOC(files_survive_out_of_memory)
{
    struct bench b;
    struct source_feed *feed;

    bench_init(&b);
    if (b.err.code == ERR_NONE && open_files(&b, NULL, NULL) == 0 &&
        add(&b, MAP("'name':'a'")) == 0 && add(&b, MAP("'name':'b'")) == 0) {
        feed = feed_of(&b, "v1", "ConfigMap", "");
        if (feed)
            check_int(store_count(feed->store), 2);
    }
    bench_release(&b);
    return -(int)b.err.code;
}

/* ---- selectors ---- */

TEST(files_are_selected_as_by_a_watch)
{
    struct bench b;
    struct source_want want = {.gvk = {"v1", "ConfigMap"}, .ns = ""};
    struct source_feed *feed;

    bench_init(&b);
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, MAP("'name':'a','labels':{'x':'1'}")), &b.err);
    check_ok(add(&b, MAP("'name':'b','labels':{'x':'2'}")), &b.err);
    want.labels = "x=1";
    feed = source_feed(b.source, &want, &b.err);
    check_int(store_count(feed->store), 1);
    check(find(feed, "shop", "a"));
    want.labels = NULL;
    want.fields = "metadata.name=b";
    feed = source_feed(b.source, &want, &b.err);
    check_int(store_count(feed->store), 1);
    check(find(feed, "shop", "b"));
    bench_release(&b);
}

/* ---- kinds that are not known ---- */

TEST(a_hidden_kind_is_not_known_for_the_reason_given)
{
    const struct gvk gvk = {"v1", "ConfigMap"};
    struct err why = {0};
    struct bench b;
    struct source_feed *feed;

    bench_init(&b);
    err_set(&why, ERR_UNKNOWN, "nobody can see it");
    check_ok(open_files(&b, NULL, NULL), &b.err);
    check_ok(add(&b, MAP("'name':'a'")), &b.err);
    check_ok(source_files_hide(b.source, &gvk, &why, &b.err), &b.err);
    feed = feed_of(&b, "v1", "ConfigMap", "");
    check(!feed->known);
    check_int(feed->why.code, ERR_UNKNOWN);
    check_str(feed->why.msg, "nobody can see it");
    bench_release(&b);
}
