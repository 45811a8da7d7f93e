/*
 * control_life.h -- the life of a pod on its node, as a function of the pod and
 *                   of when its containers started.
 *
 * Nothing runs: images are there, probes succeed, programs end when their
 * annotations say so (CONTROLLERS.md).
 */
#ifndef TIDELOCK_SIM_CONTROL_LIFE_H
#define TIDELOCK_SIM_CONTROL_LIFE_H

#include "control_draft.h"

#define LIFE_BOXES 32
#define LIFE_EVENTS 48

/* What a node remembers of a pod and objects do not say: milliseconds. Zeroed:
 * knows nothing, as after a restart. */
struct run {
    uint64_t since_ms[LIFE_BOXES]; /* of each container's state; 0: unknown */
    uint64_t stop_ms;              /* asked to stop; 0: not */
};

struct life_place {
    uint64_t ready_ms; /* from start to Ready unless the pod says otherwise */
    const char *host_ip, *pod_ip;
};

struct life_event {
    const char *reason, *message;
    bool warning;
};

struct life {
    struct value *status;
    uint64_t due_ms; /* look again, monotonic; UINT64_MAX: no need to */
    bool gone;       /* stopped: the object may go */
    struct life_event events[LIFE_EVENTS];
    size_t event_count;
};

void life_step(struct draft *d, const struct life_place *place,
               const struct value *pod, struct run *run, struct life *ret);

#endif
