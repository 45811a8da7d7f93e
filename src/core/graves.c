/*
 * graves.c -- see graves.h for the contract.
 *
 * DESIGN
 *
 * One array made at birth, so burying cannot fail. Names and uids are kept as
 * 64-bit hashes, seeded per process: enough to tell 512 graves from anything
 * that comes by. It is empty nearly always: the watch's own deletes are passed
 * by the position at once, and go when the next one is added.
 */
#include "core/graves.h"

#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define RV_ROOM 40 /* 128 bits in decimal; longer ones cannot be compared */

struct grave {
    uint64_t key, uid;
    char rv[RV_ROOM];  /* "" when unknown or too long */
    bool gone;         /* by a live read: some time after rv */
    bool contradicted; /* since the last graves_settle() */
};

static uint64_t hash_text(const char *text)
{
    return hash_seeded(text, strlen(text));
}

static uint64_t hash_key(const struct object_key *key)
{
    return hash_text(key->ns) * 31 + hash_text(key->name);
}

int graves_init(struct graves *g)
{
    g->count = 0;
    g->items = mem_alloc(GRAVES_MAX * sizeof *g->items);
    return g->items ? 0 : -ERR_NOMEM;
}

void graves_release(struct graves *g)
{
    mem_free(g->items);
    *g = (struct graves){0};
}

/* The delete has a version, and it is not newer than `position`. */
static bool is_passed(const struct grave *grave, const char *position)
{
    enum rv_order order = rv_compare(grave->rv, position);

    return !grave->gone && grave->rv[0] != '\0' &&
           (order == RV_OLDER || order == RV_SAME);
}

static void drop_passed(struct graves *g, const char *position)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->count; i++)
        if (!is_passed(&g->items[i], position))
            g->items[kept++] = g->items[i];
    g->count = kept;
}

/* The grave of that object, or a new one. */
static struct grave *open_grave(struct graves *g, uint64_t key, uint64_t uid)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->items[i].key == key && g->items[i].uid == uid)
            return &g->items[i];
    if (g->count == GRAVES_MAX)
        memmove(g->items, g->items + 1, --g->count * sizeof *g->items);
    g->items[g->count] = (struct grave){.key = key, .uid = uid};
    return &g->items[g->count++];
}

static void raise_version(struct grave *grave, const char *rv)
{
    size_t len = strlen(rv);

    if (len < RV_ROOM && rv_compare(rv, grave->rv) != RV_OLDER)
        memcpy(grave->rv, rv, len + 1);
}

void graves_add(struct graves *g, const struct object_key *key, const char *uid,
                const char *rv, const char *position)
{
    struct grave *grave;

    drop_passed(g, position);
    grave = open_grave(g, hash_key(key), hash_text(uid));
    raise_version(grave, rv);
    if (rv_compare(rv, position) != RV_UNCOMPARABLE)
        grave->gone = false; /* now it is known when */
}

void graves_add_gone(struct graves *g, const struct object_key *key,
                     const char *uid, const char *alive)
{
    struct grave *grave = open_grave(g, hash_key(key), hash_text(uid));

    raise_version(grave, alive);
    grave->gone = true;
}

static bool holds(const struct grave *grave, uint64_t uid, const char *rv,
                  bool watch)
{
    enum rv_order order =
        grave->rv[0] ? rv_compare(rv, grave->rv) : RV_UNCOMPARABLE;

    if (grave->gone && grave->uid == uid)
        return true;
    switch (order) {
    case RV_OLDER:
    case RV_SAME:
        return true;
    case RV_NEWER:
        return false;
    case RV_UNCOMPARABLE:
        break;
    }
    return grave->uid == uid && !watch;
}

bool graves_hold(struct graves *g, const struct snapshot *snap, bool watch)
{
    uint64_t key, uid;
    bool held = false;

    if (g->count == 0)
        return false;
    key = hash_key(&snap->key);
    uid = hash_text(snap->uid);
    for (size_t i = 0; i < g->count; i++) {
        struct grave *grave = &g->items[i];

        if (grave->key != key ||
            !holds(grave, uid, snap->resource_version, watch))
            continue;
        grave->contradicted = true;
        held = true;
    }
    return held;
}

void graves_settle(struct graves *g, const char *rv)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->count; i++) {
        struct grave *grave = &g->items[i];
        bool ahead = rv_compare(grave->rv, rv) == RV_NEWER ||
                     (grave->gone && grave->rv[0] == '\0');

        if (!ahead && !grave->contradicted)
            continue;
        grave->contradicted = false;
        g->items[kept++] = *grave;
    }
    g->count = kept;
}
