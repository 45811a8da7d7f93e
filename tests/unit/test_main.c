/*
 * test_main.c -- runs the registered tests; see test.h.
 *
 * One process for all of them: a crash takes the rest down, so the handlers
 * of the fatal signals and of the sanitizer say which test it was.
 */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

/* A run that still fails after so many injections never ends. */
#define MAX_INJECTIONS 2000000

struct runner {
    struct test *first;
    const struct test *current;
    char **words; /* of the command line: parts of names */
    int word_count;
    uint64_t stride;
    bool verbose;
    /* of the current test */
    unsigned failures;
    uint64_t injecting; /* number of the allocation that fails, 0 = none */
    uint64_t seed;      /* 0 = not asked for */
    const char *skipped;
    /* of the whole run */
    unsigned passed, failed, skips;
    uint64_t injections;
};

static struct runner run = {.stride = 1};

static bool sorts_before(const struct test *a, const struct test *b)
{
    int order = strcmp(a->file, b->file);

    return order < 0 || (order == 0 && a->line < b->line);
}

void test_register(struct test *t)
{
    struct test **at = &run.first;

    while (*at && sorts_before(*at, t))
        at = &(*at)->next;
    t->next = *at;
    *at = t;
}

/* ---- checks ---- */

static void failure_head(const char *file, int line)
{
    if (run.failures++ == 0)
        printf("FAIL %s\n", run.current->name);
    printf("  %s:%d: ", file, line);
    if (run.injecting)
        printf("[allocation %llu fails] ", (unsigned long long)run.injecting);
}

bool test_check(bool held, const char *file, int line, const char *what)
{
    if (!held) {
        failure_head(file, line);
        printf("does not hold: %s\n", what);
    }
    return held;
}

bool test_check_int(long long got, long long want, const char *file, int line,
                    const char *what)
{
    if (got != want) {
        failure_head(file, line);
        printf("%s is %lld, not %lld\n", what, got, want);
    }
    return got == want;
}

bool test_check_str(const char *got, const char *want, const char *file,
                    int line, const char *what)
{
    bool held = got && want ? strcmp(got, want) == 0 : got == want;

    if (!held) {
        failure_head(file, line);
        printf("%s is\n    %s\n  not\n    %s\n", what, got ? got : "(null)",
               want ? want : "(null)");
    }
    return held;
}

bool test_check_has(const char *text, const char *part, const char *file,
                    int line, const char *what)
{
    bool held = text && strstr(text, part);

    if (!held) {
        failure_head(file, line);
        printf("%s is\n    %s\n  without\n    %s\n", what,
               text ? text : "(null)", part);
    }
    return held;
}

bool test_check_ok(int rc, const struct err *err, const char *file, int line,
                   const char *what)
{
    if (rc != 0) {
        failure_head(file, line);
        printf("%s is %d: %s\n", what, rc, err ? err->msg : "");
    }
    return rc == 0;
}

/* ---- what a body may ask ---- */

bool torturing(void)
{
    return run.injecting != 0;
}

void test_skip(const char *reason)
{
    run.skipped = reason;
}

uint64_t test_seed(void)
{
    const char *given = getenv("TIDELOCK_TEST_SEED");
    struct timespec now;

    if (run.seed)
        return run.seed; /* every run of a tortured body is the same */
    clock_gettime(CLOCK_MONOTONIC, &now);
    run.seed = given ? strtoull(given, NULL, 0)
                     : (uint64_t)now.tv_nsec * 2654435761u + 1;
    return run.seed;
}

bool test_long(void)
{
    return getenv("TIDELOCK_TEST_LONG") != NULL;
}

int test_rounds(int usual, int in_long)
{
    const char *divide = getenv("TIDELOCK_TEST_DIVIDE");
    int by = divide ? (int)strtol(divide, NULL, 10) : 1;
    int rounds = test_long() ? in_long : usual;

    return by > 1 ? rounds / by + 1 : rounds;
}

void test_figure(const char *row, const char *what, double value)
{
    const char *folder = getenv("TIDELOCK_FIGURES");
    char path[4096];
    FILE *file;

    if (!folder)
        return;
    mkdir(folder, 0777); /* or it is there */
    snprintf(path, sizeof path, "%s/%ld.tsv", folder, (long)getpid());
    file = fopen(path, "a");
    if (!file) {
        fprintf(stderr, "no figures: cannot write %s\n", path);
        return;
    }
    fprintf(file, "%s\t%s\t%.6g\n", row, what, value);
    fclose(file);
}

/* ---- running ---- */

static void fail_plainly(const char *what)
{
    failure_head(run.current->file, run.current->line);
    printf("%s\n", what);
}

/* One run of the body with the n-th allocation failing, 0 for none; true when
 * that allocation was reached. */
static bool run_body(const struct test *t, uint64_t n)
{
    uint64_t before = mem_stats().live;
    int rc = 0;
    bool reached;

    run.injecting = n;
    mem_fail_at(n);
    if (t->kind == TEST_ALLOCATING)
        rc = t->alloc_body();
    else
        t->body();
    reached = n && mem_fail_happened();
    mem_fail_at(0);

    if (mem_stats().live != before)
        fail_plainly("memory was left behind");
    if (rc > 0)
        fail_plainly("the body returned a positive code");
    if (rc < 0 && !reached && !run.skipped)
        fail_plainly("the body failed although no allocation did");
    run.injecting = 0;
    return reached;
}

static void run_injected(const struct test *t)
{
    uint64_t n;

    for (n = 1; run_body(t, n); n += run.stride) {
        run.injections++;
        if (run.failures > 10 || n > MAX_INJECTIONS) {
            fail_plainly("giving up on this test");
            break;
        }
    }
}

static void run_test(const struct test *t)
{
    run.current = t;
    run.failures = 0;
    run.seed = 0;
    run.skipped = NULL;
    if (run.verbose)
        printf("%s\n", t->name);

    run_body(t, 0);
    if (t->kind != TEST_ONCE && !run.failures && !run.skipped)
        run_injected(t);

    if (run.failures) {
        run.failed++;
        if (run.seed)
            printf("  seed: TIDELOCK_TEST_SEED=%llu\n",
                   (unsigned long long)run.seed);
    } else if (run.skipped) {
        run.skips++;
        printf("SKIP %s: %s\n", t->name, run.skipped);
    } else {
        run.passed++;
    }
}

static bool wanted(const struct test *t)
{
    for (int i = 0; i < run.word_count; i++)
        if (strstr(t->name, run.words[i]))
            return true;
    return run.word_count == 0;
}

/* ---- crashes ---- */

static void say_where(void)
{
    char line[256];
    int n;

    if (!run.current)
        return;
    n = snprintf(line, sizeof line, "\nCRASH in %s (allocation %llu)\n",
                 run.current->name, (unsigned long long)run.injecting);
    if (n > 0 && write(2, line, (size_t)n) < 0)
        return;
}

static void on_signal(int number)
{
    say_where();
    signal(number, SIG_DFL);
    raise(number);
}

/* Called by the sanitizer before it prints its report. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    say_where();
}

static bool read_arguments(int argc, char **argv)
{
    bool list = false;

    run.words = argv;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            list = true;
        else if (strcmp(argv[i], "-v") == 0)
            run.verbose = true;
        else if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc)
            run.stride = strtoull(argv[++i], NULL, 10);
        else
            run.words[run.word_count++] = argv[i];
    }
    if (run.stride == 0)
        run.stride = 1;
    return list;
}

/* A run of a whole program is a figure; that of some tests says nothing. */
static void report_injections(const char *program)
{
    const char *slash = strrchr(program, '/');
    char what[256];

    if (run.word_count || run.stride > 1)
        return;
    snprintf(what, sizeof what, "injected failures in %s",
             slash ? slash + 1 : program);
    test_figure("D43", what, (double)run.injections);
}

int main(int argc, char **argv)
{
    bool list = read_arguments(argc, argv);

    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGABRT, on_signal);
    signal(SIGTERM, on_signal);
    for (const struct test *t = run.first; t; t = t->next) {
        if (!wanted(t))
            continue;
        if (list)
            printf("%s\n", t->name);
        else
            run_test(t);
    }
    if (list)
        return 0;
    report_injections(argv[0]);
    printf("%llu injected failures\n", (unsigned long long)run.injections);
    printf("%u passed, %u failed, %u skipped\n", run.passed, run.failed,
           run.skips);
    return run.failed ? 1 : 0;
}
