/*
 * keytab.c -- see keytab.h for the contract.
 *
 * DESIGN
 *
 * Open addressing with linear probing. A removed key leaves no marker behind:
 * the keys after it move up, so a table that is put to and removed from for
 * ever stays as fast as a new one. Hashes are not kept; only growing and
 * removing compute them again.
 *
 * INVARIANTS (keytab_check)
 *
 *   I1  at most three quarters of the slots are in use, so a probe ends
 *   I2  between a key's home slot and its place there is no empty slot
 */
#include "core/keytab.h"

#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

static size_t home_of(const struct keytab *t, const struct object_key *key)
{
    uint64_t hash = hash_seeded(key->name, strlen(key->name));

    if (key->ns[0] != '\0')
        hash += hash_seeded(key->ns, strlen(key->ns)) * 31;
    return (size_t)hash & (t->cap - 1);
}

static size_t after(const struct keytab *t, size_t at)
{
    return (at + 1) & (t->cap - 1);
}

/* Where the key is, or the empty slot where it belongs. Needs cap > 0. */
static size_t find_slot(const struct keytab *t, const struct object_key *key)
{
    size_t at = home_of(t, key);

    while (t->slots[at] && !object_key_equal(t->slots[at], key))
        at = after(t, at);
    return at;
}

void keytab_release(struct keytab *t)
{
    mem_free(t->slots);
    *t = (struct keytab){0};
}

int keytab_reserve(struct keytab *t, size_t more)
{
    struct keytab grown = {.cap = t->cap ? t->cap : 8, .count = t->count};

    if (t->cap > 0 && t->count + more <= t->cap / 4 * 3)
        return 0;
    while (grown.cap / 4 * 3 < t->count + more)
        grown.cap *= 2;
    grown.slots = mem_calloc(grown.cap, sizeof *grown.slots);
    if (!grown.slots)
        return -ERR_NOMEM;
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i])
            grown.slots[find_slot(&grown, t->slots[i])] = t->slots[i];
    mem_free(t->slots);
    *t = grown;
    return 0;
}

const struct object_key *keytab_put(struct keytab *t,
                                    const struct object_key *key)
{
    size_t at = find_slot(t, key);
    const struct object_key *old = t->slots[at];

    if (!old)
        t->count++;
    t->slots[at] = key;
    return old;
}

const struct object_key *keytab_get(const struct keytab *t,
                                    const struct object_key *key)
{
    return t->count > 0 ? t->slots[find_slot(t, key)] : NULL;
}

/* May the key at `from` move to the hole, or would a probe that starts at its
 * home then miss it? Distances are cyclic. */
static bool may_move(const struct keytab *t, size_t from, size_t hole)
{
    size_t mask = t->cap - 1;
    size_t home = home_of(t, t->slots[from]);

    return ((from - home) & mask) >= ((from - hole) & mask);
}

const struct object_key *keytab_remove(struct keytab *t,
                                       const struct object_key *key)
{
    const struct object_key *old;
    size_t hole;

    if (t->count == 0)
        return NULL;
    hole = find_slot(t, key);
    old = t->slots[hole];
    if (!old)
        return NULL;
    for (size_t at = after(t, hole); t->slots[at]; at = after(t, at)) {
        if (!may_move(t, at, hole))
            continue;
        t->slots[hole] = t->slots[at];
        hole = at;
    }
    t->slots[hole] = NULL;
    t->count--;
    return old;
}

const struct object_key *keytab_next(const struct keytab *t, size_t *it)
{
    while (*it < t->cap) {
        const struct object_key *key = t->slots[(*it)++];

        if (key)
            return key;
    }
    return NULL;
}

bool keytab_check(const struct keytab *t)
{
    size_t used = 0;

    for (size_t i = 0; i < t->cap; i++) {
        if (!t->slots[i])
            continue;
        used++;
        if (find_slot(t, t->slots[i]) != i)
            return false;
    }
    return used == t->count && used <= t->cap / 4 * 3;
}
