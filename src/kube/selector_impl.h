/*
 * selector_impl.h -- what a selector is inside: shared by the two parsers and
 *                    the matcher, by nobody else.
 */
#ifndef TIDELOCK_SRC_KUBE_SELECTOR_IMPL_H
#define TIDELOCK_SRC_KUBE_SELECTOR_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "kube/selector.h"

enum selector_op {
    SELECTOR_EXISTS,
    SELECTOR_ABSENT,
    SELECTOR_IN,     /* one value: printed as "=" */
    SELECTOR_NOT_IN, /* one value: printed as "!=" */
    SELECTOR_GREATER,
    SELECTOR_LESS,
};

/* One condition; all of a selector's must hold. */
struct requirement {
    const char *key; /* label key or dotted path */
    enum selector_op op;
    const char **values; /* sorted, no duplicates */
    size_t count;
    int64_t bound; /* GREATER, LESS: values[0] as a number */
};

struct selector {
    struct requirement *items; /* sorted by key, operator, values */
    size_t count;
};

/* An empty selector with room for `cap` requirements. NULL: out of memory. */
struct selector *selector_new(struct arena *a, size_t cap);
/* Sorts the values of one requirement and drops duplicates. */
void requirement_finish(struct requirement *r);
/* Sorts the requirements: the canonical order. */
void selector_finish(struct selector *s);

/* A label key, a label value and a bound: as the API server checks them. 0 or
 * -ERR_INVALID with a message that names the text. */
int requirement_check(struct requirement *r, struct err *err);

#endif
