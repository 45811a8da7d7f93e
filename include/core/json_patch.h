/*
 * json_patch.h -- RFC 6902 and RFC 7386 on trees: what would a patch do?
 */
#ifndef TIDELOCK_CORE_JSON_PATCH_H
#define TIDELOCK_CORE_JSON_PATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* What the API server makes of the operations, which is more than the RFC
 * allows: replace sets a member that is not there, no value is null. `doc` is
 * left as it is and may share subtrees with the result. -ERR_INVALID names the
 * operation that is malformed, finds nothing at its path, whose test does not
 * hold, or with which copies add more than 3 MiB; a result of more levels than
 * JSON_MAX_DEPTH is none either. */
int json_patch_apply(struct arena *a, const struct value *doc,
                     const struct value *ops, struct value **ret,
                     struct err *err);

/* The document after a merge patch. -ERR_NOMEM only. */
int merge_patch_apply(struct arena *a, const struct value *doc,
                      const struct value *patch, struct value **ret,
                      struct err *err);

#endif
