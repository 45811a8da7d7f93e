/*
 * test.h -- the harness of the unit tests. Include it, write tests, done: the
 *           build links every tests/unit/<layer>/<name>.c with test_main.c.
 *
 *     TEST(map_forgets_a_removed_key)            // a sentence, runs once
 *     {
 *         struct map *m = map_new();
 *
 *         check_int(map_put(m, "a", 1, m, NULL), 0);
 *         check(map_remove(m, "a", 1) == m);
 *         check_int(map_count(m), 0);
 *         map_free(m);
 *     }
 *
 * A failed check is reported with its place and the test goes on; guard what
 * would crash with `if (!check(p)) return;`. Whatever a test of any kind
 * allocates it frees: a block of mem.h that is still alive afterwards fails
 * the test.
 *
 * Out of memory is tested by running a body again and again while its first,
 * then its second, then its third... allocation fails, until one run sees no
 * failure. Two forms:
 *
 *     TEST_ALLOC(value_parse_survives_out_of_memory)
 *     {
 *         struct arena a = {0};
 *         struct value *v;
 *         int rc = value_parse(&a, "[1]", 3, &v, NULL);
 *
 *         if (rc == 0)
 *             check_int(v->count, 1);
 *         arena_release(&a);
 *         return rc;
 *     }
 *
 * The body returns 0, or the negative code it met; it frees on every path.
 * Without injection it must return 0. With injection it must return a
 * negative code, or 0 and then all checks hold: a swallowed failure has to
 * leave a right result. Checks are strict in every run, so make those about
 * results conditional on success, as above.
 *
 *     TEST_TORTURE(name) { ... }
 *
 * is the free form: the body returns nothing and asks torturing() whether a
 * failure is planned in this run. Use it where success is not one code.
 *
 *     unit_base                 all tests
 *     unit_base json utf8       those whose name contains one of the words
 *     unit_base --list          names only
 *     unit_base --stride 7      only every 7th injected failure (valgrind)
 *     unit_base -v              each name as it starts
 */
#ifndef TIDELOCK_TESTS_UNIT_TEST_H
#define TIDELOCK_TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum test_kind { TEST_ONCE, TEST_TORTURED, TEST_ALLOCATING };

struct test {
    const char *name;
    const char *file;
    int line;
    enum test_kind kind;
    void (*body)(void);      /* ONCE, TORTURED */
    int (*alloc_body)(void); /* ALLOCATING */
    struct test *next;
};

void test_register(struct test *t);

#define TEST_DEFINE_(name_, kind_, type_, slot_)                               \
    static type_ name_(void);                                                  \
    static struct test name_##_test_ = {.name = #name_,                        \
                                        .file = __FILE__,                      \
                                        .line = __LINE__,                      \
                                        .kind = kind_,                         \
                                        .slot_ = name_};                       \
    __attribute__((constructor)) static void name_##_register_(void)           \
    {                                                                          \
        test_register(&name_##_test_);                                         \
    }                                                                          \
    static type_ name_(void)

#define TEST(name) TEST_DEFINE_(name, TEST_ONCE, void, body)
#define TEST_TORTURE(name) TEST_DEFINE_(name, TEST_TORTURED, void, body)
#define TEST_ALLOC(name) TEST_DEFINE_(name, TEST_ALLOCATING, int, alloc_body)

/* All give true when the check holds, so that a test can stop early. */
#define check(cond) test_check(!!(cond), __FILE__, __LINE__, #cond)
#define check_int(got, want)                                                   \
    test_check_int((long long)(got), (long long)(want), __FILE__, __LINE__,    \
                   #got)
#define check_str(got, want)                                                   \
    test_check_str((got), (want), __FILE__, __LINE__, #got)
/* `text` contains `part`. */
#define check_has(text, part)                                                  \
    test_check_has((text), (part), __FILE__, __LINE__, #text)
/* rc is 0; prints the message of `err` when it is not. */
#define check_ok(rc, err) test_check_ok((rc), (err), __FILE__, __LINE__, #rc)

bool test_check(bool held, const char *file, int line, const char *what);
bool test_check_int(long long got, long long want, const char *file, int line,
                    const char *what);
bool test_check_str(const char *got, const char *want, const char *file,
                    int line, const char *what);
bool test_check_has(const char *text, const char *part, const char *file,
                    int line, const char *what);
bool test_check_ok(int rc, const struct err *err, const char *file, int line,
                   const char *what);

/* A figure that a row of tests/faults/README.md asks for: printed, never
 * judged, and kept where TIDELOCK_FIGURES names a folder. `what` says the unit. */
#define TEST_FIGURE(row, what, value)                                          \
    test_figure((row), (what), (double)(value))

void test_figure(const char *row, const char *what, double value);

/* Is an allocation going to fail (or did one fail) in this run? */
bool torturing(void);
/* Count this test as skipped, with a reason; return from the body yourself. */
void test_skip(const char *reason);
/* The seed of a random test: printed when the test fails, and taken from
 * TIDELOCK_TEST_SEED when that is set. */
uint64_t test_seed(void);
/* TIDELOCK_TEST_LONG is set: the nightly lane, take your time. */
bool test_long(void);
/* How often to repeat a random test: `usual`, or `in_long` in the nightly
 * lane; a TIDELOCK_TEST_DIVIDE-th of it where each run is slow (valgrind). */
int test_rounds(int usual, int in_long);

#endif
