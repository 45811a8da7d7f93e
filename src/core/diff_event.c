/*
 * diff_event.c -- plan:event as events.k8s.io/v1 objects.
 *
 * DESIGN
 *
 * The name is made from what the series key of EV-2 holds, so that the same
 * Event planned twice is the same object: the second create answers
 * AlreadyExists and whoever aggregates (app) turns it into a count. Nothing
 * here knows the time of day but view.now.
 */
#include "core/diff_private.h"

#include <string.h>

#define EVENT_MAX_NOTE 1024u

static const struct resource event_resource = {
    .api_version = "events.k8s.io/v1",
    .group = "events.k8s.io",
    .version = "v1",
    .kind = "Event",
    .plural = "events",
    .singular = "event",
    .namespaced = true,
    .can_create = true,
    .can_patch = true,
};

/* Discovery may not have run (offline): Events look the same everywhere. */
static const struct resource *find_event_resource(const struct diff_work *w)
{
    const struct resource *r = NULL;

    if (w->in->restmap)
        r = restmap_find(w->in->restmap, event_resource.api_version,
                         event_resource.kind);
    return r ? r : &event_resource;
}

/* "blog.0123456789abcdef"; long root names are cut. */
static const char *event_name(const struct diff_work *w,
                              const struct plan_event *e)
{
    const struct snapshot *root = w->in->view->root;
    char hex[HASH_HEX_SIZE];
    char *text = arena_printf(w->a, "%s\n%s\n%s\n%s", root->uid, e->type,
                              e->reason, w->in->decl->field_manager);

    if (!text)
        return NULL;
    hash_sha256_hex(text, strlen(text), hex);
    return arena_printf(w->a, "%.200s.%.16s", root->key.name, hex);
}

/* The root, as an ObjectReference; NULL on out of memory. */
static struct value *regarding(const struct diff_work *w)
{
    const struct snapshot *root = w->in->view->root;
    struct arena *a = w->a;
    struct value *v = value_object(a);

    if (!v ||
        value_set(a, v, "apiVersion", value_string(a, root->api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, root->kind)) < 0 ||
        value_set(a, v, "name", value_string(a, root->key.name)) < 0 ||
        value_set(a, v, "uid", value_string(a, root->uid)) < 0)
        return NULL;
    if (*root->key.ns &&
        value_set(a, v, "namespace", value_string(a, root->key.ns)) < 0)
        return NULL;
    return v;
}

/* At most `max` bytes, cut at a character's border. */
static struct value *cut_text(struct arena *a, const char *text, size_t max)
{
    size_t len = strlen(text);

    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    return value_stringn(a, text, len);
}

/* A MicroTime: "2026-01-02T03:04:05.000000Z". */
static struct value *event_time(const struct diff_work *w)
{
    char time[32];
    char *text;

    text_rfc3339(w->in->view->now, time);
    text = arena_printf(w->a, "%.*s.000000Z", (int)strlen(time) - 1, time);
    return text ? value_string(w->a, text) : NULL;
}

/* All that EV-1 asks for. NULL on out of memory. */
static struct value *event_body(const struct diff_work *w,
                                const struct plan_event *e,
                                const struct object_key *key)
{
    struct arena *a = w->a;
    const char *manager = w->in->decl->field_manager;
    struct value *v = value_object(a);
    struct value *meta = value_make(a, v, "metadata");

    if (!meta ||
        value_set(a, v, "apiVersion",
                  value_string(a, event_resource.api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, "Event")) < 0 ||
        value_set(a, meta, "name", value_string(a, key->name)) < 0 ||
        value_set(a, meta, "namespace", value_string(a, key->ns)) < 0 ||
        value_set(a, v, "type", value_string(a, e->type)) < 0 ||
        value_set(a, v, "reason", value_string(a, e->reason)) < 0 ||
        value_set(a, v, "action", value_string(a, "Reconcile")) < 0 ||
        value_set(a, v, "note",
                  cut_text(a, e->note ? e->note : "", EVENT_MAX_NOTE)) < 0 ||
        value_set(a, v, "reportingController", value_string(a, manager)) < 0 ||
        value_set(a, v, "reportingInstance", value_string(a, manager)) < 0 ||
        value_set(a, v, "regarding", regarding(w)) < 0 ||
        value_set(a, v, "eventTime", event_time(w)) < 0)
        return NULL;
    return v;
}

static int add_event(struct diff_work *w, const struct plan_event *e)
{
    const char *root_ns = w->in->view->root->key.ns;
    struct change *c = changeset_add(w->cs, CHANGE_EVENT);

    if (!c)
        return err_nomem(w->err);
    c->resource = find_event_resource(w);
    c->key.ns = *root_ns ? root_ns : "default";
    c->key.name = event_name(w, e);
    c->line = e->line;
    if (c->key.name)
        c->body = event_body(w, e, &c->key);
    return c->body ? 0 : err_nomem(w->err);
}

int diff_events(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;

    for (size_t i = 0; i < plan->event_count; i++) {
        int rc = add_event(w, &plan->events[i]);

        if (rc < 0)
            return rc;
    }
    return 0;
}
