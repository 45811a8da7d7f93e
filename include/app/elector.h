/*
 * elector.h -- leader election of a process: kube/lease on a cluster.
 *
 * The fence: from elector_new() on no write but those of the Lease leaves for
 * this cluster unless the process leads at that moment. It is asked right
 * before a request is sent. What remains is the time between that and the
 * kernel's send: a process that is stopped exactly there, for longer than the
 * lease lasts, sends one write that is too old. Such a write carries the uid or
 * resourceVersion of what it was planned for (src/design/0015).
 *
 * Callbacks come from loop turns and may free the elector.
 */
#ifndef TIDELOCK_APP_ELECTOR_H
#define TIDELOCK_APP_ELECTOR_H

#include <stdbool.h>

#include "app/cluster.h"
#include "kube/lease.h"

struct elector;

struct elector_config {
    struct cluster *cluster; /* borrowed */
    const char *ns, *name;   /* of the Lease; copied */
    const char *identity;    /* copied; NULL: the host's name and a random id */
    struct lease_timing timing; /* checked by the caller */
    void (*on_lead)(void *arg); /* once: it leads now */
    void (*on_lost)(void *arg, const struct err *why); /* once, at the end */
    void *arg;
};

struct elector *elector_new(const struct elector_config *config,
                            struct err *err); /* NULL on failure */
void elector_free(struct elector *e); /* takes the fence away; NULL is fine */
void elector_start(struct elector *e);
bool elector_leads(const struct elector *e);
uint64_t elector_reads(const struct elector *e); /* of the Lease, so far */
const char *elector_identity(const struct elector *e); /* borrowed */
/* Give the Lease back: only when nothing is written any more. `done` is called
 * once, when that is over, however it ended. */
void elector_release(struct elector *e, void (*done)(void *arg), void *arg);

#endif
