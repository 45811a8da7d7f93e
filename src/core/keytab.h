/*
 * keytab.h -- a hash table of things that contain a `struct object_key`.
 *
 * The table holds pointers to those keys and nothing else: 8 bytes a slot, no
 * copies. Whoever gets a key back knows what it is embedded in. Private to
 * core.
 */
#ifndef TIDELOCK_CORE_KEYTAB_H
#define TIDELOCK_CORE_KEYTAB_H

#include <stdbool.h>
#include <stddef.h>

#include "kube/key.h"

/* All zero bytes is an empty table. */
struct keytab {
    const struct object_key **slots;
    size_t cap; /* 0 or a power of two */
    size_t count;
};

void keytab_release(struct keytab *t); /* the keys are their owners' */

/* Room for `more` keys: so many keytab_put() cannot fail. 0 or -ERR_NOMEM. */
int keytab_reserve(struct keytab *t, size_t more);
/* The key that stood in its place, or NULL. Needs room for a new one. */
const struct object_key *keytab_put(struct keytab *t,
                                    const struct object_key *key);
const struct object_key *keytab_get(const struct keytab *t,
                                    const struct object_key *key);
const struct object_key *keytab_remove(struct keytab *t,
                                       const struct object_key *key);

/* for (size_t it = 0; (key = keytab_next(t, &it));)  in no special order;
 * the table must not change meanwhile. */
const struct object_key *keytab_next(const struct keytab *t, size_t *it);
bool keytab_check(const struct keytab *t);

#endif
