/*
 * bodies.h -- versions of objects that were sent once and are kept.
 *
 * The main process decides what is kept and for how long; it names each body
 * by a number of its own. A body is a snapshot: scripts look at it as at one in
 * a store.
 */
#ifndef TIDELOCK_WORKER_BODIES_H
#define TIDELOCK_WORKER_BODIES_H

#include "base/map.h"
#include "kube/snapshot.h"
#include "script/message.h"

struct bodies {
    struct map *by_number;
};

int bodies_init(struct bodies *b); /* 0 or -ERR_NOMEM */
void bodies_release(struct bodies *b);
struct snapshot *bodies_get(const struct bodies *b, uint64_t number);
void bodies_drop(struct bodies *b, uint64_t number);
/* Keeps a copy; NULL: out of memory. */
struct snapshot *bodies_add(struct bodies *b, const struct frame_object *o);
/* One that lives in `a`. */
struct snapshot *bodies_make(struct arena *a, const struct frame_object *o);

#endif
