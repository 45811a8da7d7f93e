/*
 * selftest.c -- tests with planted faults. The harness has to fail every one
 *               whose name starts with bad_, and no other; tests/run looks.
 */
#include "test.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* Blocks that were leaked on purpose, freed by the next test that starts with
 * clean hands. */
static void *leaked;

TEST(bad_check_does_not_hold)
{
    check(1 + 1 == 3);
}

TEST(bad_numbers_differ)
{
    check_int(1 + 1, 3);
}

TEST(bad_texts_differ)
{
    check_str("ebb", "flow");
    check_str(NULL, "flow");
}

TEST(bad_part_is_missing)
{
    check_has("ebb and flow", "tide");
}

TEST(bad_code_is_not_ok)
{
    struct err err = {0};

    check_ok(err_set(&err, ERR_IO, "disk on fire"), &err);
}

TEST(bad_memory_is_left_behind)
{
    leaked = mem_alloc(1);
}

TEST(bad_memory_of_another_is_freed)
{
    mem_free(leaked);
    leaked = NULL;
}

TEST_ALLOC(bad_body_fails_without_injection)
{
    return -ERR_IO;
}

TEST_ALLOC(bad_body_returns_a_positive_code)
{
    return ERR_IO;
}

/* The failure is swallowed and the result is wrong. */
TEST_ALLOC(bad_failure_is_swallowed)
{
    struct str s = {0};

    str_add(&s, "tide");
    check_str(str_text(&s), "tide");
    str_release(&s);
    return 0;
}

TEST_ALLOC(bad_second_allocation_leaks_the_first)
{
    void *a = mem_alloc(1);
    void *b = a ? mem_alloc(1) : NULL;

    if (!b) {
        leaked = a; /* reported, and reachable for the leak checkers */
        return -ERR_NOMEM;
    }
    mem_free(a);
    mem_free(b);
    return 0;
}

TEST_TORTURE(bad_torture_ignores_the_failure)
{
    void *a = mem_alloc(1);

    check(a != NULL);
    mem_free(a);
}

/* ---- and what is right ---- */

TEST(good_checks_hold)
{
    mem_free(leaked); /* of the test above: this one starts with it alive */
    leaked = mem_alloc(1);
    check(1 + 1 == 2);
    check_int(1 + 1, 2);
    check_str("ebb", "ebb");
    check_str(NULL, NULL);
    check_has("ebb and flow", "and");
    check_ok(0, NULL);
}

TEST_ALLOC(good_failure_is_passed_on)
{
    void *a = mem_alloc(1);
    void *b = mem_alloc(1);
    int rc = a && b ? 0 : -ERR_NOMEM;

    mem_free(a);
    mem_free(b);
    return rc;
}

TEST_ALLOC(good_failure_is_survived)
{
    char fixed[5] = "tide";
    char *copy = mem_strdup(fixed);

    check_str(copy ? copy : fixed, "tide");
    mem_free(copy);
    return 0;
}

TEST_TORTURE(good_torture_asks_before_it_checks)
{
    void *a = mem_alloc(1);

    check(a != NULL || torturing());
    mem_free(a);
}

TEST(good_skip_is_counted)
{
    test_skip("nothing to see");
}
