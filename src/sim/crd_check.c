/*
 * crd_check.c -- is a value what its schema says? (k8s.io/kube-openapi
 *                pkg/validation/validate and k8s.io/apiextensions-apiserver
 *                pkg/apiserver/validation.)
 *
 * DESIGN
 *
 * A schema gives a result: issues and how many checks were made, which decides
 * whose issues are reported when none of several alternatives holds. Results
 * are merged upwards and become causes at the top. A value that did not change
 * since the old object has no issues (ratcheting); items of a list have an old
 * value only when the list is a map.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crd_check.h"

#define PATH_MAX_LEN (1u << 20)

/* ---- results ---- */

void judge_add(struct checker *k, struct result *r, struct issue issue)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->items[i].message, issue.message) == 0 &&
            strcmp(r->items[i].field, issue.field) == 0)
            return;
    if (r->count == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 4;
        struct issue *items = arena_alloc(k->a, cap * sizeof *items);

        if (!items) {
            k->failed = true;
            return;
        }
        if (r->count)
            memcpy(items, r->items, r->count * sizeof *items);
        r->items = items;
        r->cap = cap;
    }
    r->items[r->count++] = issue;
}

static void merge(struct checker *k, struct result *r,
                  const struct result *other)
{
    for (size_t i = 0; i < other->count; i++)
        judge_add(k, r, other->items[i]);
    r->matches += other->matches;
}

/* The field is that of the path with `last` behind it; NULL: of none. */
static const char *field_of(struct checker *k, const char *last)
{
    const char *path = str_text(&k->path);
    const char *dot = *k->prefix && (*path || *last) ? "." : "";
    char *field;

    if (!*k->prefix && !*path && !*last)
        return "<nil>";
    field = arena_printf(k->a, "%s%s%s%s%s", k->prefix, dot, path,
                         *path && *last ? "." : "", last);
    k->failed = k->failed || !field;
    return field ? field : "";
}

void judge_report(struct checker *k, struct result *r, const char *reason,
                  const char *fmt, ...)
{
    struct issue issue = {.reason = reason ? reason : CAUSE_INVALID};
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    issue.message = arena_strdup(k->a, text);
    issue.field = reason ? field_of(k, "") : *k->prefix ? k->prefix : "<nil>";
    if (issue.message)
        judge_add(k, r, issue);
    else
        k->failed = true;
}

/* ---- parts ---- */

static bool is_number(const struct value *v)
{
    return value_is(v, VALUE_INTEGER) || value_is(v, VALUE_DOUBLE);
}

static void check_schema(struct checker *k, struct result *r,
                         const struct subject *s);

/* The item of a list map that had the same keys. */
static const struct value *old_item(const struct subject *list,
                                    const struct value *item)
{
    const struct value *keys =
        value_get(list->schema, "x-kubernetes-list-map-keys");
    const char *type =
        value_text(value_get(list->schema, "x-kubernetes-list-type"));

    if (!text_equal(type, "map") || !value_is(keys, VALUE_ARRAY) ||
        !value_is(list->old, VALUE_ARRAY))
        return NULL;
    for (uint32_t i = 0; i < list->old->count; i++) {
        const struct value *old = list->old->as.items[i];
        uint32_t same = 0;

        for (uint32_t j = 0; j < keys->count; j++) {
            const char *key = value_text(keys->as.items[j]);
            const struct value *a = key ? value_get(item, key) : NULL;
            const struct value *b = key ? value_get(old, key) : NULL;

            same += a && b ? value_equal(a, b) : a == b;
        }
        if (same == keys->count)
            return old;
    }
    return NULL;
}

/* The items of a list map may have changed places. */
static bool is_unchanged(const struct subject *s)
{
    if (value_equal(s->value, s->old))
        return true;
    if (!value_is(s->value, VALUE_ARRAY) || !value_is(s->old, VALUE_ARRAY) ||
        s->value->count != s->old->count)
        return false;
    for (uint32_t i = 0; i < s->value->count; i++) {
        const struct value *old = old_item(s, s->value->as.items[i]);

        if (!old || !value_equal(old, s->value->as.items[i]))
            return false;
    }
    return true;
}

/* A part of a value, which has no issues when it did not change. */
static void check_part(struct checker *k, struct result *r,
                       const struct subject *s)
{
    struct result part = {0};

    check_schema(k, &part, s);
    if (part.count && s->old && is_unchanged(s))
        return;
    merge(k, r, &part);
}

static bool has_twins(const struct value *array)
{
    for (uint32_t i = 1; i < array->count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (value_equal(array->as.items[i], array->as.items[j]))
                return true;
    return false;
}

static void check_array(struct checker *k, struct result *r,
                        const struct subject *s)
{
    const struct value *items = value_get(s->schema, "items");
    int64_t count = s->value->count, n;

    for (uint32_t i = 0; value_is(items, VALUE_OBJECT) && i < s->value->count;
         i++) {
        struct subject item = {items, s->value->as.items[i], NULL};
        size_t len = crd_path_index(&k->path, i);

        item.old = old_item(s, item.value);
        check_part(k, r, &item);
        crd_path_cut(&k->path, len);
    }
    if (judge_limit(s->schema, "minItems", &n) && count < n)
        judge_report(
            k, r, CAUSE_INVALID,
            "Invalid value: %lld: %s in body should have at least %lld "
            "items",
            (long long)count, judge_here(k), (long long)n);
    if (judge_limit(s->schema, "maxItems", &n) && count > n)
        judge_report(k, r, CAUSE_TOO_MANY,
                     "Too many: %lld: must have at most %lld items",
                     (long long)count, (long long)n);
    if (crd_flag(s->schema, "uniqueItems") && has_twins(s->value))
        judge_report(
            k, r, CAUSE_INVALID,
            "Invalid value: \"\": %s in body shouldn't contain duplicates",
            judge_here(k));
    r->matches++;
}

static void check_field(struct checker *k, struct result *r,
                        const struct subject *object, const char *key,
                        const struct value *schema)
{
    struct subject field = {schema, value_get(object->value, key), NULL};
    bool exempt = k->path.len == 0 && strcmp(key, "metadata") != 0 &&
                  crd_is_meta(key) && !*k->prefix;
    size_t len = crd_path_key(&k->path, key);

    if (!exempt)
        field.old = value_get(object->old, key);
    check_part(k, r, &field);
    crd_path_cut(&k->path, len);
}

static void check_required(struct checker *k, struct result *r,
                           const struct subject *s)
{
    const struct value *all = value_get(s->schema, "required");

    for (uint32_t i = 0; value_is(all, VALUE_ARRAY) && i < all->count; i++) {
        const char *name = value_text(all->as.items[i]);
        struct issue issue = {CAUSE_REQUIRED, NULL, "Required value"};

        if (!name || value_get(s->value, name))
            continue;
        issue.field = field_of(k, name);
        judge_add(k, r, issue);
    }
}

static void check_object(struct checker *k, struct result *r,
                         const struct subject *s)
{
    const struct value *known = value_get(s->schema, "properties");
    const struct value *others = value_get(s->schema, "additionalProperties");
    int64_t count = s->value->count, n;

    if (judge_limit(s->schema, "minProperties", &n) && count < n)
        judge_report(
            k, r, CAUSE_INVALID,
            "Invalid value: %lld: %s in body should have at least %lld "
            "properties",
            (long long)count, judge_here(k), (long long)n);
    if (judge_limit(s->schema, "maxProperties", &n) && count > n)
        judge_report(k, r, CAUSE_TOO_MANY,
                     "Too many: %lld: must have at most %lld items",
                     (long long)count, (long long)n);
    for (uint32_t i = 0; value_is(others, VALUE_OBJECT) && i < s->value->count;
         i++) {
        const char *key = s->value->as.members[i].key;

        if (!value_get(known, key))
            check_field(k, r, s, key, others);
    }
    for (uint32_t i = 0; value_is(known, VALUE_OBJECT) && i < known->count;
         i++) {
        const char *key = known->as.members[i].key;

        if (value_get(s->value, key))
            check_field(k, r, s, key, known->as.members[i].value);
    }
    check_required(k, r, s);
}

/* ---- combinations ---- */

/* How many of several schemas hold. *ret_best is the result to tell: of one
 * that holds, or of the one of most checks. */
static uint32_t count_valid(struct checker *k, const struct subject *s,
                            const struct value *schemas, bool first_only,
                            struct result *ret_best)
{
    uint32_t valid = 0;

    for (uint32_t i = 0; i < schemas->count; i++) {
        struct subject one = {schemas->as.items[i], s->value, s->old};
        struct result result = {0};

        check_schema(k, &result, &one);
        if (result.count == 0 && valid++ == 0)
            *ret_best = result;
        else if (valid == 0 && (i == 0 || result.matches > ret_best->matches))
            *ret_best = result;
        if (valid && first_only)
            break;
    }
    return valid;
}

static void check_any(struct checker *k, struct result *r,
                      const struct subject *s)
{
    const struct value *any = value_get(s->schema, "anyOf");
    struct result best = {0};

    if (!value_is(any, VALUE_ARRAY) || any->count == 0)
        return;
    if (count_valid(k, s, any, true, &best) == 0)
        judge_report(
            k, r, NULL,
            "Invalid value: \"\": \"%s\" must validate at least one schema "
            "(anyOf)",
            judge_here(k));
    merge(k, r, &best);
}

static void check_one(struct checker *k, struct result *r,
                      const struct subject *s)
{
    const struct value *one = value_get(s->schema, "oneOf");
    struct result best = {0};
    uint32_t valid;

    if (!value_is(one, VALUE_ARRAY) || one->count == 0)
        return;
    valid = count_valid(k, s, one, false, &best);
    if (valid == 0)
        judge_report(
            k, r, NULL,
            "Invalid value: \"\": \"%s\" must validate one and only one "
            "schema (oneOf). Found none valid",
            judge_here(k));
    if (valid > 1)
        judge_report(
            k, r, NULL,
            "Invalid value: \"\": \"%s\" must validate one and only one "
            "schema (oneOf). Found %u valid alternatives",
            judge_here(k), valid);
    if (valid <= 1)
        merge(k, r, &best);
}

static void check_all(struct checker *k, struct result *r,
                      const struct subject *s)
{
    const struct value *all = value_get(s->schema, "allOf");
    uint32_t valid = 0;

    if (!value_is(all, VALUE_ARRAY) || all->count == 0)
        return;
    for (uint32_t i = 0; i < all->count; i++) {
        struct subject one = {all->as.items[i], s->value, s->old};
        struct result result = {0};

        check_schema(k, &result, &one);
        valid += result.count == 0;
        merge(k, r, &result);
    }
    if (valid != all->count)
        judge_report(
            k, r, NULL,
            "Invalid value: \"\": \"%s\" must validate all the schemas "
            "(allOf)%s",
            judge_here(k), valid ? "" : ". None validated");
}

static void check_combinations(struct checker *k, struct result *r,
                               const struct subject *s)
{
    const struct value *not = value_get(s->schema, "not");
    struct subject other = {not, s->value, s->old};
    struct result result = {0};

    check_any(k, r, s);
    check_one(k, r, s);
    check_all(k, r, s);
    if (value_is(not, VALUE_OBJECT)) {
        check_schema(k, &result, &other);
        if (result.count == 0)
            judge_report(
                k, r, NULL,
                "Invalid value: \"\": \"%s\" must not validate the schema "
                "(not)",
                judge_here(k));
    }
    r->matches += 2;
}

static void check_schema(struct checker *k, struct result *r,
                         const struct subject *s)
{
    judge_type(k, r, s);
    if (s->value->type == VALUE_NULL) {
        judge_enum(k, r, s);
        return;
    }
    check_combinations(k, r, s);
    if (s->value->type == VALUE_STRING) {
        judge_string(k, r, s);
        r->matches++;
        judge_format(k, r, s);
    }
    if (is_number(s->value)) {
        judge_number(k, r, s);
        r->matches++;
    }
    if (s->value->type == VALUE_ARRAY) {
        check_array(k, r, s);
        r->matches++;
    }
    judge_enum(k, r, s);
    if (s->value->type == VALUE_OBJECT) {
        check_object(k, r, s);
        r->matches++;
    }
    r->matches += 2;
}

/* ---- whole objects ---- */

static int check_whole(const struct subject *s, const char *prefix,
                       struct failure *f)
{
    struct checker k = {.a = f->a, .prefix = prefix};
    struct result r = {0};
    int rc = 0;

    str_init(&k.path, PATH_MAX_LEN);
    check_part(&k, &r, s);
    if (k.path.failed)
        k.failed = true;
    str_release(&k.path);
    if (k.failed)
        return failure_nomem(f);
    for (size_t i = 0; i < r.count && rc == 0; i++)
        rc = failure_cause(f, r.items[i].reason, r.items[i].field, "%s",
                           r.items[i].message);
    return rc;
}

int crd_check_value(const struct value *schema, const struct value *value,
                    const char *prefix, struct failure *f)
{
    struct subject s = {schema, value, NULL};

    return check_whole(&s, prefix, f);
}

int crd_check(const struct crd *c, const char *version,
              const struct value *object, const struct value *old,
              struct failure *f)
{
    struct subject s = {crd_schema(c, version), object, old};

    if (s.schema && check_whole(&s, "", f) < 0)
        return -1;
    if (crd_check_scale(c, version, object, false, f) < 0)
        return -1;
    return crd_check_lists(c, version, object, old, f);
}

int crd_check_status(const struct crd *c, const char *version,
                     const struct value *object, const struct value *old,
                     struct failure *f)
{
    struct subject s = {
        value_path(crd_schema(c, version), "properties.status"),
        value_get(object, "status"),
        value_get(old, "status"),
    };

    if (s.schema && s.value && check_whole(&s, "status", f) < 0)
        return -1;
    if (crd_check_scale(c, version, object, true, f) < 0)
        return -1;
    return crd_check_lists(c, version, object, old, f);
}
