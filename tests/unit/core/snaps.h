/*
 * snaps.h -- snapshots for the tests of core, in one line each.
 */
#ifndef TIDELOCK_TESTS_CORE_SNAPS_H
#define TIDELOCK_TESTS_CORE_SNAPS_H

#include "kube/snapshot.h"

extern const struct gvk snap_gvk; /* v1 ConfigMap */

/* "ns/name" or "name", as written by object_key_print(). Borrows `text`,
 * copies into a few static buffers: good for one expression. */
struct object_key snap_key(const char *text);

/* A ConfigMap of that key, uid and version; `owner` is its controller's uid or
 * "". `data` makes two of the same version differ. The caller owns the
 * reference; NULL on out of memory. */
struct snapshot *snap_new(const char *key, const char *uid, const char *version,
                          const char *owner);
struct snapshot *snap_with_data(const char *key, const char *uid,
                                const char *version, const char *data);
void snap_drop(struct snapshot *s); /* the caller's reference */

#endif
