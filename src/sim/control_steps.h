/*
 * control_steps.h -- the steps and ears of the controllers, for their table.
 */
#ifndef TIDELOCK_SIM_CONTROL_STEPS_H
#define TIDELOCK_SIM_CONTROL_STEPS_H

#include "control_impl.h"

void collector_step(struct work *w);
void collector_changed(struct controllers *c, const struct news *n);
void namespace_step(struct work *w);
void namespace_changed(struct controllers *c, const struct news *n);
void account_step(struct work *w);
void account_changed(struct controllers *c, const struct news *n);
void deployment_step(struct work *w);
void replicas_step(struct work *w);
void stateful_step(struct work *w);
void stateful_changed(struct controllers *c, const struct news *n);
void daemon_step(struct work *w);
void daemon_changed(struct controllers *c, const struct news *n);
void job_step(struct work *w);
void cron_step(struct work *w);
void ttl_step(struct work *w);
void volume_step(struct work *w);
void volume_changed(struct controllers *c, const struct news *n);
void slice_step(struct work *w);
void endpoints_step(struct work *w);
void slice_changed(struct controllers *c, const struct news *n);
void endpoints_changed(struct controllers *c, const struct news *n);
void disruption_step(struct work *w);
void disruption_changed(struct controllers *c, const struct news *n);
void quota_step(struct work *w);
void quota_changed(struct controllers *c, const struct news *n);
void nodes_step(struct work *w);
void taint_step(struct work *w);
void taint_changed(struct controllers *c, const struct news *n);
void pod_gc_step(struct work *w);
void pod_gc_changed(struct controllers *c, const struct news *n);
void scheduler_step(struct work *w);
void scheduler_changed(struct controllers *c, const struct news *n);
void kubelet_step(struct work *w);
void kubelet_changed(struct controllers *c, const struct news *n);
void kubelet_release(struct controllers *c);

/* Nodes that are simulated: made where they are missing. */
int nodes_make(struct controllers *c, struct err *err);
bool nodes_is_simulated(const struct controllers *c, const char *name);
/* The default storage class. */
int volume_make_class(struct controllers *c, struct err *err);

#endif
