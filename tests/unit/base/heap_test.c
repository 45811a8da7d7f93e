/* heap: order, removal from the middle, out of memory. */
#include "test.h"

#include "base/clock.h"
#include "base/heap.h"

TEST(heap_gives_equal_deadlines_first_in_first_out)
{
    struct heap_node nodes[50] = {0};
    struct heap h;

    heap_init(&h);
    check(heap_peek(&h) == NULL);
    for (int i = 0; i < 50; i++)
        check_int(heap_add(&h, &nodes[i], (uint64_t)(i % 3)), 0);
    for (unsigned want = 0; want < 3; want++)
        for (unsigned i = want; i < 50; i += 3) {
            check(heap_peek(&h) == &nodes[i]);
            heap_remove(&h, heap_peek(&h));
        }
    check(heap_peek(&h) == NULL);
    heap_release(&h);
}

TEST(heap_stays_a_heap_under_random_use)
{
    struct heap_node nodes[64] = {0};
    struct heap h;
    struct rng rng;

    heap_init(&h);
    rng_init(&rng, test_seed());
    for (int step = 0; step < 20000; step++) {
        struct heap_node *n = &nodes[rng_below(&rng, 64)];

        if (n->index)
            heap_remove(&h, n);
        else
            check_int(heap_add(&h, n, rng_below(&rng, 20)), 0);
        if (!check(heap_check(&h)))
            break;
    }
    heap_release(&h);
    for (int i = 0; i < 64; i++)
        check_int(nodes[i].index, 0);
}

TEST(heap_removes_an_absent_node_without_effect)
{
    struct heap_node node = {0};
    struct heap h;

    heap_init(&h);
    heap_remove(&h, &node);
    check_int(h.count, 0);
    heap_release(&h);
}

TEST(heap_check_finds_a_planted_fault)
{
    struct heap_node nodes[3] = {0};
    struct heap h;

    heap_init(&h);
    for (unsigned i = 0; i < 3; i++)
        heap_add(&h, &nodes[i], i);
    nodes[0].when = 9;
    check(!heap_check(&h));
    nodes[0].when = 0;
    check(heap_check(&h));
    nodes[2].index = 1;
    check(!heap_check(&h));
    nodes[2].index = 3;
    heap_release(&h);
}

TEST_ALLOC(heap_add_survives_out_of_memory)
{
    struct heap_node nodes[40] = {0};
    struct heap h;
    int rc = 0;

    heap_init(&h);
    for (int i = 0; i < 40 && rc == 0; i++) {
        rc = heap_add(&h, &nodes[i], (uint64_t)(40 - i));
        check(rc == 0 || nodes[i].index == 0);
    }
    check(heap_check(&h));
    heap_release(&h);
    return rc;
}
