/*
 * control_draft.c -- see control_draft.h.
 */
#include "control_draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "kube/quantity.h"

/* ---- building ---- */

static struct value *made(struct draft *d, struct value *v)
{
    if (!v)
        d->failed = true;
    return v;
}

struct value *draft_object(struct draft *d)
{
    return made(d, value_object(d->a));
}

struct value *draft_array(struct draft *d)
{
    return made(d, value_array(d->a));
}

struct value *draft_copy(struct draft *d, const struct value *v)
{
    return v ? made(d, value_copy(d->a, v)) : draft_object(d);
}

struct value *draft_make(struct draft *d, struct value *object, const char *key)
{
    return object ? made(d, value_make(d->a, object, key)) : NULL;
}

void draft_set(struct draft *d, struct value *object, const char *key,
               struct value *item)
{
    if (!object || value_set(d->a, object, key, item) < 0)
        d->failed = true;
}

void draft_text(struct draft *d, struct value *object, const char *key,
                const char *text)
{
    if (text)
        draft_set(d, object, key, value_string(d->a, text));
    else if (object)
        value_unset(object, key);
}

void draft_int(struct draft *d, struct value *object, const char *key,
               int64_t number)
{
    draft_set(d, object, key, value_integer(d->a, number));
}

void draft_count(struct draft *d, struct value *object, const char *key,
                 int64_t number)
{
    if (number != 0)
        draft_int(d, object, key, number);
    else if (object)
        value_unset(object, key);
}

void draft_bool(struct draft *d, struct value *object, const char *key, bool b)
{
    draft_set(d, object, key, value_bool(d->a, b));
}

void draft_time(struct draft *d, struct value *object, const char *key,
                int64_t unix_seconds)
{
    char text[32];

    text_rfc3339(unix_seconds, text);
    draft_text(d, object, key, text);
}

void draft_append(struct draft *d, struct value *array, struct value *item)
{
    if (!array || value_append(d->a, array, item) < 0)
        d->failed = true;
}

const char *draft_printf(struct draft *d, const char *fmt, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    text = arena_alloc(d->a, (size_t)len + 1);
    if (!text) {
        d->failed = true;
        return "";
    }
    va_start(args, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return text;
}

/* ---- conditions ---- */

static struct value *find_condition(const struct value *status,
                                    const char *type)
{
    const struct value *all = value_get(status, "conditions");

    for (size_t i = 0; i < array_count(all); i++)
        if (text_equal(value_text_at(array_at(all, i), "type"), type))
            return array_at(all, i);
    return NULL;
}

const struct value *condition_find(const struct value *status, const char *type)
{
    return find_condition(status, type);
}

bool condition_is(const struct value *status, const char *type,
                  const char *value)
{
    return text_equal(value_text_at(find_condition(status, type), "status"),
                      value);
}

void condition_remove(struct value *status, const char *type)
{
    struct value *all = value_get(status, "conditions");

    for (size_t i = 0; i < array_count(all); i++) {
        if (text_equal(value_text_at(array_at(all, i), "type"), type)) {
            array_drop(all, i);
            return;
        }
    }
}

static bool same_condition(const struct value *had, const struct condition *c)
{
    const char *reason = value_text_at(had, "reason");
    const char *message = value_text_at(had, "message");

    return text_equal(value_text_at(had, "status"), c->status) &&
           text_equal(reason ? reason : "", c->reason ? c->reason : "") &&
           text_equal(message ? message : "", c->message ? c->message : "") &&
           value_int_at(had, "observedGeneration", 0) == c->generation;
}

bool draft_condition(struct draft *d, struct value *status,
                     const struct condition *c)
{
    struct value *had = find_condition(status, c->type), *all;
    bool moved = !had || !text_equal(value_text_at(had, "status"), c->status);

    if (had && same_condition(had, c))
        return false;
    if (had && c->updates) {
        /* SetDeploymentCondition: what changed moves to the end. */
        had = draft_copy(d, had);
        condition_remove(status, c->type);
        draft_append(d, value_get(status, "conditions"), had);
    }
    if (!had) {
        all = value_get(status, "conditions");
        if (!value_is(all, VALUE_ARRAY)) {
            all = draft_array(d);
            draft_set(d, status, "conditions", all);
        }
        had = draft_object(d);
        draft_append(d, all, had);
    }
    draft_text(d, had, "type", c->type);
    draft_text(d, had, "status", c->status);
    draft_text(d, had, "reason", c->reason);
    draft_text(d, had, "message", c->message);
    if (moved)
        draft_time(d, had, "lastTransitionTime", d->unix_now);
    if (c->updates)
        draft_time(d, had, "lastUpdateTime", d->unix_now);
    if (c->probes)
        draft_set(d, had, "lastProbeTime", value_null(d->a));
    if (c->generation > 0)
        draft_int(d, had, "observedGeneration", c->generation);
    return true;
}

/* ---- reading ---- */

size_t array_count(const struct value *array)
{
    return value_is(array, VALUE_ARRAY) ? array->count : 0;
}

struct value *array_at(const struct value *array, size_t i)
{
    return i < array_count(array) ? array->as.items[i] : NULL;
}

void array_drop(struct value *array, size_t i)
{
    memmove(array->as.items + i, array->as.items + i + 1,
            (array->count - i - 1) * sizeof *array->as.items);
    array->count--;
}

bool array_has_text(const struct value *array, const char *text)
{
    for (size_t i = 0; i < array_count(array); i++)
        if (text_equal(value_text(array_at(array, i)), text))
            return true;
    return false;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

const char *object_name(const struct value *object)
{
    return or_empty(value_text_at(object, "metadata.name"));
}

const char *object_ns(const struct value *object)
{
    return or_empty(value_text_at(object, "metadata.namespace"));
}

const char *object_uid(const struct value *object)
{
    return or_empty(value_text_at(object, "metadata.uid"));
}

bool object_deleting(const struct value *object)
{
    return value_text_at(object, "metadata.deletionTimestamp") != NULL;
}

bool object_has_finalizer(const struct value *object, const char *name)
{
    return array_has_text(value_path(object, "metadata.finalizers"), name);
}

const char *object_annotation(const struct value *object, const char *name)
{
    return value_text(
        value_get(value_path(object, "metadata.annotations"), name));
}

const char *object_label(const struct value *object, const char *name)
{
    return value_text(value_get(value_path(object, "metadata.labels"), name));
}

int64_t object_time(const struct value *object, const char *path)
{
    const char *text = value_text_at(object, path);
    int64_t when;

    return text && text_parse_rfc3339(text, &when) ? when : 0;
}

const struct value *object_controller(const struct value *object)
{
    const struct value *owners = value_path(object, "metadata.ownerReferences");

    for (size_t i = 0; i < array_count(owners); i++)
        if (value_bool_at(array_at(owners, i), "controller", false))
            return array_at(owners, i);
    return NULL;
}

int64_t scaled_value(const struct value *v, int64_t total, bool round_up)
{
    const char *text = value_text(v);
    int64_t percent;

    if (!text)
        return value_is(v, VALUE_INTEGER) ? v->as.integer : 0;
    if (!text_ends(text, "%") ||
        !text_to_int64(text, strlen(text) - 1, &percent))
        return 0;
    return (percent * total + (round_up ? 99 : 0)) / 100;
}

int64_t quantity_milli(const char *text)
{
    struct quantity q;
    __int128 n, rest = 0;

    if (!text || !quantity_parse(text, &q))
        return 0;
    n = q.mantissa * 1000;
    for (int e = q.exp2; e > 0 && n < INT64_MAX; e--)
        n *= 2;
    for (int e = q.exp10; e > 0 && n < INT64_MAX; e--)
        n *= 10;
    for (int e = q.exp10; e < 0; e++) {
        rest |= n % 10;
        n /= 10;
    }
    n += rest > 0;
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

const char *draft_hash(struct draft *d, const struct value *v, int64_t salt)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    struct str text = {0};
    uint32_t hash = 2166136261u;
    char digits[24];

    if (value_print(v, &text, NULL) < 0 ||
        (salt > 0 && str_addf(&text, "%lld", (long long)salt) < 0)) {
        d->failed = true;
        str_release(&text);
        return "";
    }
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 16777619u;
    str_release(&text);
    snprintf(digits, sizeof digits, "%u", hash);
    for (char *c = digits; *c; c++)
        *c = letters[(unsigned char)*c % (sizeof letters - 1)];
    return draft_printf(d, "%s", digits);
}
