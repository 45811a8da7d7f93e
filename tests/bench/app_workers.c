/*
 * app_workers.c -- what it costs to run scripts in worker processes, and what
 *                  one that never ends costs the others.
 *
 * Wall time, since a job is in two processes: read it on a quiet machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/workers.h"

#define JOBS 4000
#define JOBS_BESIDE 600
#define LANES 4

#define SCRIPT(name, body)                                                     \
    "local tidelock = require 'tidelock' return tidelock.operator { api = "    \
    "1, name = '" name "', resource = { 'example.com/v1', 'Website' }, owns "  \
    "= {}, reconcile = function(site, view, plan) " body " end }"

static const char calm[] =
    SCRIPT("calm", "plan:status { replicas = site.spec.replicas }");
static const char endless[] = SCRIPT("endless", "while true do end");
static const char root_json[] =
    "{\"metadata\":{\"name\":\"blog\",\"namespace\":\"default\",\"uid\":"
    "\"u-1\",\"resourceVersion\":\"7\",\"generation\":1},\"spec\":{"
    "\"replicas\":2}}";

struct bench;

/* Runs one program again and again, one task at a time. */
struct lane {
    struct bench *bench;
    struct task task;
    struct plan plan;
    struct arena arena;
    bool forever; /* its times are not counted; it ends with the others */
    bool idle;
};

struct bench {
    struct loop *loop;
    struct executor *executor;
    struct program *calm, *endless;
    struct view view;
    struct lane lanes[LANES];
    double us[JOBS];
    unsigned started, ended;
    struct err err;
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void on_done(struct task *t, const struct err *err)
{
    struct lane *l = t->arg;

    if (!l->forever && err->code != ERR_NONE)
        l->bench->err = *err;
    l->idle = true;
}

static struct program *load(struct bench *b, const char *text)
{
    struct script_file file = {"operator.lua", text, strlen(text)};

    return executor_load(b->executor, &file, 1, NULL, &b->err);
}

static void start(struct lane *l)
{
    struct bench *b = l->bench;

    arena_clear(&l->arena);
    plan_init(&l->plan, &l->arena);
    l->idle = false;
    l->task = (struct task){.program = l->forever ? b->endless : b->calm,
                            .call = TASK_RECONCILE,
                            .view = &b->view,
                            .arena = &l->arena,
                            .plan = &l->plan,
                            .done = on_done,
                            .arg = l};
    task_start(&l->task);
}

/* `lanes` of the calm one side by side, and an endless one if asked for. */
static void run(struct bench *b, unsigned lanes, unsigned jobs, bool beside)
{
    double began[LANES] = {0};
    bool counted[LANES] = {false};
    unsigned all = lanes + beside;

    b->started = b->ended = 0;
    for (unsigned i = 0; i < all; i++)
        b->lanes[i] =
            (struct lane){.bench = b, .forever = i >= lanes, .idle = true};
    while (b->ended < jobs && b->err.code == ERR_NONE) {
        for (unsigned i = 0; i < all; i++) {
            struct lane *l = &b->lanes[i];

            if (!l->idle)
                continue;
            if (counted[i] && b->ended < jobs)
                b->us[b->ended++] = now_us() - began[i];
            counted[i] = !l->forever && b->started < jobs;
            if (!counted[i] && !l->forever)
                continue;
            b->started += counted[i];
            began[i] = now_us();
            start(l);
        }
        if (b->ended < jobs)
            loop_turn(b->loop, !b->lanes[0].idle);
    }
    for (unsigned i = 0; i < all; i++) {
        if (!b->lanes[i].idle)
            task_cancel(&b->lanes[i].task);
        arena_release(&b->lanes[i].arena);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print(struct bench *b, const char *what, double took_us)
{
    unsigned n = b->ended;

    qsort(b->us, n, sizeof(*b->us), compare);
    if (n > 0)
        printf("%-38s %7.0f a second, p50 %6.0f us, p99 %6.0f us\n", what,
               n / took_us * 1e6, b->us[n / 2], b->us[n * 99 / 100]);
}

/* KiB of a line of smaps_rollup. */
static long memory(int pid, const char *name)
{
    char path[64], line[256];
    long kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtol(line + strlen(name), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

static void print_memory(const struct bench *b)
{
    int pids[WORKERS_MAX];
    size_t n = workers_pids(b->executor, pids);

    if (n > 0)
        printf("%-38s RSS %ld KiB, PSS %ld KiB, private %ld KiB\n",
               "a worker, after that", memory(pids[0], "Rss:"),
               memory(pids[0], "Pss:"), memory(pids[0], "Private_Dirty:"));
}

static void measure(struct bench *b, const char *what, unsigned lanes,
                    unsigned jobs, bool beside)
{
    double began;

    run(b, lanes, lanes * 10, false); /* workers are started */
    began = now_us();
    run(b, lanes, jobs, beside);
    print(b, what, now_us() - began);
}

static void with_workers(struct bench *b, unsigned count)
{
    struct workers_options options = {.count = count};
    char what[64];

    b->executor =
        count ? workers_new(b->loop, &options, &b->err) : inline_new();
    if (b->executor && (b->calm = load(b, calm)) &&
        (b->endless = load(b, endless))) {
        snprintf(what, sizeof what, count ? "%u in workers" : "in this process",
                 count);
        measure(b, what, count ? count : 1, JOBS, false);
        if (count == 2)
            print_memory(b);
        if (count)
            snprintf(what, sizeof what, "%u in workers, beside an endless one",
                     count);
        if (count)
            measure(b, what, 1, JOBS_BESIDE, true);
    }
    program_free(b->endless);
    program_free(b->calm);
    executor_free(b->executor);
    b->calm = b->endless = NULL;
}

int main(void)
{
    static struct bench b;
    struct gvk gvk = {"example.com/v1", "Website"};

    b.loop = loop_new(&b.err);
    if (b.loop && snapshot_parse(root_json, strlen(root_json), &gvk,
                                 &b.view.root, &b.err) == 0)
        for (unsigned n = 0; n <= 2; n++)
            with_workers(&b, n);
    if (b.err.code != ERR_NONE)
        printf("%s\n", b.err.msg);
    snapshot_unref(b.view.root, "bench");
    loop_free(b.loop);
    return b.err.code != ERR_NONE;
}
