/*
 * pool.h -- the memory of one Lua state: taken piece by piece, dropped whole.
 *
 * A state lives for one job and nothing in it owns anything outside, so it is
 * never closed: its pool is released, which costs a few frees instead of a
 * walk over every object.
 */
#ifndef TIDELOCK_SCRIPT_POOL_H
#define TIDELOCK_SCRIPT_POOL_H

#include <stddef.h>

#define POOL_BLOCK (64u << 10)
#define POOL_STEP 16    /* sizes are rounded up to it */
#define POOL_CLASSES 64 /* larger than POOL_STEP * POOL_CLASSES: by itself */

struct pool_block;
struct pool_large;
struct pool {
    struct pool_block *blocks; /* the first one is being filled */
    size_t used;               /* of it */
    void *free[POOL_CLASSES];  /* pieces given back, by size class */
    struct pool_large *large;
};

/* Starts with the block in *spare when that is not NULL, and takes it. */
void pool_init(struct pool *p, struct pool_block **spare);
/* Frees all, but leaves one cleared block in *spare for the next pool. */
void pool_release(struct pool *p, struct pool_block **spare);
void pool_free_spare(struct pool_block *spare); /* NULL is fine */

/* As realloc(3) with the old size known; old 0: a new piece. NULL when out of
 * memory, the old piece lives on. size > 0. */
void *pool_resize(struct pool *p, void *ptr, size_t old, size_t size)
    __attribute__((warn_unused_result));
void pool_free(struct pool *p, void *ptr, size_t size); /* NULL is fine */

#endif
