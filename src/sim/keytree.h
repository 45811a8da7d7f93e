/*
 * keytree.h -- the newest version of each object of a bucket, in the order of
 *              etcd's keys: a treap.
 *
 * An entry whose object is gone stays as long as somebody may ask for a
 * revision at which it was there.
 */
#ifndef TIDELOCK_SIM_KEYTREE_H
#define TIDELOCK_SIM_KEYTREE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/history.h"

struct keytree_entry {
    struct item *item; /* its key is the entry's; owned */
    uint64_t last;     /* revision of the last change */
    bool gone;         /* `item` is the last state of a deleted object */
    uint64_t priority; /* private, as what follows */
    struct keytree_entry *left, *right;
};

struct keytree {
    struct keytree_entry *root;
};

/* "ns/name" byte for byte, which is not the order of (ns, name): a-b/x comes
 * before a/x. */
int keytree_compare(const struct object_key *a, const struct object_key *b);

struct keytree_entry *keytree_find(const struct keytree *t,
                                   const struct object_key *key);
/* The key of entry->item must not be there. Takes the entry. */
void keytree_add(struct keytree *t, struct keytree_entry *entry);
/* Takes it out; the caller frees it. */
void keytree_remove(struct keytree *t, struct keytree_entry *entry);

/* Every entry behind `after` (NULL: all) in order, until `fn` gives false.
 * Returns false when it did. */
typedef bool (*keytree_fn)(void *arg, struct keytree_entry *entry);
bool keytree_walk(const struct keytree *t, const struct object_key *after,
                  keytree_fn fn, void *arg);

#endif
