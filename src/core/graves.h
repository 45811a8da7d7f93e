/*
 * graves.h -- which objects are known to be deleted although the store's
 *             position cannot tell. Private to core.
 *
 * A store that has seen everything up to version P needs no memory of deletes:
 * what is absent and not newer than P is gone (see store.c). Three cases are
 * left over, and each is one grave:
 *
 *   - a delete whose version the watch has not reached yet
 *   - a live read that answered 404: no version is known, and the watch may
 *     still bring older states of that uid before it brings its end
 *   - versions that cannot be compared
 *
 * Bounded: beyond GRAVES_MAX the oldest is forgotten. Then a late state of
 * that object may reappear until the watch delivers its DELETED, which is on
 * its way in all three cases.
 */
#ifndef TIDELOCK_CORE_GRAVES_H
#define TIDELOCK_CORE_GRAVES_H

#include <stdbool.h>
#include <stddef.h>

#include "kube/snapshot.h"

#define GRAVES_MAX 512u

struct grave;
struct graves {
    struct grave *items; /* oldest first */
    size_t count;
};

int graves_init(struct graves *g); /* 0 or -ERR_NOMEM */
void graves_release(struct graves *g);

/* Deleted as of `rv`. Graves that `position` makes superfluous go. Never
 * fails. */
void graves_add(struct graves *g, const struct object_key *key, const char *uid,
                const char *rv, const char *position);
/* A live read said 404: deleted nobody knows when, but after `alive`, its last
 * known version ("" = unknown). */
void graves_add_gone(struct graves *g, const struct object_key *key,
                     const char *uid, const char *alive);
/* Is this state older than its object's delete? `watch`: it comes from the
 * watch, which is right where versions cannot be compared. */
bool graves_hold(struct graves *g, const struct snapshot *snap, bool watch);
/* A whole list was taken as of `rv`; graves_hold() was asked about each of its
 * items. Only what that list contradicts, or did not reach, stays. */
void graves_settle(struct graves *g, const char *rv);

#endif
