/*
 * control_pods.h -- what controllers ask of pods, and how many they want.
 */
#ifndef TIDELOCK_SIM_CONTROL_PODS_H
#define TIDELOCK_SIM_CONTROL_PODS_H

#include "control_impl.h"

bool pod_is_ended(const struct value *pod);  /* Succeeded or Failed */
bool pod_is_active(const struct value *pod); /* neither ended nor deleted */
bool pod_is_ready(const struct value *pod);
/* Ready for so many seconds; *ret_left (may be NULL) gets what is missing when
 * it is ready and has not been for long enough. */
bool pod_is_available(const struct value *pod, int64_t min_ready, int64_t now,
                      int64_t *ret_left);
/* Below 0: `a` is deleted before `b` when there are too many
 * (controller.ActivePodsWithRanks). */
int pod_compare(const struct value *a, const struct value *b);
/* In place. */
void pods_sort(struct value *pods,
               int (*compare)(const struct value *a, const struct value *b));
int pods_by_name(const struct value *a, const struct value *b);

/* Creates a pod and says so in an Event of its owner. HTTP status. */
int pods_create(struct work *w, const struct value *owner, struct value *pod);
int pods_delete(struct work *w, const struct value *owner,
                const struct value *pod);

/* Does the taint keep the pod away? By its tolerations. *ret_seconds (may be
 * NULL): for how long a toleration holds, -1 for ever. */
bool pod_tolerates(const struct value *pod_spec, const struct value *taint,
                   int64_t *ret_seconds);
/* Node selector and required node affinity. */
bool pod_fits_labels(const struct value *pod_spec, const struct value *node);
/* The first taint with one of the two effects that is not tolerated. */
const struct value *pod_repelled(const struct value *pod_spec,
                                 const struct value *node);

#endif
