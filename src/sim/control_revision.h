/*
 * control_revision.h -- ControllerRevisions: the templates that a StatefulSet
 *                       or DaemonSet had.
 */
#ifndef TIDELOCK_SIM_CONTROL_REVISION_H
#define TIDELOCK_SIM_CONTROL_REVISION_H

#include "control_impl.h"

struct revisions {
    struct value *all;          /* by number, oldest first */
    const struct value *update; /* of the template as it is now */
    const char *hash;           /* its hash label */
};
/* Makes the newest where it is missing. False: not this time. */
bool revisions_sync(struct work *w, const struct value *owner,
                    const char *hash_label, struct revisions *ret);
/* NULL: none of that name. */
const struct value *revision_find(const struct revisions *r, const char *name);
/* Deletes the oldest beyond spec.revisionHistoryLimit; `live` are those in use
 * (label values of pods, names). */
void revisions_trim(struct work *w, const struct value *owner,
                    const struct revisions *r, const struct value *live);

#endif
