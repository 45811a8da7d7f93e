/*
 * fieldset_compare.c -- the fields of a value, and the fields in which two
 *                       values differ.
 *
 * DESIGN
 *
 * Both walks go down by value and schema and come back with the set of what is
 * below, and whether the place itself belongs to it. What is equal is not
 * walked: a comparison costs what changed, and one pass over the rest.
 */
#include "fieldset_impl.h"

#include <string.h>

/* ---- the fields of a value ---- */

static struct fieldset_entry set_of(struct fields *s, struct schema_node n,
                                    const struct value *v);

static const struct fieldset *set_of_map(struct fields *s, struct schema_node n,
                                         const struct value *v)
{
    struct level out = LEVEL_INIT;

    for (uint32_t i = 0; i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        struct schema_node child = schema_fieldn(n, m->key, m->key_len);
        struct fieldset_entry part = set_of(s, child, m->value);
        struct field_element e = field_named(m);

        if (m->value->type == VALUE_NULL || !is_declared(n, child) ||
            (m->value->type == VALUE_OBJECT && m->value->count == 0))
            part.member = true;
        level_add(s, &out, &e, part);
    }
    return level_end(s, &out);
}

/* Items of one key that come twice are known by their key alone. */
static const struct fieldset *set_of_list(struct fields *s,
                                          struct schema_node n,
                                          const struct value *v)
{
    struct level out = LEVEL_INIT;
    uint32_t count;
    struct keyed *items = keyed_sort(s, n, v, NULL, &count);

    for (uint32_t i = 0; i < count; i++) {
        bool twice = i + 1 < count && !items[i + 1].first;
        struct fieldset_entry part = {.member = true};

        if (!items[i].first)
            continue;
        if (!twice)
            part.children = set_of(s, schema_item(n), items[i].item).children;
        level_add(s, &out, &items[i].e, part);
    }
    return level_end(s, &out);
}

static struct fieldset_entry set_of(struct fields *s, struct schema_node n,
                                    const struct value *v)
{
    struct shape shape = shape_of(n, v);
    struct fieldset_entry out = {.member =
                                     shape.atomic || shape.form == FORM_SCALAR};

    if (out.member)
        return out;
    if (shape.form == FORM_MAP && filled(v, VALUE_OBJECT))
        out.children = set_of_map(s, n, v);
    if (shape.form == FORM_LIST && filled(v, VALUE_ARRAY))
        out.children = set_of_list(s, n, v);
    return out;
}

const struct fieldset *fieldset_of_value(struct fields *s, struct schema_node n,
                                         const struct value *v)
{
    return v ? set_of(s, n, v).children : NULL;
}

/* ---- two values ---- */

struct parts {
    struct fieldset_entry added, modified, removed;
};
struct levels {
    struct level added, modified, removed;
};
#define LEVELS_INIT                                                            \
    {                                                                          \
        LEVEL_INIT, LEVEL_INIT, LEVEL_INIT                                     \
    }

static struct parts differ(struct fields *s, struct schema_node n,
                           const struct value *l, const struct value *r);

static void levels_add(struct fields *s, struct levels *out,
                       const struct field_element *e, const struct parts *p)
{
    level_add(s, &out->added, e, p->added);
    level_add(s, &out->modified, e, p->modified);
    level_add(s, &out->removed, e, p->removed);
}

/* What the other way of looking at it found below stays. */
static void levels_end(struct fields *s, struct levels *l, struct parts *out)
{
    if (l->added.count)
        out->added.children = level_end(s, &l->added);
    if (l->modified.count)
        out->modified.children = level_end(s, &l->modified);
    if (l->removed.count)
        out->removed.children = level_end(s, &l->removed);
}

static void differ_leaf(const struct value *l, const struct value *r,
                        struct parts *out)
{
    if (!l)
        out->added.member = true;
    else if (!r)
        out->removed.member = true;
    else if (!value_equal(l, r))
        out->modified.member = true;
}

/* ---- maps ---- */

/* Mostly at the same place, or a little further. */
static const struct value *counterpart(const struct value *map, uint32_t *hint,
                                       const struct value_member *m)
{
    if (!map)
        return NULL;
    for (uint32_t k = 0; k < map->count; k++) {
        uint32_t at = (*hint + k) % map->count;
        const struct value_member *o = &map->as.members[at];

        if (o->key_len == m->key_len &&
            memcmp(o->key, m->key, m->key_len) == 0) {
            *hint = at + 1;
            return o->value;
        }
    }
    return NULL;
}

static void differ_field(struct fields *s, struct schema_node n,
                         const struct value_member *name,
                         const struct value *sides[2], struct levels *out)
{
    const struct value *l = sides[0], *r = sides[1];
    struct field_element e = field_named(name);
    struct parts p;

    if (l == r || (l && r && value_equal(l, r)))
        return;
    p = differ(s, schema_fieldn(n, name->key, name->key_len), l, r);
    levels_add(s, out, &e, &p);
}

static void differ_map(struct fields *s, struct schema_node n,
                       const struct value *l, const struct value *r,
                       struct parts *out)
{
    struct levels levels = LEVELS_INIT;
    uint32_t hint = 0;

    for (uint32_t i = 0; r && i < r->count; i++) {
        const struct value_member *m = &r->as.members[i];
        const struct value *sides[2] = {counterpart(l, &hint, m), m->value};

        differ_field(s, n, m, sides, &levels);
    }
    hint = 0;
    for (uint32_t i = 0; l && i < l->count; i++) {
        const struct value_member *m = &l->as.members[i];
        const struct value *sides[2] = {m->value, NULL};

        if (!counterpart(r, &hint, m))
            differ_field(s, n, m, sides, &levels);
    }
    levels_end(s, &levels, out);
}

/* ---- lists ---- */

/* All items of both sides with one key. */
struct same_key {
    const struct keyed *left, *right;
    uint32_t left_count, right_count;
};

static struct same_key next_key(const struct keyed *items, uint32_t count)
{
    struct same_key k = {0};

    for (uint32_t i = 0; i < count; i++) {
        if (i && field_compare(&items[i].e, &items[0].e) != 0)
            break;
        if (items[i].right && k.right_count++ == 0)
            k.right = &items[i];
        if (!items[i].right && k.left_count++ == 0)
            k.left = &items[i];
    }
    return k;
}

static bool same_items(const struct same_key *k)
{
    if (k->left_count != k->right_count)
        return false;
    for (uint32_t i = 0; i < k->left_count; i++)
        if (!value_equal(k->left[i].item, k->right[i].item))
            return false;
    return true;
}

/* Items that come twice on a side are known by their key alone there. */
static struct parts differ_key(struct fields *s, struct schema_node n,
                               const struct same_key *k)
{
    const struct value *l = k->left ? k->left->item : NULL;
    const struct value *r = k->right ? k->right->item : NULL;
    struct parts p = {.added.member = false};

    if (k->left_count <= 1 && k->right_count <= 1)
        return l && r && value_equal(l, r) ? p : differ(s, n, l, r);
    if (k->left_count >= 2 && k->right_count >= 2) {
        p.modified.member = !same_items(k);
    } else if (k->left_count >= 2) {
        if (r)
            p = differ(s, n, NULL, r);
        p.removed.member = true;
    } else {
        if (l)
            p = differ(s, n, l, NULL);
        p.added.member = true;
    }
    return p;
}

static void differ_list(struct fields *s, struct schema_node n,
                        const struct value *l, const struct value *r,
                        struct parts *out)
{
    struct levels levels = LEVELS_INIT;
    uint32_t count, next;
    struct keyed *items = keyed_sort(s, n, l, r, &count);

    for (uint32_t i = 0; i < count; i = next) {
        struct same_key k = next_key(items + i, count - i);
        struct parts p = differ_key(s, schema_item(n), &k);

        next = i + k.left_count + k.right_count;
        levels_add(s, &levels, &items[i].e, &p);
    }
    levels_end(s, &levels, out);
}

/* ---- any ---- */

/* Was it compared as one? Empty and null are told apart that way. */
static bool differ_as(struct fields *s, struct schema_node n,
                      struct shape shape, const struct value *const sides[2],
                      struct parts *out)
{
    enum value_type type = shape.form == FORM_MAP ? VALUE_OBJECT : VALUE_ARRAY;
    const struct value *l = filled(sides[0], type);
    const struct value *r = filled(sides[1], type);

    if (shape.form == FORM_SCALAR || shape.atomic || (!l && !r)) {
        differ_leaf(sides[0], sides[1], out);
        return true;
    }
    if (shape.form == FORM_MAP)
        differ_map(s, n, l, r, out);
    else
        differ_list(s, n, l, r, out);
    return false;
}

static struct parts differ(struct fields *s, struct schema_node n,
                           const struct value *l, const struct value *r)
{
    const struct value *const sides[2] = {l, r};
    struct parts out = {.added.member = false};
    struct shape before = shape_of(n, l ? l : r);
    struct shape after = shape_of(n, r ? r : l);
    bool leaf;

    if (!shape_equal(before, after))
        differ_as(s, n, before, sides, &out);
    leaf = differ_as(s, n, after, sides, &out);
    if (!leaf && !l)
        out.added.member = true;
    else if (!leaf && !r)
        out.removed.member = true;
    return out;
}

void fieldset_compare(struct fields *s, struct schema_node n,
                      const struct value *before, const struct value *after,
                      struct fieldset_changes *ret)
{
    struct parts p = differ(s, n, before, after);

    ret->added = p.added.children;
    ret->modified = p.modified.children;
    ret->removed = p.removed.children;
}
