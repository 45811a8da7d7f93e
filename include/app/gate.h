/*
 * gate.h -- who may see a page: asked of the API server, as controller-runtime
 *           does it.
 *
 *     Authorization: Bearer T --TokenReview--> a user --SubjectAccessReview-->
 *     may that user `get` the non-resource URL? (/metrics, /debug/queue, ...)
 *
 * Closed when in doubt: no token, a token that is not known, an answer that is
 * none. Answers are kept for a short time, so that a scrape every few seconds
 * costs the API server next to nothing, and a right that is taken away is gone
 * within a minute. Tokens are not kept: only their hash.
 *
 * Bounded: GATE_MAX_VISITS questions at a time, GATE_MAX_KNOWN answers kept.
 * Whoever runs the process needs the ClusterRole system:auth-delegator, or
 * create on tokenreviews and subjectaccessreviews.
 */
#ifndef TIDELOCK_APP_GATE_H
#define TIDELOCK_APP_GATE_H

#include "app/cluster.h"

#define GATE_MAX_VISITS 16u
#define GATE_MAX_KNOWN 256u
#define GATE_OPEN_MS 60000u   /* how long a yes is believed */
#define GATE_CLOSED_MS 10000u /* ... a no */

enum gate_verdict {
    GATE_OPEN,
    GATE_STRANGER,  /* 401: no token, or nobody's */
    GATE_FORBIDDEN, /* 403 */
    GATE_BROKEN     /* 503: it cannot be asked now */
};
typedef void (*gate_fn)(void *arg, enum gate_verdict verdict);

struct gate;
struct gate *gate_new(struct cluster *cluster); /* NULL on out of memory */
void gate_free(struct gate *g);                 /* tells nobody; NULL is fine */

/* `authorization` is the header's text, or NULL; `path` what is wanted. `fn` is
 * called once, maybe before this returns. */
void gate_ask(struct gate *g, const char *authorization, const char *path,
              gate_fn fn, void *arg);
/* Whoever asked with that `arg` has gone: it is not told. */
void gate_forget(struct gate *g, const void *arg);

#endif
