/*
 * telemetry.h -- what a process tells of itself as metrics: the names that
 *                dashboards for controller-runtime rely on, and tidelock_*.
 *
 * Counters are counted when something ends; what is a state now (depth, rows)
 * is asked for when somebody reads. No label is made of an object's name.
 */
#ifndef TIDELOCK_APP_TELEMETRY_H
#define TIDELOCK_APP_TELEMETRY_H

#include "app/controller.h"
#include "base/metric.h"
#include "core/event_queue.h"
#include "core/source.h"
#include "io/http.h"

struct telemetry;
struct telemetry *telemetry_new(void);    /* NULL on out of memory */
void telemetry_free(struct telemetry *t); /* NULL is fine, here and below */

/* Everything that this operator may count is there from now on, with 0: an
 * alert on a row that never was chosen needs the series. */
void telemetry_begin(struct telemetry *t, const struct operator_decl *d);
/* Another version may have other rows. */
void telemetry_rows(struct telemetry *t, const struct operator_decl *d);
void telemetry_pass(struct telemetry *t, const struct operator_decl *d,
                    const struct pass *pass);
/* A key of the operator's queue was taken after that wait. */
void telemetry_waited(struct telemetry *t, const struct operator_decl *d,
                      uint64_t ms);
/* What came of a look at the operator's files: "reloaded", "unchanged",
 * "refused", "waits". */
void telemetry_reload(struct telemetry *t, const char *operator_name,
                      const char *result);
/* The files in charge, by their digest; `former` may be NULL. */
void telemetry_version(struct telemetry *t, const char *operator_name,
                       const char *former, const char *digest);
/* The state now; `rows` as from controller_count_rows(), not read without a
 * table. */
void telemetry_state(struct telemetry *t, const struct operator_decl *d,
                     const struct controller_state *s, const size_t *rows);
/* How many roots may be under way at a time, now. */
void telemetry_in_flight(struct telemetry *t, unsigned limit);
/* The memory limit of the process, in bytes. */
void telemetry_limit(struct telemetry *t, uint64_t bytes);
/* CPU time and memory of the whole process, now. */
void telemetry_process(struct telemetry *t);

/* ---- the cluster: not with a NULL telemetry, but for the first ---- */
void telemetry_request(struct telemetry *t, const char *host,
                       const struct http_told *told);
/* `reads`: of the Lease, since the start. */
void telemetry_lease(struct telemetry *t, const char *name, bool leads,
                     uint64_t reads);
void telemetry_feeds(struct telemetry *t, const struct source *source);
void telemetry_events(struct telemetry *t, const struct event_queue_stats *s);
void telemetry_machine(struct telemetry *t); /* descriptors, start */

int telemetry_print(const struct telemetry *t, enum metric_format format,
                    struct str *out);

#endif
