/*
 * slots.h -- numbers for things that live across time.
 *
 * A timer, a transfer or a process is known outside its module by an id, not
 * by its address: an id that has been removed is never given out again (but
 * for a counter of 2^32 uses of one place), so whoever comes late finds
 * nothing instead of somebody else's memory.
 */
#ifndef TIDELOCK_IO_SLOTS_H
#define TIDELOCK_IO_SLOTS_H

#include <stddef.h>
#include <stdint.h>

struct slot {
    void *ptr;           /* NULL when free */
    uint32_t generation; /* of the present or the next user */
    uint32_t next_free;  /* 1-based chain of free places, 0 = end */
};

/* All zero bytes are an empty table. */
struct slots {
    struct slot *items;
    size_t used; /* places ever handed out */
    size_t cap;
    size_t count; /* ids alive */
    uint32_t first_free;
};

/* What is still inside is the caller's. */
void slots_release(struct slots *s);

/* `ptr` is not NULL. The id, never 0; 0 when out of memory. */
uint64_t slots_add(struct slots *s, void *ptr);
void *slots_find(const struct slots *s, uint64_t id); /* NULL when stale */
void *slots_remove(struct slots *s, uint64_t id);     /* NULL when stale */

/* for (size_t it = 0; (ptr = slots_next(s, &it));)
 * Adding and removing meanwhile is fine; what is added may be seen or not. */
void *slots_next(const struct slots *s, size_t *it);

#endif
