/*
 * runtime_debug.c -- /debug/queue, /debug/cache, /debug/plans, /debug/watches:
 *                    what is going on inside, from names, numbers and reasons.
 *
 * No page has a body of an object, so none has a byte of a Secret. The shape is
 * described in METRICS.md.
 */
#include <stdlib.h>
#include <string.h>

#include "debug.h"
#include "runtime_impl.h"

static struct debug_list begin(struct arena *a,
                               const struct endpoint_request *r)
{
    struct debug_list l = {.a = a, .request = r, .items = value_array(a)};

    return l;
}

static bool leads(const struct runtime *rt)
{
    return !rt->options->elect || (rt->elector && elector_leads(rt->elector));
}

static void show(const struct runtime *rt, struct debug_list *l,
                 const char *kind, const struct debug_column *columns,
                 struct endpoint_answer *ret)
{
    debug_show(l, kind, leads(rt), columns, ret);
}

/* ---- the queue ---- */

static const struct debug_column queue_columns[] = {
    {"OPERATOR", "operator"},
    {"OBJECT", "object"},
    {"STATE", "state"},
    {"MS", "milliseconds"},
    {"FAILURES", "failures"},
    {"PRIORITY", "priority"},
    {NULL, NULL},
};

struct queue_list {
    struct debug_list *list;
    const char *operator_name;
};

static void add_key(void *arg, const struct workqueue_item *k)
{
    const struct queue_list *q = arg;
    struct value *item = debug_item(q->list);

    debug_text(q->list, item, "operator", q->operator_name);
    debug_object(q->list, item, "object", k->key);
    debug_text(q->list, item, "state", k->state);
    debug_number(q->list, item, "milliseconds", (int64_t)k->ms);
    debug_number(q->list, item, "failures", k->failures);
    debug_number(q->list, item, "priority",
                 k->class == WORKQUEUE_LOW ? -100 : 0);
}

/* What runs, what is ready, what waits; the longest there and the next due
 * first. */
static int state_order(const struct value *item)
{
    const char *state = value_text_at(item, "state");

    if (text_equal(state, "running"))
        return 0;
    return text_equal(state, "ready") ? 1 : 2;
}

static int compare_keys(const void *x, const void *y)
{
    const struct value *a = *(struct value *const *)x;
    const struct value *b = *(struct value *const *)y;
    int64_t p = value_int_at(a, "milliseconds", 0);
    int64_t q = value_int_at(b, "milliseconds", 0);
    int order = state_order(a) - state_order(b);

    if (order == 0 && p != q)
        order = (p < q) == (state_order(a) == 2) ? -1 : 1;
    if (order == 0)
        order = strcmp(value_text_at(a, "object"), value_text_at(b, "object"));
    return order;
}

static void queue_page(void *arg, const struct endpoint_request *r,
                       struct endpoint_answer *ret)
{
    struct runtime *rt = arg;
    struct arena a = {0};
    struct debug_list l = begin(&a, r);

    for (size_t i = 0; l.items && i < rt->unit_count; i++) {
        struct queue_list q = {&l, rt->units[i].bundle.decl->name};

        if (rt->units[i].controller)
            controller_each_key(rt->units[i].controller, add_key, &q);
    }
    if (l.items && !l.failed && l.items->count)
        qsort(l.items->as.items, l.items->count, sizeof(*l.items->as.items),
              compare_keys);
    show(rt, &l, "DebugQueue", queue_columns, ret);
    arena_release(&a);
}

/* ---- the cache, the watches ---- */

static const struct debug_column cache_columns[] = {
    {"APIVERSION", "apiVersion"},   {"KIND", "kind"},
    {"NAMESPACE", "namespace"},     {"OBJECTS", "objects"},
    {"TEXT", "textBytes"},          {"HELD", "heldBytes"},
    {"VERSION", "resourceVersion"}, {"KNOWN", "known"},
    {"AGE MS", "ageMilliseconds"},  {NULL, NULL},
};
static const struct debug_column watch_columns[] = {
    {"APIVERSION", "apiVersion"},
    {"KIND", "kind"},
    {"NAMESPACE", "namespace"},
    {"STATE", "state"},
    {"HEARD MS", "lastContactMilliseconds"},
    {"EVENTS", "events"},
    {"RELISTS", "relists"},
    {"FAILURES", "failures"},
    {"ERROR", "error"},
    {NULL, NULL},
};

static struct value *add_feed(struct debug_list *l,
                              const struct source_status *s)
{
    struct value *item = debug_item(l);

    debug_text(l, item, "apiVersion", s->want->gvk.api_version);
    debug_text(l, item, "kind", s->want->gvk.kind);
    debug_text(l, item, "namespace", s->want->ns);
    debug_text(l, item, "labels", s->want->labels);
    debug_text(l, item, "fields", s->want->fields);
    debug_flag(l, item, "metadataOnly", s->want->metadata_only);
    debug_flag(l, item, "known", s->feed->known);
    return item;
}

static void add_cache(void *arg, const struct source_status *s)
{
    struct debug_list *l = arg;
    struct value *item = add_feed(l, s);
    struct snapshot *const *all;
    size_t count = store_list(s->feed->store, "", &all);
    int64_t text = 0, held = 0;

    for (size_t i = 0; i < count; i++) {
        text += all[i]->text_len;
        held += all[i]->packed_len ? all[i]->packed_len : all[i]->text_len;
    }
    debug_number(l, item, "objects", (int64_t)store_count(s->feed->store));
    debug_number(l, item, "textBytes", text);
    debug_number(l, item, "heldBytes", held);
    debug_text(l, item, "resourceVersion",
               store_resource_version(s->feed->store));
    debug_number(l, item, "ageMilliseconds", s->heard_ms);
}

static void add_watch(void *arg, const struct source_status *s)
{
    struct debug_list *l = arg;
    struct value *item = add_feed(l, s);
    bool well = s->feed->why.code == ERR_NONE;

    debug_text(l, item, "state", s->state);
    debug_number(l, item, "lastContactMilliseconds", s->heard_ms);
    debug_text(l, item, "code", well ? "" : err_name(s->feed->why.code));
    debug_text(l, item, "error", well ? "" : s->feed->why.msg);
    debug_number(l, item, "lists", (int64_t)s->stats.lists);
    debug_number(l, item, "watches", (int64_t)s->stats.watches);
    debug_number(l, item, "events", (int64_t)s->stats.events);
    debug_number(l, item, "relists", (int64_t)s->stats.relists);
    debug_number(l, item, "failures", (int64_t)s->stats.failures);
    debug_number(l, item, "confirmations", (int64_t)s->stats.confirmations);
    debug_number(l, item, "rewinds", (int64_t)s->stats.rewinds);
    debug_number(l, item, "scrubs", (int64_t)s->scrubs);
    debug_number(l, item, "differences", (int64_t)s->differences);
}

static void cache_page(void *arg, const struct endpoint_request *r,
                       struct endpoint_answer *ret)
{
    struct runtime *rt = arg;
    struct arena a = {0};
    struct debug_list l = begin(&a, r);

    if (l.items)
        source_each(rt->source, add_cache, &l);
    show(rt, &l, "DebugCache", cache_columns, ret);
    arena_release(&a);
}

static void watches_page(void *arg, const struct endpoint_request *r,
                         struct endpoint_answer *ret)
{
    struct runtime *rt = arg;
    struct arena a = {0};
    struct debug_list l = begin(&a, r);

    if (l.items)
        source_each(rt->source, add_watch, &l);
    show(rt, &l, "DebugWatches", watch_columns, ret);
    arena_release(&a);
}

/* ---- the plans ---- */

static const struct debug_column plan_columns[] = {
    {"TIME", "time"},       {"OPERATOR", "operator"}, {"OBJECT", "object"},
    {"OUTCOME", "outcome"}, {"WRITES", "writes"},     {"MS", "milliseconds"},
    {"ROW", "row"},         {"WHY", "why"},           {"ERROR", "error"},
    {NULL, NULL},
};

static void add_plan(void *arg, const char *json, size_t len)
{
    struct debug_list *l = arg;
    struct value *v;

    if (value_parse(l->a, json, len, &v, NULL) < 0 ||
        value_append(l->a, l->items, v) < 0)
        l->failed = true;
}

static void plans_page(void *arg, const struct endpoint_request *r,
                       struct endpoint_answer *ret)
{
    struct runtime *rt = arg;
    struct arena a = {0};
    struct debug_list l = begin(&a, r);

    if (l.items)
        pass_log_each(rt->pages.passes, add_plan, &l);
    show(rt, &l, "DebugPlans", plan_columns, ret);
    arena_release(&a);
}

int runtime_add_debug(struct runtime *rt)
{
    const struct endpoint_page pages[] = {
        {.path = "/debug/cache", .fn = cache_page, .arg = rt, .guarded = true},
        {.path = "/debug/plans", .fn = plans_page, .arg = rt, .guarded = true},
        {.path = "/debug/queue", .fn = queue_page, .arg = rt, .guarded = true},
        {.path = "/debug/watches",
         .fn = watches_page,
         .arg = rt,
         .guarded = true},
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(pages) / sizeof(*pages); i++)
        rc = endpoint_add(rt->pages.endpoint, &pages[i]);
    return rc;
}
