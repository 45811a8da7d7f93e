/*
 * bodies.c -- see bodies.h for the contract. One block for each body.
 */
#include "worker/bodies.h"

#include <string.h>

#include "base/mem.h"

int bodies_init(struct bodies *b)
{
    b->by_number = map_new();
    return b->by_number ? 0 : -ERR_NOMEM;
}

void bodies_release(struct bodies *b)
{
    size_t it = 0, len;
    const char *key;
    void *value;

    while (b->by_number && map_next(b->by_number, &it, &key, &len, &value))
        mem_free(value);
    map_free(b->by_number);
    b->by_number = NULL;
}

struct snapshot *bodies_get(const struct bodies *b, uint64_t number)
{
    return map_get(b->by_number, (const char *)&number, sizeof(number));
}

void bodies_drop(struct bodies *b, uint64_t number)
{
    mem_free(map_remove(b->by_number, (const char *)&number, sizeof(number)));
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 1;
}

static const char *put(char **at, const char *text, size_t size)
{
    char *copy = *at;

    memcpy(copy, text ? text : "", size);
    *at += size;
    return copy;
}

static size_t block_size(const struct frame_object *o)
{
    return sizeof(struct snapshot) + size_of(o->api_version) +
           size_of(o->kind) + size_of(o->ns) + size_of(o->name) +
           size_of(o->uid) + o->json_len + 1;
}

static struct snapshot *fill(void *block, const struct frame_object *o)
{
    struct snapshot *s = block;
    char *at = (char *)(s + 1);

    memset(s, 0, sizeof(*s));
    s->refs = 1;
    s->api_version = put(&at, o->api_version, size_of(o->api_version));
    s->kind = put(&at, o->kind, size_of(o->kind));
    s->key.ns = put(&at, o->ns, size_of(o->ns));
    s->key.name = put(&at, o->name, size_of(o->name));
    s->uid = put(&at, o->uid, size_of(o->uid));
    s->resource_version = s->owner_uid = s->owner_api_version = s->owner_kind =
        s->owner_name = s->label_owner_uid = "";
    s->generation = o->generation;
    s->bytes = put(&at, o->json, o->json_len + 1);
    s->text_len = (uint32_t)o->json_len;
    return s;
}

struct snapshot *bodies_add(struct bodies *b, const struct frame_object *o)
{
    void *block = mem_alloc(block_size(o)), *old = NULL;

    if (!block)
        return NULL;
    if (map_put(b->by_number, (const char *)&o->body, sizeof(o->body), block,
                &old) < 0) {
        mem_free(block);
        return NULL;
    }
    mem_free(old);
    return fill(block, o);
}

struct snapshot *bodies_make(struct arena *a, const struct frame_object *o)
{
    void *block = arena_alloc(a, block_size(o));

    return block ? fill(block, o) : NULL;
}
