/*
 * source_files.h -- feeds from manifests: for `plan --offline`, and for the
 *                   roots of `plan -f` in front of another source.
 *
 * Objects from files are all there is: a kind that no file holds is known to
 * be empty. Objects without uid or resourceVersion get stand-ins that are the
 * same in every run.
 */
#ifndef TIDELOCK_APP_SOURCE_FILES_H
#define TIDELOCK_APP_SOURCE_FILES_H

#include "base/value.h"
#include "core/source.h"
#include "kube/restmap.h"

/* `behind` serves every kind but `front` (borrowed until freed; then it is
 * freed too); NULL: files are all there is. `front` is copied; NULL without
 * `behind`. NULL on failure. */
struct source *source_files_new(const struct restmap *restmap,
                                struct source *behind, const struct gvk *front,
                                struct err *err);
/* Before the first feed is asked for. `object` has apiVersion, kind and
 * metadata.name; its namespace defaults to `ns` when the kind is namespaced. */
int source_files_add(struct source *s, const struct value *object,
                     const char *ns, struct err *err);
/* The uid that an object without one gets. NULL on out of memory. */
char *source_files_uid(struct arena *a, const struct value *object);
/* Before the first feed is asked for: that kind is not known, and `why`. */
int source_files_hide(struct source *s, const struct gvk *gvk,
                      const struct err *why, struct err *err);

#endif
