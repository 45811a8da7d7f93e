/*
 * pages_impl.h -- what a run serves at --listen; private to app. Part of
 *                 runtime_impl.h.
 */
#ifndef TIDELOCK_APP_PAGES_PRIVATE_H
#define TIDELOCK_APP_PAGES_PRIVATE_H

#include "app/endpoint.h"
#include "pass_log.h"
#include "probe.h"

struct runtime;

struct pages {
    struct endpoint *endpoint; /* NULL without --listen, as the rest */
    struct gate *gate;         /* NULL where nobody is asked for a token */
    struct probe probes[3];
    struct pass_log *passes;
    char host[256]; /* of the API server, for metrics */
};

/* ---- runtime_pages.c ---- */
int runtime_serve(struct runtime *rt, struct err *err);
/* The API server can be asked from now on who may see what. */
int runtime_guard_pages(struct runtime *rt, struct err *err);
void runtime_stop_serving(struct runtime *rt); /* half begun is fine */

/* ---- runtime_debug.c: what is going on inside ---- */
int runtime_add_debug(struct runtime *rt);

#endif
