/*
 * kept.h -- which fields of an object's body are kept, where not all are.
 *
 * Written as the paths of members with commas between them, sorted, without
 * their first dot: "spec.nodeName,status.phase". A path keeps all that is below
 * it. apiVersion, kind and metadata are always kept and never named.
 */
#ifndef TIDELOCK_KUBE_KEPT_H
#define TIDELOCK_KUBE_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define KEPT_MAX_BYTES 2000 /* of the whole list */
#define KEPT_MAX_DEPTH 16   /* members of one path */

/* From paths as scripts write them, ".spec.nodeName". -ERR_INVALID names the
 * one that is wrong and says why, -ERR_LIMIT, -ERR_NOMEM. */
int kept_make(struct arena *a, const char *const *paths, size_t count,
              const char **ret, struct err *err);

/* A place in an object: the members down to it, each with a dot behind it. All
 * zero bytes is the object itself. */
struct kept_place {
    const char *path; /* in the list */
    size_t len;
};
enum kept { KEPT_NOT, KEPT_PART, KEPT_WHOLE };
/* What of the member `key` at `place` is kept; *ret_below is its place when it
 * is a part. */
enum kept kept_member(const char *list, const struct kept_place *place,
                      const char *key, size_t key_len,
                      struct kept_place *ret_below);
/* Is all at that path kept, or its value at least within what is? */
bool kept_has(const char *list, const char *path);

#endif
