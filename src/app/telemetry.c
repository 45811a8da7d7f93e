/*
 * telemetry.c -- see telemetry.h for the contract.
 *
 * DESIGN
 *
 * One table of all metrics: a name, its help and its labels stand in one place,
 * and an index stands for it in the code.
 */
#include "telemetry_impl.h"

#include <assert.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/version.h"
#include "io/file.h"

#define PROC_MAX 4096
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const by_controller[] = {"controller", NULL};
static const char *const by_result[] = {"controller", "result", NULL};
static const char *const by_queue[] = {"name", "controller", NULL};
static const char *const by_priority[] = {"name", "controller", "priority",
                                          NULL};
static const char *const by_operator[] = {"operator", NULL};
static const char *const by_row[] = {"operator", "row", NULL};
static const char *const by_code[] = {"operator", "code", NULL};
static const char *const by_reload[] = {"operator", "result", NULL};
static const char *const by_digest[] = {"operator", "digest", NULL};
static const char *const by_version[] = {"version", NULL};

/* controller-runtime's */
static const double pass_buckets[] = {
    .005, .01, .025, .05, .1,   .15, .2,   .25, .3,  .35, .4,  .45, .5,  .6,
    .7,   .8,  .9,   1,   1.25, 1.5, 1.75, 2,   2.5, 3,   3.5, 4,   4.5, 5,
    6,    7,   8,    9,   10,   15,  20,   25,  30,  40,  50,  60};
static const double queue_buckets[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                       1e-2, 1e-1, 1,    10,   100,  1000};

enum {
    RECONCILES,
    ERRORS,
    TERMINAL,
    SECONDS,
    WORKERS,
    ACTIVE,
    DEPTH,
    ADDS,
    RETRIES,
    WAITED,
    WORKED,
    UNFINISHED,
    LONGEST,
    ROWS,
    ROW_OBJECTS,
    WRITES,
    FAILURES,
    FAILING,
    GATE_WAITS,
    GATE_READS,
    OBJECTS,
    SYNCED,
    IN_FLIGHT_LIMIT,
    RELOADS,
    RELOAD_GOOD,
    INFO,
    BUILD,
    CPU,
    MEMORY_LIMIT,
    RESIDENT,
    VIRTUAL,
    METRICS
};
static_assert(METRICS <= TELEMETRY_OWN, "room for all of them");

static const struct metric_info infos[METRICS] = {
    [RECONCILES] = {.name = "controller_runtime_reconcile_total",
                    .help = "Reconciles by their result.",
                    .type = METRIC_COUNTER,
                    .labels = by_result},
    [ERRORS] = {.name = "controller_runtime_reconcile_errors_total",
                .help = "Reconciles that failed.",
                .type = METRIC_COUNTER,
                .labels = by_controller},
    [TERMINAL] = {.name = "controller_runtime_terminal_reconcile_errors_total",
                  .help =
                      "Reconciles that fail until somebody changes something.",
                  .type = METRIC_COUNTER,
                  .labels = by_controller},
    [SECONDS] = {.name = "controller_runtime_reconcile_time_seconds",
                 .help = "How long a reconcile took, its writes included.",
                 .type = METRIC_HISTOGRAM,
                 .labels = by_controller,
                 .buckets = pass_buckets,
                 .bucket_count = COUNT(pass_buckets)},
    [WORKERS] = {.name = "controller_runtime_max_concurrent_reconciles",
                 .help = "How many objects may be under way at a time.",
                 .type = METRIC_GAUGE,
                 .labels = by_controller},
    [ACTIVE] = {.name = "controller_runtime_active_workers",
                .help = "How many objects are under way.",
                .type = METRIC_GAUGE,
                .labels = by_controller},
    [DEPTH] = {.name = "workqueue_depth",
               .help = "Objects that are ready.",
               .type = METRIC_GAUGE,
               .labels = by_priority},
    [ADDS] = {.name = "workqueue_adds_total",
              .help = "How often an object became ready.",
              .type = METRIC_COUNTER,
              .labels = by_queue},
    [RETRIES] = {.name = "workqueue_retries_total",
                 .help = "How often an object came back after a failure.",
                 .type = METRIC_COUNTER,
                 .labels = by_queue},
    [WAITED] = {.name = "workqueue_queue_duration_seconds",
                .help = "How long an object was ready before its turn.",
                .type = METRIC_HISTOGRAM,
                .labels = by_queue,
                .buckets = queue_buckets,
                .bucket_count = COUNT(queue_buckets)},
    [WORKED] = {.name = "workqueue_work_duration_seconds",
                .help = "How long an object was worked on.",
                .type = METRIC_HISTOGRAM,
                .labels = by_queue,
                .buckets = queue_buckets,
                .bucket_count = COUNT(queue_buckets)},
    [UNFINISHED] =
        {.name = "workqueue_unfinished_work_seconds",
         .help =
             "How long what is under way lasts so far, all objects together.",
         .type = METRIC_GAUGE,
         .labels = by_queue},
    [LONGEST] = {.name = "workqueue_longest_running_processor_seconds",
                 .help = "How long the oldest that is under way lasts so far.",
                 .type = METRIC_GAUGE,
                 .labels = by_queue},
    [ROWS] = {.name = "tidelock_row_total",
              .help =
                  "Passes by the row of the decision table that was chosen.",
              .type = METRIC_COUNTER,
              .labels = by_row},
    [ROW_OBJECTS] =
        {.name = "tidelock_row_objects",
         .help = "Objects by the row of their last pass that was carried out.",
         .type = METRIC_GAUGE,
         .labels = by_row},
    [WRITES] = {.name = "tidelock_writes_total",
                .help = "Requests that changed something.",
                .type = METRIC_COUNTER,
                .labels = by_operator},
    [FAILURES] = {.name = "tidelock_failures_total",
                  .help = "Passes that failed, by the code of the error.",
                  .type = METRIC_COUNTER,
                  .labels = by_code},
    [FAILING] = {.name = "tidelock_failing_objects",
                 .help = "Objects whose last pass failed.",
                 .type = METRIC_GAUGE,
                 .labels = by_operator},
    [GATE_WAITS] = {.name = "tidelock_gate_waits_total",
                    .help = "How often an object was held back until another "
                            "one was seen as it is.",
                    .type = METRIC_COUNTER,
                    .labels = by_operator},
    [GATE_READS] = {.name = "tidelock_gate_reads_total",
                    .help = "Live reads because the watch did not tell.",
                    .type = METRIC_COUNTER,
                    .labels = by_operator},
    [OBJECTS] = {.name = "tidelock_objects",
                 .help =
                     "Objects that exist and that the operator has looked at.",
                 .type = METRIC_GAUGE,
                 .labels = by_operator},
    [SYNCED] = {.name = "tidelock_synced",
                .help = "1 when everything that the operator needs is seen.",
                .type = METRIC_GAUGE,
                .labels = by_operator},
    [IN_FLIGHT_LIMIT] = {.name = "tidelock_inflight_limit",
                         .help = "How many objects of all operators may be "
                                 "under way at a time, now.",
                         .type = METRIC_GAUGE,
                         .labels = NULL},
    [RELOADS] = {.name = "tidelock_reload_total",
                 .help = "Looks at the operator's files that found news, or "
                         "were asked for, by what came of them.",
                 .type = METRIC_COUNTER,
                 .labels = by_reload},
    [RELOAD_GOOD] =
        {.name = "tidelock_reload_last_successful",
         .help = "0 when newer files than those in charge are refused or wait.",
         .type = METRIC_GAUGE,
         .labels = by_operator},
    [INFO] = {.name = "tidelock_operator_info",
              .help = "Always 1; which files are in charge.",
              .type = METRIC_GAUGE,
              .labels = by_digest},
    [BUILD] = {.name = "tidelock_build_info",
               .help = "Always 1.",
               .type = METRIC_GAUGE,
               .labels = by_version},
    [CPU] = {.name = "process_cpu_seconds_total",
             .help = "CPU time of the process.",
             .type = METRIC_COUNTER,
             .labels = NULL},
    [MEMORY_LIMIT] =
        {.name = "tidelock_memory_limit_bytes",
         .help = "Where the process ends by itself before it is killed: above "
                 "nine tenths of this.",
         .type = METRIC_GAUGE,
         .labels = NULL},
    [RESIDENT] = {.name = "process_resident_memory_bytes",
                  .help = "Memory of the process that is in RAM.",
                  .type = METRIC_GAUGE,
                  .labels = NULL},
    [VIRTUAL] = {.name = "process_virtual_memory_bytes",
                 .help = "Address space of the process.",
                 .type = METRIC_GAUGE,
                 .labels = NULL},
};

struct telemetry *telemetry_new(void)
{
    struct telemetry *t = mem_calloc(1, sizeof *t);
    bool complete = t && (t->all = metrics_new());

    for (size_t i = 0; complete && i < METRICS; i++)
        complete = (t->m[i] = metrics_add(t->all, &infos[i]));
    if (complete && telemetry_add_cluster(t)) {
        metric_set(t->m[BUILD], SET(version_text), 1);
        return t;
    }
    telemetry_free(t);
    return NULL;
}

void telemetry_free(struct telemetry *t)
{
    if (!t)
        return;
    metrics_free(t->all);
    mem_free(t);
}

/* ---- what happens ---- */

static const char *const results[] = {"success", "error", "requeue",
                                      "requeue_after"};

static const char *const reload_results[] = {"reloaded", "unchanged", "refused",
                                             "waits"};

void telemetry_rows(struct telemetry *t, const struct operator_decl *d)
{
    for (size_t i = 0; t && i < d->rows_count; i++)
        metric_add(t->m[ROWS], SET(d->name, d->rows[i].id), 0);
}

void telemetry_begin(struct telemetry *t, const struct operator_decl *d)
{
    if (!t)
        return;
    for (size_t i = 0; i < COUNT(results); i++)
        metric_add(t->m[RECONCILES], SET(d->name, results[i]), 0);
    metric_add(t->m[ERRORS], SET(d->name), 0);
    metric_add(t->m[TERMINAL], SET(d->name), 0);
    metric_add(t->m[WRITES], SET(d->name), 0);
    for (size_t i = 0; i < COUNT(reload_results); i++)
        metric_add(t->m[RELOADS], SET(d->name, reload_results[i]), 0);
    metric_set(t->m[RELOAD_GOOD], SET(d->name), 1);
    telemetry_rows(t, d);
}

static const char *result_of(const struct pass *pass)
{
    if (pass->err->code != ERR_NONE)
        return err_retry(pass->err->code) == RETRY_NOW ? "requeue" : "error";
    return pass->requeue_ms >= 0 ? "requeue_after" : "success";
}

/* A conflict is no error: the object changed meanwhile, and is looked at
 * again. */
static void count_failure(struct telemetry *t, const struct operator_decl *d,
                          const struct err *err)
{
    enum err_retry retry = err_retry(err->code);

    metric_add(t->m[FAILURES], SET(d->name, err_name(err->code)), 1);
    if (retry == RETRY_NOW)
        return;
    metric_add(t->m[ERRORS], SET(d->name), 1);
    if (retry == RETRY_NEVER || retry == RETRY_SLOW)
        metric_add(t->m[TERMINAL], SET(d->name), 1);
}

void telemetry_pass(struct telemetry *t, const struct operator_decl *d,
                    const struct pass *pass)
{
    double seconds = (double)pass->took_ms / 1000;

    if (!t)
        return;
    metric_add(t->m[RECONCILES], SET(d->name, result_of(pass)), 1);
    metric_observe(t->m[SECONDS], SET(d->name), seconds);
    metric_observe(t->m[WORKED], SET(d->name, d->name), seconds);
    metric_add(t->m[WRITES], SET(d->name), (double)pass->writes);
    if (pass->row)
        metric_add(t->m[ROWS], SET(d->name, pass->row->id), 1);
    if (pass->err->code != ERR_NONE)
        count_failure(t, d, pass->err);
}

void telemetry_reload(struct telemetry *t, const char *operator_name,
                      const char *result)
{
    bool good =
        strcmp(result, "reloaded") == 0 || strcmp(result, "unchanged") == 0;

    if (!t)
        return;
    metric_add(t->m[RELOADS], SET(operator_name, result), 1);
    metric_set(t->m[RELOAD_GOOD], SET(operator_name), good);
}

void telemetry_version(struct telemetry *t, const char *operator_name,
                       const char *former, const char *digest)
{
    if (!t)
        return;
    if (former)
        metric_remove(t->m[INFO], SET(operator_name, former));
    metric_set(t->m[INFO], SET(operator_name, digest), 1);
}

void telemetry_waited(struct telemetry *t, const struct operator_decl *d,
                      uint64_t ms)
{
    if (t)
        metric_observe(t->m[WAITED], SET(d->name, d->name), (double)ms / 1000);
}

/* ---- what is ---- */

void telemetry_state(struct telemetry *t, const struct operator_decl *d,
                     const struct controller_state *s, const size_t *rows)
{
    const char *const *one = SET(d->name);
    const char *const *queue = SET(d->name, d->name);

    if (!t)
        return;
    metric_set(t->m[WORKERS], one, s->max_running);
    metric_set(t->m[ACTIVE], one, (double)s->running);
    metric_set(t->m[DEPTH], SET(d->name, d->name, "0"),
               (double)(s->ready - s->ready_low));
    metric_set(t->m[DEPTH], SET(d->name, d->name, "-100"),
               (double)s->ready_low);
    metric_set(t->m[ADDS], queue, (double)s->adds);
    metric_set(t->m[RETRIES], queue, (double)s->retries);
    metric_set(t->m[UNFINISHED], queue, (double)s->running_ms / 1000);
    metric_set(t->m[LONGEST], queue, (double)s->longest_ms / 1000);
    metric_set(t->m[FAILING], one, (double)s->failing);
    metric_set(t->m[GATE_WAITS], one, (double)s->gate_waits);
    metric_set(t->m[GATE_READS], one, (double)s->gate_reads);
    metric_set(t->m[OBJECTS], one, (double)s->known);
    metric_set(t->m[SYNCED], one, s->synced);
    for (size_t i = 0; i < d->rows_count; i++)
        metric_set(t->m[ROW_OBJECTS], SET(d->name, d->rows[i].id),
                   (double)rows[i]);
}

void telemetry_in_flight(struct telemetry *t, unsigned limit)
{
    if (t)
        metric_set(t->m[IN_FLIGHT_LIMIT], NULL, limit);
}

/* "size resident ..." in pages. */
static void set_memory(struct telemetry *t, const char *text)
{
    size_t first = strcspn(text, " ");
    double page = (double)sysconf(_SC_PAGESIZE);
    int64_t pages;

    if (text_to_int64(text, first, &pages))
        metric_set(t->m[VIRTUAL], NULL, (double)pages * page);
    if (!text[first])
        return;
    text += first + 1;
    if (text_to_int64(text, strcspn(text, " "), &pages))
        metric_set(t->m[RESIDENT], NULL, (double)pages * page);
}

static double seconds_of(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

void telemetry_limit(struct telemetry *t, uint64_t bytes)
{
    if (t)
        metric_set(t->m[MEMORY_LIMIT], NULL, (double)bytes);
}

void telemetry_process(struct telemetry *t)
{
    struct rusage usage;
    struct str text = {0};
    struct err err = {0};

    if (!t)
        return;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metric_set(t->m[CPU], NULL,
                   seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime));
    if (file_read("/proc/self/statm", PROC_MAX, &text, &err) == 0)
        set_memory(t, str_text(&text));
    str_release(&text);
}

int telemetry_print(const struct telemetry *t, enum metric_format format,
                    struct str *out)
{
    return metrics_print(t->all, format, out);
}
