/* mem: accounting, planned failures, growing arrays. */
#include "test.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

TEST(mem_counts_live_blocks)
{
    uint64_t before = mem_stats().live;
    void *a = mem_alloc(0);
    void *b = mem_calloc(3, 5);

    check(a && b);
    check_int(mem_stats().live - before, 2);
    b = mem_realloc(b, 100);
    check(b);
    check_int(mem_stats().live - before, 2);
    mem_free(a);
    mem_free(b);
    mem_free(NULL);
    check_int(mem_stats().live - before, 0);
}

TEST(mem_fails_exactly_the_planned_allocation)
{
    char *a, *b, *c;

    mem_fail_at(2);
    a = mem_alloc(1);
    check(!mem_fail_happened());
    b = mem_alloc(1);
    check(mem_fail_happened());
    c = mem_alloc(1);
    check(a && !b && c);
    check_int(mem_stats().allocs, 3);
    mem_fail_at(0);
    mem_free(a);
    mem_free(c);
}

TEST(mem_realloc_keeps_the_old_block_when_it_fails)
{
    char *text = mem_strdup("tide");

    mem_fail_at(1);
    check(mem_realloc(text, 1000) == NULL);
    check_str(text, "tide");
    mem_free(text);
}

TEST(mem_refuses_sizes_that_overflow)
{
    void *items = NULL;
    size_t cap = 0;

    check(mem_calloc(SIZE_MAX, 2) == NULL);
    check_int(mem_grow(&items, &cap, SIZE_MAX, 1), -ERR_NOMEM);
    check_int(mem_grow(&items, &cap, SIZE_MAX / 4, 8), -ERR_NOMEM);
    check(items == NULL && cap == 0);
}

TEST(mem_copies_text_with_its_nul)
{
    char *part = mem_strndup("tidelock", 4);
    char *empty = mem_strndup(NULL, 0);

    check_str(part, "tide");
    check_str(empty, "");
    mem_free(part);
    mem_free(empty);
}

TEST_ALLOC(mem_grow_survives_out_of_memory)
{
    int *numbers = NULL;
    void *items = NULL;
    size_t cap = 0;
    int rc = 0;

    for (int i = 0; i < 100 && rc == 0; i++) {
        rc = mem_grow(&items, &cap, (size_t)i + 1, sizeof *numbers);
        numbers = items;
        if (rc == 0)
            numbers[i] = i;
    }
    for (int i = 0; i < 100 && rc == 0; i++)
        check_int(numbers[i], i);
    mem_free(items);
    return rc;
}
