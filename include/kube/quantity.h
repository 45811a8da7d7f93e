/*
 * quantity.h -- quantities, exactly: compared, added, multiplied, written; and
 *               whether two scalars are the same to the API server.
 *
 * Quantities ("0.5" and "500m", "1024Mi" and "1Gi") and times are written
 * back by the server in another spelling. No doubles anywhere.
 */
#ifndef TIDELOCK_KUBE_QUANTITY_H
#define TIDELOCK_KUBE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/value.h"

/* mantissa * 10^exp10 * 2^exp2, mantissa without factors of ten; zero has no
 * exponents. So equal fields mean equal quantities, but not the reverse: 1Ki
 * and 1024 differ in their fields. */
struct quantity {
    __int128 mantissa;
    int exp10; /* -9 .. QUANTITY_MAX_EXP10 */
    int exp2;  /* 0, 10, 20 ... 60 */
};
#define QUANTITY_MAX_EXP10 80

/* false when it is not a quantity, or has more than 38 significant digits or
 * a larger exponent than the limit above. As the server does: what is finer
 * than a billionth is rounded up, a binary quantity is capped at 2^63-1. */
bool quantity_parse(const char *text, struct quantity *ret);
/* -1, 0, 1 */
int quantity_compare(const struct quantity *a, const struct quantity *b);
/* Texts that are no quantities are equal when they are the same text. */
bool quantity_text_equal(const char *a, const char *b);

/* ---- arithmetic; false when the result has more than 38 digits ---- */
bool quantity_add(const struct quantity *a, const struct quantity *b,
                  struct quantity *ret);
bool quantity_multiply(const struct quantity *a, const struct quantity *b,
                       struct quantity *ret);
struct quantity quantity_negate(const struct quantity *q);
/* How many times 10^exp10 (-9 .. 0) it is, rounded up; false beyond 63 bits. */
bool quantity_integer(const struct quantity *q, int exp10, int64_t *ret);

/* ---- text ---- */
/* The family of suffixes: n u m k M ..., Ki Mi ..., or an exponent e3. */
enum quantity_form { QUANTITY_DECIMAL, QUANTITY_BINARY, QUANTITY_EXPONENT };
enum quantity_form quantity_form(const char *text); /* of a valid quantity */
/* As the server writes it: the largest suffix that keeps the number whole, no
 * fraction. What is below 1024 or not whole is written decimal. As str_add(). */
int quantity_print(const struct quantity *q, enum quantity_form form,
                   struct str *out);

/* ---- scalars ---- */
/* How the schema wants a scalar to be compared. */
enum scalar_kind {
    SCALAR_PLAIN,         /* as written; 1 equals 1.0 */
    SCALAR_QUANTITY,      /* by amount; a number stands for its text */
    SCALAR_INT_OR_STRING, /* as written: 80 and "80" are two values */
    SCALAR_TIME,          /* same moment, to the coarser of both fractions:
                           * the server cuts what the type does not keep */
};
/* Deep for arrays and objects, their leaves by `kind`. NULL is absent, and
 * equals only NULL. */
bool scalar_equal(const struct value *a, const struct value *b,
                  enum scalar_kind kind);

#endif
