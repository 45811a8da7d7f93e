/*
 * workers_cache.c -- which versions of objects a worker has.
 *
 * DESIGN
 *
 * A worker keeps what it is told to keep, so this list is the truth. An entry
 * holds a reference: as long as it is there, no other snapshot can have the
 * same address, and the address is the key. What was not used for the longest
 * time goes first, in front of a call, so that nothing disappears while a
 * script looks at it.
 */
#include "base/mem.h"
#include "workers_impl.h"

struct cache_entry {
    struct snapshot *snapshot;
    uint64_t number;
    struct cache_entry *newer, *older;
};

int cache_init(struct cache *c, size_t max)
{
    *c = (struct cache){.max = max, .by_snapshot = map_new()};
    return c->by_snapshot ? 0 : -ERR_NOMEM;
}

static void unlink_entry(struct cache *c, struct cache_entry *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct cache *c, struct cache_entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static void forget(struct cache *c, struct cache_entry *e)
{
    unlink_entry(c, e);
    map_remove(c->by_snapshot, (const char *)&e->snapshot, sizeof(e->snapshot));
    c->bytes -= e->snapshot->text_len;
    snapshot_unref(e->snapshot, "worker");
    mem_free(e);
}

void cache_release(struct cache *c)
{
    while (c->oldest)
        forget(c, c->oldest);
    map_free(c->by_snapshot);
    *c = (struct cache){0};
}

uint64_t cache_find(struct cache *c, const struct snapshot *s)
{
    struct cache_entry *e =
        map_get(c->by_snapshot, (const char *)&s, sizeof(s));

    if (!e)
        return 0;
    unlink_entry(c, e);
    link_newest(c, e);
    return e->number;
}

/* What would push everything else out is not kept. */
uint64_t cache_add(struct cache *c, struct snapshot *s)
{
    struct cache_entry *e;

    if (s->text_len > c->max / 4 || c->bytes / 2 > c->max)
        return 0;
    e = mem_calloc(1, sizeof(*e));
    if (!e ||
        map_put(c->by_snapshot, (const char *)&s, sizeof(s), e, NULL) < 0) {
        mem_free(e);
        return 0;
    }
    e->snapshot = snapshot_ref(s, "worker");
    e->number = ++c->numbers;
    c->bytes += s->text_len;
    link_newest(c, e);
    return e->number;
}

int cache_trim(struct cache *c, struct arena *a, const uint64_t **ret,
               size_t *ret_count)
{
    size_t bytes = c->bytes, count = 0;
    uint64_t *numbers;

    for (const struct cache_entry *e = c->oldest; e && bytes > c->max;
         e = e->newer) {
        bytes -= e->snapshot->text_len;
        count++;
    }
    numbers = arena_calloc(a, count + 1, sizeof(*numbers));
    if (!numbers)
        return -ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = c->oldest->number;
        forget(c, c->oldest);
    }
    *ret = numbers;
    *ret_count = count;
    return 0;
}
