/*
 * quantity_wide.h -- whole numbers of 512 bits: room for the 127 bits of a
 *                    mantissa times 10^89 and 2^60.
 */
#ifndef TIDELOCK_KUBE_QUANTITY_WIDE_H
#define TIDELOCK_KUBE_QUANTITY_WIDE_H

#include "kube/quantity.h"

#define WIDE_LIMBS 8
struct wide {
    uint64_t limb[WIDE_LIMBS]; /* lowest first */
};

/* |q| / (10^base10 * 2^base2), which is a whole number. */
struct wide wide_from(const struct quantity *q, int base10, int base2);
int wide_compare(const struct wide *a, const struct wide *b); /* -1, 0, 1 */
/* What does not fit is lost; no caller gets there. */
void wide_multiply(struct wide *w, uint64_t by);
void wide_add(struct wide *w, const struct wide *other);
void wide_subtract(struct wide *w, const struct wide *other); /* w >= other */
uint64_t wide_divide(struct wide *w, uint64_t by);            /* the rest */
bool wide_is_zero(const struct wide *w);
/* Fits into `bits` bits? */
bool wide_fits(const struct wide *w, unsigned bits);

#endif
