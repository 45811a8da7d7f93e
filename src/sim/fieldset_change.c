/*
 * fieldset_change.c -- values without some fields, or with these alone; two
 *                      values in one.
 */
#include "fieldset_impl.h"

#include <string.h>

/* ---- new trees that share what is in them ---- */

static struct value *fresh(struct fields *s, enum value_type type,
                           uint32_t room)
{
    size_t size = type == VALUE_OBJECT ? sizeof(struct value_member)
                                       : sizeof(struct value *);
    struct value *v =
        type == VALUE_OBJECT ? value_object(s->a) : value_array(s->a);
    void *parts = v ? arena_alloc(s->a, (room + 1) * size) : NULL;

    if (!parts) {
        s->failed = true;
        return NULL;
    }
    v->cap = room;
    if (type == VALUE_OBJECT)
        v->as.members = parts;
    else
        v->as.items = parts;
    return v;
}

/* There is room. Trees are not written through, so they may be shared. */
static void put_member(struct value *object, const struct value_member *m,
                       const struct value *v)
{
    struct value_member *to = &object->as.members[object->count++];

    *to = *m;
    to->value = (struct value *)v;
}

static void put_item(struct value *array, const struct value *v)
{
    array->as.items[array->count++] = (struct value *)v;
}

static const struct value *nothing(struct fields *s)
{
    const struct value *v = value_null(s->a);

    s->failed = s->failed || !v;
    return v;
}

/* What would be empty is null. */
static const struct value *or_null(struct fields *s, const struct value *v)
{
    return v && v->count == 0 ? nothing(s) : v;
}

/* ---- removing ---- */

static const struct value *remove_from(struct fields *s, struct schema_node n,
                                       const struct value *v,
                                       const struct fieldset *x);

static const struct value *remove_members(struct fields *s,
                                          struct schema_node n,
                                          const struct value *v,
                                          const struct fieldset *x)
{
    struct value *out = fresh(s, VALUE_OBJECT, v->count);

    for (uint32_t i = 0; out && i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        struct field_element e = field_named(m);
        const struct fieldset_entry *entry = fieldset_find(x, &e);
        const struct value *kept = m->value;

        if (entry && entry->member)
            continue;
        if (entry)
            kept = remove_from(s, schema_fieldn(n, m->key, m->key_len), kept,
                               entry->children);
        put_member(out, m, kept);
    }
    return or_null(s, out);
}

static const struct value *remove_items(struct fields *s, struct schema_node n,
                                        const struct value *v,
                                        const struct fieldset *x)
{
    struct value *out = fresh(s, VALUE_ARRAY, v->count);

    for (uint32_t i = 0; out && i < v->count; i++) {
        const struct value *item = v->as.items[i];
        const struct fieldset_entry *entry = NULL;
        struct field_element e;

        if (!field_of_item(s, n, item, &e))
            entry = fieldset_find(x, &e);
        if (entry && entry->member)
            continue;
        if (entry)
            item = remove_from(s, schema_item(n), item, entry->children);
        put_item(out, item);
    }
    return or_null(s, out);
}

static const struct value *remove_from(struct fields *s, struct schema_node n,
                                       const struct value *v,
                                       const struct fieldset *x)
{
    struct shape shape = shape_of(n, v);

    if (shape.form == FORM_SCALAR)
        return v;
    if (shape.form == FORM_MAP && !shape.atomic && filled(v, VALUE_OBJECT))
        return remove_members(s, n, v, x);
    if (shape.form == FORM_LIST && !shape.atomic && filled(v, VALUE_ARRAY))
        return remove_items(s, n, v, x);
    return nothing(s);
}

const struct value *fieldset_remove(struct fields *s, struct schema_node n,
                                    const struct value *v,
                                    const struct fieldset *x)
{
    return x ? remove_from(s, n, v, x) : v;
}

/* ---- extracting ---- */

static const struct value *extract_from(struct fields *s, struct schema_node n,
                                        const struct value *v,
                                        const struct fieldset *x);

static const struct value *extract_members(struct fields *s,
                                           struct schema_node n,
                                           const struct value *v,
                                           const struct fieldset *x)
{
    struct value *out = fresh(s, VALUE_OBJECT, v->count);

    for (uint32_t i = 0; out && i < v->count; i++) {
        const struct value_member *m = &v->as.members[i];
        struct field_element e = field_named(m);
        const struct fieldset_entry *entry = fieldset_find(x, &e);
        struct schema_node child = schema_fieldn(n, m->key, m->key_len);

        if (entry)
            put_member(out, m,
                       extract_from(s, child, m->value, entry->children));
    }
    return or_null(s, out);
}

static const struct value *extract_items(struct fields *s, struct schema_node n,
                                         const struct value *v,
                                         const struct fieldset *x)
{
    struct value *out = fresh(s, VALUE_ARRAY, v->count);

    for (uint32_t i = 0; out && i < v->count; i++) {
        const struct value *item = v->as.items[i];
        const struct fieldset_entry *entry = NULL;
        struct field_element e;

        if (!field_of_item(s, n, item, &e))
            entry = fieldset_find(x, &e);
        if (entry && entry->children)
            item = extract_from(s, schema_item(n), item, entry->children);
        if (entry)
            put_item(out, item);
    }
    return or_null(s, out);
}

static const struct value *extract_from(struct fields *s, struct schema_node n,
                                        const struct value *v,
                                        const struct fieldset *x)
{
    struct shape shape = shape_of(n, v);

    if (shape.form == FORM_MAP && !shape.atomic && filled(v, VALUE_OBJECT))
        return extract_members(s, n, v, x);
    if (shape.form == FORM_LIST && !shape.atomic && filled(v, VALUE_ARRAY))
        return extract_items(s, n, v, x);
    return v;
}

const struct value *fieldset_extract(struct fields *s, struct schema_node n,
                                     const struct value *v,
                                     const struct fieldset *x)
{
    return extract_from(s, n, v, x);
}
