/*
 * mem.h -- the only door to the heap: accounting and fault injection.
 *
 * Every allocation of the program goes through here, so a test can make the
 * n-th one fail and count what is still alive at the end. The counters are
 * plain: the program has one thread.
 */
#ifndef TIDELOCK_BASE_MEM_H
#define TIDELOCK_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* NULL when out of memory or when a fault was planned. `size` 0 gives a
 * pointer that may be freed. */
void *mem_alloc(size_t size) __attribute__((malloc, warn_unused_result));
/* Zeroed; NULL also when count * size does not fit a size_t. */
void *mem_calloc(size_t count, size_t size)
    __attribute__((malloc, warn_unused_result));
/* As realloc(3): the old block lives on when NULL is returned. size > 0. */
void *mem_realloc(void *ptr, size_t size) __attribute__((warn_unused_result));
void mem_free(void *ptr); /* NULL is fine */

char *mem_strdup(const char *text) __attribute__((malloc, warn_unused_result));
char *mem_strndup(const char *text, size_t len)
    __attribute__((malloc, warn_unused_result)); /* NUL-terminated copy */

/* Grow an array to hold at least `need` elements (doubling). *items and *cap
 * stay as they were on failure. Returns 0 or -ERR_NOMEM. */
int mem_grow(void **items, size_t *cap, size_t need, size_t item_size);

/* Of the process, where the allocator has such means: keep the heap in one
 * piece, and give back what is free at its end early. */
void mem_stay_small(void);
/* Give back what is free now. Takes as long as the free pieces are many: some
 * milliseconds for a large heap. */
void mem_trim(void);

/* ---- tests ---- */
struct mem_stats {
    uint64_t allocs; /* calls that could have failed since the last reset */
    uint64_t live;   /* blocks not yet freed */
};
struct mem_stats mem_stats(void);
/* Make the n-th allocation from now (1 = the next) fail, once; 0 = never. */
void mem_fail_at(uint64_t n);
/* Did the planned failure happen? */
int mem_fail_happened(void);

#endif
