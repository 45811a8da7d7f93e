/*
 * fieldset_merge.c -- what server-side apply makes of the live object and an
 *                     applied configuration.
 *
 * Scalars and atomic values are the configuration's. Items of a list keep the
 * order of the configuration; items that only the live list has keep their
 * place among their neighbours.
 */
#include "fieldset_impl.h"

#include <string.h>

static const struct value *merge(struct fields *s, struct schema_node n,
                                 const struct value *l, const struct value *r);

static struct value *fresh(struct fields *s, bool object, size_t room)
{
    struct value *v = object ? value_object(s->a) : value_array(s->a);

    if (v && object) {
        v->as.members = arena_alloc(s->a, (room + 1) * sizeof(*v->as.members));
        v->cap = v->as.members ? (uint32_t)room : 0;
    } else if (v) {
        v->as.items = arena_alloc(s->a, (room + 1) * sizeof(*v->as.items));
        v->cap = v->as.items ? (uint32_t)room : 0;
    }
    if (!v || v->cap != room) {
        s->failed = true;
        return NULL;
    }
    return v;
}

/* ---- maps ---- */

static void put(struct value *object, const struct value_member *m,
                const struct value *v)
{
    struct value_member *to = &object->as.members[object->count++];

    *to = *m;
    to->value = (struct value *)v;
}

static const struct value *merge_maps(struct fields *s, struct schema_node n,
                                      const struct value *l,
                                      const struct value *r)
{
    struct value *out = fresh(s, true, (size_t)l->count + r->count);

    for (uint32_t i = 0; out && i < l->count; i++) {
        const struct value_member *m = &l->as.members[i];
        const struct value *other = value_getn(r, m->key, m->key_len);
        const struct value *v = m->value;

        if (other)
            v = merge(s, schema_fieldn(n, m->key, m->key_len), v, other);
        put(out, m, v);
    }
    for (uint32_t i = 0; out && i < r->count; i++) {
        const struct value_member *m = &r->as.members[i];

        if (!value_getn(l, m->key, m->key_len))
            put(out, m, m->value);
    }
    return out;
}

/* ---- lists ---- */

struct item {
    struct field_element e;
    const struct value *v;
    struct item *pair; /* of the same key in the other list, the first one */
    bool twice;        /* live: the key comes more than once */
    bool merged;       /* applied: it is in the result */
};

struct lists {
    struct fields *s;
    struct schema_node n;
    struct item *l, *r;
    uint32_t l_count, r_count;
    uint32_t wanted; /* the next applied item that the live list has too */
    struct value *out;
};

/* NULL on out of memory. */
static struct item *index_items(struct fields *s, struct schema_node n,
                                const struct value *v)
{
    struct item *items = arena_calloc(s->a, v->count + 1u, sizeof(*items));

    s->failed = s->failed || !items;
    for (uint32_t i = 0; items && i < v->count; i++) {
        items[i].v = v->as.items[i];
        if (field_of_item(s, n, items[i].v, &items[i].e))
            s->bad = true;
    }
    return items;
}

/* Items of one key: live ones, then at most one applied. */
static void pair_group(struct lists *t, const struct keyed *group,
                       uint32_t count)
{
    struct item *right = NULL;

    if (group[count - 1].right)
        right = &t->r[group[--count].order];
    for (uint32_t i = 0; i < count; i++)
        t->l[group[i].order].pair = right;
    if (!right || count == 0)
        return;
    right->pair = &t->l[group[0].order];
    right->pair->twice = count > 1;
}

static void pair_items(struct lists *t, const struct value *l,
                       const struct value *r)
{
    uint32_t count, next;
    struct keyed *all = keyed_sort(t->s, t->n, l, r, &count);

    for (uint32_t i = 0; i < count; i = next) {
        next = i + 1;
        while (next < count && field_compare(&all[next].e, &all[i].e) == 0)
            next++;
        pair_group(t, all + i, next - i);
    }
}

static void take_left(struct lists *t, const struct item *l)
{
    t->out->as.items[t->out->count++] = (struct value *)l->v;
}

/* A live item that comes twice gives nothing to the merge. */
static void take_right(struct lists *t, uint32_t at)
{
    struct item *r = &t->r[at];
    const struct value *v = r->v;

    if (r->pair && !r->pair->twice)
        v = merge(t->s, schema_item(t->n), r->pair->v, v);
    r->merged = true;
    if (v)
        t->out->as.items[t->out->count++] = (struct value *)v;
    while (t->wanted < t->r_count && (t->wanted <= at || !t->r[t->wanted].pair))
        t->wanted++;
}

/* Is the live item to come later, at its place in the configuration? */
static bool comes_later(const struct lists *t, const struct item *l)
{
    return l->pair && t->wanted < t->r_count && l->pair != &t->r[t->wanted];
}

static void weave(struct lists *t)
{
    uint32_t i = 0, j = 0;

    while (i < t->l_count || j < t->r_count) {
        const struct item *l = i < t->l_count ? &t->l[i] : NULL;
        bool more = j < t->r_count;

        if (l && !l->pair) {
            take_left(t, l);
            i++;
        } else if (l && more && l->pair == &t->r[j]) {
            take_right(t, j++);
            i++;
        } else if (l && more && comes_later(t, l)) {
            i++;
        } else {
            i += l && l->pair->merged;
            if (more)
                take_right(t, j++);
        }
    }
}

static const struct value *merge_lists(struct fields *s, struct schema_node n,
                                       const struct value *l,
                                       const struct value *r)
{
    struct lists t = {.s = s, .n = n};

    t.l = index_items(s, n, l);
    t.r = index_items(s, n, r);
    t.out = fresh(s, false, (size_t)l->count + r->count);
    if (!t.l || !t.r || !t.out || s->bad)
        return NULL;
    t.l_count = l->count;
    t.r_count = r->count;
    pair_items(&t, l, r);
    while (t.wanted < t.r_count && !t.r[t.wanted].pair)
        t.wanted++;
    weave(&t);
    return t.out;
}

/* ---- any ---- */

static const struct value *merge(struct fields *s, struct schema_node n,
                                 const struct value *l, const struct value *r)
{
    struct shape shape = shape_of(n, r);
    enum value_type type = shape.form == FORM_MAP ? VALUE_OBJECT : VALUE_ARRAY;

    if (shape.form == FORM_SCALAR || shape.atomic ||
        (!filled(l, type) && !filled(r, type)))
        return r;
    if (!filled(l, type))
        return r;
    if (!filled(r, type))
        return l;
    return shape.form == FORM_MAP ? merge_maps(s, n, l, r)
                                  : merge_lists(s, n, l, r);
}

const struct value *fieldset_merge(struct fields *s, struct schema_node n,
                                   const struct value *live,
                                   const struct value *config)
{
    const struct value *v = merge(s, n, live, config);

    s->failed = s->failed || !v;
    return v;
}
