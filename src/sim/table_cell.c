/*
 * table_cell.c -- cells that many kinds have.
 */
#include "table_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

const struct value *row_at(const struct row *r, const char *paths)
{
    char path[128];
    const struct value *v = NULL;

    while (paths && *paths && !v) {
        size_t len = strcspn(paths, "|");

        if (len < sizeof(path)) {
            memcpy(path, paths, len);
            path[len] = '\0';
            v = value_path(r->object, path);
        }
        if (v && v->type == VALUE_NULL)
            v = NULL;
        paths += len + (paths[len] == '|');
    }
    return v;
}

int64_t row_int(const struct value *v, const char *path)
{
    return value_int_at(v, path, 0);
}

const char *row_text(const struct value *v, const char *path)
{
    const char *text = value_text_at(v, path);

    return text ? text : "";
}

struct value *cell_take(struct arena *a, struct str *text)
{
    struct value *v = NULL;

    if (!text->failed)
        v = value_stringn(a, str_text(text), text->len);
    str_release(text);
    return v;
}

/* ---- times ---- */

struct value *cell_duration(struct arena *a, int64_t s)
{
    int64_t m = s / 60, h = s / 3600, d = s / 86400;
    const char *text;

    if (s < -1)
        text = "<invalid>";
    else if (s < 0)
        text = "0s";
    else if (s < 120)
        text = arena_printf(a, "%llds", (long long)s);
    else if (m < 10 && s % 60)
        text = arena_printf(a, "%lldm%llds", (long long)m, (long long)s % 60);
    else if (m < 180)
        text = arena_printf(a, "%lldm", (long long)m);
    else if (h < 8 && m % 60)
        text = arena_printf(a, "%lldh%lldm", (long long)h, (long long)m % 60);
    else if (h < 48)
        text = arena_printf(a, "%lldh", (long long)h);
    else if (d < 8 && h % 24)
        text = arena_printf(a, "%lldd%lldh", (long long)d, (long long)h % 24);
    else if (d < 730)
        text = arena_printf(a, "%lldd", (long long)d);
    else if (d < 365 * 8 && d % 365)
        text = arena_printf(a, "%lldy%lldd", (long long)d / 365,
                            (long long)d % 365);
    else
        text = arena_printf(a, "%lldy", (long long)d / 365);
    return text ? value_string(a, text) : NULL;
}

struct value *row_age(const struct row *r, const struct value *time)
{
    int64_t at;

    if (!value_text(time) || !text_parse_rfc3339(value_text(time), &at))
        return value_string(r->a, "<unknown>");
    return cell_duration(r->a, r->unix_now - at);
}

struct value *cell_age(const struct row *r, const struct column *c)
{
    const struct value *time = row_at(r, c->path);

    if (!time && c->otherwise)
        return value_string(r->a, c->otherwise);
    return row_age(r, time);
}

/* ---- plain values ---- */

struct value *cell_name(const struct row *r, const struct column *c)
{
    (void)c;
    return value_string(r->a, row_text(r->object, "metadata.name"));
}

struct value *cell_created(const struct row *r, const struct column *c)
{
    (void)c;
    return value_string(r->a,
                        row_text(r->object, "metadata.creationTimestamp"));
}

struct value *cell_text(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, c->path);
    struct str text;

    if (!v || (v->type == VALUE_STRING && v->count == 0))
        return value_string(r->a, c->otherwise);
    if (v->type == VALUE_STRING)
        return (struct value *)v;
    if (v->type == VALUE_BOOL)
        return value_string(r->a, v->as.boolean ? "True" : "False");
    str_init(&text, 0);
    value_print(v, &text, NULL);
    return cell_take(r->a, &text);
}

struct value *cell_integer(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, c->path);

    return value_integer(r->a, value_is(v, VALUE_INTEGER) ? v->as.integer : 0);
}

struct value *cell_boolean(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, c->path);

    return value_bool(r->a, value_is(v, VALUE_BOOL) ? v->as.boolean
                                                    : c->otherwise != NULL);
}

struct value *cell_count(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, c->path);
    bool many = value_is(v, VALUE_ARRAY) || value_is(v, VALUE_OBJECT);

    return value_integer(r->a, many ? v->count : 0);
}

/* ---- lists ---- */

/* The list of "a.b:field", and the field ("" for the items themselves). */
static const struct value *list_of(const struct row *r, const char *path,
                                   const char **ret_field)
{
    const char *colon = strchr(path, ':');
    char list[128];
    size_t len = colon ? (size_t)(colon - path) : strlen(path);
    const struct value *v;

    *ret_field = colon ? colon + 1 : "";
    if (len >= sizeof(list))
        return NULL;
    memcpy(list, path, len);
    list[len] = '\0';
    v = row_at(r, list);
    return value_is(v, VALUE_ARRAY) && v->count ? v : NULL;
}

static const char *item_text(const struct value *item, const char *field)
{
    const char *text = value_text(*field ? value_get(item, field) : item);

    return text ? text : "";
}

struct value *cell_join(const struct row *r, const struct column *c)
{
    const char *field;
    const struct value *list = list_of(r, c->path, &field);
    struct str text;

    if (!list)
        return value_string(r->a, c->otherwise);
    str_init(&text, 0);
    for (uint32_t i = 0; i < list->count; i++) {
        str_add(&text, i ? "," : "");
        str_add(&text, item_text(list->as.items[i], field));
    }
    return cell_take(r->a, &text);
}

struct value *cell_first(const struct row *r, const struct column *c)
{
    const char *field;
    const struct value *list = list_of(r, c->path, &field);
    const char *text = list ? item_text(list->as.items[0], field) : "";

    return value_string(r->a, *text ? text : c->otherwise);
}

struct value *cell_of(const struct row *r, const struct column *c)
{
    const char *bar = strchr(c->path, '|');
    char some[64];
    struct str text;

    snprintf(some, sizeof(some), "%.*s", (int)(bar - c->path), c->path);
    str_init(&text, 0);
    str_addf(&text, "%lld/%lld", (long long)row_int(r->object, some),
             (long long)row_int(r->object, bar + 1));
    return cell_take(r->a, &text);
}

/* ---- references, labels, selectors ---- */

/* A role is Role/name, parameters of an API group are Kind.group/name. */
struct value *cell_reference(const struct row *r, const struct column *c)
{
    const struct value *v = row_at(r, c->path);
    const char *group = c->otherwise ? row_text(v, "apiGroup") : "";
    struct str text;

    if (!v && c->otherwise)
        return value_string(r->a, c->otherwise);
    str_init(&text, 0);
    str_addf(&text, "%s%s%s/%s", row_text(v, "kind"), *group ? "." : "", group,
             row_text(v, "name"));
    return cell_take(r->a, &text);
}

static int by_key(const void *x, const void *y)
{
    const struct value_member *const *l = x, *const *r = y;

    return strcmp((*l)->key, (*r)->key);
}

/* Borrowed members in order; NULL on out of memory. */
static const struct value_member **sorted(struct arena *a,
                                          const struct value *map)
{
    uint32_t count = value_is(map, VALUE_OBJECT) ? map->count : 0;
    const struct value_member **m = arena_alloc(a, (count + 1) * sizeof(*m));

    for (uint32_t i = 0; m && i < count; i++)
        m[i] = &map->as.members[i];
    if (m && count)
        qsort(m, count, sizeof(*m), by_key);
    return m;
}

struct value *cell_labels(const struct row *r, const struct column *c)
{
    const struct value *map = row_at(r, c->path);
    const struct value_member **m = sorted(r->a, map);
    struct str text;

    if (!m)
        return NULL;
    if (!value_is(map, VALUE_OBJECT) || map->count == 0)
        return value_string(r->a, "<none>");
    str_init(&text, 0);
    for (uint32_t i = 0; i < map->count; i++)
        str_addf(&text, "%s%s=%s", i ? "," : "", m[i]->key,
                 value_text(m[i]->value) ? value_text(m[i]->value) : "");
    return cell_take(r->a, &text);
}

/* A requirement of a selector as text, with its key to sort by. */
struct requirement {
    const char *key, *text;
};

static int by_requirement(const void *x, const void *y)
{
    return strcmp(((const struct requirement *)x)->key,
                  ((const struct requirement *)y)->key);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* "key in (a,b)" */
static const char *expression(struct arena *a, const struct value *e)
{
    const char *key = row_text(e, "key"), *operator= row_text(e, "operator");
    const struct value *values = value_get(e, "values");
    uint32_t count = value_is(values, VALUE_ARRAY) ? values->count : 0;
    const char **texts = arena_alloc(a, (count + 1) * sizeof(*texts));
    const char *out;

    if (text_equal(operator, "Exists"))
        return key;
    if (text_equal(operator, "DoesNotExist"))
        return arena_printf(a, "!%s", key);
    if (!texts)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        texts[i] = item_text(values->as.items[i], "");
    qsort(texts, count, sizeof(*texts), by_text);
    out = arena_printf(a, "%s %s (", key,
                       text_equal(operator, "In") ? "in" : "notin");
    for (uint32_t i = 0; out && i < count; i++)
        out = arena_printf(a, "%s%s%s", out, i ? "," : "", texts[i]);
    return out ? arena_printf(a, "%s)", out) : NULL;
}

static struct value *selector_text(const struct row *r, const struct value *s,
                                   const char *otherwise)
{
    const struct value *labels = value_get(s, "matchLabels");
    const struct value *exprs = value_get(s, "matchExpressions");
    uint32_t n = value_is(labels, VALUE_OBJECT) ? labels->count : 0;
    uint32_t all = n + (value_is(exprs, VALUE_ARRAY) ? exprs->count : 0);
    struct requirement *q = arena_alloc(r->a, (all + 1) * sizeof(*q));
    struct str text;

    for (uint32_t i = 0; q && i < all; i++) {
        const struct value_member *m = i < n ? &labels->as.members[i] : NULL;
        const struct value *e = m ? NULL : exprs->as.items[i - n];

        q[i].key = m ? m->key : row_text(e, "key");
        q[i].text =
            m ? arena_printf(r->a, "%s=%s", m->key, item_text(m->value, ""))
              : expression(r->a, e);
        if (!q[i].text)
            return NULL;
    }
    if (!q || all == 0)
        return q ? value_string(r->a, otherwise) : NULL;
    qsort(q, all, sizeof(*q), by_requirement);
    str_init(&text, 0);
    for (uint32_t i = 0; i < all; i++)
        str_addf(&text, "%s%s", i ? "," : "", q[i].text);
    return cell_take(r->a, &text);
}

struct value *cell_selector(const struct row *r, const struct column *c)
{
    return selector_text(r, row_at(r, c->path), "<none>");
}

struct value *cell_selector_or_empty(const struct row *r,
                                     const struct column *c)
{
    return selector_text(r, row_at(r, c->path), "");
}

/* ---- and a few more ---- */

struct value *cell_phase(const struct row *r, const struct column *c)
{
    (void)c;
    if (row_at(r, "metadata.deletionTimestamp"))
        return value_string(r->a, "Terminating");
    return value_string(r->a, row_text(r->object, "status.phase"));
}

struct value *cell_default_name(const struct row *r, const struct column *c)
{
    const struct value *annotations = row_at(r, "metadata.annotations");
    bool marked =
        text_equal(value_text(value_get(annotations, c->path)), "true");
    struct str text;

    str_init(&text, 0);
    str_addf(&text, "%s%s", row_text(r->object, "metadata.name"),
             marked ? " (default)" : "");
    return cell_take(r->a, &text);
}
