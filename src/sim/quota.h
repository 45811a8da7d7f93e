/*
 * quota.h -- what objects count for in ResourceQuotas. Private to src/sim.
 *
 * Amounts are maps: the name of a resource, as quotas name it -> quantity.
 */
#ifndef TIDELOCK_SRC_SIM_QUOTA_H
#define TIDELOCK_SRC_SIM_QUOTA_H

#include "rules_amount.h"
#include "sim/kinds.h"

/* May objects of the kind count for something of that name? */
bool quota_counts(const struct kind *k, const char *name);
/* Do the scopes of the quota let the object in? */
bool quota_takes(const struct value *quota, const struct kind *k,
                 const struct value *object);
/* What the object counts for; NULL: out of memory. Pods that have ended, or
 * should have by now, count only as objects. */
struct value *quota_usage(struct arena *a, const struct kind *k,
                          const struct value *object, int64_t unix_now);
/* "must specify limits.cpu for: c", when a container does not say what the
 * quota counts; NULL: all do, or out of memory with *ret_nomem. */
const char *quota_unsaid(struct arena *a, const struct kind *k,
                         const struct value *object, const struct value *hard,
                         bool *ret_nomem);
bool quota_is_terminating(const struct value *pod); /* has a deadline */

#endif
