/*
 * event_spam.c -- see event_spam.h.
 *
 * DESIGN
 *
 * A bucket of tokens without tokens: `whole` is the moment at which the bucket
 * of a source is full again. Taking one moves it EVENT_REFILL_MS further; it
 * may not be further away than a whole burst.
 */
#include "core/event_spam.h"

#include "base/map.h"
#include "base/mem.h"
#include "core/event_queue.h"

struct source {
    uint64_t whole; /* ms */
};

struct event_spam {
    struct map *sources;
};

struct event_spam *event_spam_new(void)
{
    struct event_spam *s = mem_calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->sources = map_new();
    if (s->sources)
        return s;
    mem_free(s);
    return NULL;
}

/* Those whose bucket is full by then. */
static void forget(struct event_spam *s, uint64_t by)
{
    const char *key;
    size_t len;
    void *value;

    for (size_t it = 0; map_next(s->sources, &it, &key, &len, &value);)
        if (((struct source *)value)->whole <= by) {
            map_remove(s->sources, key, len);
            mem_free(value);
        }
}

void event_spam_free(struct event_spam *s)
{
    if (!s)
        return;
    forget(s, UINT64_MAX);
    map_free(s->sources);
    mem_free(s);
}

/* NULL: it cannot be counted. */
static struct source *find(struct event_spam *s, const char *key, size_t len,
                           uint64_t now)
{
    struct source *source = map_get(s->sources, key, len);

    if (source)
        return source;
    if (map_count(s->sources) >= EVENT_SOURCES_MAX)
        forget(s, now);
    if (map_count(s->sources) >= EVENT_SOURCES_MAX)
        forget(s, now + EVENT_REFILL_MS);
    if (map_count(s->sources) >= EVENT_SOURCES_MAX)
        return NULL;
    source = mem_calloc(1, sizeof(*source));
    if (source && map_put(s->sources, key, len, source, NULL) < 0) {
        mem_free(source);
        return NULL;
    }
    return source;
}

bool event_spam_allows(struct event_spam *s, const char *key, size_t len,
                       uint64_t now_ms)
{
    struct source *source = find(s, key, len, now_ms);
    uint64_t next;

    if (!source)
        return true;
    next = (source->whole > now_ms ? source->whole : now_ms) + EVENT_REFILL_MS;
    if (next > now_ms + EVENT_BURST * (uint64_t)EVENT_REFILL_MS)
        return false;
    source->whole = next;
    return true;
}
