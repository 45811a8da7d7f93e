/*
 * frozen.h -- lists of a store, as they were at one moment, shared by jobs.
 *
 * The list of a store changes with it. A job that is under way needs the one
 * it was dispatched with, and so does every other job until the kind changes:
 * one copy is made and counted.
 */
#ifndef TIDELOCK_APP_FROZEN_H
#define TIDELOCK_APP_FROZEN_H

#include "base/map.h"
#include "core/store.h"

struct frozen {
    unsigned refs;
    size_t count;
    struct snapshot *items[];
};

/* The newest lists of one store, by namespace. Zeroed is empty. */
struct frozen_lists {
    struct map *by_ns;
};
void frozen_release(struct frozen_lists *l);
/* An object of that namespace changed. */
void frozen_changed(struct frozen_lists *l, const char *ns);
/* The list of `ns` ("": all), with a reference for the caller. NULL: out of
 * memory. */
struct frozen *frozen_take(struct frozen_lists *l, struct store *store,
                           const char *ns);
void frozen_unref(struct frozen *f); /* NULL is fine */

#endif
