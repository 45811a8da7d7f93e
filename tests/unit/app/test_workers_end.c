/*
 * test_workers_end.c -- workers that end, or have to be ended: the next job is
 *                       answered, and nothing of the dead one is left.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/crew.h"
#include "base/mem.h"
#include "io/file.h"
#include "test.h"

#ifdef __SANITIZE_ADDRESS__
#define KILLS 25 /* a worker with AddressSanitizer takes long to start */
#else
#define KILLS 1000
#endif

/* It answers, or computes for as long as it is let. */
#define SPINS_AT_ZERO                                                          \
    "if view.now == 0 then while true do end end plan:requeue(5)"

static unsigned count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    while (folder && readdir(folder))
        n++;
    if (folder)
        closedir(folder);
    return n;
}

/* A child that exited and that nobody has waited for. */
static bool has_zombie(void)
{
    siginfo_t found = {0};

    return waitid(P_ALL, 0, &found, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           found.si_pid != 0;
}

static bool is_answered(struct crew *c)
{
    c->view.now = 1;
    return check_ok(crew_run(c) ? 0 : -(int)c->err.code, &c->err) &&
           check(c->plan.requeue_ms == 5000);
}

struct outcome {
    struct err err;
    bool over;
};

static void note_outcome(struct task *t, const struct err *err)
{
    struct outcome *o = t->arg;

    o->err = *err;
    o->over = true;
}

/* Returns when a worker computes it. */
static void start_spinning(struct crew *c, struct outcome *o)
{
    *o = (struct outcome){.over = false};
    c->view.now = 0;
    arena_clear(&c->results);
    plan_init(&c->plan, &c->results);
    c->task = (struct task){.program = c->program,
                            .call = TASK_RECONCILE,
                            .view = &c->view,
                            .arena = &c->results,
                            .plan = &c->plan,
                            .done = note_outcome,
                            .arg = o};
    task_start(&c->task);
    while (!o->over && workers_stats(c->executor).busy == 0)
        loop_turn(c->loop, true);
}

static void kill_the_busy_one(struct crew *c)
{
    struct outcome o;
    int pids[WORKERS_MAX];

    start_spinning(c, &o);
    if (!check_int(workers_pids(c->executor, pids), 1))
        return;
    check_int(kill(pids[0], SIGKILL), 0);
    while (!o.over)
        loop_turn(c->loop, true);
    check_int(o.err.code, ERR_WORKER);
    check_has(o.err.msg, "signal 9");
}

TEST(workers_that_are_killed_leave_nothing_behind)
{
    struct crew c;
    int kills = test_rounds(KILLS, 1000);
    unsigned descriptors;
    uint64_t blocks;

    crew_open(&c, 1, 0);
    c.limits.cpu_ms = 600000;
    c.limits.instructions = UINT64_MAX / 2;
    if (!check(crew_load(&c, SPINS_AT_ZERO)) || !is_answered(&c)) {
        crew_close(&c);
        return;
    }
    kill_the_busy_one(&c);
    is_answered(&c);
    descriptors = count_descriptors();
    blocks = mem_stats().live;
    for (int i = 1; i < kills && !has_zombie(); i++) {
        kill_the_busy_one(&c);
        if (!is_answered(&c))
            break;
    }
    check(!has_zombie());
    check_int(count_descriptors(), descriptors);
    check_int(mem_stats().live, blocks);
    check_int(workers_stats(c.executor).died, kills);
    check_int(workers_stats(c.executor).started, kills + 1);
    check_int(workers_stats(c.executor).alive, 1);
    crew_close(&c);
    check(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

/* ---- what a worker may do wrong ---- */

static struct workers_stats ends_at(enum frame_trial trial, int *ret_signal,
                                    uint64_t *ret_answer)
{
    struct workers_options options = {.count = 1, .grace_ms = 100};
    struct workers_stats stats = {0};
    struct crew c;
    struct err err = {0};

    /* Not what is tested: how long it takes to touch the memory. */
    if (trial == FRAME_TRY_MEMORY || trial == FRAME_TRY_CRASH ||
        trial == FRAME_TRY_NOISE)
        options.grace_ms = 60000;
    crew_open_pool(&c, &options);
    if (check(crew_load(&c, "plan:requeue(5)"))) {
        check_ok(workers_probe(c.executor, c.loop, trial, ret_signal,
                               ret_answer, &err),
                 &err);
        stats = workers_stats(c.executor);
        if (trial != FRAME_TRY_MEMORY) {
            is_answered(&c);
            check_int(workers_stats(c.executor).started, stats.started + 1);
        }
    }
    crew_close(&c);
    return stats;
}

/* rows: S82
 * broken: the watchdog came a thousand times too late */
TEST(workers_that_spin_or_are_silent_are_ended)
{
    static const enum frame_trial trials[] = {FRAME_TRY_SPIN,
                                              FRAME_TRY_SILENCE};

    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
        int signal = 0;
        uint64_t answer;
        struct workers_stats s = ends_at(trials[i], &signal, &answer);

        check_int(signal, SIGKILL);
        check_int(s.overran, 1);
        check_int(s.refused + s.died, 0);
    }
}

TEST(workers_that_talk_nonsense_are_ended)
{
    int signal = 0;
    uint64_t answer;
    struct workers_stats s = ends_at(FRAME_TRY_NOISE, &signal, &answer);

    check_int(signal, SIGKILL);
    check_int(s.refused, 1);
    check_int(s.overran + s.died, 0);
}

/* rows: S81
 * broken: a crash was not counted */
TEST(workers_that_crash_are_replaced)
{
    int signal = 0;
    uint64_t answer;
    struct workers_stats s = ends_at(FRAME_TRY_CRASH, &signal, &answer);

#ifndef __SANITIZE_ADDRESS__
    check_int(signal, SIGSEGV);
#endif
    check_int(s.died, 1);
    check_int(s.overran + s.refused, 0);
}

/* AddressSanitizer does not start under RLIMIT_AS: tests/run has a step for
 * these tests of the release build. */
#ifndef __SANITIZE_ADDRESS__
TEST(workers_can_have_128_mib)
{
    int signal = 0;
    uint64_t bytes = 0;

    ends_at(FRAME_TRY_MEMORY, &signal, &bytes);
    check_int(signal, 0);
    check(bytes >= (UINT64_C(64) << 20));
    check(bytes < (UINT64_C(128) << 20));
}
#endif

/* ---- the first worker ---- */

/* broken: seat_keep() that ended the worker: another one was started */
TEST(workers_the_one_that_loads_the_scripts_runs_them)
{
    struct workers_options options = {.count = 2};
    struct program *first;
    struct crew c;

    crew_open_pool(&c, &options);
    if (!check(crew_load(&c, "plan:requeue(5)")))
        return;
    check_int(workers_stats(c.executor).alive, 1);
    first = c.program;
    c.program = NULL; /* so that it is not dropped */
    check(crew_load(&c, "plan:requeue(5)"));
    check(is_answered(&c));
    check_int(workers_stats(c.executor).started, 1);
    check_int(workers_stats(c.executor).alive, 1);
    program_free(first);
    crew_close(&c);
}

/* broken: give_back() that kept it whatever came of the load */
TEST(workers_one_that_could_not_load_a_script_is_not_kept)
{
    struct workers_options options = {.count = 1};
    struct crew c;

    crew_open_pool(&c, &options);
    check(!crew_load(&c, "this is no Lua"));
    check(c.err.code != ERR_WORKER);
    check(crew_load(&c, "plan:requeue(5)"));
    check(is_answered(&c));
    check_int(workers_stats(c.executor).started, 2);
    crew_close(&c);
}

/* ---- no worker can be started ---- */

static void kill_all(struct crew *c)
{
    int pids[WORKERS_MAX];
    size_t count = workers_pids(c->executor, pids);

    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    while (workers_stats(c->executor).alive > 0)
        loop_turn(c->loop, true);
}

/* A pool whose program becomes another one after its script was loaded. */
static void becomes(const char *other, const char *why)
{
    char folder[] = "/tmp/tidelock-unit-XXXXXX", link[64];
    struct workers_options options = {.count = 2, .program = link};
    struct arena a = {0};
    struct crew c;

    if (!check(mkdtemp(folder) != NULL))
        return;
    snprintf(link, sizeof(link), "%s/worker", folder);
    check_int(
        symlink(file_beside_us(&a, "tidelock-worker", "../libexec/tidelock"),
                link),
        0);
    crew_open_pool(&c, &options);
    if (check(crew_load(&c, "plan:requeue(5)"))) {
        unsigned before = (unsigned)workers_stats(c.executor).started;

        unlink(link);
        check_int(symlink(other, link), 0);
        kill_all(&c);
        for (unsigned i = 0; i < 20; i++) {
            check(!crew_run(&c));
            check_int(c.err.code, ERR_WORKER);
            check_has(c.err.msg, "no worker can be started: cannot run '");
            check_has(c.err.msg, why);
            check_has(c.err.hint, "--workers=0");
        }
        check(workers_stats(c.executor).started - before <= 3);
        check_int(workers_stats(c.executor).alive, 0);
        check(!crew_load(&c, ""));
        check_has(c.err.msg, why);
    }
    crew_close(&c);
    unlink(link);
    rmdir(folder);
    arena_release(&a);
    check(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

TEST(workers_that_never_say_hello_are_not_started_for_ever)
{
    becomes("/bin/false", "exit code 1");
    becomes("/nonexistent/worker", "no such file or directory");
}
