/*
 * sensitive.h -- values that came out of Secrets, wherever they show up again.
 *
 * plan_resolve_secrets() marks them in the bodies of a plan; an answer of the
 * server and the live object hold the same bytes without a mark.
 */
#ifndef TIDELOCK_CORE_SENSITIVE_H
#define TIDELOCK_CORE_SENSITIVE_H

#include <stdbool.h>

#include "base/value.h"

/* Is anything in this tree marked? NULL is not. */
bool sensitive_holds(const struct value *v);
/* Mark every text in `tree` that is, or from six bytes on holds, one that is
 * marked in `from`. Both may be NULL. */
void sensitive_mark(struct value *tree, const struct value *from);

#endif
