/*
 * managed_owner.c -- metadata.managedFields as a table, and back.
 */
#include "managed_impl.h"

#include <stdlib.h>
#include <string.h>

#define UPDATE_MANAGERS_MAX 10
#define OLD_UPDATES "ancient-changes"

static const char *text_or_empty(const struct value *entry, const char *key)
{
    const char *text = value_text(value_get(entry, key));

    return text ? text : "";
}

/* ---- finding and adding ---- */

struct owner *owners_find(struct owners *o, const struct owner *like)
{
    for (uint32_t i = 0; i < o->count; i++)
        if (owner_same(&o->items[i], like))
            return &o->items[i];
    return NULL;
}

struct owner *owners_add(struct owners *o, const struct owner *like)
{
    uint32_t cap = o->cap ? o->cap * 2 : 8;
    struct owner *items = o->items;

    if (o->count == o->cap) {
        items = arena_alloc(o->s.a, cap * sizeof(*items));
        if (!items) {
            o->s.failed = true;
            return NULL;
        }
        if (o->count)
            memcpy(items, o->items, o->count * sizeof(*items));
        o->items = items;
        o->cap = cap;
    }
    o->items[o->count] = *like;
    return &o->items[o->count++];
}

struct owner *owners_make(struct owners *o, const struct owner *like)
{
    struct owner *found = owners_find(o, like);

    return found ? found : owners_add(o, like);
}

/* ---- reading ---- */

static int parse_entry(struct owners *o, const struct value *entry)
{
    const char *operation = text_or_empty(entry, "operation");
    struct owner owner = {
        .manager = text_or_empty(entry, "manager"),
        .api_version = text_or_empty(entry, "apiVersion"),
        .subresource = text_or_empty(entry, "subresource"),
        .applied = text_equal(operation, "Apply"),
        .time = value_get(entry, "time"),
    };
    struct owner *at;
    int rc;

    if ((!owner.applied && !text_equal(operation, "Update")) ||
        !*owner.api_version ||
        !text_equal(text_or_empty(entry, "fieldsType"), "FieldsV1"))
        return -ERR_INVALID;
    rc = fieldset_parse(&o->s, value_get(entry, "fieldsV1"), &owner.set);
    if (rc < 0)
        return rc;
    owner.entry = entry;
    owner.entry_set = owner.set;
    owner.entry_time = owner.time;
    at = owners_make(o, &owner);
    if (!at)
        return -ERR_NOMEM;
    *at = owner;
    return 0;
}

int owners_parse(struct owners *o, const struct value *managed_fields)
{
    int rc = 0;

    o->count = 0;
    if (!value_is(managed_fields, VALUE_ARRAY))
        return 0;
    for (uint32_t i = 0; i < managed_fields->count && rc == 0; i++)
        rc = parse_entry(o, managed_fields->as.items[i]);
    if (rc < 0)
        o->count = 0;
    return rc;
}

/* ---- order ---- */

static int64_t seconds(const struct owner *o)
{
    const char *text = value_text(o->time);
    int64_t at = 0;

    return text && text_parse_rfc3339(text, &at) ? at : 0;
}

/* Apply before Update, older before newer. */
static int in_order(const void *x, const void *y)
{
    const struct owner *l = x, *r = y;
    int64_t a = seconds(l), b = seconds(r);
    int c;

    if (l->applied != r->applied)
        return l->applied ? -1 : 1;
    if (a != b)
        return a < b ? -1 : 1;
    c = strcmp(l->manager, r->manager);
    if (c == 0)
        c = strcmp(l->api_version, r->api_version);
    return c != 0 ? c : strcmp(l->subresource, r->subresource);
}

/* ---- capping ---- */

/* Between two of one second the text decides by which the API server knows an
 * entry: {"manager":"a","operation":... */
static int by_age(const void *x, const void *y)
{
    const struct owner *l = *(struct owner *const *)x;
    const struct owner *r = *(struct owner *const *)y;
    int64_t a = seconds(l), b = seconds(r);
    size_t common = 0;
    int c;

    if (a != b)
        return a < b ? -1 : 1;
    while (l->manager[common] && l->manager[common] == r->manager[common])
        common++;
    c = (l->manager[common] ? (unsigned char)l->manager[common] : '"') -
        (r->manager[common] ? (unsigned char)r->manager[common] : '"');
    if (c == 0)
        c = strcmp(l->api_version, r->api_version);
    return c != 0 ? c : strcmp(l->subresource, r->subresource);
}

/* The first of a version goes by its own name until a second comes. A bucket
 * that comes behind another entry of its version is lost: so it is there. */
static void into_bucket(struct owners *o, struct owner *first,
                        struct owner *next)
{
    const struct owner like = {.manager = OLD_UPDATES,
                               .api_version = next->api_version,
                               .subresource = ""};
    struct owner *bucket = owners_find(o, &like);

    if (!bucket || !bucket->set) {
        first->manager = OLD_UPDATES;
        first->subresource = "";
        first->entry = NULL;
        bucket = first;
    }
    bucket->set = fieldset_union(&o->s, next->set, bucket->set);
    bucket->time = next->time;
    next->set = NULL;
}

static struct owner *first_of_version(struct owner *const *old, uint32_t count,
                                      const char *api_version)
{
    for (uint32_t i = 0; i < count; i++)
        if (text_equal(old[i]->api_version, api_version))
            return old[i];
    return NULL;
}

void owners_cap(struct owners *o)
{
    struct owner **old = arena_alloc(o->s.a, (o->count + 1) * sizeof(*old));
    uint32_t count = 0, left;

    if (!old) {
        o->s.failed = true;
        return;
    }
    for (uint32_t i = 0; i < o->count; i++)
        if (!o->items[i].applied && o->items[i].set)
            old[count++] = &o->items[i];
    if (count <= UPDATE_MANAGERS_MAX)
        return;
    qsort(old, count, sizeof(*old), by_age);
    left = count;
    for (uint32_t i = 0; i < count && left > UPDATE_MANAGERS_MAX; i++) {
        struct owner *first = first_of_version(old, i, old[i]->api_version);

        if (!first)
            continue;
        into_bucket(o, first, old[i]);
        left--;
    }
}

/* ---- writing ---- */

static int put(struct arena *a, struct value *object, const char *key,
               const struct value *v)
{
    return value_addn(a, object, key, strlen(key), (struct value *)v);
}

static int put_text(struct arena *a, struct value *object, const char *key,
                    const char *text)
{
    return *text ? put(a, object, key, value_string(a, text)) : 0;
}

/* NULL on out of memory. */
static const struct value *entry_of(struct owners *o, const struct owner *owner)
{
    struct arena *a = o->s.a;
    const struct value *fields = NULL;
    struct value *entry;

    if (owner->entry && owner->entry_set == owner->set) {
        if (owner->entry_time == owner->time)
            return owner->entry;
        fields = value_get(owner->entry, "fieldsV1");
    }
    if (!fields)
        fields = fieldset_value(&o->s, owner->set);
    entry = value_object(a);
    if (put_text(a, entry, "apiVersion", owner->api_version) < 0 ||
        put_text(a, entry, "fieldsType", "FieldsV1") < 0 ||
        put(a, entry, "fieldsV1", fields) < 0 ||
        put_text(a, entry, "manager", owner->manager) < 0 ||
        put_text(a, entry, "operation", owner->applied ? "Apply" : "Update") <
            0 ||
        put_text(a, entry, "subresource", owner->subresource) < 0 ||
        (owner->time && put(a, entry, "time", owner->time) < 0))
        return NULL;
    return entry;
}

static void drop_empty(struct owners *o)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < o->count; i++)
        if (o->items[i].set)
            o->items[kept++] = o->items[i];
    o->count = kept;
}

int owners_store(struct owners *o, struct value *object)
{
    struct value *metadata = value_get(object, "metadata");
    struct value *all = value_array(o->s.a);
    int rc = all ? 0 : -ERR_NOMEM;

    drop_empty(o);
    if (o->count == 0) {
        value_unset(metadata, "managedFields");
        return 0;
    }
    qsort(o->items, o->count, sizeof(*o->items), in_order);
    for (uint32_t i = 0; i < o->count && rc == 0; i++)
        rc = value_append(o->s.a, all,
                          (struct value *)entry_of(o, &o->items[i]));
    if (rc == 0) /* an apply may have said it is null */
        metadata = value_make(o->s.a, object, "metadata");
    if (rc == 0)
        rc = value_set(o->s.a, metadata, "managedFields", all);
    return rc;
}

const char *owner_name(struct owners *o, const struct owner *owner)
{
    struct arena *a = o->s.a;
    const char *text;

    text = *owner->subresource
               ? arena_printf(a, "\"%s\" with subresource \"%s\"",
                              owner->manager, owner->subresource)
               : arena_printf(a, "\"%s\"", owner->manager);
    if (text && !owner->applied)
        text = arena_printf(a, "%s using %s", text, owner->api_version);
    o->s.failed = o->s.failed || !text;
    return text ? text : "";
}
