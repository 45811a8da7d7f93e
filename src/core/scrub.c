/*
 * scrub.c -- see scrub.h for the contract.
 *
 * DESIGN
 *
 * Nearly every listed object is as it is stored: it leaves a hash of its key
 * behind, 8 bytes, and nothing else. What differs becomes a suspect, with what
 * the list said. At the end the hashes tell which stored objects the list does
 * not have. Two keys with one hash would hide a lost end until the next round,
 * which has the same seed but hardly the same two objects.
 */
#include "core/scrub.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/mem.h"

struct suspect {
    struct object_key key; /* texts in the arena */
    const char *uid, *rv;  /* as listed */
};

struct scrub {
    struct store *store;
    struct arena arena;
    uint64_t *seen; /* hashes of listed keys, sorted by scrub_listed() */
    size_t seen_count, seen_cap;
    struct suspect *suspects; /* after scrub_judge(): those in doubt */
    size_t suspect_count, suspect_cap;
    const char *rv; /* of the list; NULL until then */
    bool equal;     /* nothing differed when it came */
    size_t differences;
    struct object_key example;
};

struct scrub *scrub_new(struct store *store)
{
    struct scrub *s = mem_calloc(1, sizeof(*s));

    if (s)
        s->store = store;
    return s;
}

void scrub_free(struct scrub *s)
{
    if (!s)
        return;
    mem_free(s->seen);
    mem_free(s->suspects);
    arena_release(&s->arena);
    mem_free(s);
}

/* ---- while pages come ---- */

/* No key has a newline: "a/b" and "a" + "/b" stay apart. */
static uint64_t key_hash(const struct object_key *key)
{
    uint64_t ns = hash_seeded(key->ns, strlen(key->ns));

    return hash_seeded(key->name, strlen(key->name)) ^ (ns * 31 + 7);
}

/* Would the watch have brought the store further than this? */
static bool is_behind(const struct snapshot *stored, const char *uid,
                      const char *rv)
{
    if (!stored)
        return true;
    if (strcmp(stored->uid, uid) == 0 &&
        strcmp(stored->resource_version, rv) == 0)
        return false;
    return rv_compare(stored->resource_version, rv) == RV_OLDER;
}

static int suspect(struct scrub *s, const struct snapshot *item)
{
    struct suspect *new;
    int rc = mem_grow((void **)&s->suspects, &s->suspect_cap,
                      s->suspect_count + 1, sizeof(*s->suspects));

    if (rc < 0)
        return rc;
    new = &s->suspects[s->suspect_count];
    new->key.ns = arena_strdup(&s->arena, item->key.ns);
    new->key.name = arena_strdup(&s->arena, item->key.name);
    new->uid = arena_strdup(&s->arena, item->uid);
    new->rv = arena_strdup(&s->arena, item->resource_version);
    if (!new->key.ns || !new->key.name || !new->uid || !new->rv)
        return -ERR_NOMEM;
    s->suspect_count++;
    return 0;
}

int scrub_item(struct scrub *s, const struct snapshot *item)
{
    int rc = mem_grow((void **)&s->seen, &s->seen_cap, s->seen_count + 1,
                      sizeof(*s->seen));

    if (rc < 0)
        return rc;
    s->seen[s->seen_count++] = key_hash(&item->key);
    if (is_behind(store_get(s->store, &item->key), item->uid,
                  item->resource_version))
        return suspect(s, item);
    return 0;
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool is_listed(const struct scrub *s, const struct object_key *key)
{
    uint64_t hash = key_hash(key);

    return s->seen_count && bsearch(&hash, s->seen, s->seen_count,
                                    sizeof(*s->seen), by_hash) != NULL;
}

/* Is it stored as of the list, and not in it? What is newer may well not be. */
static bool is_leftover(const struct scrub *s, const struct snapshot *stored)
{
    return rv_compare(stored->resource_version, s->rv) == RV_OLDER &&
           !is_listed(s, &stored->key);
}

int scrub_listed(struct scrub *s, const char *rv)
{
    struct snapshot *const *items;
    size_t count = store_list(s->store, "", &items);

    s->rv = arena_strdup(&s->arena, rv);
    if (!s->rv)
        return -ERR_NOMEM;
    if (s->seen_count)
        qsort(s->seen, s->seen_count, sizeof(*s->seen), by_hash);
    s->equal = s->suspect_count == 0;
    for (size_t i = 0; i < count && s->equal; i++)
        s->equal = !is_leftover(s, items[i]);
    return 0;
}

/* ---- the verdict ---- */

bool scrub_due(const struct scrub *s)
{
    enum rv_order order;

    if (!s->rv)
        return false;
    order = rv_compare(store_resource_version(s->store), s->rv);
    return s->equal || order != RV_OLDER;
}

static int lost(struct scrub *s, const struct object_key *key)
{
    if (s->differences++ > 0)
        return 0;
    s->example.ns = arena_strdup(&s->arena, key->ns);
    s->example.name = arena_strdup(&s->arena, key->name);
    return s->example.ns && s->example.name ? 0 : -ERR_NOMEM;
}

/* Suspects that the watch has cleared go, those that it cannot clear any more
 * are counted, and those that are not stored at all stay. */
static int judge_listed(struct scrub *s)
{
    size_t left = 0;
    int rc = 0;

    for (size_t i = 0; i < s->suspect_count && rc == 0; i++) {
        struct suspect *it = &s->suspects[i];
        const struct snapshot *stored = store_get(s->store, &it->key);

        if (!stored)
            s->suspects[left++] = *it;
        else if (is_behind(stored, it->uid, it->rv))
            rc = lost(s, &it->key);
    }
    s->suspect_count = left;
    while (s->suspect_count > SCRUB_MAX_UNSURE && rc == 0)
        rc = lost(s, &s->suspects[--s->suspect_count].key);
    return rc;
}

static int judge_stored(struct scrub *s)
{
    struct snapshot *const *items;
    size_t count = store_list(s->store, "", &items);
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++)
        if (is_leftover(s, items[i]))
            rc = lost(s, &items[i]->key);
    return rc;
}

int scrub_judge(struct scrub *s)
{
    int rc = judge_listed(s);

    return rc == 0 ? judge_stored(s) : rc;
}

const struct object_key *scrub_unsure(const struct scrub *s)
{
    return s->rv && s->suspect_count ? &s->suspects[s->suspect_count - 1].key
                                     : NULL;
}

void scrub_answer(struct scrub *s, const char *uid)
{
    const struct suspect *it = &s->suspects[--s->suspect_count];

    /* another uid: it was deleted and made again since, as is usual; the same
     * one has been there all the time, and the watch never said so */
    if (uid && strcmp(uid, it->uid) == 0 && !store_get(s->store, &it->key)) {
        s->differences++;
        if (!s->example.name)
            s->example = it->key;
    }
}

struct scrub_result scrub_result(const struct scrub *s)
{
    return (struct scrub_result){s->seen_count, s->differences, s->example};
}
