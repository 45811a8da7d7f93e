/*
 * map.c -- see map.h for the contract.
 *
 * DESIGN
 *
 * Entries stand in one array in the order of their arrival; a table of slots
 * with linear probing holds their numbers, so iterating is a walk over the
 * array. A removed entry stays as a hole (value NULL) until the array is
 * full; then it is compacted in place if at least a quarter is holes, and
 * grown otherwise. Compacting needs no memory: a map that is put to and
 * removed from for ever neither grows nor fails.
 *
 * INVARIANTS
 *
 *   I1  slots is a power of two, at least twice `cap`, so a probe ends
 *   I2  a used slot names an entry (number + 1); holes keep their slot
 *   I3  live = entries below `used` with a value
 */
#include "base/map.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

struct entry {
    char *key; /* owned; NULL in a hole */
    size_t len;
    uint64_t hash;
    void *value; /* NULL in a hole */
};

struct map {
    struct entry *entries;
    uint32_t *slots;
    uint32_t cap;  /* of entries; slots are twice as many */
    uint32_t used; /* entries in use, with holes */
    uint32_t live;
};

struct map *map_new(void)
{
    return mem_calloc(1, sizeof(struct map));
}

void map_free(struct map *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < m->used; i++)
        mem_free(m->entries[i].key);
    mem_free(m->entries);
    mem_free(m->slots);
    mem_free(m);
}

/* Enter an entry into the slots; there is a free one by I1. */
static void map_link(struct map *m, uint32_t number)
{
    uint32_t mask = m->cap * 2 - 1;
    uint32_t at = (uint32_t)m->entries[number].hash & mask;

    while (m->slots[at])
        at = (at + 1) & mask;
    m->slots[at] = number + 1;
}

/* Close the holes and build the slots anew. */
static void map_compact(struct map *m)
{
    uint32_t kept = 0;

    memset(m->slots, 0, (size_t)m->cap * 2 * sizeof m->slots[0]);
    for (uint32_t i = 0; i < m->used; i++) {
        if (!m->entries[i].value)
            continue;
        if (kept != i)
            m->entries[kept] = m->entries[i];
        map_link(m, kept++);
    }
    m->used = kept;
}

/* Both arrays or none: the old ones stay valid until nothing can fail. */
static int map_grow(struct map *m)
{
    uint32_t cap = m->cap ? m->cap * 2 : 8;
    struct entry *entries;
    uint32_t *slots;

    if (cap > UINT32_MAX / 4)
        return -ERR_NOMEM;
    slots = mem_calloc((size_t)cap * 2, sizeof *slots);
    if (!slots)
        return -ERR_NOMEM;
    entries = mem_realloc(m->entries, (size_t)cap * sizeof *entries);
    if (!entries) {
        mem_free(slots);
        return -ERR_NOMEM;
    }
    mem_free(m->slots);
    m->slots = slots;
    m->entries = entries;
    m->cap = cap;
    map_compact(m);
    return 0;
}

/*
 * Compacting a map with few holes would be asked for again soon, so it has to
 * win a quarter of the array; otherwise grow.
 */
static int map_make_room(struct map *m)
{
    if (m->used < m->cap)
        return 0;
    if (m->used - m->live <= m->cap / 4)
        return map_grow(m);
    map_compact(m);
    return 0;
}

static struct entry *map_find(const struct map *m, const char *key, size_t len,
                              uint64_t hash)
{
    uint32_t mask = m->cap * 2 - 1;

    if (m->cap == 0)
        return NULL;
    for (uint32_t at = (uint32_t)hash & mask; m->slots[at];
         at = (at + 1) & mask) {
        struct entry *e = &m->entries[m->slots[at] - 1];

        if (e->value && e->hash == hash && e->len == len &&
            memcmp(e->key, key, len) == 0)
            return e;
    }
    return NULL;
}

static int map_add(struct map *m, struct entry e)
{
    int rc = map_make_room(m);

    if (rc < 0)
        return rc;
    e.key = mem_strndup(e.key, e.len);
    if (!e.key)
        return -ERR_NOMEM;
    m->entries[m->used] = e;
    map_link(m, m->used);
    m->used++;
    m->live++;
    return 0;
}

int map_put(struct map *m, const char *key, size_t len, void *value,
            void **ret_old)
{
    uint64_t hash = hash_seeded(key, len);
    struct entry *e = map_find(m, key, len, hash);
    int rc;

    assert(value);
    if (e) {
        if (ret_old)
            *ret_old = e->value;
        e->value = value;
        return 0;
    }
    /* map_add() copies the key before it keeps the entry */
    rc = map_add(m, (struct entry){(char *)(uintptr_t)key, len, hash, value});
    if (rc == 0 && ret_old)
        *ret_old = NULL;
    return rc;
}

void *map_get(const struct map *m, const char *key, size_t len)
{
    struct entry *e = map_find(m, key, len, hash_seeded(key, len));

    return e ? e->value : NULL;
}

void *map_remove(struct map *m, const char *key, size_t len)
{
    struct entry *e = map_find(m, key, len, hash_seeded(key, len));
    void *value;

    if (!e)
        return NULL;
    value = e->value;
    mem_free(e->key); /* `key` may be this very text: not used from here on */
    e->key = NULL;
    e->value = NULL;
    m->live--;
    return value;
}

size_t map_count(const struct map *m)
{
    return m->live;
}

/* Holes left by a removal are passed over, so removing what was just returned
 * is safe: nothing moves before the next map_put(). */
bool map_next(const struct map *m, size_t *it, const char **ret_key,
              size_t *ret_len, void **ret_value)
{
    while (*it < m->used) {
        const struct entry *e = &m->entries[(*it)++];

        if (!e->value)
            continue;
        if (ret_key)
            *ret_key = e->key;
        if (ret_len)
            *ret_len = e->len;
        if (ret_value)
            *ret_value = e->value;
        return true;
    }
    return false;
}
