/* arena: alignment, limits, reuse. */
#include "test.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"

TEST(arena_hands_out_aligned_blocks_that_do_not_overlap)
{
    struct arena a = {0};
    unsigned char *blocks[200];

    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(&a, i * 7);
        check((uintptr_t)blocks[i] % alignof(max_align_t) == 0);
        memset(blocks[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < i * 7; j++)
            if (!check(blocks[i][j] == (unsigned char)i))
                break;
    arena_release(&a);
}

TEST(arena_refuses_what_is_over_its_limit)
{
    struct arena a;

    arena_init(&a, 100);
    check(arena_alloc(&a, 60) != NULL);
    check(!a.full);
    check(arena_alloc(&a, 41) == NULL);
    check(a.full);
    check(arena_alloc(&a, 40) != NULL);
    check(arena_alloc(&a, 1) == NULL);
    check_int(a.used, 100);
    arena_clear(&a);
    check(!a.full);
    check(arena_alloc(&a, 100) != NULL);
    arena_release(&a);
    check(arena_alloc(&a, SIZE_MAX) == NULL);
    check(arena_calloc(&a, SIZE_MAX, 2) == NULL);
    arena_release(&a);
}

TEST(arena_clear_keeps_one_block)
{
    struct arena a = {0};
    uint64_t before = mem_stats().live;

    for (int i = 0; i < 1000; i++)
        check(arena_alloc(&a, 1000) != NULL);
    check(mem_stats().live - before > 1);
    arena_clear(&a);
    check_int(mem_stats().live - before, 1);
    check_int(a.used, 0);
    for (int i = 0; i < 100; i++)
        check(arena_alloc(&a, 1000) != NULL);
    check_int(mem_stats().live - before, 1);
    arena_release(&a);
    arena_release(&a);
    arena_clear(&a);
}

TEST(arena_takes_blocks_larger_than_its_own)
{
    struct arena a = {0};
    char *big = arena_alloc(&a, (size_t)5 << 20);

    if (check(big))
        memset(big, 'x', (size_t)5 << 20);
    arena_release(&a);
}

TEST_ALLOC(arena_text_survives_out_of_memory)
{
    struct arena a = {0};
    char *one = arena_strdup(&a, "ebb");
    char *two = arena_strndup(&a, "flow and more", 4);
    char *three = arena_printf(&a, "%s-%d", "tide", 42);
    char *four = arena_printf(&a, "%09000d", 1);
    int *zeros = arena_calloc(&a, 5000, sizeof *zeros);
    int rc = one && two && three && four && zeros ? 0 : -ERR_NOMEM;

    if (rc == 0) {
        check_str(one, "ebb");
        check_str(two, "flow");
        check_str(three, "tide-42");
        check_int(strlen(four), 9000);
        check(zeros[0] == 0 && zeros[4999] == 0);
    }
    arena_release(&a);
    return rc;
}
