/*
 * value_sort.h -- the members of an object in order of their keys; shared by
 *                 the printers and private to base.
 */
#ifndef TIDELOCK_SRC_BASE_VALUE_SORT_H
#define TIDELOCK_SRC_BASE_VALUE_SORT_H

#include "base/value.h"

#define VALUE_SORT_FEW 12

struct value_sorted {
    const struct value_member **list; /* object->count of them, borrowed */
    const struct value_member *few[VALUE_SORT_FEW];
};

/* 0 or -ERR_NOMEM; release only after 0. */
int value_sort(const struct value *object, struct value_sorted *s);
void value_sort_release(struct value_sorted *s);

#endif
