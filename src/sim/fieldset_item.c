/*
 * fieldset_item.c -- what tells the items of sets and map lists apart, and how
 *                    a schema sees a value.
 */
#include "fieldset_impl.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 16

/* Where the schema knows nothing, the value decides: maps are granular, lists
 * are one value. */
struct shape shape_of(struct schema_node n, const struct value *v)
{
    switch (schema_type(n)) {
    case SCHEMA_OBJECT:
    case SCHEMA_MAP:
        return (struct shape){FORM_MAP, schema_is_atomic(n)};
    case SCHEMA_ARRAY:
        return (struct shape){FORM_LIST, schema_list(n) == SCHEMA_LIST_ATOMIC};
    case SCHEMA_ANY:
        if (value_is(v, VALUE_ARRAY))
            return (struct shape){FORM_LIST, true};
        if (value_is(v, VALUE_OBJECT) || value_is(v, VALUE_NULL))
            return (struct shape){FORM_MAP, schema_is_atomic(n)};
        return (struct shape){FORM_SCALAR, false};
    default:
        return (struct shape){FORM_SCALAR, false};
    }
}

/* ---- one item ---- */

static const struct value *default_of(struct fields *s, struct schema_node list,
                                      const struct schema_text *key)
{
    struct schema_node field =
        schema_fieldn(schema_item(list), key->at, key->len);
    struct value *v = NULL;

    if (schema_default(field, s->a, &v, NULL) < 0)
        s->failed = true;
    return v;
}

/* Sorted into `keys`; the new count. */
static uint32_t insert_key(struct field_key *keys, uint32_t count,
                           const struct field_key *key)
{
    uint32_t at = count;

    for (; at > 0 && strcmp(keys[at - 1].name, key->name) > 0; at--)
        keys[at] = keys[at - 1];
    keys[at] = *key;
    return count + 1;
}

/* The member's own key is NUL-terminated, the schema's text is not. */
static bool find_key(struct fields *s, struct schema_node list,
                     const struct schema_text *name, const struct value *item,
                     struct field_key *ret)
{
    for (uint32_t i = 0; i < item->count; i++) {
        const struct value_member *m = &item->as.members[i];

        if (m->key_len == name->len &&
            memcmp(m->key, name->at, name->len) == 0) {
            *ret = (struct field_key){m->key, m->key_len, m->value};
            return true;
        }
    }
    ret->value = default_of(s, list, name);
    if (!ret->value)
        return false;
    ret->name = arena_strndup(s->a, name->at, name->len);
    ret->len = (uint32_t)name->len;
    s->failed = s->failed || !ret->name;
    return ret->name != NULL;
}

static const char *keyed_element(struct fields *s, struct schema_node list,
                                 const struct value *item,
                                 struct field_element *ret)
{
    struct field_key keys[KEYS_MAX], key, *kept;
    struct schema_text name;
    uint32_t count = 0;

    if (value_is(item, VALUE_NULL))
        return "associative list with keys may not have a null element";
    if (!value_is(item, VALUE_OBJECT))
        return "associative list with keys may not have non-map elements";
    for (unsigned i = 0; i < KEYS_MAX && schema_list_key(list, i, &name); i++)
        if (find_key(s, list, &name, item, &key))
            count = insert_key(keys, count, &key);
    if (count == 0)
        return "associative list with keys has an element that omits all key "
               "fields (and doesn't have default values for any key fields)";
    kept = arena_alloc(s->a, count * sizeof(*kept));
    if (!kept) {
        s->failed = true;
        return "out of memory";
    }
    memcpy(kept, keys, count * sizeof(*kept));
    *ret = (struct field_element){
        .kind = FIELD_KEY, .count = count, .as.keys = kept};
    return NULL;
}

const char *field_of_item(struct fields *s, struct schema_node list,
                          const struct value *item, struct field_element *ret)
{
    if (schema_list(list) == SCHEMA_LIST_MAP)
        return keyed_element(s, list, item, ret);
    switch (item->type) {
    case VALUE_OBJECT:
        return "associative list without keys has an element that's a map type";
    case VALUE_ARRAY:
        return "not supported: associative list with lists as elements";
    case VALUE_NULL:
        return "associative list without keys has an element that's an "
               "explicit null";
    default:
        *ret = (struct field_element){.kind = FIELD_VALUE, .as.value = item};
        return NULL;
    }
}

/* ---- all items of two lists ---- */

static int by_key(const void *x, const void *y)
{
    const struct keyed *l = x, *r = y;
    int c = field_compare(&l->e, &r->e);

    if (c == 0)
        c = l->right - r->right;
    return c != 0 ? c : l->order < r->order ? -1 : l->order > r->order;
}

static uint32_t add_items(struct fields *s, struct schema_node list,
                          const struct value *v, struct keyed *out, bool right)
{
    uint32_t count = 0;

    for (uint32_t i = 0; v && i < v->count; i++) {
        struct keyed *k = &out[count];

        *k = (struct keyed){.item = v->as.items[i], .right = right, .order = i};
        if (field_of_item(s, list, k->item, &k->e))
            s->bad = true;
        else
            count++;
    }
    return count;
}

struct keyed *keyed_sort(struct fields *s, struct schema_node list,
                         const struct value *left, const struct value *right,
                         uint32_t *ret_count)
{
    uint32_t all = (left ? left->count : 0) + (right ? right->count : 0);
    struct keyed *out = arena_alloc(s->a, (all + 1) * sizeof(*out));
    uint32_t count;

    *ret_count = 0;
    if (!out) {
        s->failed = true;
        return NULL;
    }
    count = add_items(s, list, left, out, false);
    count += add_items(s, list, right, out + count, true);
    qsort(out, count, sizeof(*out), by_key);
    for (uint32_t i = 0; i < count; i++)
        out[i].first = i == 0 || out[i].right != out[i - 1].right ||
                       field_compare(&out[i].e, &out[i - 1].e) != 0;
    *ret_count = count;
    return out;
}
