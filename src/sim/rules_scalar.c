/*
 * rules_scalar.c -- quantities, times and bytes in the spelling of the API
 *                   server.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "kube/quantity.h"
#include "rules_impl.h"

/* ---- quantities ---- */

enum form { FORM_DECIMAL, FORM_BINARY, FORM_EXPONENT };

/* By the suffix, as written. */
static enum form form_of(const char *text)
{
    size_t len = strlen(text);
    const char *e = strpbrk(text, "eE");

    if (len && text[len - 1] == 'i')
        return FORM_BINARY;
    return e && e[1] ? FORM_EXPONENT : FORM_DECIMAL;
}

/* Digits of a number that printf knows no conversion for. */
static char *print_digits(char *end, unsigned __int128 n)
{
    do
        *--end = (char)('0' + (int)(n % 10));
    while ((n /= 10) != 0);
    return end;
}

static const char *print(struct arena *a, bool negative,
                         unsigned __int128 number, const char *suffix)
{
    char buffer[48];
    char *end = buffer + sizeof buffer - 1;
    char *at;

    *end = '\0';
    at = print_digits(end, number);
    return arena_printf(a, "%s%s%s", negative ? "-" : "", at, suffix);
}

static const char *print_decimal(struct arena *a, const struct quantity *q,
                                 enum form form)
{
    static const char *const units[] = {"n", "u", "m", "",  "k",
                                        "M", "G", "T", "P", "E"};
    bool negative = q->mantissa < 0;
    unsigned __int128 n =
        (unsigned __int128)(negative ? -q->mantissa : q->mantissa);
    int exp = q->exp10;
    char exponent[16];

    for (int i = 0; i < q->exp2; i++)
        n *= 2;
    while (n && n % 10 == 0) {
        n /= 10;
        exp++;
    }
    if (n == 0)
        return "0";
    for (; exp % 3 != 0; exp--)
        n *= 10;
    if (exp == 0)
        return print(a, negative, n, "");
    snprintf(exponent, sizeof exponent, "e%d", exp);
    if (form == FORM_EXPONENT || exp < -9 || exp > 18)
        return print(a, negative, n, exponent);
    return print(a, negative, n, units[exp / 3 + 3]);
}

/* The integer at or above a binary quantity's amount; false: too large. */
static bool binary_amount(const struct quantity *q, unsigned __int128 *ret)
{
    unsigned __int128 n =
        (unsigned __int128)(q->mantissa < 0 ? -q->mantissa : q->mantissa);
    unsigned __int128 rest = 0, scale = 1;

    if (n >> (126 - q->exp2))
        return false;
    n <<= q->exp2;
    for (int e = q->exp10; e > 0; e--)
        n *= 10;
    for (int e = q->exp10; e < 0; e++)
        scale *= 10;
    rest = n % scale;
    *ret = n / scale + (rest != 0);
    return n / scale < INT64_MAX;
}

static bool is_below_1024(const struct quantity *q)
{
    const struct quantity limit = {.mantissa = 1024};
    struct quantity size = *q;

    if (size.mantissa < 0)
        size.mantissa = -size.mantissa;
    return quantity_compare(&size, &limit) < 0;
}

static const char *print_binary(struct arena *a, const struct quantity *q)
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    unsigned __int128 n = 0;
    size_t unit = 0;

    if (is_below_1024(q) || q->exp10 > 18 || !binary_amount(q, &n))
        return print_decimal(a, q, FORM_DECIMAL);
    for (; n && n % 1024 == 0 && unit < 6; unit++)
        n /= 1024;
    return print(a, q->mantissa < 0, n, units[unit]);
}

const char *rules_quantity_text(struct arena *a, const char *text,
                                bool *ret_nomem)
{
    struct quantity q;
    enum form form = form_of(text);
    const char *out;

    *ret_nomem = false;
    if (!quantity_parse(text, &q))
        return NULL;
    out =
        form == FORM_BINARY ? print_binary(a, &q) : print_decimal(a, &q, form);
    *ret_nomem = !out;
    return out;
}

/* ---- times ---- */

/* The digits behind the point; *ret_len 0: there is none. */
static const char *fraction(const char *text, size_t *ret_len)
{
    const char *point = strchr(text, '.');

    *ret_len = point ? strspn(point + 1, "0123456789") : 0;
    return point ? point + 1 : NULL;
}

const char *rules_time_text(struct arena *a, const char *text, bool micro,
                            bool *ret_nomem)
{
    char seconds[32];
    int64_t at;
    size_t len;
    const char *digits = fraction(text, &len);
    const char *out;

    *ret_nomem = false;
    if (!text_parse_rfc3339(text, &at) || (micro && len != 6))
        return NULL;
    text_rfc3339(at, seconds);
    if (micro)
        out = arena_printf(a, "%.19s.%.6sZ", seconds, digits);
    else
        out = arena_strdup(a, seconds);
    *ret_nomem = !out;
    return out;
}

/* ---- bytes ---- */

const char *rules_bytes_text(struct arena *a, const struct value *numbers,
                             bool *ret_nomem)
{
    unsigned char *bytes = arena_alloc(a, numbers->count + 1);
    const char *copy = NULL;
    struct str text;

    *ret_nomem = !bytes;
    for (uint32_t i = 0; bytes && i < numbers->count; i++) {
        const struct value *item = numbers->as.items[i];

        if (!value_is(item, VALUE_NULL) &&
            (!value_is(item, VALUE_INTEGER) || item->as.integer < 0 ||
             item->as.integer > UINT8_MAX))
            return NULL;
        bytes[i] =
            (unsigned char)(item->type == VALUE_NULL ? 0 : item->as.integer);
    }
    if (!bytes)
        return NULL;
    str_init(&text, 0);
    if (hash_base64_encode(bytes, numbers->count, &text) == 0)
        copy = arena_strdup(a, str_text(&text));
    str_release(&text);
    *ret_nomem = !copy;
    return copy;
}
