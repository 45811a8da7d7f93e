/*
 * yaml_scalar.c -- see yaml_scalar.h for the contract.
 *
 * DESIGN
 *
 * The rules are those of the YAML library inside kubectl, not of a YAML
 * standard, so that a manifest means the same to both. They are, in order: a
 * word of the table; for texts that start like a number an integer in Go's
 * notation (0x, 0o, 0b, leading 0; underscores dropped), then a decimal
 * fraction; anything else is a string. A tag asks for a type, and a text that
 * resolves to another one is an error.
 *
 * tests/unit/kube/test_yaml.c holds a table of texts with the answers that
 * the original gives.
 */
#include "yaml_scalar.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

enum kind { KIND_STRING, KIND_NULL, KIND_BOOL, KIND_INTEGER, KIND_DOUBLE };

struct resolved {
    enum kind kind;
    bool boolean;
    bool whole; /* DOUBLE: an integer too large for 64 bits with a sign */
    int64_t integer;
    double number;
};

/* ---- words ---- */

/* The texts with a meaning of their own, each in three spellings at most. */
static bool find_word(const char *text, size_t len, struct resolved *ret)
{
    static const char *const truths[] = {"y",   "Y",    "yes",  "Yes",
                                         "YES", "true", "True", "TRUE",
                                         "on",  "On",   "ON"};
    static const char *const lies[] = {"n",   "N",     "no",    "No",
                                       "NO",  "false", "False", "FALSE",
                                       "off", "Off",   "OFF"};
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const struct {
        const char *word;
        double number;
    } numbers[] = {
        {".nan", NAN},        {".NaN", NAN},        {".NAN", NAN},
        {".inf", INFINITY},   {".Inf", INFINITY},   {".INF", INFINITY},
        {"+.inf", INFINITY},  {"+.Inf", INFINITY},  {"+.INF", INFINITY},
        {"-.inf", -INFINITY}, {"-.Inf", -INFINITY}, {"-.INF", -INFINITY},
    };

    if (len > 5 || memchr(text, '\0', len))
        return false;
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        if (strcmp(text, truths[i]) == 0 || strcmp(text, lies[i]) == 0) {
            *ret = (struct resolved){.kind = KIND_BOOL};
            ret->boolean = strcmp(text, truths[i]) == 0;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(text, nulls[i]) == 0) {
            *ret = (struct resolved){.kind = KIND_NULL};
            return true;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(text, numbers[i].word) == 0) {
            *ret = (struct resolved){.kind = KIND_DOUBLE,
                                     .number = numbers[i].number};
            return true;
        }
    }
    return false;
}

/* ---- numbers ---- */

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Skips "0x", "0o", "0b" or a leading 0 with more behind it. */
static unsigned take_base(const char **p)
{
    if ((*p)[0] != '0' || !(*p)[1])
        return 10;
    switch ((*p)[1] | 0x20) {
    case 'x':
        *p += 2;
        return 16;
    case 'o':
        *p += 2;
        return 8;
    case 'b':
        *p += 2;
        return 2;
    default:
        (*p)++;
        return 8;
    }
}

/* Go's strconv.ParseInt with base 0, then ParseUint: what fits 64 bits only
 * because it has no sign becomes a double, what is larger is no integer. */
static bool parse_integer(const char *text, struct resolved *ret)
{
    bool negative = *text == '-', sign = negative || *text == '+';
    const char *p = text + sign;
    unsigned base = take_base(&p);
    uint64_t n = 0;

    if (!*p)
        return false;
    for (; *p; p++) {
        unsigned digit = (unsigned)digit_value(*p);

        if (digit >= base || n > (UINT64_MAX - digit) / base)
            return false;
        n = n * base + digit;
    }
    if (n <= (uint64_t)INT64_MAX + negative) {
        *ret = (struct resolved){.kind = KIND_INTEGER};
        ret->integer = negative ? (int64_t)(0 - n) : (int64_t)n;
        return true;
    }
    *ret = (struct resolved){
        .kind = KIND_DOUBLE, .whole = true, .number = (double)n};
    return !sign;
}

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* [-+] digits [. digits] [e[-+]digits], or without digits before the dot. */
static bool is_decimal(const char *p)
{
    const char *start;

    p += *p == '-' || *p == '+';
    start = p;
    p = skip_digits(p);
    if (*p == '.') {
        p = skip_digits(p + 1);
        if (p - start == 1)
            return false;
    }
    if (p == start)
        return false;
    if (*p == 'e' || *p == 'E') {
        start = p + 1 + (p[1] == '-' || p[1] == '+');
        p = skip_digits(start);
        if (p == start)
            return false;
    }
    return !*p;
}

/* What is too large for a double is a string, what is too small is zero. */
static bool parse_decimal(const char *text, struct resolved *ret)
{
    double d;

    if (!is_decimal(text))
        return false;
    d = strtod(text, NULL);
    *ret = (struct resolved){.kind = KIND_DOUBLE, .number = d};
    return isfinite(d);
}

/* Copies without underscores. Behind a leading dot each of them must stand
 * between digits; elsewhere they may stand anywhere. */
static bool drop_underscores(const char *text, size_t len, char *out)
{
    bool strict = text[0] == '.';

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '_')
            *out++ = text[i];
        else if (strict && (i + 1 == len || digit_value(text[i - 1]) > 9 ||
                            digit_value(text[i + 1]) > 9))
            return false;
    }
    *out = '\0';
    return true;
}

static int resolve_plain(struct arena *a, const struct yaml_scalar *s,
                         struct resolved *ret, struct err *err)
{
    char *number;

    *ret = (struct resolved){.kind = KIND_STRING};
    if (find_word(s->text, s->len, ret) || s->len == 0 ||
        !strchr("+-.0123456789", s->text[0]))
        return 0;
    number = arena_alloc(a, s->len + 1);
    if (!number)
        return err_nomem(err);
    if (memchr(s->text, '\0', s->len) ||
        !drop_underscores(s->text, s->len, number))
        return 0;
    if (s->text[0] != '.' && parse_integer(number, ret))
        return 0;
    if (!parse_decimal(number, ret))
        *ret = (struct resolved){.kind = KIND_STRING};
    return 0;
}

/* ---- tags ---- */

static int wrong_type(const struct yaml_scalar *s, struct err *err)
{
    return err_set(err, ERR_INVALID, "cannot read '%.*s' as !!%s",
                   s->len > 80 ? 80 : (int)s->len, s->text,
                   s->tag + strlen(TAG_PREFIX));
}

/* `type` is the tag's last part. */
static bool tag_allows(const char *type, const struct yaml_scalar *s,
                       struct resolved *r)
{
    if (strcmp(type, "bool") == 0)
        return r->kind == KIND_BOOL;
    if (strcmp(type, "null") == 0)
        return r->kind == KIND_NULL;
    if (strcmp(type, "int") == 0)
        return r->kind == KIND_INTEGER || r->whole;
    if (strcmp(type, "timestamp") == 0) {
        r->kind = KIND_STRING;
        return skip_digits(s->text) - s->text == 4 && s->text[4] == '-';
    }
    if (r->kind == KIND_INTEGER) {
        r->kind = KIND_DOUBLE;
        r->number = (double)r->integer;
    }
    return r->kind == KIND_DOUBLE; /* "float" */
}

/* Bytes that are no text cannot stand in JSON. */
static int resolve_binary(struct arena *a, const struct yaml_scalar *s,
                          struct value **ret, struct err *err)
{
    struct str bytes;
    int rc;

    str_init(&bytes, 0);
    rc = hash_base64_decode(s->text, s->len, &bytes, err);
    if (rc == 0 && !text_is_utf8(str_text(&bytes), bytes.len))
        rc = err_set(err, ERR_INVALID, "the bytes are not UTF-8 text");
    if (rc == -ERR_INVALID)
        err_wrap(err, "cannot read !!binary");
    if (rc == 0) {
        *ret = value_stringn(a, str_text(&bytes), bytes.len);
        rc = *ret ? 0 : err_nomem(err);
    }
    str_release(&bytes);
    return rc;
}

/* NULL: out of memory. */
static struct value *make_value(struct arena *a, const struct yaml_scalar *s,
                                const struct resolved *r)
{
    switch (r->kind) {
    case KIND_NULL:
        return value_null(a);
    case KIND_BOOL:
        return value_bool(a, r->boolean);
    case KIND_INTEGER:
        return value_integer(a, r->integer);
    case KIND_DOUBLE:
        return value_double(a, r->number);
    case KIND_STRING:
        break;
    }
    return value_stringn(a, s->text, s->len);
}

/* The type a tag asks for; NULL when it asks for none that is known, which
 * makes the scalar a string. */
static const char *known_type(const char *tag)
{
    static const char *const types[] = {"bool", "int",       "float",
                                        "null", "timestamp", "binary"};

    if (!text_starts(tag, TAG_PREFIX))
        return NULL;
    tag += strlen(TAG_PREFIX);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(tag, types[i]) == 0)
            return types[i];
    return NULL;
}

int yaml_scalar_resolve(struct arena *a, const struct yaml_scalar *s,
                        struct value **ret, struct err *err)
{
    const char *type = s->tag ? known_type(s->tag) : NULL;
    struct resolved r = {.kind = KIND_STRING};
    int rc = 0;

    if (type && strcmp(type, "binary") == 0)
        return resolve_binary(a, s, ret, err);
    if (type || (s->plain && !s->tag))
        rc = resolve_plain(a, s, &r, err);
    if (rc < 0)
        return rc;
    if (type && !tag_allows(type, s, &r))
        return wrong_type(s, err);
    *ret = make_value(a, s, &r);
    return *ret ? 0 : err_nomem(err);
}

/* ---- from YAML to JSON ---- */

/* A whole number beyond 2^53 as kubectl writes it: the shortest digits that
 * give the same double, then zeros. False when that is beyond 64 bits. */
static bool large_integer(double d, int64_t *ret)
{
    char text[40], plain[40];
    const char *e;
    int64_t exponent;
    int digits = 15;
    size_t len = 0;

    do
        snprintf(text, sizeof text, "%.*e", digits - 1, d);
    while (strtod(text, NULL) != d && digits++ < 17);
    e = strchr(text, 'e') + 1;
    e += *e == '+';
    if (!text_to_int64(e, strlen(e), &exponent) || exponent > 18)
        return false;
    for (const char *p = text; *p != 'e'; p++)
        if (*p != '.')
            plain[len++] = *p;
    for (; digits <= exponent; digits++)
        plain[len++] = '0';
    return text_to_int64(plain, len, ret);
}

int yaml_scalar_to_json(struct value *v, struct err *err)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    double d = v->as.number;
    int64_t n;

    if (v->type != VALUE_DOUBLE)
        return 0;
    if (!isfinite(d))
        return err_set(err, ERR_INVALID, "JSON has no infinity and no NaN");
    if (trunc(d) != d)
        return 0;
    if (fabs(d) <= exact)
        n = (int64_t)d;
    else if (!large_integer(d, &n))
        return 0;
    v->type = VALUE_INTEGER;
    v->as.integer = n;
    return 0;
}

/* The shortest text that gives the same 32-bit number, with an exponent from
 * a million on: how kubectl writes such a key. */
static void print_float_key(double d, char out[40])
{
    double f = (double)(float)d;
    int digits = 1;

    if (isnan(f) || isinf(f)) {
        snprintf(out, 40, "%s", isnan(f) ? ".nan" : f > 0 ? ".inf" : "-.inf");
        return;
    }
    for (; digits <= 9; digits++) {
        snprintf(out, 40, "%.*e", digits - 1, f);
        if (strtof(out, NULL) == (float)d)
            break;
    }
    if (f == 0 || (fabs(f) >= 1e-4 && fabs(f) < 1e6))
        snprintf(out, 40, "%.*g", digits < 6 ? 6 : digits, f);
}

int yaml_scalar_to_key(struct arena *a, struct value *v, struct value **ret,
                       struct err *err)
{
    char text[40];

    switch (v->type) {
    case VALUE_STRING:
        *ret = v;
        return 0;
    case VALUE_BOOL:
        snprintf(text, sizeof text, "%s", v->as.boolean ? "true" : "false");
        break;
    case VALUE_INTEGER:
        snprintf(text, sizeof text, "%lld", (long long)v->as.integer);
        break;
    case VALUE_DOUBLE:
        print_float_key(v->as.number, text);
        break;
    case VALUE_NULL:
        return err_set(err, ERR_INVALID, "a key must not be null");
    default:
        return err_set(err, ERR_INVALID, "a key must be a scalar, got %s",
                       value_type_name(v));
    }
    *ret = value_string(a, text);
    return *ret ? 0 : err_nomem(err);
}
