/* Ids of slots.h: unique, stale after removal, safe to iterate over. */
#include "io/slots.h"

#include "test.h"

static int a, b, c;

TEST(slots_find_what_was_added_until_it_is_removed)
{
    struct slots s = {0};
    uint64_t id = slots_add(&s, &a);

    check(id != 0);
    check(slots_find(&s, id) == &a);
    check_int(s.count, 1);
    check(slots_remove(&s, id) == &a);
    check(slots_find(&s, id) == NULL);
    check(slots_remove(&s, id) == NULL);
    check_int(s.count, 0);
    slots_release(&s);
}

TEST(slots_never_give_a_stale_id_the_next_user)
{
    struct slots s = {0};
    uint64_t first = slots_add(&s, &a), second;

    slots_remove(&s, first);
    second = slots_add(&s, &b);
    check(second != first);
    check_int(s.used, 1); /* the place is used again */
    check(slots_find(&s, first) == NULL);
    check(slots_find(&s, second) == &b);
    slots_release(&s);
}

TEST(slots_know_nothing_of_foreign_numbers)
{
    struct slots s = {0};

    check(slots_find(&s, 0) == NULL);
    check(slots_find(&s, 1) == NULL);
    slots_add(&s, &a);
    check(slots_find(&s, 2) == NULL);
    check(slots_find(&s, UINT64_MAX) == NULL);
    check(slots_find(&s, (uint64_t)1 << 32) == NULL);
    slots_release(&s);
}

TEST(slots_may_be_removed_while_iterating)
{
    struct slots s = {0};
    uint64_t ids[3] = {slots_add(&s, &a), slots_add(&s, &b), slots_add(&s, &c)};
    unsigned seen = 0;
    void *ptr;

    for (size_t it = 0; (ptr = slots_next(&s, &it)); seen++) {
        if (ptr == &a)
            slots_remove(&s, ids[1]);
        check(ptr != &b);
    }
    check_int(seen, 2);
    slots_release(&s);
}

TEST_ALLOC(slots_survive_out_of_memory)
{
    struct slots s = {0};
    int rc = 0;

    for (unsigned i = 0; i < 100 && rc == 0; i++)
        rc = slots_add(&s, &a) ? 0 : -ERR_NOMEM;
    check_int(s.count, rc == 0 ? 100 : s.used);
    slots_release(&s);
    return rc;
}
