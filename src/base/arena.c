/*
 * arena.c -- see arena.h for the contract.
 *
 * DESIGN
 *
 * A list of blocks, newest first; only the newest is filled, by moving a
 * mark. Blocks double from 8 KiB to 1 MiB, so a small job costs one block and
 * a large one few. A request that fits no normal block gets one of its own.
 *
 * Under AddressSanitizer the unused part of a block is poisoned and a gap is
 * left after each allocation, so an overrun is caught as it would be on the
 * heap.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_GAP 16
#else
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ARENA_GAP 0
#endif

#define ARENA_ALIGN alignof(max_align_t)
#define ARENA_FIRST ((size_t)8 << 10)
#define ARENA_LARGEST ((size_t)1 << 20)

struct arena_block {
    struct arena_block *next;
    size_t size; /* of data */
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit};
}

/* The allocator below must be able to write into what it gets back. */
static void block_free(struct arena_block *b)
{
    ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);
    mem_free(b);
}

void arena_release(struct arena *a)
{
    struct arena_block *next;

    for (struct arena_block *b = a->head; b; b = next) {
        next = b->next;
        block_free(b);
    }
    a->head = NULL;
    a->used = 0;
    a->full = false;
}

void arena_clear(struct arena *a)
{
    struct arena_block *keep = a->head;
    struct arena_block *next;

    for (struct arena_block *b = a->head; b; b = b->next)
        if (b->size > keep->size)
            keep = b;
    for (struct arena_block *b = a->head; b; b = next) {
        next = b->next;
        if (b != keep)
            block_free(b);
    }
    a->head = keep;
    a->used = 0;
    a->full = false;
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
        ASAN_POISON_MEMORY_REGION(keep->data, keep->size);
    }
}

/* A new head with room for `size` bytes. */
static struct arena_block *arena_grow(struct arena *a, size_t size)
{
    size_t wanted = a->head ? a->head->size * 2 : ARENA_FIRST;
    struct arena_block *b;

    if (wanted > ARENA_LARGEST)
        wanted = ARENA_LARGEST;
    if (wanted < size)
        wanted = size;
    b = mem_alloc(sizeof *b + wanted);
    if (!b)
        return NULL;
    b->next = a->head;
    b->size = wanted;
    b->used = 0;
    ASAN_POISON_MEMORY_REGION(b->data, b->size);
    a->head = b;
    return b;
}

/*
 * `used` counts what callers asked for, not padding, so a limit means the same
 * with and without a sanitizer.
 */
void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_block *b = a->head;
    size_t padded;
    void *ptr;

    if (size > SIZE_MAX / 2)
        return NULL;
    padded = (size + ARENA_GAP + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
    if (a->limit && (size > a->limit || a->used > a->limit - size)) {
        a->full = true;
        return NULL;
    }
    if (!b || b->size - b->used < padded) {
        b = arena_grow(a, padded);
        if (!b)
            return NULL;
    }
    ptr = b->data + b->used;
    b->used += padded;
    a->used += size;
    ASAN_UNPOISON_MEMORY_REGION(ptr, size);
    return ptr;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    void *ptr;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    ptr = arena_alloc(a, bytes);
    if (ptr)
        memset(ptr, 0, bytes);
    return ptr;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

    if (!copy)
        return NULL;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* Formats twice: once to learn the length, once into its place. */
char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    char *text;
    int len;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return NULL;
    text = arena_alloc(a, (size_t)len + 1);
    if (!text)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return text;
}
