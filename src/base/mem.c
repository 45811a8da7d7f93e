/*
 * mem.c -- see mem.h for the contract.
 *
 * The one place that calls malloc and free. Counting calls instead of bytes
 * keeps blocks free of headers: a debugger or valgrind sees exactly what the
 * program asked for.
 */
#include "base/mem.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <string.h>

#include "base/err.h"

static struct {
    struct mem_stats stats;
    uint64_t fail_in; /* allocations until the planned failure, 0 = none */
    int happened;
} mem;

#define TOP_SPARE (64 << 10)
#define TRIM_ABOVE (128 << 10)

/* Count one allocation; true when it is the one that has to fail. */
static int mem_must_fail(void)
{
    mem.stats.allocs++;
    if (mem.fail_in == 0 || --mem.fail_in > 0)
        return 0;
    mem.happened = 1;
    return 1;
}

static void *mem_born(void *ptr)
{
    if (ptr)
        mem.stats.live++;
    return ptr;
}

void *mem_alloc(size_t size)
{
    if (mem_must_fail())
        return NULL;
    return mem_born(malloc(size ? size : 1));
}

void *mem_calloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || mem_must_fail())
        return NULL;
    return mem_born(calloc(1, bytes ? bytes : 1));
}

void *mem_realloc(void *ptr, size_t size)
{
    if (!ptr)
        return mem_alloc(size);
    if (mem_must_fail())
        return NULL;
    return realloc(ptr, size ? size : 1);
}

void mem_free(void *ptr)
{
    if (ptr)
        mem.stats.live--;
    free(ptr);
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t len)
{
    char *copy = mem_alloc(len + 1);

    if (!copy)
        return NULL;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* Doubling keeps the cost of n appends at O(n). */
int mem_grow(void **items, size_t *cap, size_t need, size_t item_size)
{
    size_t wanted = *cap ? *cap : 8;
    size_t bytes;
    void *grown;

    if (need <= *cap)
        return 0;
    while (wanted < need) {
        if (wanted > SIZE_MAX / 2)
            return -ERR_NOMEM;
        wanted *= 2;
    }
    if (__builtin_mul_overflow(wanted, item_size, &bytes))
        return -ERR_NOMEM;
    grown = mem_realloc(*items, bytes);
    if (!grown)
        return -ERR_NOMEM;
    *items = grown;
    *cap = wanted;
    return 0;
}

/* One arena: the threads of the libraries (name lookup) allocate a little and
 * seldom, and would each get a heap of their own. */
void mem_stay_small(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, TOP_SPARE);
    mallopt(M_TRIM_THRESHOLD, TRIM_ABOVE);
#endif
}

void mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(TOP_SPARE);
#endif
}

struct mem_stats mem_stats(void)
{
    return mem.stats;
}

/* Also starts counting anew, so a test can ask how many calls it made. */
void mem_fail_at(uint64_t n)
{
    mem.fail_in = n;
    mem.happened = 0;
    mem.stats.allocs = 0;
}

int mem_fail_happened(void)
{
    return mem.happened;
}
