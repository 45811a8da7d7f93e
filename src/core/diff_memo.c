/*
 * diff_memo.c -- children that were found in sync, by uid.
 *
 * DESIGN
 *
 * A map from uid to the resourceVersion and the hash that were compared. Both
 * equal means: the same declaration against the same object, so the answer is
 * the same. An entry is replaced when either changes. When the map is full it
 * is emptied as a whole: simpler than ageing, and a pass fills it again.
 */
#include "core/diff.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct memo_entry {
    char hash[HASH_HEX_SIZE];
    char resource_version[24];
};

struct diff_memo {
    struct map *map;
    size_t max;
};

struct diff_memo *diff_memo_new(size_t max)
{
    struct diff_memo *m = mem_calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->map = map_new();
    m->max = max;
    if (!m->map) {
        mem_free(m);
        return NULL;
    }
    return m;
}

void diff_memo_clear(struct diff_memo *m)
{
    const char *key;
    size_t it = 0, len;
    void *entry;

    while (m && map_next(m->map, &it, &key, &len, &entry))
        mem_free(map_remove(m->map, key, len));
}

void diff_memo_free(struct diff_memo *m)
{
    if (!m)
        return;
    diff_memo_clear(m);
    map_free(m->map);
    mem_free(m);
}

bool diff_memo_hit(const struct diff_memo *m, const struct snapshot *live,
                   const char *hash)
{
    const struct memo_entry *e;

    if (!m || !hash)
        return false;
    e = map_get(m->map, live->uid, strlen(live->uid));
    return e && strcmp(e->hash, hash) == 0 &&
           strcmp(e->resource_version, live->resource_version) == 0;
}

/* An entry that would be cut is not worth keeping. */
static bool fits(const char *text, size_t size)
{
    size_t len = strlen(text);

    return len > 0 && len < size;
}

void diff_memo_note(struct diff_memo *m, const struct snapshot *live,
                    const char *hash)
{
    struct memo_entry *e;
    void *old = NULL;

    if (!m || !hash || !*live->uid || !fits(hash, sizeof(e->hash)) ||
        !fits(live->resource_version, sizeof(e->resource_version)))
        return;
    if (map_count(m->map) >= m->max)
        diff_memo_clear(m);
    e = mem_calloc(1, sizeof(*e));
    if (!e)
        return;
    memcpy(e->hash, hash, strlen(hash) + 1);
    memcpy(e->resource_version, live->resource_version,
           strlen(live->resource_version) + 1);
    if (map_put(m->map, live->uid, strlen(live->uid), e, &old) < 0)
        mem_free(e);
    else
        mem_free(old);
}

void diff_memo_forget(struct diff_memo *m, const char *uid)
{
    if (m)
        mem_free(map_remove(m->map, uid, strlen(uid)));
}
