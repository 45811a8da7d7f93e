/*
 * control_frame.h -- the table of controllers, their queues, what they hear.
 */
#ifndef TIDELOCK_SIM_CONTROL_FRAME_H
#define TIDELOCK_SIM_CONTROL_FRAME_H

#include "control_graph.h"
#include "core/workqueue.h"
#include "sim/inside.h"

enum known {
    POD,
    NODE,
    NAMESPACE,
    SERVICE,
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    ENDPOINTS,
    VOLUME,
    CLAIM,
    EVENT,
    DEPLOYMENT,
    REPLICA_SET,
    STATEFUL_SET,
    DAEMON_SET,
    REVISION,
    JOB,
    CRON_JOB,
    SLICE,
    STORAGE_CLASS,
    LEASE,
    BUDGET,
    QUOTA,
    KNOWN_COUNT, /* another kind */
};

enum controller_id {
    CONTROL_COLLECTOR,
    CONTROL_NAMESPACE,
    CONTROL_ACCOUNT,
    CONTROL_DEPLOYMENT,
    CONTROL_REPLICAS,
    CONTROL_STATEFUL,
    CONTROL_DAEMON,
    CONTROL_JOB,
    CONTROL_CRON,
    CONTROL_TTL,
    CONTROL_VOLUME,
    CONTROL_SLICE,
    CONTROL_ENDPOINTS,
    CONTROL_DISRUPTION,
    CONTROL_QUOTA,
    CONTROL_NODES,
    CONTROL_TAINT,
    CONTROL_POD_GC,
    CONTROL_SCHEDULER,
    CONTROL_KUBELET,
    CONTROL_COUNT,
};

/* One change, as controllers hear of it. */
struct news {
    enum known kind;
    const char *bucket;
    const struct object_key *key;
    const struct value *object;  /* for a deletion its last state */
    const struct member *member; /* NULL: deleted */
    const char *uid;
    bool created, deleted;
    bool relabelled; /* labels or owners are not what they were */
};

struct work;
struct controller {
    const char *name, *alias; /* of --controllers */
    const char *user, *manager, *component;
    enum known root; /* what its keys name */
    enum known part; /* what it makes and may adopt; KNOWN_COUNT: nothing */
    bool restless;   /* its delays are heartbeats and schedules */
    void (*step)(struct work *w);
    void (*changed)(struct controllers *c, const struct news *n); /* or NULL */
};
extern const struct controller controller_table[CONTROL_COUNT];

struct controllers {
    struct sim *s;
    const struct clock *clock;
    const struct kind *kinds[KNOWN_COUNT];
    struct graph *graph;
    struct arena scratch, feed;
    struct workqueue *queues[CONTROL_COUNT]; /* NULL: switched off */
    struct map *runs;   /* pod uid -> struct run: see control_kubelet.c */
    uint64_t seen;      /* revision of the history */
    bool lost;          /* something was not heard: look at everything */
    unsigned turn;      /* whose queue is looked at first */
    unsigned addresses; /* given to pods */
};

/* Wanted now, or after a while. */
void control_add(struct controllers *c, enum controller_id id, const char *ns,
                 const char *name);
void control_add_after(struct controllers *c, enum controller_id id,
                       const struct object_key *key, uint64_t ms);
/* All members of a bucket ("": of all namespaces). */
void control_add_all(struct controllers *c, enum controller_id id,
                     enum known kind, const char *ns);
/* The pods on a node that have not ended. */
void control_add_node(struct controllers *c, enum controller_id id,
                      const char *node, uint64_t ms);

#endif
