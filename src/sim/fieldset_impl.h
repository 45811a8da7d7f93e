/* fieldset_impl.h -- what the files of fieldset share. */
#ifndef TIDELOCK_SRC_SIM_FIELDSET_IMPL_H
#define TIDELOCK_SRC_SIM_FIELDSET_IMPL_H

#include "sim/fieldset.h"

/* ---- making a set, level by level ---- */
struct level {
    struct fieldset_entry *entries;
    uint32_t count, cap;
    bool sorted;
};
#define LEVEL_INIT                                                             \
    {                                                                          \
        .sorted = true                                                         \
    }
/* A part that is neither member nor has children is nothing. */
void level_add(struct fields *s, struct level *l, const struct field_element *e,
               struct fieldset_entry part);
const struct fieldset *level_end(struct fields *s, struct level *l);

/* ---- how a value is seen by its schema ---- */
enum form { FORM_SCALAR, FORM_LIST, FORM_MAP };
struct shape {
    enum form form;
    bool atomic;
};
struct shape shape_of(struct schema_node n, const struct value *v);
static inline bool shape_equal(struct shape x, struct shape y)
{
    return x.form == y.form && x.atomic == y.atomic;
}
/* A field by its name: not an element, nor what is merely tolerated. */
static inline bool is_declared(struct schema_node object,
                               struct schema_node field)
{
    return schema_type(object) == SCHEMA_OBJECT && field.attributes;
}
/* `v` when it is of that type and holds something; NULL otherwise. */
static inline const struct value *filled(const struct value *v,
                                         enum value_type type)
{
    return value_is(v, type) && v->count > 0 ? v : NULL;
}

static inline struct field_element field_named(const struct value_member *m)
{
    return (struct field_element){
        .kind = FIELD_NAME, .count = m->key_len, .as.name = m->key};
}

/* ---- items of a list by what tells them apart ---- */
struct keyed {
    struct field_element e;
    const struct value *item;
    bool right;
    bool first;     /* of its side and key, after keyed_sort() */
    uint32_t order; /* in its list */
};
/* Sorted by element, left before right, then by order; an item without an
 * element is left out and makes `bad`. */
struct keyed *keyed_sort(struct fields *s, struct schema_node list,
                         const struct value *left, const struct value *right,
                         uint32_t *ret_count);

#endif
