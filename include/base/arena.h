/*
 * arena.h -- allocate many, free once. Everything born in one reconcile lives
 *            in the job's arena and dies with it.
 *
 * Pointers stay valid until arena_clear() or arena_release(). An arena of all
 * zero bytes is initialised with no limit.
 */
#ifndef TIDELOCK_BASE_ARENA_H
#define TIDELOCK_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used;  /* bytes handed out */
    size_t limit; /* 0 = none; beyond it allocation fails */
    bool full;    /* something was refused because of the limit */
};

void arena_init(struct arena *a, size_t limit);
void arena_release(struct arena *a); /* frees all; `a` may be used again */
/* Forget everything but keep the largest block for the next job. */
void arena_clear(struct arena *a);

/* Aligned for any type, not zeroed. NULL when out of memory or over the
 * limit. */
void *arena_alloc(struct arena *a, size_t size)
    __attribute__((warn_unused_result));
void *arena_calloc(struct arena *a, size_t count, size_t size)
    __attribute__((warn_unused_result));
char *arena_strdup(struct arena *a, const char *text)
    __attribute__((warn_unused_result));
char *arena_strndup(struct arena *a, const char *text, size_t len)
    __attribute__((warn_unused_result));
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

#endif
