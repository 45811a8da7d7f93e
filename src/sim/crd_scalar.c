/*
 * crd_scalar.c -- types, texts and numbers; see crd_check.c.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "crd_check.h"
#include "crd_format.h"
#include "regexp.h"

#define LIST_MAX (1u << 20)
#define SAFE_INTEGER 9007199254740991.0

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

const char *judge_types_of(const struct value *schema)
{
    const char *type = value_text(value_get(schema, "type"));

    if (crd_flag(schema, "x-kubernetes-int-or-string"))
        return "integer,string";
    return type ? type : "";
}

static bool allows_type(const struct value *schema, const char *type)
{
    const char *types = judge_types_of(schema);

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
    judge_report(k, r, CAUSE_TYPE,
                 "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"",
                 got, judge_here(k), want, got);
}

void judge_type(struct checker *k, struct result *r, const struct subject *s)
{
    const struct value *v = s->value;
    const char *types = judge_types_of(s->schema),
               *format = crd_format(s->schema);
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

bool judge_limit(const struct value *schema, const char *name, int64_t *ret)
{
    const struct value *v = value_get(schema, name);

    if (!value_is(v, VALUE_INTEGER) && !value_is(v, VALUE_DOUBLE))
        return false;
    *ret = v->type == VALUE_INTEGER ? v->as.integer : (int64_t)v->as.number;
    return true;
}

/* The first of the rules that does not hold is told. */
void judge_string(struct checker *k, struct result *r, const struct subject *s)
{
    const struct value *v = s->value;
    const char *pattern = value_text(value_get(s->schema, "pattern"));
    int64_t length = (int64_t)count_runes(v->as.string, v->count), n;

    if (judge_limit(s->schema, "maxLength", &n) && length > n) {
        judge_report(k, r, CAUSE_TOO_LONG,
                     "Too long: may not be more than %lld bytes", (long long)n);
    } else if (judge_limit(s->schema, "minLength", &n) && length < n) {
        judge_report(
            k, r, CAUSE_INVALID,
            "Invalid value: %s: %s in body should be at least %lld chars "
            "long",
            crd_text(k->a, v), judge_here(k), (long long)n);
    } else if (pattern && *pattern) {
        enum regexp_verdict verdict =
            regexp_match(pattern, v->as.string, v->count);

        k->failed = k->failed || verdict == REGEXP_NOMEM;
        if (verdict == REGEXP_NO)
            judge_report(k, r, CAUSE_INVALID,
                         "Invalid value: %s: %s in body should match '%s'",
                         crd_text(k->a, v), judge_here(k), pattern);
    }
}

void judge_format(struct checker *k, struct result *r, const struct subject *s)
{
    const char *format = crd_format(s->schema);
    const struct value *v = s->value;

    if (!format || allows_type(s->schema, "integer") ||
        allows_type(s->schema, "number"))
        return;
    if (!crd_format_allows(format, v->as.string, v->count))
        judge_report(k, r, CAUSE_TYPE,
                     "Invalid value: %s: %s in body must be of type %s: %s",
                     crd_text(k->a, v), judge_here(k), format,
                     crd_text(k->a, v));
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

/* An integer is divided by the factor without its fraction, also when that is
 * nothing; unless the schema wants an integer. */
static bool is_multiple(const struct subject *s, const struct value *factor)
{
    const struct value *v = s->value;
    double by = number_of(factor), times;
    bool integer = text_equal(judge_types_of(s->schema), "integer");

    if (v->type == VALUE_INTEGER && fabs(by) < SAFE_INTEGER &&
        (!integer || by == trunc(by)))
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

    if (!text_equal(judge_types_of(s->schema), "integer"))
        return;
    if (v->type == VALUE_DOUBLE && v->as.number != trunc(v->as.number))
        judge_report(
            k, r, NULL,
            "Invalid value: \"\": Checked value must be of type integer "
            "(default format) in %s",
            judge_here(k));
    else if (text_equal(format, "int32") && fabs(number_of(v)) > 2147483647 &&
             number_of(v) != -2147483648.0)
        judge_report(
            k, r, NULL,
            "Invalid value: \"\": Checked value must be of type integer "
            "with format int32 in %s",
            judge_here(k));
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
    judge_report(k, r, CAUSE_INVALID,
                 "Invalid value: %s: %s in body should be %s than%s %s",
                 crd_text(k->a, s->value), judge_here(k),
                 upper ? "less" : "greater", open ? "" : " or equal to",
                 crd_text(k->a, bound));
}

void judge_number(struct checker *k, struct result *r, const struct subject *s)
{
    const struct value *factor = value_get(s->schema, "multipleOf");

    check_range(k, r, s);
    if (is_number(factor) && !is_multiple(s, factor))
        judge_report(k, r, CAUSE_INVALID,
                     "Invalid value: %s: %s in body should be a multiple of %s",
                     crd_text(k->a, s->value), judge_here(k),
                     crd_text(k->a, factor));
    check_bound(k, r, s, false);
    check_bound(k, r, s, true);
    r->matches++;
}

/* A number that is allowed as an integer is compared without its fraction. */
static bool is_same(const struct value *allowed, const struct value *v)
{
    if (allowed->type == VALUE_INTEGER && v->type == VALUE_DOUBLE)
        return trunc(v->as.number) == (double)allowed->as.integer;
    return value_equal(allowed, v);
}

void judge_enum(struct checker *k, struct result *r, const struct subject *s)
{
    const struct value *all = value_get(s->schema, "enum");
    struct str list;

    if (!value_is(all, VALUE_ARRAY) || all->count == 0)
        return;
    for (uint32_t i = 0; i < all->count; i++)
        if (s->value->type != VALUE_NULL && is_same(all->as.items[i], s->value))
            return;
    str_init(&list, LIST_MAX);
    for (uint32_t i = 0; i < all->count; i++)
        str_addf(&list, "%s%s", i ? ", " : "",
                 crd_text(k->a, all->as.items[i]));
    judge_report(k, r, CAUSE_NOT_SUPPORTED,
                 "Unsupported value: %s: supported values: %s",
                 crd_text(k->a, s->value), str_text(&list));
    str_release(&list);
}
