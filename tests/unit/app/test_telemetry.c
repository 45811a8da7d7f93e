/*
 * test_telemetry.c -- what passes and states become as metrics.
 */
#include <stdio.h>

#include "app/telemetry.h"
#include "test.h"

static struct operator_row rows[] = {{.id = "scale-up"},
                                     {.id = OPERATOR_STEADY}};
static const struct operator_decl decl = {
    .name = "shop", .rows = rows, .rows_count = 2};

/* All metrics as text, until the next call. */
static const char *text_of(const struct telemetry *t)
{
    static char copy[60000];
    struct str out = {0};

    check_int(telemetry_print(t, METRIC_PROMETHEUS, &out), 0);
    snprintf(copy, sizeof copy, "%s", str_text(&out));
    str_release(&out);
    return copy;
}

static void pass(struct telemetry *t, enum err_code code, int64_t requeue_ms)
{
    struct err err = {.code = code};
    struct pass p = {.err = &err,
                     .row = &rows[0],
                     .writes = 2,
                     .took_ms = 1500,
                     .requeue_ms = requeue_ms};

    telemetry_pass(t, &decl, &p);
}

TEST(what_can_be_counted_is_there_before_it_happens)
{
    struct telemetry *t = telemetry_new();

    telemetry_begin(t, &decl);
    check_has(text_of(t), "\ncontroller_runtime_reconcile_total{controller="
                          "\"shop\",result=\"requeue_after\"} 0\n");
    check_has(text_of(t),
              "\ntidelock_row_total{operator=\"shop\",row=\"scale-up\"} 0\n"
              "tidelock_row_total{operator=\"shop\",row=\"steady\"} 0\n");
    check_has(text_of(t), "\ncontroller_runtime_reconcile_errors_total{"
                          "controller=\"shop\"} 0\n");
    telemetry_free(t);
}

/* rows: S86
 * broken: every pass was counted twice */
TEST(passes_are_counted_by_result_row_and_code)
{
    struct telemetry *t = telemetry_new();
    const char *text;

    telemetry_begin(t, &decl);
    pass(t, ERR_NONE, -1);
    pass(t, ERR_NONE, 5);
    pass(t, ERR_CONFLICT, -1);
    pass(t, ERR_SERVER, -1);
    pass(t, ERR_PLAN, -1);
    text = text_of(t);
    check_has(text, "result=\"success\"} 1\n");
    check_has(text, "result=\"requeue_after\"} 1\n");
    check_has(text, "result=\"requeue\"} 1\n");
    check_has(text, "result=\"error\"} 2\n");
    check_has(text, "reconcile_errors_total{controller=\"shop\"} 2\n");
    check_has(text, "terminal_reconcile_errors_total{controller=\"shop\"} 1\n");
    check_has(text, "\ntidelock_row_total{operator=\"shop\",row=\"scale-up\"} "
                    "5\n");
    check_has(text, "\ntidelock_failures_total{operator=\"shop\",code=\"PLAN\"}"
                    " 1\n");
    check_has(text, "\ntidelock_writes_total{operator=\"shop\"} 10\n");
    check_has(text, "time_seconds_bucket{controller=\"shop\",le=\"1.25\"} 0\n");
    check_has(text, "time_seconds_bucket{controller=\"shop\",le=\"1.5\"} 5\n");
    telemetry_free(t);
}

TEST(states_are_set_when_somebody_asks)
{
    struct telemetry *t = telemetry_new();
    const struct controller_state s = {.synced = true,
                                       .ready = 3,
                                       .ready_low = 2,
                                       .running = 2,
                                       .failing = 1,
                                       .known = 9,
                                       .max_running = 10,
                                       .running_ms = 2500,
                                       .longest_ms = 2000,
                                       .adds = 40,
                                       .retries = 4};
    const size_t counts[] = {2, 7};
    const char *text;

    telemetry_state(t, &decl, &s, counts);
    telemetry_waited(t, &decl, 20);
    telemetry_process(t);
    text = text_of(t);
    check_has(text, "\nworkqueue_depth{name=\"shop\",controller=\"shop\","
                    "priority=\"-100\"} 2\nworkqueue_depth{name=\"shop\","
                    "controller=\"shop\",priority=\"0\"} 1\n");
    check_has(text, "\nworkqueue_adds_total{name=\"shop\",controller=\"shop\"} "
                    "40\n");
    check_has(text, "_unfinished_work_seconds{name=\"shop\",controller="
                    "\"shop\"} 2.5\n");
    check_has(text, "le=\"0.01\"} 0\nworkqueue_queue_duration_seconds_bucket{"
                    "name=\"shop\",controller=\"shop\",le=\"0.1\"} 1\n");
    check_has(text,
              "\ntidelock_row_objects{operator=\"shop\",row=\"scale-up\"} 2\n"
              "tidelock_row_objects{operator=\"shop\",row=\"steady\"} 7\n");
    check_has(text, "\ntidelock_synced{operator=\"shop\"} 1\n");
    check_has(text, "\nprocess_resident_memory_bytes ");
    telemetry_free(t);
}

TEST(nobody_has_to_look)
{
    const struct controller_state s = {0};
    const size_t counts[2] = {0};

    telemetry_begin(NULL, &decl);
    pass(NULL, ERR_NONE, -1);
    telemetry_waited(NULL, &decl, 1);
    telemetry_state(NULL, &decl, &s, counts);
    telemetry_process(NULL);
    telemetry_free(NULL);
}

static void say_everything(struct telemetry *t)
{
    const struct http_told told = {
        .method = HTTP_PATCH, .status = 429, .ms = 20};
    const struct event_queue_stats events = {.overflow = 3};

    telemetry_request(t, "a:1", &told);
    telemetry_lease(t, "shop", true, 2);
    telemetry_events(t, &events);
    telemetry_limit(t, 1u << 30);
    telemetry_reload(t, "shop", "refused");
    telemetry_process(t);
    telemetry_machine(t);
}

TEST_TORTURE(metrics_of_a_process_may_lack_memory)
{
    struct telemetry *t = telemetry_new();

    telemetry_begin(t, &decl);
    pass(t, ERR_NONE, -1);
    say_everything(t);
    if (!torturing()) {
        check_has(text_of(t), "result=\"success\"} 1\n");
        check_has(text_of(t), "{code=\"429\",method=\"PATCH\",host=\"a:1\"} 1\n");
        check_has(text_of(t), "_events_total{outcome=\"dropped\"} 3\n");
    }
    telemetry_free(t);
}
