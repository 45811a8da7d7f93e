/*
 * probe.h -- pages for probes, as those of Kubernetes' own servers are; private
 *            to app.
 *
 *     /readyz                 all checks: 200 "ok", or 500
 *     /readyz?verbose         ... one a line
 *     /readyz?exclude=caches  ... without that one
 *     /readyz/caches          one check; 404 when there is none of that name
 *
 * A failure says which check and never why: that is in the log, which not
 * everybody may read.
 */
#ifndef TIDELOCK_APP_PROBE_H
#define TIDELOCK_APP_PROBE_H

#include "app/endpoint.h"

struct probe_check {
    const char *name;
    bool (*holds)(void *arg);
};

struct probe {
    const char *path; /* "/readyz" */
    const struct probe_check *checks;
    size_t count; /* 0: there is "ping", which holds */
    void *arg;    /* of the checks */
};

/* An endpoint_page_fn; `arg` is a struct probe. */
void probe_page(void *arg, const struct endpoint_request *r,
                struct endpoint_answer *ret);

#endif
