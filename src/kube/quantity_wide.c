/*
 * quantity_wide.c -- see quantity_wide.h.
 */
#include "quantity_wide.h"

void wide_multiply(struct wide *w, uint64_t by)
{
    unsigned __int128 carry = 0;

    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (unsigned __int128)w->limb[i] * by;
        w->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

struct wide wide_from(const struct quantity *q, int base10, int base2)
{
    unsigned __int128 m = q->mantissa < 0 ? -(unsigned __int128)q->mantissa
                                          : (unsigned __int128)q->mantissa;
    struct wide w = {{(uint64_t)m, (uint64_t)(m >> 64)}};

    for (int i = base10; i < q->exp10; i++)
        wide_multiply(&w, 10);
    if (q->exp2 > base2)
        wide_multiply(&w, (uint64_t)1 << (q->exp2 - base2));
    return w;
}

int wide_compare(const struct wide *a, const struct wide *b)
{
    for (int i = WIDE_LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

void wide_add(struct wide *w, const struct wide *other)
{
    unsigned __int128 carry = 0;

    for (int i = 0; i < WIDE_LIMBS; i++) {
        carry += (unsigned __int128)w->limb[i] + other->limb[i];
        w->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

void wide_subtract(struct wide *w, const struct wide *other)
{
    uint64_t borrow = 0;

    for (int i = 0; i < WIDE_LIMBS; i++) {
        uint64_t a = w->limb[i], b = other->limb[i];

        w->limb[i] = a - b - borrow;
        borrow = a < b || (borrow && a == b);
    }
}

uint64_t wide_divide(struct wide *w, uint64_t by)
{
    unsigned __int128 rest = 0;

    for (int i = WIDE_LIMBS - 1; i >= 0; i--) {
        rest = rest << 64 | w->limb[i];
        w->limb[i] = (uint64_t)(rest / by);
        rest %= by;
    }
    return (uint64_t)rest;
}

bool wide_is_zero(const struct wide *w)
{
    return wide_fits(w, 0);
}

bool wide_fits(const struct wide *w, unsigned bits)
{
    for (unsigned i = 0; i < WIDE_LIMBS; i++) {
        unsigned below = bits > i * 64 ? bits - i * 64 : 0;

        if (below < 64 && w->limb[i] >> below)
            return false;
    }
    return true;
}
