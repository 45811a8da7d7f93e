/*
 * Feeds from an API server.
 */
#include <string.h>

#include "api.h"
#include "app/source_live.h"
#include "base/mem.h"
#include "stage.h"
#include "test.h"

#define MAP(name, rv)                                                          \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" name          \
    "','namespace':'default','uid':'uid-" name "','resourceVersion':'" rv      \
    "'}}"
#define EVENT(type, object) "{'type':'" type "','object':" object "}\n"
/* The end of the initial events of a streaming list. */
#define INITIAL_END(api, what, rv)                                             \
    EVENT("BOOKMARK",                                                          \
          "{'apiVersion':'" api "','kind':'" what                              \
          "','metadata':{'resourceVersion':'" rv "','annotations':{"           \
          "'k8s.io/initial-events-end':'true'}}}")
#define NO_MAPS INITIAL_END("v1", "ConfigMap", "9")
#define NO_WIDGETS INITIAL_END("example.com/v1", "Widget", "9")
#define FORBIDDEN                                                              \
    "{'kind':'Status','reason':'Forbidden','message':'may not',"               \
    "'details':{'kind':'configmaps'}}"

struct desk {
    struct api api;
    struct source *source;
    struct source_feed *feed; /* the one that is waited for */
    unsigned told;            /* on_change, of any feed */
    struct err err;
};

static void on_change(void *arg, struct source_feed *feed)
{
    struct desk *d = arg;

    (void)feed;
    d->told++;
}

static void desk_set(struct desk *d)
{
    *d = (struct desk){0};
    api_init(&d->api);
}

static bool desk_open(struct desk *d)
{
    if (!api_open(&d->api))
        return false;
    for (int k = STAGE_ROOT; k < STAGE_KINDS; k++)
        restmap_add(d->api.cluster->restmap, stage_resource((enum stage_kind)k),
                    &d->err);
    d->source = source_live_new(d->api.cluster, 1, &d->err);
    if (!d->source)
        return false;
    d->source->on_change = on_change;
    d->source->arg = d;
    return true;
}

static void desk_release(struct desk *d)
{
    source_free(d->source);
    api_release(&d->api);
}

static struct source_feed *feed_of(struct desk *d, const char *api_version,
                                   const char *kind, const char *labels)
{
    struct source_want want = {
        .gvk = {api_version, kind}, .ns = "default", .labels = labels};

    return source_feed(d->source, &want, &d->err);
}

static bool is_known(void *arg)
{
    return ((struct desk *)arg)->feed->known;
}

static bool has_reason(void *arg)
{
    const struct source_feed *feed = ((struct desk *)arg)->feed;

    return !feed->known && feed->why.code != ERR_UNKNOWN;
}

static const struct snapshot *find(const struct source_feed *feed,
                                   const char *name)
{
    return store_get(feed->store, &(struct object_key){"default", name});
}

TEST(a_feed_is_known_when_its_first_list_is_complete)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 200,
             EVENT("ADDED", MAP("a", "5")) EVENT("ADDED", MAP("b", "7"))
                 NO_MAPS EVENT("MODIFIED", MAP("a", "11")));
    check(desk_open(&d));
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    check(!d.feed->known);
    check_int(d.feed->why.code, ERR_UNKNOWN);
    check_str(d.feed->why.msg, "'ConfigMap' is not synced yet");
    check(d.feed->resource != NULL);
    check(api_until(&d.api, is_known, &d));
    check_int(d.feed->why.code, ERR_NONE);
    check_int(d.told, 1);
    check_int(store_count(d.feed->store), 2);
    check_str(find(d.feed, "a")->resource_version, "11");
    check_str(api_log(&d.api), "GET configmaps (watch)\n");
    desk_release(&d);
}

TEST(an_empty_kind_is_known_too)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 200, NO_MAPS);
    check(desk_open(&d));
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    check(api_until(&d.api, is_known, &d));
    check_int(store_count(d.feed->store), 0);
    desk_release(&d);
}

/* Streaming lists are not everywhere. */
TEST(a_server_without_streaming_lists_is_listed)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 422,
             "{'kind':'Status','reason':'Invalid','message':'forbidden',"
             "'details':{'causes':[{'field':'sendInitialEvents'}]}}");
    api_rule(&d.api, "GET configmaps", 200,
             "{'kind':'ConfigMapList','apiVersion':'v1','metadata':{"
             "'resourceVersion':'9'},'items':[" MAP("a", "5") "]}");
    api_rule(&d.api, "GET configmaps (watch)", 200,
             EVENT("ADDED", MAP("b", "10")));
    check(desk_open(&d));
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    check(api_until(&d.api, is_known, &d));
    check(api_requests(&d.api, 3));
    check_str(api_log(&d.api), "GET configmaps (watch)\nGET configmaps\n"
                               "GET configmaps (watch)\n");
    check(find(d.feed, "a"));
    desk_release(&d);
}

/* rows: S102
 * broken: each who wants a kind had a watch of its own */
TEST(who_wants_the_same_shares_a_feed)
{
    struct desk d;
    struct source_feed *other;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 200, NO_MAPS)->forever = true;
    check(desk_open(&d));
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    check(feed_of(&d, "v1", "ConfigMap", NULL) == d.feed);
    other = feed_of(&d, "v1", "ConfigMap", "a=b");
    check(other != d.feed && other->store != d.feed->store);
    check(feed_of(&d, "v1", "ConfigMap", "a=b") == other);
    check(api_requests(&d.api, 2));
    api_settle(&d.api);
    check_str(api_log(&d.api), "GET configmaps (watch)\n"
                               "GET configmaps (watch)\n");
    desk_release(&d);
}

TEST(a_kind_that_the_server_lacks_is_unknown_not_empty)
{
    struct desk d;

    desk_set(&d);
    check(desk_open(&d));
    d.feed = feed_of(&d, "x.io/v1", "X", NULL);
    check(!d.feed->known);
    check(!d.feed->resource);
    check_int(d.feed->why.code, ERR_NO_KIND);
    check_str(d.feed->why.msg, "the server has no kind 'X' in 'x.io/v1'");
    check_has(d.feed->why.hint, "CustomResourceDefinition");
    api_settle(&d.api);
    check_str(api_log(&d.api), "");
    desk_release(&d);
}

TEST(a_kind_that_may_not_be_read_is_unknown_and_others_go_on)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 403, FORBIDDEN)->forever = true;
    api_rule(&d.api, "GET configmaps", 403, FORBIDDEN)->forever = true;
    api_rule(&d.api, "GET secrets (watch)", 200,
             INITIAL_END("v1", "Secret", "9"));
    check(desk_open(&d));
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    check(api_until(&d.api, has_reason, &d));
    check_int(d.feed->why.code, ERR_FORBIDDEN);
    check_has(d.feed->why.msg, "cannot watch 'configmaps': may not");
    d.feed = feed_of(&d, "v1", "Secret", NULL);
    check(api_until(&d.api, is_known, &d));
    desk_release(&d);
}

TEST(what_is_no_watch_is_unknown)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 200, "<html>")->forever = true;
    check(desk_open(&d));
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    check(api_until(&d.api, has_reason, &d));
    check(d.feed->why.code != ERR_NONE);
    check_int(store_count(d.feed->store), 0);
    desk_release(&d);
}

/* ---- schemas ---- */

#define SCHEMA_PATH "GET openapi/v3/apis/example.com/v1"
#define OPENAPI                                                                \
    "{'components':{'schemas':{'com.example.v1.Widget':{'type':'object',"      \
    "'x-kubernetes-group-version-kind':[{'group':'example.com',"               \
    "'version':'v1','kind':'Widget'}]}}}}"

TEST(the_schema_of_a_kind_comes_before_its_objects)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, SCHEMA_PATH, 200, OPENAPI);
    api_rule(&d.api, "GET widgets (watch)", 200, NO_WIDGETS);
    check(desk_open(&d));
    d.feed = feed_of(&d, "example.com/v1", "Widget", NULL);
    check(api_until(&d.api, is_known, &d));
    check_str(api_log(&d.api), SCHEMA_PATH "\nGET widgets (watch)\n");
    desk_release(&d);
}

/* The server publishes it a moment after the kind. */
TEST(a_schema_that_is_late_is_asked_for_again)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, SCHEMA_PATH, 404, "");
    api_rule(&d.api, SCHEMA_PATH, 200, OPENAPI);
    api_rule(&d.api, "GET widgets (watch)", 200, NO_WIDGETS);
    check(desk_open(&d));
    d.feed = feed_of(&d, "example.com/v1", "Widget", NULL);
    check(api_until(&d.api, is_known, &d));
    check_str(api_log(&d.api),
              SCHEMA_PATH "\n" SCHEMA_PATH "\nGET widgets (watch)\n");
    desk_release(&d);
}

/* ---- life ---- */

/* rows: S22
 * broken: a request outlived its watch */
TEST(a_source_may_be_freed_at_any_time)
{
    struct desk d;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 200,
             EVENT("ADDED", MAP("a", "5")));
    api_rule(&d.api, SCHEMA_PATH, API_SILENT, "");
    check(desk_open(&d));
    feed_of(&d, "v1", "ConfigMap", NULL);
    feed_of(&d, "x.io/v1", "X", NULL);
    feed_of(&d, "example.com/v1", "Widget", NULL);
    check(api_requests(&d.api, 2));
    api_settle(&d.api);
    desk_release(&d);
    check_int(d.told, 1); /* there is no X */
}

/* Only the call itself fails; what was begun is begun again after a second,
 * which only the nightly lane waits for. */
static bool run_short_of_memory(uint64_t n)
{
    struct desk d;
    bool reached;

    desk_set(&d);
    api_rule(&d.api, "GET configmaps (watch)", 200, NO_MAPS);
    check(desk_open(&d));
    mem_fail_at(n);
    d.feed = feed_of(&d, "v1", "ConfigMap", NULL);
    reached = mem_fail_happened();
    mem_fail_at(0);
    check(d.feed || (reached && d.err.code == ERR_NOMEM));
    if (d.feed && (!reached || test_long()))
        check(api_until(&d.api, is_known, &d));
    desk_release(&d);
    return !reached;
}

/* rows: S95
 * broken: a store outlived its feed */
TEST(a_feed_survives_out_of_memory)
{
    uint64_t n = 1;

    while (!run_short_of_memory(n))
        n++;
    check(n > 10);
}
