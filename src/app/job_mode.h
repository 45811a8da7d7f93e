/*
 * job_mode.h -- the annotation tidelock.dev/mode of a root; private to app.
 */
#ifndef TIDELOCK_APP_JOB_MODE_H
#define TIDELOCK_APP_JOB_MODE_H

#include "controller_impl.h"

int job_mode(struct job *job, enum job_mode *ret, struct err *err);
/* Say what would be done, and leave nothing to do in job->cs. */
void job_show(struct job *job);

#endif
