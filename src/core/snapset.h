/*
 * snapset.h -- a set of snapshots by name, in order, and by owner: what the
 *              store and its batches are made of. Private to core.
 *
 * Holds one reference to each member, as "store". Knows nothing of versions:
 * a put replaces, a take removes.
 */
#ifndef TIDELOCK_CORE_SNAPSET_H
#define TIDELOCK_CORE_SNAPSET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/keytab.h"
#include "kube/snapshot.h"

struct owner;

/* All zero bytes is an empty set. */
struct snapset {
    struct keytab names;
    struct keytab owners;     /* by {"", uid} */
    struct snapshot **sorted; /* room for all */
    size_t sorted_cap;
    size_t sorted_count; /* unless out_of_order */
    bool out_of_order;   /* sort before the next look */
    bool listed;         /* somebody looked: keep it in order */
    struct owner *spare; /* for the next new owner uid */
    size_t owner_bytes;
};

void snapset_release(struct snapset *s);

/* Takes its own reference. *ret_old gets the snapshot it replaces, whose
 * reference is now the caller's, or NULL. 0 or -ERR_NOMEM (unchanged). */
int snapset_put(struct snapset *s, struct snapshot *snap,
                struct snapshot **ret_old);
/* The caller owns the reference. NULL when there was none. */
struct snapshot *snapset_take(struct snapset *s, const struct object_key *key);

/* Borrowed until the next put or take. */
struct snapshot *snapset_get(const struct snapset *s,
                             const struct object_key *key);
/* Members in a namespace ("" = all), sorted by namespace, name. */
size_t snapset_list(struct snapset *s, const char *ns,
                    struct snapshot *const **ret);
/* Members whose controller owner has that uid, sorted alike. */
size_t snapset_owned(const struct snapset *s, const char *uid,
                     struct snapshot *const **ret);
size_t snapset_count(const struct snapset *s);
/* What the set costs beyond its snapshots. */
size_t snapset_bytes(const struct snapset *s);
bool snapset_check(const struct snapset *s);

#endif
