/*
 * pool.c -- see pool.h.
 *
 * DESIGN
 *
 * Pieces of up to 1 KiB are cut from blocks and go to a free list of their
 * size class when they are given back; they never move to another class.
 * Larger pieces are blocks of the heap in a list of their own.
 *
 * A block is cleared before it is kept for the next state: what one job saw
 * should not even lie around in another one's memory.
 */
#include "script/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct pool_block {
    struct pool_block *next;
    size_t padding; /* keeps `data` aligned */
    alignas(POOL_STEP) char data[];
};
#define BLOCK_ROOM (POOL_BLOCK - sizeof(struct pool_block))

struct pool_large {
    struct pool_large *prev, *next;
    alignas(POOL_STEP) char data[];
};

void pool_init(struct pool *p, struct pool_block **spare)
{
    memset(p, 0, sizeof *p);
    p->blocks = *spare;
    *spare = NULL;
}

void pool_free_spare(struct pool_block *spare)
{
    mem_free(spare);
}

void pool_release(struct pool *p, struct pool_block **spare)
{
    struct pool_block *b = p->blocks;
    size_t used = p->used;

    while (p->large) {
        struct pool_large *next = p->large->next;

        mem_free(p->large);
        p->large = next;
    }
    while (b) {
        struct pool_block *next = b->next;

        if (*spare) {
            mem_free(b);
        } else {
            memset(b->data, 0, used);
            b->next = NULL;
            *spare = b;
        }
        b = next;
        used = BLOCK_ROOM;
    }
    p->blocks = NULL;
}

/* ---- small pieces ---- */

static size_t class_of(size_t size)
{
    return (size - 1) / POOL_STEP;
}

static void *cut(struct pool *p, size_t class)
{
    size_t size = (class + 1) * POOL_STEP;
    struct pool_block *b = p->blocks;
    void *piece;

    if (!b || p->used + size > BLOCK_ROOM) {
        b = mem_alloc(POOL_BLOCK);
        if (!b)
            return NULL;
        b->next = p->blocks;
        p->blocks = b;
        p->used = 0;
    }
    piece = b->data + p->used;
    p->used += size;
    return piece;
}

static void *take(struct pool *p, size_t class)
{
    void *piece = p->free[class];

    if (!piece)
        return cut(p, class);
    memcpy(&p->free[class], piece, sizeof piece);
    return piece;
}

static void give(struct pool *p, void *piece, size_t class)
{
    memcpy(piece, &p->free[class], sizeof piece);
    p->free[class] = piece;
}

/* ---- large pieces ---- */

static struct pool_large *large_of(void *ptr)
{
    return (struct pool_large *)((char *)ptr -
                                 offsetof(struct pool_large, data));
}

static void link_large(struct pool *p, struct pool_large *l)
{
    l->prev = NULL;
    l->next = p->large;
    if (l->next)
        l->next->prev = l;
    p->large = l;
}

static void unlink_large(struct pool *p, struct pool_large *l)
{
    if (l->prev)
        l->prev->next = l->next;
    else
        p->large = l->next;
    if (l->next)
        l->next->prev = l->prev;
}

/* NULL `ptr` makes one; a failed resize leaves the list as it was. */
static void *resize_large(struct pool *p, void *ptr, size_t size)
{
    struct pool_large *l = ptr ? large_of(ptr) : NULL;
    struct pool_large *resized;

    if (size > SIZE_MAX - sizeof *l)
        return NULL;
    if (l)
        unlink_large(p, l);
    resized = mem_realloc(l, sizeof *l + size);
    if (!resized && !l)
        return NULL;
    link_large(p, resized ? resized : l);
    return resized ? resized->data : NULL;
}

/* ---- any piece ---- */

static int is_small(size_t size)
{
    return size <= (size_t)POOL_STEP * POOL_CLASSES;
}

void pool_free(struct pool *p, void *ptr, size_t size)
{
    struct pool_large *l;

    if (!ptr)
        return;
    if (is_small(size)) {
        give(p, ptr, class_of(size));
        return;
    }
    l = large_of(ptr);
    unlink_large(p, l);
    mem_free(l);
}

void *pool_resize(struct pool *p, void *ptr, size_t old, size_t size)
{
    void *piece;

    if (old && is_small(old) && is_small(size) &&
        class_of(old) == class_of(size))
        return ptr;
    if (!is_small(size) && (!old || !is_small(old)))
        return resize_large(p, ptr, size);
    piece =
        is_small(size) ? take(p, class_of(size)) : resize_large(p, NULL, size);
    if (!piece || !old)
        return piece;
    memcpy(piece, ptr, old < size ? old : size);
    pool_free(p, ptr, old);
    return piece;
}
