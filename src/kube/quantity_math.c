/*
 * quantity_math.c -- sums, products and the text of quantities; exact.
 *
 * DESIGN
 *
 * A quantity is mantissa * 10^exp10 * 2^exp2. Two of them are brought to one
 * base, the work is done on whole numbers of 512 bits, and the result is
 * brought back to a mantissa by taking tens out of it. What does not fit then
 * is an overflow, never a rounded number; only what is finer than a billionth
 * is rounded up, as when a text is read.
 */
#include <string.h>

#include "quantity_wide.h"

#define MANTISSA_BITS 127
#define NANO (-9)
#define KIBI 1024

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* The quantity sign * w * 10^exp10 (no power of two is kept apart). */
static bool narrow(struct wide w, int exp10, bool negative,
                   struct quantity *ret)
{
    struct wide next = w;
    uint64_t lost = 0;
    __int128 m;

    for (; exp10 < NANO; exp10++)
        lost |= wide_divide(&w, 10);
    if (lost)
        wide_add(&w, &(struct wide){{1}});
    for (next = w; !wide_is_zero(&w) && wide_divide(&next, 10) == 0; exp10++)
        w = next;
    if (!wide_fits(&w, MANTISSA_BITS) || exp10 > QUANTITY_MAX_EXP10)
        return false;
    m = (__int128)((unsigned __int128)w.limb[1] << 64 | w.limb[0]);
    *ret = (struct quantity){negative ? -m : m, m ? exp10 : 0, 0};
    return true;
}

bool quantity_add(const struct quantity *a, const struct quantity *b,
                  struct quantity *ret)
{
    int base10 = smaller(a->exp10, b->exp10);
    struct wide wa = wide_from(a, base10, 0), wb = wide_from(b, base10, 0);
    bool negative = a->mantissa < 0;

    if (negative == (b->mantissa < 0)) {
        wide_add(&wa, &wb);
        return narrow(wa, base10, negative, ret);
    }
    if (wide_compare(&wa, &wb) < 0) {
        wide_subtract(&wb, &wa);
        return narrow(wb, base10, !negative, ret);
    }
    wide_subtract(&wa, &wb);
    return narrow(wa, base10, negative, ret);
}

struct quantity quantity_negate(const struct quantity *q)
{
    return (struct quantity){-q->mantissa, q->exp10, q->exp2};
}

bool quantity_multiply(const struct quantity *a, const struct quantity *b,
                       struct quantity *ret)
{
    struct wide low = wide_from(a, a->exp10, 0), high = low;
    unsigned __int128 m = b->mantissa < 0 ? -(unsigned __int128)b->mantissa
                                          : (unsigned __int128)b->mantissa;

    /* low + high * 2^64 is the product: at most 127 + 60 + 127 bits */
    wide_multiply(&low, (uint64_t)m);
    wide_multiply(&high, (uint64_t)(m >> 64));
    memmove(high.limb + 1, high.limb, sizeof high.limb - sizeof *high.limb);
    high.limb[0] = 0;
    wide_add(&low, &high);
    if (b->exp2)
        wide_multiply(&low, (uint64_t)1 << b->exp2);
    return narrow(low, a->exp10 + b->exp10,
                  (a->mantissa < 0) != (b->mantissa < 0), ret);
}

bool quantity_integer(const struct quantity *q, int exp10, int64_t *ret)
{
    struct wide w = wide_from(q, smaller(q->exp10, exp10), 0);
    bool negative = q->mantissa < 0;
    uint64_t lost = 0;

    for (int at = q->exp10; at < exp10; at++)
        lost |= wide_divide(&w, 10);
    if (lost && !negative)
        wide_add(&w, &(struct wide){{1}});
    if (!wide_fits(&w, 63))
        return false;
    *ret = negative ? -(int64_t)w.limb[0] : (int64_t)w.limb[0];
    return true;
}

/* ---- text ---- */

enum quantity_form quantity_form(const char *text)
{
    size_t len = strlen(text);

    if (len && text[len - 1] == 'i')
        return QUANTITY_BINARY;
    if (len && strpbrk(text, "eE") && strchr("0123456789", text[len - 1]))
        return QUANTITY_EXPONENT;
    return QUANTITY_DECIMAL;
}

static int print_whole(struct wide w, bool negative, const char *suffix,
                       struct str *out)
{
    char digits[160]; /* 2^512 has 155 */
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + wide_divide(&w, 10));
    } while (!wide_is_zero(&w));
    if (negative)
        str_addc(out, '-');
    str_addn(out, digits + at, sizeof digits - at);
    return str_add(out, suffix);
}

/* The exponent is a multiple of three, as low as the value needs it. */
static int print_decimal(const struct quantity *q, enum quantity_form form,
                         struct str *out)
{
    static const char *const suffixes[] = {"n", "u", "m", "",  "k",
                                           "M", "G", "T", "P", "E"};
    struct wide w = wide_from(q, q->exp10, 0), next = w;
    int exp10 = q->exp10;
    char exponent[16] = "";

    for (; wide_divide(&next, 10) == 0; exp10++)
        w = next;
    for (; exp10 % 3 != 0 || (form == QUANTITY_DECIMAL && exp10 > 18); exp10--)
        wide_multiply(&w, 10);
    if (form == QUANTITY_DECIMAL)
        return print_whole(w, q->mantissa < 0, suffixes[exp10 / 3 + 3], out);
    if (exp10)
        exponent[0] = 'e';
    print_whole(w, q->mantissa < 0, exponent, out);
    return exp10 ? str_addf(out, "%d", exp10) : 0;
}

/* Is it a whole number of at least 1024? Anything else is clearer in decimal,
 * as the server writes it. */
static bool fits_binary(const struct quantity *q)
{
    struct quantity kibi = {KIBI, 0, 0}, size = *q;
    struct wide w = wide_from(q, smaller(q->exp10, 0), 0);

    if (size.mantissa < 0)
        size.mantissa = -size.mantissa;
    if (quantity_compare(&size, &kibi) < 0)
        return false;
    for (int at = q->exp10; at < 0; at++)
        if (wide_divide(&w, 10))
            return false;
    return true;
}

static int print_binary(const struct quantity *q, struct str *out)
{
    static const char *const suffixes[] = {"",   "Ki", "Mi", "Gi",
                                           "Ti", "Pi", "Ei"};
    struct wide w = wide_from(q, smaller(q->exp10, 0), 0), next;
    size_t power = 0;

    for (int at = q->exp10; at < 0; at++)
        wide_divide(&w, 10);
    for (next = w; power < 6 && wide_divide(&next, KIBI) == 0; power++)
        w = next;
    return print_whole(w, q->mantissa < 0, suffixes[power], out);
}

int quantity_print(const struct quantity *q, enum quantity_form form,
                   struct str *out)
{
    if (q->mantissa == 0)
        return str_add(out, "0");
    if (form == QUANTITY_BINARY)
        return fits_binary(q) ? print_binary(q, out)
                              : print_decimal(q, QUANTITY_DECIMAL, out);
    return print_decimal(q, form, out);
}
