/*
 * sim_audit.h -- `tidelock sim --audit FILE`: what was asked and answered, a
 *                line of JSON each, in the form of audit.k8s.io/v1 Event.
 *
 * Writes with both bodies, reads by their metadata; a watch is two lines, one
 * when it begins and one when it ends. (As the policy of tests/cluster tells a
 * real API server.) Whoever acts for another user by impersonation is logged
 * as that user.
 */
#ifndef TIDELOCK_APP_SIM_AUDIT_H
#define TIDELOCK_APP_SIM_AUDIT_H

#include <stdbool.h>

#include "base/err.h"
#include "sim/sim.h"

struct sim_audit;

/* Appends to the file. */
int sim_audit_open(const char *path, struct sim_audit **ret, struct err *err);
void sim_audit_close(struct sim_audit *a); /* NULL is fine */

struct sim_audit_entry {
    const char *method; /* "GET" */
    const struct sim_request *request;
    int status;
    const char *answer; /* body; ignored for reads */
    size_t answer_len;
    bool started; /* the beginning of a watch */
};
/* Kept until the next flush. A line that cannot be made is counted and said
 * by the flush. */
void sim_audit_add(struct sim_audit *a, const struct sim_audit_entry *e);
/* Write what was added. */
int sim_audit_flush(struct sim_audit *a, struct err *err);

#endif
