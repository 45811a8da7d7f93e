/*
 * kinds.c -- the registry of served resources; see include/sim/kinds.h.
 *
 * DESIGN
 *
 * A sorted array of kinds that never go away: a kind that is no longer served
 * is marked so and found by nobody, but who holds it may still read its names.
 * The built-in ones come from kube/schema's table, the others from definitions
 * (kinds_crd.c).
 */
#include "sim/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "kinds_crd.h"
#include "kinds_impl.h"
#include "kube/schema_builtin.h"
#include "sim/crd.h"

/* ---- order ---- */

static int compare_names(const struct kind *k, const char *group,
                         const char *version, const char *plural)
{
    int order = strcmp(k->r.group, group);

    if (order == 0)
        order = strcmp(k->r.version, version);
    return order != 0 ? order : strcmp(k->r.plural, plural);
}

static int compare_kinds(const void *a, const void *b)
{
    const struct kind *x = *(struct kind *const *)a;
    const struct kind *y = *(struct kind *const *)b;

    return compare_names(x, y->r.group, y->r.version, y->r.plural);
}

/* Where it is, or would be. */
static size_t place_of(const struct kinds *k, const char *group,
                       const char *version, const char *plural)
{
    size_t low = 0, high = k->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_names(k->items[middle], group, version, plural) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct kind *kinds_peek(const struct kinds *k, const char *group,
                        const char *version, const char *plural)
{
    size_t i = place_of(k, group, version, plural);

    if (i == k->count ||
        compare_names(k->items[i], group, version, plural) != 0)
        return NULL;
    return k->items[i];
}

struct kind *kinds_insert(struct kinds *k, const struct kind *kind)
{
    size_t i = place_of(k, kind->r.group, kind->r.version, kind->r.plural);
    struct kind *copy = arena_alloc(&k->arena, sizeof *copy);

    if (!copy || mem_grow((void **)&k->items, &k->cap, k->count + 1,
                          sizeof(struct kind *)) < 0)
        return NULL;
    *copy = *kind;
    memmove(k->items + i + 1, k->items + i,
            (k->count - i) * sizeof(struct kind *));
    k->items[i] = copy;
    k->count++;
    return copy;
}

/* ---- built-in kinds ---- */

/* One storage for Events of both groups, as on the API server. */
static const char *bucket_of(struct arena *a, const struct resource *r)
{
    if (strcmp(r->group, "events.k8s.io") == 0)
        return "core/events";
    return arena_printf(a, "%s/%s", *r->group ? r->group : "core", r->plural);
}

/* An attribute of words with commas between them; NULL on out of memory. */
static const char *const *read_words(struct arena *a, const struct resource *r,
                                     const char *attribute)
{
    struct schema_text text = {"", 0};
    const char **words;
    size_t count = 0;
    char *at;

    schema_builtin_attribute(r->api_version, r->kind, attribute, &text);
    at = arena_strndup(a, text.at, text.len);
    words = arena_calloc(a, text.len / 2 + 2, sizeof *words);
    if (!at || !words)
        return NULL;
    while (*at) {
        size_t len = strcspn(at, ",");
        bool last = at[len] == '\0';

        words[count++] = at;
        at[len] = '\0';
        at += last ? len : len + 1;
    }
    return words;
}

static int read_builtin(struct kinds *k, const struct resource *r)
{
    struct kind *kind = arena_calloc(&k->arena, 1, sizeof *kind);

    if (!kind)
        return -1;
    kind->r = *r;
    kind->served = true;
    kind->schema = schema_find(NULL, r->api_version, r->kind);
    kind->list_kind = arena_printf(&k->arena, "%sList", r->kind);
    kind->bucket = bucket_of(&k->arena, r);
    kind->short_names = read_words(&k->arena, r, "short=");
    kind->categories = read_words(&k->arena, r, "categories=");
    kind->verbs = read_words(&k->arena, r, "verbs=");
    if (!kind->list_kind || !kind->bucket || !kind->short_names ||
        !kind->categories || !kind->verbs)
        return -1;
    k->items[k->count++] = kind;
    return 0;
}

static int read_all_builtin(struct kinds *k)
{
    struct resource *all;
    size_t count;

    if (schema_builtin_resources(&k->arena, &all, &count, NULL) < 0 ||
        mem_grow((void **)&k->items, &k->cap, count, sizeof(struct kind *)) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (read_builtin(k, &all[i]) < 0)
            return -1;
    qsort(k->items, k->count, sizeof(struct kind *), compare_kinds);
    return 0;
}

struct kinds *kinds_new(void)
{
    struct kinds *k = mem_calloc(1, sizeof *k);

    if (!k)
        return NULL;
    k->version = 1;
    k->schemas = schema_set_new();
    k->definitions = map_new();
    k->documents = map_new();
    if (!k->schemas || !k->definitions || !k->documents ||
        read_all_builtin(k) < 0) {
        kinds_free(k);
        return NULL;
    }
    return k;
}

void kinds_free(struct kinds *k)
{
    void *crd;

    if (!k)
        return;
    kinds_free_documents(k);
    if (k->definitions)
        for (size_t it = 0; map_next(k->definitions, &it, NULL, NULL, &crd);)
            crd_free(crd);
    map_free(k->definitions);
    schema_set_free(k->schemas);
    mem_free(k->items);
    arena_release(&k->arena);
    mem_free(k);
}

const struct schema_set *kinds_schemas(const struct kinds *k)
{
    return k->schemas;
}

/* ---- finding ---- */

const struct kind *kinds_find(const struct kinds *k, const char *group,
                              const char *version, const char *plural)
{
    const struct kind *kind = kinds_peek(k, group, version, plural);

    return kind && kind->served ? kind : NULL;
}

const struct kind *kinds_find_kind(const struct kinds *k,
                                   const char *api_version, const char *kind)
{
    const struct kind *one;

    for (size_t it = 0; (one = kinds_next(k, &it));)
        if (strcmp(one->r.kind, kind) == 0 &&
            strcmp(one->r.api_version, api_version) == 0)
            return one;
    return NULL;
}

/* Does the bucket bear the name of this kind's own group? */
static bool is_home(const struct kind *k)
{
    const char *group = *k->r.group ? k->r.group : "core";
    size_t len = strlen(group);

    return strncmp(k->bucket, group, len) == 0 && k->bucket[len] == '/';
}

static bool is_preferred(const struct kind *k, const struct kind *to)
{
    if (!to || is_home(k) != is_home(to))
        return !to || is_home(k);
    return version_compare(k->r.version, to->r.version) < 0;
}

const struct kind *kinds_find_bucket(const struct kinds *k, const char *bucket)
{
    const struct kind *one, *best = NULL;

    for (size_t it = 0; (one = kinds_next(k, &it));)
        if (strcmp(one->bucket, bucket) == 0 && is_preferred(one, best))
            best = one;
    return best;
}

const struct kind *kinds_next(const struct kinds *k, size_t *it)
{
    while (*it < k->count) {
        const struct kind *kind = k->items[(*it)++];

        if (kind->served)
            return kind;
    }
    return NULL;
}
