/*
 * quantity.c -- see quantity.h for the contract.
 *
 * DESIGN
 *
 * A quantity is read into three integers and never becomes a floating point
 * number. Digits go into a 128-bit mantissa; zeros are held back until a
 * further digit needs them, so that trailing ones end up in the exponent.
 * Two quantities of different exponents are compared by multiplying out into
 * a wide integer: 127 bits of mantissa, at most 10^89 and 2^60 fit into 512.
 */
#include "quantity_wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_DIGITS 38 /* 10^38 < 2^127 */
#define NANO (-9)

/* ---- parsing ---- */

struct digits {
    unsigned __int128 mantissa;
    int significant; /* digits in mantissa, held-back zeros included */
    int zeros;       /* seen since the last other digit */
    int exp10;
    int seen; /* digits of any kind */
};

/* False when the mantissa would not hold it. */
static bool digits_add(struct digits *d, char c)
{
    d->seen++;
    if (c == '0') {
        if (d->mantissa)
            d->zeros++;
        return true;
    }
    d->significant += d->zeros + 1;
    if (d->significant > MAX_DIGITS)
        return false;
    for (; d->zeros > 0; d->zeros--)
        d->mantissa *= 10;
    d->mantissa = d->mantissa * 10 + (unsigned)(c - '0');
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "12", "12.", ".5", "1.50"; returns what follows, or NULL. */
static const char *parse_digits(const char *p, struct digits *d)
{
    *d = (struct digits){0};
    for (; is_digit(*p); p++)
        if (!digits_add(d, *p))
            return NULL;
    if (*p == '.') {
        for (p++; is_digit(*p); p++) {
            if (!digits_add(d, *p))
                return NULL;
            d->exp10--;
        }
    }
    d->exp10 = d->mantissa ? d->exp10 + d->zeros : 0;
    return d->seen ? p : NULL;
}

/* "e3", "E-3", "e+3": the number behind the letter. */
static bool parse_exponent(const char *p, int *ret)
{
    bool negative = *p == '-';
    int64_t n;

    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p) || !text_to_int64(p, strlen(p), &n) || n > 1000)
        return false;
    *ret = negative ? -(int)n : (int)n;
    return true;
}

/* All of the rest of the text: a unit, or a decimal exponent. "E" alone is exa,
 * "E3" an exponent. */
static bool parse_suffix(const char *p, int *exp10, int *exp2)
{
    static const struct {
        char text[3];
        signed char exp10, exp2;
    } known[] = {
        {"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},
        {"k", 3, 0},   {"M", 6, 0},   {"G", 9, 0},   {"T", 12, 0},
        {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
        {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(p, known[i].text) == 0) {
            *exp10 = known[i].exp10;
            *exp2 = known[i].exp2;
            return true;
        }
    }
    *exp2 = 0;
    return (*p == 'e' || *p == 'E') && parse_exponent(p + 1, exp10);
}

/* The form that quantity.h promises. */
static void drop_tens(struct quantity *q)
{
    if (q->mantissa == 0) {
        *q = (struct quantity){0};
        return;
    }
    while (q->mantissa % 10 == 0) {
        q->mantissa /= 10;
        q->exp10++;
    }
}

/* Away from zero to a multiple of a billionth, as the server does: whoever
 * asks for something gets something. The mantissa is not negative here. */
static bool round_to_nano(struct quantity *q)
{
    bool rest = false;

    if (q->exp10 >= NANO)
        return true;
    if (q->exp2) {
        if (q->mantissa >> (126 - q->exp2))
            return false;
        q->mantissa <<= q->exp2;
        q->exp2 = 0;
    }
    for (; q->exp10 < NANO && q->mantissa; q->exp10++) {
        rest |= q->mantissa % 10 != 0;
        q->mantissa /= 10;
    }
    q->mantissa += rest;
    q->exp10 = NANO;
    drop_tens(q);
    return true;
}

/* The server keeps binary quantities in 64 bits. */
static void cap_binary(struct quantity *q)
{
    struct quantity most = {.mantissa = INT64_MAX};

    if (q->exp2 && quantity_compare(q, &most) > 0)
        *q = most;
}

bool quantity_parse(const char *text, struct quantity *ret)
{
    bool negative = *text == '-';
    struct digits d;
    struct quantity q;
    int exp10, exp2;
    const char *p;

    p = parse_digits(text + (*text == '-' || *text == '+'), &d);
    if (!p || !parse_suffix(p, &exp10, &exp2))
        return false;

    q = (struct quantity){(__int128)d.mantissa, d.exp10 + exp10, exp2};
    if (q.mantissa == 0)
        q = (struct quantity){0};
    if (q.exp10 > QUANTITY_MAX_EXP10 || !round_to_nano(&q))
        return false;
    cap_binary(&q);
    if (negative)
        q.mantissa = -q.mantissa;
    *ret = q;
    return true;
}

/* ---- comparing ---- */

static int sign(__int128 n)
{
    return (n > 0) - (n < 0);
}

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
    int base10 = a->exp10 < b->exp10 ? a->exp10 : b->exp10;
    int base2 = a->exp2 < b->exp2 ? a->exp2 : b->exp2;
    struct wide wa, wb;

    if (sign(a->mantissa) != sign(b->mantissa))
        return sign(a->mantissa) < sign(b->mantissa) ? -1 : 1;
    if (a->mantissa == 0)
        return 0;
    wa = wide_from(a, base10, base2);
    wb = wide_from(b, base10, base2);
    return a->mantissa < 0 ? wide_compare(&wb, &wa) : wide_compare(&wa, &wb);
}

bool quantity_text_equal(const char *a, const char *b)
{
    struct quantity qa, qb;

    if (strcmp(a, b) == 0)
        return true;
    return quantity_parse(a, &qa) && quantity_parse(b, &qb) &&
           quantity_compare(&qa, &qb) == 0;
}

/* ---- scalars ---- */

/* The text the server would see, or NULL. `room` holds that of a number. */
static const char *quantity_text(const struct value *v, char room[40])
{
    if (v->type == VALUE_STRING)
        return v->as.string;
    if (v->type == VALUE_INTEGER)
        snprintf(room, 40, "%lld", (long long)v->as.integer);
    else if (v->type == VALUE_DOUBLE)
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(room, 40, "%.*g", digits, v->as.number);
            if (strtod(room, NULL) == v->as.number)
                break;
        }
    else
        return NULL;
    return room;
}

static bool quantities_equal(const struct value *a, const struct value *b)
{
    char room_a[40], room_b[40];
    const char *text_a = quantity_text(a, room_a);
    const char *text_b = quantity_text(b, room_b);

    return text_a && text_b && quantity_text_equal(text_a, text_b);
}

/* The digits of the fraction behind "2026-01-02T03:04:05". */
static const char *fraction(const char *rfc3339, size_t *ret_len)
{
    const char *dot = rfc3339 + strlen("2026-01-02T03:04:05");
    size_t len = 0;

    if (*dot == '.')
        while (is_digit(dot[1 + len]))
            len++;
    *ret_len = len;
    return dot + 1;
}

/* Both are instants of the same second, and as far as both tell the fraction
 * of it they agree. */
static bool times_equal(const struct value *a, const struct value *b)
{
    const char *text_a = value_text(a), *text_b = value_text(b);
    const char *fraction_a, *fraction_b;
    int64_t seconds_a, seconds_b;
    size_t len_a, len_b;

    if (!text_a || !text_b || !text_parse_rfc3339(text_a, &seconds_a) ||
        !text_parse_rfc3339(text_b, &seconds_b) || seconds_a != seconds_b)
        return false;
    fraction_a = fraction(text_a, &len_a);
    fraction_b = fraction(text_b, &len_b);
    return memcmp(fraction_a, fraction_b, len_a < len_b ? len_a : len_b) == 0;
}

static bool arrays_equal(const struct value *a, const struct value *b,
                         enum scalar_kind kind)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!scalar_equal(a->as.items[i], b->as.items[i], kind))
            return false;
    return true;
}

static bool objects_equal(const struct value *a, const struct value *b,
                          enum scalar_kind kind)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value_member *m = &a->as.members[i];

        if (!scalar_equal(m->value, value_getn(b, m->key, m->key_len), kind))
            return false;
    }
    return true;
}

bool scalar_equal(const struct value *a, const struct value *b,
                  enum scalar_kind kind)
{
    if (!a || !b)
        return a == b;
    if (a->type == VALUE_ARRAY && b->type == VALUE_ARRAY)
        return arrays_equal(a, b, kind);
    if (a->type == VALUE_OBJECT && b->type == VALUE_OBJECT)
        return objects_equal(a, b, kind);
    if (value_equal(a, b))
        return true;
    if (kind == SCALAR_QUANTITY)
        return quantities_equal(a, b);
    return kind == SCALAR_TIME && times_equal(a, b);
}
