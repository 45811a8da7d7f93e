/*
 * event.c -- see event.h for the contract.
 */
#include "core/event.h"

#include <string.h>

#include "base/hash.h"

const struct resource event_resource = {
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

/* The object, as an ObjectReference; NULL on out of memory. */
static struct value *reference(struct arena *a, const struct event_ref *r)
{
    struct value *v = value_object(a);

    if (!v ||
        value_set(a, v, "apiVersion", value_string(a, r->api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, r->kind)) < 0 ||
        value_set(a, v, "name", value_string(a, r->key.name)) < 0)
        return NULL;
    if (*r->uid && value_set(a, v, "uid", value_string(a, r->uid)) < 0)
        return NULL;
    if (*r->key.ns &&
        value_set(a, v, "namespace", value_string(a, r->key.ns)) < 0)
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

struct value *event_time(struct arena *a, int64_t unix_seconds)
{
    char time[32];
    char *text;

    text_rfc3339(unix_seconds, time);
    text = arena_printf(a, "%.*s.000000Z", (int)strlen(time) - 1, time);
    return text ? value_string(a, text) : NULL;
}

/* "blog.0123456789abcdef": of what makes a series. */
static int make_key(struct arena *a, const struct event_spec *s,
                    struct object_key *ret)
{
    char hex[HASH_HEX_SIZE];
    char *text = arena_printf(a, "%s\n%s\n%s\n%s", s->regarding.uid, s->type,
                              s->reason, s->controller);

    if (!text)
        return -ERR_NOMEM;
    hash_sha256_hex(text, strlen(text), hex);
    ret->ns = *s->regarding.key.ns ? s->regarding.key.ns : EVENT_NAMESPACE;
    ret->name = arena_printf(a, "%.*s.%.16s", EVENT_NAME_STEM,
                             s->regarding.key.name, hex);
    return ret->name ? 0 : -ERR_NOMEM;
}

struct value *event_make(struct arena *a, const struct event_spec *s,
                         struct object_key *ret_key)
{
    struct value *v = value_object(a);
    struct value *meta = value_make(a, v, "metadata");
    struct object_key key;

    if (!meta || make_key(a, s, &key) < 0 ||
        value_set(a, v, "apiVersion",
                  value_string(a, event_resource.api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, event_resource.kind)) < 0 ||
        value_set(a, meta, "name", value_string(a, key.name)) < 0 ||
        value_set(a, meta, "namespace", value_string(a, key.ns)) < 0 ||
        value_set(a, v, "type", value_string(a, s->type)) < 0 ||
        value_set(a, v, "reason", value_string(a, s->reason)) < 0 ||
        value_set(a, v, "action",
                  value_string(a, s->action ? s->action : "Reconcile")) < 0 ||
        value_set(a, v, "note",
                  cut_text(a, s->note ? s->note : "", EVENT_MAX_NOTE)) < 0 ||
        value_set(a, v, "reportingController", value_string(a, s->controller)) <
            0 ||
        value_set(a, v, "reportingInstance",
                  cut_text(a, s->controller, EVENT_MAX_INSTANCE)) < 0 ||
        value_set(a, v, "regarding", reference(a, &s->regarding)) < 0 ||
        value_set(a, v, "eventTime", event_time(a, s->now)) < 0)
        return NULL;
    *ret_key = key;
    return v;
}
