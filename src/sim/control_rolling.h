/*
 * control_rolling.h -- how large each ReplicaSet of a Deployment should be, in
 *                      numbers alone (kubernetes deployment_util.go,
 * rolling.go).
 */
#ifndef TIDELOCK_SIM_CONTROL_ROLLING_H
#define TIDELOCK_SIM_CONTROL_ROLLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

struct rolling {
    int64_t replicas;
    int64_t surge, unavailable; /* resolved to pods */
    bool recreate;
};
struct rolling_set {
    int64_t size;      /* spec.replicas */
    int64_t available; /* status.availableReplicas */
    int64_t most;      /* annotation max-replicas, 0: none */
    int64_t want;      /* the answer */
};

struct rolling rolling_read(const struct value *deployment);
/* The size of the newest set when all of them have `total` pods. */
int64_t rolling_grow(const struct rolling *r, int64_t total, int64_t size);
/* Old sets, oldest first: unhealthy pods go first, then healthy ones as far as
 * enough stay available. Fills `want`; true when one of them shrinks. */
bool rolling_shrink(const struct rolling *r, const struct rolling_set *newest,
                    struct rolling_set *old, size_t count);
/* A Deployment that is scaled amid a rollout: every set in proportion. Active
 * sets in the order in which they get their share; see rolling_excess(). */
void rolling_spread(const struct rolling *r, struct rolling_set *sets,
                    size_t count);
/* Pods to add (or take away, below 0) in all sets together. */
int64_t rolling_excess(const struct rolling *r, const struct rolling_set *sets,
                       size_t count);

#endif
