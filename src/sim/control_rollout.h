/*
 * control_rollout.h -- one look at a Deployment and its ReplicaSets.
 */
#ifndef TIDELOCK_SIM_CONTROL_ROLLOUT_H
#define TIDELOCK_SIM_CONTROL_ROLLOUT_H

#include "control_impl.h"
#include "control_rolling.h"

#define REVISION_KEY "deployment.kubernetes.io/revision"
#define DESIRED_KEY "deployment.kubernetes.io/desired-replicas"
#define MOST_KEY "deployment.kubernetes.io/max-replicas"
#define NO_DEADLINE INT32_MAX

struct rollout {
    struct work *w;
    struct draft *d;
    struct value *deployment;
    struct rolling rolling;
    struct value *newest; /* NULL: there is none yet */
    struct value *old;    /* array, oldest first */
};

/* ---- its sets ---- */
void rollout_tell_apart(struct rollout *r, struct value *sets);
size_t rollout_count(const struct rollout *r);
/* Old ones first, the newest last. */
struct value *rollout_at(const struct rollout *r, size_t i);
int64_t rollout_sum(const struct rollout *r, const char *path);
int64_t rollout_size(const struct value *set); /* spec.replicas */
/* 0: no such number among the annotations. */
int64_t rollout_number(const struct value *set, const char *annotation);
bool rollout_is_older(const struct value *a, const struct value *b);
/* What the Deployment wants, noted on a set. True: it was not. */
bool rollout_annotate(struct rollout *r, struct value *set);
/* Makes the newest set (when `create`), or brings its annotations up to date.
 * False: not this time. */
bool rollout_sync_newest(struct rollout *r, bool create);

/* ---- its status ---- */
/* `judged`: not amid scaling or a pause, so progress counts. */
void rollout_write_status(struct rollout *r, bool judged);
/* Condition Progressing with a reason and a message. True: it changed. */
bool rollout_progress(struct rollout *r, struct value *status, const char *is,
                      const char *const words[2]);
bool rollout_is_complete(const struct rollout *r, const struct value *status);
int64_t rollout_deadline(const struct rollout *r);

#endif
