/*
 * shallow.h -- copies of objects that share their members: how core changes
 *              one field of a document that somebody else holds.
 */
#ifndef TIDELOCK_CORE_SHALLOW_H
#define TIDELOCK_CORE_SHALLOW_H

#include "base/arena.h"
#include "base/value.h"

/* A new object (or array) with the members of `v`, which must live as long;
 * an empty object when `v` is neither. NULL on out of memory. */
struct value *shallow_copy(struct arena *a, const struct value *v);

#endif
