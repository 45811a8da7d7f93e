/*
 * json_write.c -- the pieces of canonical JSON text; see json.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* The short form where JSON has one. */
static int add_escape(struct str *out, unsigned char c)
{
    static const char names[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    const char *at = memchr(names, c, sizeof names - 1);

    if (at && c)
        return str_addf(out, "\\%c", letters[at - names]);
    return str_addf(out, "\\u%04x", c);
}

int json_write_string(struct str *out, const char *text, size_t len)
{
    size_t from = 0;

    if (!text_is_utf8(text, len))
        return -ERR_INVALID;
    str_addc(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        str_addn(out, text + from, i - from);
        add_escape(out, c);
        from = i + 1;
    }
    str_addn(out, text + from, len - from);
    return str_addc(out, '"');
}

/* Digits from the end; negating in unsigned also works for INT64_MIN. */
int json_write_integer(struct str *out, int64_t value)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    return str_addn(out, digits + at, sizeof digits - at);
}

/* "1e-07" to "1e-7": C writes two digits at least. */
static void tidy_exponent(char *text)
{
    char *e = strchr(text, 'e');
    char *zero = e ? e + 2 : NULL;

    if (zero && *zero == '0')
        memmove(zero, zero + 1, strlen(zero));
}

/*
 * Any double is told apart by 17 digits, most by 15: print with more and more
 * until reading gives the same number. C rounds both ways exactly.
 */
int json_write_double(struct str *out, double value)
{
    /* Normal numbers need 15 digits or more; subnormal ones have fewer. */
    int digits = fabs(value) < 2.3e-308 ? 1 : 15;
    char text[40];

    if (!isfinite(value))
        return -ERR_INVALID;
    /* Also for -0.0: a reader takes "-0" for the integer 0. */
    if (value == trunc(value) && fabs(value) < 9007199254740992.0)
        return json_write_integer(out, (int64_t)value);
    do
        snprintf(text, sizeof text, "%.*g", digits, value);
    while (strtod(text, NULL) != value && digits++ < 17);
    tidy_exponent(text);
    return str_add(out, text);
}
