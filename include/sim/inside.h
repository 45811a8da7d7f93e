/*
 * inside.h -- the server as seen by its own controllers.
 *
 * Controllers read with these and write through sim_call(), which is an
 * ordinary request of a system user: what they do passes the same validation,
 * shows in managedFields and wakes the same watches.
 */
#ifndef TIDELOCK_SIM_INSIDE_H
#define TIDELOCK_SIM_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/zone.h"
#include "base/value.h"
#include "sim/failure.h"
#include "sim/history.h"
#include "sim/kinds.h"
#include "sim/sim.h"

const struct clock *sim_clock(const struct sim *s);
/* Borrowed from whoever made the sim; NULL when there is none of that name. */
const struct zone *sim_zone(const struct sim *s, const char *name);
const struct sim_options *sim_options(const struct sim *s);
struct kinds *sim_kinds(struct sim *s);
struct history *sim_history(struct sim *s);
uint64_t sim_random(struct sim *s);

/* The object in `a`, NULL when there is none. 0 or -ERR_NOMEM. */
int sim_get(struct sim *s, struct arena *a, const struct kind *k,
            const struct object_key *key, struct value **ret_object);
/* All of a namespace ("": of all), as an array in `a`. */
int sim_list(struct sim *s, struct arena *a, const struct kind *k,
             const char *ns, struct value **ret_array);

struct sim_call {
    const char *user; /* "system:serviceaccount:kube-system:job-controller" */
    enum http_method method;
    const struct kind *kind;
    struct object_key key;   /* name NULL: the collection */
    const char *subresource; /* "" or NULL: none */
    const char *query;       /* NULL: none; fieldManager is the user's last part
                                when it is not in it */
    const char *content_type; /* NULL: application/json */
    const struct value *body; /* NULL: none */
};
/* The HTTP status of the answer; *ret_answer (may be NULL) the object or the
 * Status. */
int sim_call(struct sim *s, struct arena *a, const struct sim_call *call,
             struct value **ret_answer);

/* ---- controllers (src/sim/control.c and control_*.c) ---- */
struct controllers;
int controllers_new(struct sim *s, const char *which, struct controllers **ret,
                    struct err *err);
void controllers_free(struct controllers *c);
/* Make the objects that controllers keep: nodes. After the server's own. */
int controllers_start(struct controllers *c, struct err *err);
/* See sim_step() and sim_is_quiet(). Reads the changes since the last step
 * from the history by itself. */
uint64_t controllers_step(struct controllers *c);
bool controllers_are_quiet(const struct controllers *c);
/* Pods are waiting for a kubelet to end them only when one is simulated: is
 * there one for this node? Asked by DELETE of a pod. */
bool controllers_run_pods(const struct controllers *c, const char *node);

#endif
