/*
 * frozen.c -- see frozen.h for the contract.
 */
#include "frozen.h"

#include <string.h>

#include "base/mem.h"

void frozen_unref(struct frozen *f)
{
    if (!f || --f->refs > 0)
        return;
    for (size_t i = 0; i < f->count; i++)
        snapshot_unref(f->items[i], "frozen");
    mem_free(f);
}

void frozen_release(struct frozen_lists *l)
{
    size_t it = 0, len;
    const char *key;
    void *value;

    while (l->by_ns && map_next(l->by_ns, &it, &key, &len, &value))
        frozen_unref(value);
    map_free(l->by_ns);
    l->by_ns = NULL;
}

void frozen_changed(struct frozen_lists *l, const char *ns)
{
    if (!l->by_ns)
        return;
    frozen_unref(map_remove(l->by_ns, ns, strlen(ns)));
    if (*ns)
        frozen_unref(map_remove(l->by_ns, "", 0));
}

static struct frozen *copy_list(struct store *store, const char *ns)
{
    struct snapshot *const *items;
    size_t count = store_list(store, ns, &items);
    struct frozen *f = mem_alloc(sizeof(*f) + count * sizeof(f->items[0]));

    if (!f)
        return NULL;
    f->refs = 1;
    f->count = count;
    for (size_t i = 0; i < count; i++)
        f->items[i] = snapshot_ref(items[i], "frozen");
    return f;
}

struct frozen *frozen_take(struct frozen_lists *l, struct store *store,
                           const char *ns)
{
    struct frozen *f;

    if (!l->by_ns)
        l->by_ns = map_new();
    if (!l->by_ns)
        return NULL;
    f = map_get(l->by_ns, ns, strlen(ns));
    if (!f) {
        f = copy_list(store, ns);
        if (f && map_put(l->by_ns, ns, strlen(ns), f, NULL) < 0) {
            frozen_unref(f);
            f = NULL;
        }
    }
    if (f)
        f->refs++;
    return f;
}
