/*
 * control_graph.c -- see control_graph.h.
 *
 * A member is one block: the same walk over the object first measures it, then
 * fills it. Maps find a member by place and by uid, and an owner's dependents.
 */
#include "control_graph.h"

#include <stdalign.h>
#include <string.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "control_draft.h"

struct dependents {
    struct member **items;
    size_t count, cap;
};

struct graph {
    struct map *shelves; /* "bucket/ns" -> struct shelf */
    struct map *places;  /* "bucket/ns/name" -> struct member */
    struct map *uids;    /* -> struct member */
    struct map *owned;   /* uid -> struct dependents */
    struct map *nodes;   /* name -> struct node_use */
    struct shelf *first, **last;
};

/* ---- life ---- */

struct graph *graph_new(void)
{
    struct graph *g = mem_calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->last = &g->first;
    g->shelves = map_new();
    g->places = map_new();
    g->uids = map_new();
    g->owned = map_new();
    g->nodes = map_new();
    if (!g->shelves || !g->places || !g->uids || !g->owned || !g->nodes) {
        graph_free(g);
        return NULL;
    }
    return g;
}

static void free_values(struct map *m, bool dependents)
{
    void *value;

    for (size_t it = 0; m && map_next(m, &it, NULL, NULL, &value);) {
        if (dependents)
            mem_free(((struct dependents *)value)->items);
        mem_free(value);
    }
    map_free(m);
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    free_values(g->places, false);
    free_values(g->shelves, false);
    free_values(g->owned, true);
    free_values(g->nodes, false);
    map_free(g->uids);
    mem_free(g);
}

/* ---- packing a member into one block ---- */

struct packer {
    char *base; /* NULL: measuring */
    size_t used;
};

static void *take(struct packer *p, size_t size)
{
    size_t at = p->used, align = alignof(max_align_t);

    p->used += (size + align - 1) / align * align;
    return p->base ? p->base + at : NULL;
}

static const char *take_text(struct packer *p, const char *text)
{
    size_t size = strlen(text ? text : "") + 1;
    char *to = take(p, size);

    if (to)
        memcpy(to, text ? text : "", size);
    return to;
}

static struct value *take_string(struct packer *p, const struct value *from)
{
    struct value *to = take(p, sizeof *to);
    const char *text = take_text(p, value_text(from));

    if (to)
        *to = (struct value){.type = VALUE_STRING,
                             .count = (uint32_t)strlen(text),
                             .as.string = text};
    return to;
}

/* Of a map of texts; NULL for anything else. */
static const struct value *take_map(struct packer *p, const struct value *from)
{
    struct value *to, *item;
    struct value_member *members;
    const char *key;

    if (!value_is(from, VALUE_OBJECT) || from->count == 0)
        return NULL;
    for (uint32_t i = 0; i < from->count; i++)
        if (!value_is(from->as.members[i].value, VALUE_STRING))
            return NULL;
    to = take(p, sizeof *to);
    members = take(p, from->count * sizeof *members);
    for (uint32_t i = 0; i < from->count; i++) {
        key = take_text(p, from->as.members[i].key);
        item = take_string(p, from->as.members[i].value);
        if (members)
            members[i] =
                (struct value_member){key, (uint32_t)strlen(key), item};
    }
    if (to)
        *to = (struct value){.type = VALUE_OBJECT,
                             .count = from->count,
                             .cap = from->count,
                             .as.members = members};
    return to;
}

static const struct owner *take_owners(struct packer *p,
                                       const struct value *from)
{
    size_t count = array_count(from);
    struct owner *to = take(p, count * sizeof *to), o;
    const struct value *ref;

    for (size_t i = 0; i < count; i++) {
        ref = array_at(from, i);
        o.uid = take_text(p, value_text_at(ref, "uid"));
        o.api_version = take_text(p, value_text_at(ref, "apiVersion"));
        o.kind = take_text(p, value_text_at(ref, "kind"));
        o.name = take_text(p, value_text_at(ref, "name"));
        o.controller = value_bool_at(ref, "controller", false);
        o.blocks = value_bool_at(ref, "blockOwnerDeletion", false);
        if (to)
            to[i] = o;
    }
    return to;
}

static void count_requests(struct member *m, const struct value *object)
{
    const struct value *all = value_path(object, "spec.containers"), *asked;
    const char *phase = value_text_at(object, "status.phase");

    for (size_t i = 0; i < array_count(all); i++) {
        asked = value_path(array_at(all, i), "resources.requests");
        m->cpu_milli += quantity_milli(value_text_at(asked, "cpu"));
        m->memory += quantity_milli(value_text_at(asked, "memory")) / 1000;
    }
    m->ended = text_equal(phase, "Succeeded") || text_equal(phase, "Failed");
}

/* NULL while measuring. */
static struct member *pack(struct packer *p, const struct object_key *key,
                           const struct value *object)
{
    struct member *m = take(p, sizeof *m), filled = {0};
    const struct value *owners = value_path(object, "metadata.ownerReferences");

    filled.key.ns = take_text(p, key->ns);
    filled.key.name = take_text(p, key->name);
    filled.uid = take_text(p, object_uid(object));
    filled.owners = take_owners(p, owners);
    filled.owner_count = array_count(owners);
    filled.labels = take_map(p, value_path(object, "metadata.labels"));
    filled.selector = take_map(p, value_path(object, "spec.selector"));
    filled.node = take_text(p, value_text_at(object, "spec.nodeName"));
    if (!m)
        return NULL;
    filled.deleting = object_deleting(object);
    filled.foreground = object_has_finalizer(object, "foregroundDeletion");
    filled.orphaning = object_has_finalizer(object, "orphan");
    count_requests(&filled, object);
    *m = filled;
    return m;
}

/* ---- places ---- */

#define PLACE_MAX 1024

/* Its length; 0: too long for a name. */
static size_t place(char text[PLACE_MAX], const char *bucket,
                    const struct object_key *key)
{
    const char *parts[] = {bucket, key->ns, key->name ? key->name : ""};
    size_t used = 0, len;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        len = strlen(parts[i]);
        if (used + len + 1 > PLACE_MAX)
            return 0;
        memcpy(text + used, parts[i], len);
        used += len;
        text[used++] = '\n';
    }
    return used;
}

static void *look_up(const struct map *m, const char *bucket,
                     const struct object_key *key)
{
    char text[PLACE_MAX];

    return map_get(m, text, place(text, bucket, key));
}

static int put_at(struct map *m, const char *bucket,
                  const struct object_key *key, void *value)
{
    char text[PLACE_MAX];

    return map_put(m, text, place(text, bucket, key), value, NULL);
}

static struct shelf *find_or_make_shelf(struct graph *g, const char *bucket,
                                        const char *ns)
{
    struct object_key key = {ns, NULL};
    struct shelf *s = look_up(g->shelves, bucket, &key);
    size_t b = strlen(bucket) + 1, n = strlen(ns) + 1;
    char *text;

    if (s)
        return s;
    s = mem_calloc(1, sizeof *s + b + n);
    if (!s)
        return NULL;
    text = (char *)(s + 1);
    s->bucket = memcpy(text, bucket, b);
    s->ns = memcpy(text + b, ns, n);
    if (put_at(g->shelves, bucket, &key, s) < 0) {
        mem_free(s);
        return NULL;
    }
    *g->last = s;
    g->last = &s->next;
    return s;
}

/* ---- links ---- */

static int add_dependent(struct graph *g, const char *uid, struct member *m)
{
    struct dependents *d = map_get(g->owned, uid, strlen(uid));

    if (!d) {
        d = mem_calloc(1, sizeof *d);
        if (!d)
            return -ERR_NOMEM;
        if (map_put(g->owned, uid, strlen(uid), d, NULL) < 0) {
            mem_free(d);
            return -ERR_NOMEM;
        }
    }
    if (mem_grow((void **)&d->items, &d->cap, d->count + 1, sizeof *d->items) <
        0)
        return -ERR_NOMEM;
    d->items[d->count++] = m;
    return 0;
}

static void drop_dependent(struct graph *g, const char *uid, struct member *m)
{
    struct dependents *d = map_get(g->owned, uid, strlen(uid));

    for (size_t i = 0; d && i < d->count; i++) {
        if (d->items[i] != m)
            continue;
        memmove(d->items + i, d->items + i + 1,
                (d->count - i - 1) * sizeof *d->items);
        d->count--;
        break;
    }
    if (d && d->count == 0) {
        map_remove(g->owned, uid, strlen(uid));
        mem_free(d->items);
        mem_free(d);
    }
}

static int use_node(struct graph *g, const struct member *m, int64_t sign)
{
    struct node_use *u;

    if (m->node[0] == '\0' || m->ended)
        return 0;
    u = map_get(g->nodes, m->node, strlen(m->node));
    if (!u) {
        u = mem_calloc(1, sizeof *u);
        if (!u)
            return -ERR_NOMEM;
        if (map_put(g->nodes, m->node, strlen(m->node), u, NULL) < 0) {
            mem_free(u);
            return -ERR_NOMEM;
        }
    }
    u->pods += sign;
    u->cpu_milli += sign * m->cpu_milli;
    u->memory += sign * m->memory;
    return 0;
}

static void link_free(struct shelf *s, struct member *m)
{
    if (member_controller(m))
        return;
    m->prev_free = s->last_free;
    *(s->last_free ? &s->last_free->next_free : &s->first_free) = m;
    s->last_free = m;
}

static void unlink_free(struct shelf *s, struct member *m)
{
    if (member_controller(m))
        return;
    *(m->prev_free ? &m->prev_free->next_free : &s->first_free) = m->next_free;
    *(m->next_free ? &m->next_free->prev_free : &s->last_free) = m->prev_free;
}

/* Before `next`, so that an object keeps its turn; NULL: at the end. */
static void link_member(struct shelf *s, struct member *m, struct member *next)
{
    m->shelf = s;
    m->next = next;
    m->prev = next ? next->prev : s->last;
    *(m->prev ? &m->prev->next : &s->first) = m;
    *(next ? &next->prev : &s->last) = m;
    link_free(s, m);
}

static void unlink_member(struct member *m)
{
    struct shelf *s = m->shelf;

    *(m->prev ? &m->prev->next : &s->first) = m->next;
    *(m->next ? &m->next->prev : &s->last) = m->prev;
    unlink_free(s, m);
}

static void forget(struct graph *g, struct member *m, const char *bucket)
{
    char text[PLACE_MAX];

    unlink_member(m);
    map_remove(g->places, text, place(text, bucket, &m->key));
    if (graph_find_uid(g, m->uid) == m)
        map_remove(g->uids, m->uid, strlen(m->uid));
    for (size_t i = 0; i < m->owner_count; i++)
        drop_dependent(g, m->owners[i].uid, m);
    use_node(g, m, -1);
    mem_free(m);
}

void graph_remove(struct graph *g, const char *bucket,
                  const struct object_key *key)
{
    struct member *m = graph_find(g, bucket, key);

    if (m)
        forget(g, m, bucket);
}

static int enter(struct graph *g, const char *bucket, struct member *m)
{
    if (put_at(g->places, bucket, &m->key, m) < 0)
        return -ERR_NOMEM;
    if (map_put(g->uids, m->uid, strlen(m->uid), m, NULL) < 0)
        return -ERR_NOMEM;
    for (size_t i = 0; i < m->owner_count; i++)
        if (add_dependent(g, m->owners[i].uid, m) < 0)
            return -ERR_NOMEM;
    return use_node(g, m, 1);
}

int graph_put(struct graph *g, const char *bucket, const struct object_key *key,
              const struct value *object)
{
    struct shelf *s = find_or_make_shelf(g, bucket, key->ns);
    struct packer p = {0};
    struct member *m, *old = graph_find(g, bucket, key);

    pack(&p, key, object);
    m = s ? mem_alloc(p.used) : NULL;
    if (!m)
        return -ERR_NOMEM;
    p = (struct packer){.base = (char *)m};
    pack(&p, key, object);
    link_member(s, m, old);
    if (old)
        forget(g, old, bucket);
    if (enter(g, bucket, m) < 0) {
        forget(g, m, bucket);
        return -ERR_NOMEM;
    }
    return 0;
}

/* ---- asking ---- */

struct member *graph_find(const struct graph *g, const char *bucket,
                          const struct object_key *key)
{
    return look_up(g->places, bucket, key);
}

struct member *graph_find_uid(const struct graph *g, const char *uid)
{
    return map_get(g->uids, uid, strlen(uid));
}

struct member *const *graph_dependents(const struct graph *g, const char *uid,
                                       size_t *ret_count)
{
    const struct dependents *d = map_get(g->owned, uid, strlen(uid));

    *ret_count = d ? d->count : 0;
    return d ? d->items : NULL;
}

struct member *graph_first(const struct graph *g, const char *bucket,
                           const char *ns)
{
    struct object_key key = {ns, NULL};
    const struct shelf *s = look_up(g->shelves, bucket, &key);

    return s ? s->first : NULL;
}

struct member *graph_first_free(const struct graph *g, const char *bucket,
                                const char *ns)
{
    struct object_key key = {ns, NULL};
    const struct shelf *s = look_up(g->shelves, bucket, &key);

    return s ? s->first_free : NULL;
}

struct shelf *graph_next_shelf(const struct graph *g, const struct shelf *s)
{
    return s ? s->next : g->first;
}

const struct owner *member_controller(const struct member *m)
{
    for (size_t i = 0; i < m->owner_count; i++)
        if (m->owners[i].controller)
            return &m->owners[i];
    return NULL;
}

struct node_use graph_node_use(const struct graph *g, const char *node)
{
    const struct node_use *u = map_get(g->nodes, node, strlen(node));

    return u ? *u : (struct node_use){0};
}
