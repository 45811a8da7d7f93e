/*
 * sim.h -- a Kubernetes API server and its controllers as a library.
 *
 * State in, state out: requests are values, answers are values, time is a
 * clock that is handed in, randomness a seed. No sockets, no files, no
 * threads. `tidelock sim` puts an HTTP face before it (app/sim_http.h), tests
 * and the explorer call it directly.
 */
#ifndef TIDELOCK_SIM_SIM_H
#define TIDELOCK_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "kube/request.h"

struct sim;
struct sim_watch;

/* One change of state, to be kept by whoever keeps state (sim --data). */
struct sim_change {
    uint64_t revision;
    const char *bucket; /* "apps/deployments": one storage, all versions */
    struct object_key key;
    const char *json; /* NULL: deleted */
    size_t len;
};

struct sim_options {
    const struct clock *clock; /* borrowed */
    uint64_t seed;             /* of uids and generated names */
    const char *controllers;   /* "all", "none", "name,name"; NULL is all */
    unsigned nodes;            /* simulated nodes */
    uint64_t pod_ready_ms;     /* from its start to Ready */
    /* The time zone of a valid name, or NULL: pure as it is, the sim has no
     * files. Borrowed while it lives. NULL: there is only UTC. */
    const struct zone *(*zone)(void *arg, const char *name);
    void *zone_arg;
    size_t history; /* changes kept for watches that resume; 0: 10000 */
    /* Called for each change before the answer to its request is returned;
     * NULL: nobody keeps. */
    void (*keep)(void *arg, const struct sim_change *change);
    void *keep_arg;
    /* Called when there is something new for watches. May be NULL. */
    void (*changed)(void *arg);
    void *changed_arg;
};

/* -ERR_USAGE names a controller that does not exist. */
int sim_new(const struct sim_options *o, struct sim **ret_sim, struct err *err);
void sim_free(struct sim *s); /* NULL is fine; watches must be freed before */

/* State of an earlier life, in any order, before sim_start(). */
int sim_restore(struct sim *s, const struct sim_change *change,
                struct err *err);
/* Makes what every cluster has (namespaces default, kube-system, ...; the
 * service `kubernetes`; nodes) where it is not there. To be called once. */
int sim_start(struct sim *s, struct err *err);

struct sim_request {
    enum http_method method;
    const char *path;         /* of the request line, still escaped */
    const char *query;        /* behind the '?', or NULL */
    const char *content_type; /* each of these may be NULL */
    const char *accept;
    const char *user_agent;
    const char *if_none_match;
    const char *user; /* NULL: nobody, answered with 401 */
    const char *body;
    size_t body_len;
};

struct sim_response {
    int status;
    const char *content_type;
    const char *etag; /* or NULL */
    const char *body; /* "" when there is none */
    size_t body_len;
    unsigned retry_after_s;      /* 0: none */
    const char *const *warnings; /* texts of Warning headers, code 299 */
    size_t warning_count;
    struct sim_watch *watch; /* not NULL: the body is this stream; owned */
};

/* Always an answer: out of memory is a 500. Everything lives in `a`. */
void sim_handle(struct sim *s, struct arena *a, const struct sim_request *q,
                struct sim_response *ret);

/* ---- watches ---- */
enum sim_watch_next {
    SIM_WATCH_TEXT, /* a line of JSON with its newline */
    SIM_WATCH_IDLE, /* nothing now; see changed(), and *ret_wake_ms */
    SIM_WATCH_END,  /* the stream is over */
};
/* The text is borrowed until the next call. A watch has no buffer: it is a
 * place in the history, and one that falls out of it gets 410 and its end.
 * *ret_wake_ms is when to ask again at the latest (bookmarks, timeoutSeconds),
 * monotonic. */
enum sim_watch_next sim_watch_next(struct sim_watch *w, const char **ret_text,
                                   size_t *ret_len, uint64_t *ret_wake_ms);
void sim_watch_free(struct sim_watch *w); /* NULL is fine */

/* ---- controllers ---- */
/* Let the controllers do what is due now. Returns when to call again at the
 * latest, monotonic; UINT64_MAX when only a request can change anything. */
uint64_t sim_step(struct sim *s);
/* Is everything as it will be for ever, if nobody asks for anything? Heartbeats
 * of nodes and schedules of CronJobs aside. */
bool sim_is_quiet(const struct sim *s);
uint64_t sim_revision(const struct sim *s);

#endif
