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
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crd_format.h"
#include "crd_impl.h"
#include "pattern.h"

#define PATH_MAX_LEN (1u << 20)
#define SAFE_INTEGER 9007199254740991.0

struct issue {
    const char *reason, *field, *message;
};

struct result {
    struct issue *items;
    size_t count, cap;
    unsigned matches;
};

struct checker {
    struct arena *a;
    struct str path;    /* "spec.ports[0]" */
    const char *prefix; /* "" or "status" */
    bool failed;
};

/* One value with its schema. */
struct subject {
    const struct value *schema, *value;
    const struct value *old; /* NULL: nothing to compare with */
};

/* ---- results ---- */

static void add_issue(struct checker *k, struct result *r, struct issue issue)
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
        add_issue(k, r, other->items[i]);
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

/* `reason` NULL: an issue of the object as a whole. */
static void report(struct checker *k, struct result *r, const char *reason,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void report(struct checker *k, struct result *r, const char *reason,
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
        add_issue(k, r, issue);
    else
        k->failed = true;
}

static const char *here(struct checker *k)
{
    return str_text(&k->path);
}

/* ---- types ---- */

static const char *type_of(const struct value *v)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",       [VALUE_BOOL] = "boolean",
        [VALUE_INTEGER] = "integer", [VALUE_DOUBLE] = "number",
        [VALUE_STRING] = "string",   [VALUE_ARRAY] = "array",
        [VALUE_OBJECT] = "object",   [VALUE_SECRET] = "string",
    };

    return names[v->type];
}

static const char *types_of(const struct value *schema)
{
    const char *type = value_text(value_get(schema, "type"));

    if (crd_flag(schema, "x-kubernetes-int-or-string"))
        return "integer,string";
    return type ? type : "";
}

static bool allows_type(const struct value *schema, const char *type)
{
    const char *types = types_of(schema);

    if (strcmp(types, "integer,string") == 0)
        return strcmp(type, "integer") == 0 || strcmp(type, "string") == 0;
    return strcmp(types, type) == 0;
}

/* 1.0 is an integer, too. */
static bool fits_number(const struct value *schema, const struct value *v)
{
    if (v->type == VALUE_INTEGER)
        return allows_type(schema, "number");
    return v->type == VALUE_DOUBLE && allows_type(schema, "integer") &&
           fabs(v->as.number) <= SAFE_INTEGER &&
           v->as.number == trunc(v->as.number);
}

static void wrong_type(struct checker *k, struct result *r, const char *want,
                       const char *got)
{
    report(k, r, CAUSE_TYPE,
           "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"", got,
           here(k), want, got);
}

static void check_type(struct checker *k, struct result *r,
                       const struct subject *s)
{
    const struct value *v = s->value;
    const char *types = types_of(s->schema), *format = crd_format(s->schema);
    bool text = v->type == VALUE_STRING || v->type == VALUE_ARRAY;
    bool right =
        allows_type(s->schema, type_of(v)) || fits_number(s->schema, v);
    const char *own = v->type == VALUE_INTEGER  ? "int64"
                      : v->type == VALUE_DOUBLE ? "float64"
                                                : "";

    if (v->type == VALUE_NULL) {
        if (*types && !crd_flag(s->schema, "nullable"))
            wrong_type(k, r, types, "null");
        else
            r->matches++;
        return;
    }
    if (!*types && !format)
        return;
    if (!text && format && !right && strcmp(own, format) != 0)
        wrong_type(k, r, format, own);
    else if (!right && !(text && format && !allows_type(s->schema, "number") &&
                         !allows_type(s->schema, "integer")))
        wrong_type(k, r, types, type_of(v));
    else
        r->matches += 2;
}

/* ---- scalars ---- */

static size_t count_runes(const char *text, size_t len)
{
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static bool limit(const struct value *schema, const char *name, int64_t *ret)
{
    const struct value *v = value_get(schema, name);

    if (!value_is(v, VALUE_INTEGER) && !value_is(v, VALUE_DOUBLE))
        return false;
    *ret = v->type == VALUE_INTEGER ? v->as.integer : (int64_t)v->as.number;
    return true;
}

/* The first of the rules that does not hold is told. */
static void check_string(struct checker *k, struct result *r,
                         const struct subject *s)
{
    const struct value *v = s->value;
    const char *pattern = value_text(value_get(s->schema, "pattern"));
    int64_t length = (int64_t)count_runes(v->as.string, v->count), n;

    if (limit(s->schema, "maxLength", &n) && length > n) {
        report(k, r, CAUSE_TOO_LONG,
               "Too long: may not be more than %lld bytes", (long long)n);
    } else if (limit(s->schema, "minLength", &n) && length < n) {
        report(k, r, CAUSE_INVALID,
               "Invalid value: %s: %s in body should be at least %lld chars "
               "long",
               crd_text(k->a, v), here(k), (long long)n);
    } else if (pattern && *pattern) {
        enum pattern_verdict verdict =
            pattern_match(pattern, v->as.string, v->count);

        k->failed = k->failed || verdict == PATTERN_NOMEM;
        if (verdict == PATTERN_NO)
            report(k, r, CAUSE_INVALID,
                   "Invalid value: %s: %s in body should match '%s'",
                   crd_text(k->a, v), here(k), pattern);
    }
}

static void check_format(struct checker *k, struct result *r,
                         const struct subject *s)
{
    const char *format = crd_format(s->schema);
    const struct value *v = s->value;

    if (!format || allows_type(s->schema, "integer") ||
        allows_type(s->schema, "number"))
        return;
    if (!crd_format_allows(format, v->as.string, v->count))
        report(k, r, CAUSE_TYPE,
               "Invalid value: %s: %s in body must be of type %s: %s",
               crd_text(k->a, v), here(k), format, crd_text(k->a, v));
    r->matches++;
}

static double number_of(const struct value *v)
{
    return v->type == VALUE_INTEGER ? (double)v->as.integer : v->as.number;
}

/* -1, 0, 1; an integer is compared with the limit without its fraction. */
static int compare_limit(const struct value *v, const struct value *bound)
{
    int64_t n;

    if (v->type == VALUE_INTEGER) {
        n = bound->type == VALUE_INTEGER ? bound->as.integer
                                         : (int64_t)bound->as.number;
        return (v->as.integer > n) - (v->as.integer < n);
    }
    return (v->as.number > number_of(bound)) -
           (v->as.number < number_of(bound));
}

static bool is_number(const struct value *v)
{
    return value_is(v, VALUE_INTEGER) || value_is(v, VALUE_DOUBLE);
}

static bool is_multiple(const struct value *v, const struct value *factor)
{
    double by = number_of(factor), times;

    if (v->type == VALUE_INTEGER && by == trunc(by) && fabs(by) < SAFE_INTEGER)
        return by >= 1 && v->as.integer % (int64_t)by == 0;
    times = by < 1 ? 1 / by * number_of(v) : number_of(v) / by;
    return fabs(times) <= SAFE_INTEGER &&
           (times == trunc(times) ||
            fabs(times - round(times)) < fabs(times) * 1e-9);
}

static void check_range(struct checker *k, struct result *r,
                        const struct subject *s)
{
    const struct value *v = s->value;
    const char *format = crd_format(s->schema);

    if (!text_equal(types_of(s->schema), "integer"))
        return;
    if (v->type == VALUE_DOUBLE && v->as.number != trunc(v->as.number))
        report(k, r, NULL,
               "Invalid value: \"\": Checked value must be of type integer "
               "(default format) in %s",
               here(k));
    else if (text_equal(format, "int32") && fabs(number_of(v)) > 2147483647 &&
             number_of(v) != -2147483648.0)
        report(k, r, NULL,
               "Invalid value: \"\": Checked value must be of type integer "
               "with format int32 in %s",
               here(k));
}

static void check_bound(struct checker *k, struct result *r,
                        const struct subject *s, bool upper)
{
    const struct value *bound =
        value_get(s->schema, upper ? "maximum" : "minimum");
    bool open =
        crd_flag(s->schema, upper ? "exclusiveMaximum" : "exclusiveMinimum");
    int order;

    if (!is_number(bound))
        return;
    order = upper ? compare_limit(s->value, bound)
                  : -compare_limit(s->value, bound);
    if (order < 0 || (order == 0 && !open))
        return;
    report(k, r, CAUSE_INVALID,
           "Invalid value: %s: %s in body should be %s than%s %s",
           crd_text(k->a, s->value), here(k), upper ? "less" : "greater",
           open ? "" : " or equal to", crd_text(k->a, bound));
}

static void check_number(struct checker *k, struct result *r,
                         const struct subject *s)
{
    const struct value *factor = value_get(s->schema, "multipleOf");

    check_range(k, r, s);
    if (is_number(factor) && !is_multiple(s->value, factor))
        report(k, r, CAUSE_INVALID,
               "Invalid value: %s: %s in body should be a multiple of %s",
               crd_text(k->a, s->value), here(k), crd_text(k->a, factor));
    check_bound(k, r, s, false);
    check_bound(k, r, s, true);
    r->matches++;
}

static void check_enum(struct checker *k, struct result *r,
                       const struct subject *s)
{
    const struct value *all = value_get(s->schema, "enum");
    struct str list;

    if (!value_is(all, VALUE_ARRAY) || all->count == 0)
        return;
    for (uint32_t i = 0; i < all->count; i++)
        if (s->value->type != VALUE_NULL &&
            value_equal(all->as.items[i], s->value))
            return;
    str_init(&list, PATH_MAX_LEN);
    for (uint32_t i = 0; i < all->count; i++)
        str_addf(&list, "%s%s", i ? ", " : "",
                 crd_text(k->a, all->as.items[i]));
    report(k, r, CAUSE_NOT_SUPPORTED,
           "Unsupported value: %s: supported values: %s",
           crd_text(k->a, s->value), str_text(&list));
    str_release(&list);
}

/* ---- parts ---- */

static void check_schema(struct checker *k, struct result *r,
                         const struct subject *s);

/* A part of a value, which has no issues when it did not change. */
static void check_part(struct checker *k, struct result *r,
                       const struct subject *s)
{
    struct result part = {0};

    check_schema(k, &part, s);
    if (part.count && s->old && value_equal(s->value, s->old))
        return;
    merge(k, r, &part);
}

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
    if (limit(s->schema, "minItems", &n) && count < n)
        report(k, r, CAUSE_INVALID,
               "Invalid value: %lld: %s in body should have at least %lld "
               "items",
               (long long)count, here(k), (long long)n);
    if (limit(s->schema, "maxItems", &n) && count > n)
        report(k, r, CAUSE_TOO_MANY,
               "Too many: %lld: must have at most %lld items", (long long)count,
               (long long)n);
    if (crd_flag(s->schema, "uniqueItems") && has_twins(s->value))
        report(k, r, CAUSE_INVALID,
               "Invalid value: \"\": %s in body shouldn't contain duplicates",
               here(k));
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
        add_issue(k, r, issue);
    }
}

static void check_object(struct checker *k, struct result *r,
                         const struct subject *s)
{
    const struct value *known = value_get(s->schema, "properties");
    const struct value *others = value_get(s->schema, "additionalProperties");
    int64_t count = s->value->count, n;

    if (limit(s->schema, "minProperties", &n) && count < n)
        report(k, r, CAUSE_INVALID,
               "Invalid value: %lld: %s in body should have at least %lld "
               "properties",
               (long long)count, here(k), (long long)n);
    if (limit(s->schema, "maxProperties", &n) && count > n)
        report(k, r, CAUSE_TOO_MANY,
               "Too many: %lld: must have at most %lld items", (long long)count,
               (long long)n);
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
        report(k, r, NULL,
               "Invalid value: \"\": \"%s\" must validate at least one schema "
               "(anyOf)",
               here(k));
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
        report(k, r, NULL,
               "Invalid value: \"\": \"%s\" must validate one and only one "
               "schema (oneOf). Found none valid",
               here(k));
    if (valid > 1)
        report(k, r, NULL,
               "Invalid value: \"\": \"%s\" must validate one and only one "
               "schema (oneOf). Found %u valid alternatives",
               here(k), valid);
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
        report(k, r, NULL,
               "Invalid value: \"\": \"%s\" must validate all the schemas "
               "(allOf)%s",
               here(k), valid ? "" : ". None validated");
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
            report(k, r, NULL,
                   "Invalid value: \"\": \"%s\" must not validate the schema "
                   "(not)",
                   here(k));
    }
    r->matches += 2;
}

static void check_schema(struct checker *k, struct result *r,
                         const struct subject *s)
{
    check_type(k, r, s);
    if (s->value->type == VALUE_NULL) {
        check_enum(k, r, s);
        return;
    }
    check_combinations(k, r, s);
    if (s->value->type == VALUE_STRING) {
        check_string(k, r, s);
        r->matches++;
        check_format(k, r, s);
    }
    if (is_number(s->value)) {
        check_number(k, r, s);
        r->matches++;
    }
    if (s->value->type == VALUE_ARRAY) {
        check_array(k, r, s);
        r->matches++;
    }
    check_enum(k, r, s);
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
