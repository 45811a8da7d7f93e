/*
 * answer_impl.h -- what an answer of the API server is; private to app.
 */
#ifndef TIDELOCK_APP_ANSWER_PRIVATE_H
#define TIDELOCK_APP_ANSWER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/cluster.h"
#include "core/changeset.h"
#include "kube/request.h"
#include "kube/snapshot.h"

/* The object `t`, with one reference. -ERR_PROTOCOL when the answer is none,
 * or another one: a proxy's page with status 200 says nothing about what was
 * done. */
int answer_object(const struct target *t, const char *body, size_t len,
                  struct snapshot **ret, struct err *err);
/* Is it the last state of an object that is gone by now? With its last
 * finalizer an object is deleted by the same request. */
bool answer_is_last(const struct snapshot *snap);
bool answer_is_a(const char *kind, const char *body, size_t len);
/* The server's words about a change that holds values of Secrets may quote
 * them: leave of `err` which fields they name. */
void answer_hide(const struct cluster_answer *answer, const struct change *c,
                 struct err *err);

#endif
