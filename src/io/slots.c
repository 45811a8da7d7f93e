/*
 * slots.c -- see slots.h for the contract.
 *
 * DESIGN
 *
 * An id is the number of a place (from 1) in its lower half and that place's
 * generation in the upper half. Removing counts the generation up, which
 * makes every id of the former user stale, and chains the place for reuse.
 */
#include "io/slots.h"

#include <assert.h>

#include "base/mem.h"

void slots_release(struct slots *s)
{
    mem_free(s->items);
    *s = (struct slots){0};
}

static struct slot *slots_at(const struct slots *s, uint64_t id)
{
    uint32_t number = (uint32_t)id;
    struct slot *slot;

    if (number == 0 || number > s->used)
        return NULL;
    slot = &s->items[number - 1];
    return slot->ptr && slot->generation == id >> 32 ? slot : NULL;
}

/* The number of a free place, 0 when there is no memory for one. */
static uint32_t slots_place(struct slots *s)
{
    uint32_t number = s->first_free;
    void *items = s->items;

    if (number) {
        s->first_free = s->items[number - 1].next_free;
        return number;
    }
    if (s->used == UINT32_MAX ||
        mem_grow(&items, &s->cap, s->used + 1, sizeof s->items[0]) < 0)
        return 0;
    s->items = items;
    s->items[s->used++] = (struct slot){0};
    return (uint32_t)s->used;
}

uint64_t slots_add(struct slots *s, void *ptr)
{
    uint32_t number = slots_place(s);

    assert(ptr);
    if (!number)
        return 0;
    s->items[number - 1].ptr = ptr;
    s->count++;
    return (uint64_t)s->items[number - 1].generation << 32 | number;
}

void *slots_find(const struct slots *s, uint64_t id)
{
    const struct slot *slot = slots_at(s, id);

    return slot ? slot->ptr : NULL;
}

void *slots_remove(struct slots *s, uint64_t id)
{
    struct slot *slot = slots_at(s, id);
    void *ptr;

    if (!slot)
        return NULL;
    ptr = slot->ptr;
    slot->ptr = NULL;
    slot->generation++;
    slot->next_free = s->first_free;
    s->first_free = (uint32_t)id;
    s->count--;
    return ptr;
}

void *slots_next(const struct slots *s, size_t *it)
{
    while (*it < s->used) {
        void *ptr = s->items[(*it)++].ptr;

        if (ptr)
            return ptr;
    }
    return NULL;
}
