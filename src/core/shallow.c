/*
 * shallow.c -- see shallow.h for the contract.
 */
#include "core/shallow.h"

#include <string.h>

/* Members that the copy gets are few: room for them saves a second array. */
#define SHALLOW_ROOM 4u

static void *copy_array(struct arena *a, const void *from, uint32_t count,
                        size_t size)
{
    void *to = arena_calloc(a, count + SHALLOW_ROOM, size);

    if (to && count)
        memcpy(to, from, count * size);
    return to;
}

struct value *shallow_copy(struct arena *a, const struct value *v)
{
    struct value *copy;

    if (!value_is(v, VALUE_OBJECT) && !value_is(v, VALUE_ARRAY))
        return value_object(a);
    copy = arena_alloc(a, sizeof(*copy));
    if (!copy || v->count > UINT32_MAX - SHALLOW_ROOM)
        return NULL;
    *copy = *v;
    copy->cap = v->count + SHALLOW_ROOM;
    if (v->type == VALUE_ARRAY) {
        copy->as.items =
            copy_array(a, v->as.items, v->count, sizeof(*v->as.items));
        return copy->as.items ? copy : NULL;
    }
    copy->as.members =
        copy_array(a, v->as.members, v->count, sizeof(*v->as.members));
    return copy->as.members ? copy : NULL;
}
