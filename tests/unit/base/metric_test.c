/*
 * metric_test.c -- series, their bound, and both texts to the byte.
 */
#include "base/metric.h"

#include <math.h>
#include <stdio.h>

#include "test.h"

static const char *const two[] = {"operator", "row", NULL};
static const double bounds[] = {0.005, 1, 2.5};

static const struct metric_info counter = {.name = "t_row_total",
                                           .help = "Rows, \"all\"\nof \\ them.",
                                           .type = METRIC_COUNTER,
                                           .labels = two};
static const struct metric_info gauge = {
    .name = "t_depth", .help = "How deep.", .type = METRIC_GAUGE};
static const struct metric_info histogram = {.name = "t_seconds",
                                             .help = "How long.",
                                             .type = METRIC_HISTOGRAM,
                                             .labels = two + 1,
                                             .buckets = bounds,
                                             .bucket_count = 3};

#define SET(...) ((const char *const[]){__VA_ARGS__})

/* All metrics, filled in another order than they are printed in. */
static struct metrics *make(void)
{
    struct metrics *all = metrics_new();
    struct metric *c = metrics_add(all, &counter);
    struct metric *h = metrics_add(all, &histogram);
    struct metric *g = metrics_add(all, &gauge);

    metric_add(c, SET("website", "steady"), 1);
    metric_add(c, SET("website", "a\"b\\c\nd"), 2);
    metric_add(c, SET("shop", "steady"), 0.5);
    metric_add(c, SET("shop", "steady"), 1);
    metric_set(g, NULL, 9007199254740992.0);
    metric_observe(h, SET("x"), 0.005);
    metric_observe(h, SET("x"), 0.006);
    metric_observe(h, SET("x"), 100);
    return all;
}

TEST(metrics_print_as_prometheus_reads_them)
{
    struct metrics *all = make();
    struct str out = {0};

    check_int(metrics_print(all, METRIC_PROMETHEUS, &out), 0);
    check_str(str_text(&out),
              "# HELP t_depth How deep.\n"
              "# TYPE t_depth gauge\n"
              "t_depth 9007199254740992\n"
              "# HELP t_row_total Rows, \"all\"\\nof \\\\ them.\n"
              "# TYPE t_row_total counter\n"
              "t_row_total{operator=\"shop\",row=\"steady\"} 1.5\n"
              "t_row_total{operator=\"website\",row=\"a\\\"b\\\\c\\nd\"} 2\n"
              "t_row_total{operator=\"website\",row=\"steady\"} 1\n"
              "# HELP t_seconds How long.\n"
              "# TYPE t_seconds histogram\n"
              "t_seconds_bucket{row=\"x\",le=\"0.005\"} 1\n"
              "t_seconds_bucket{row=\"x\",le=\"1\"} 2\n"
              "t_seconds_bucket{row=\"x\",le=\"2.5\"} 2\n"
              "t_seconds_bucket{row=\"x\",le=\"+Inf\"} 3\n"
              "t_seconds_sum{row=\"x\"} 100.011\n"
              "t_seconds_count{row=\"x\"} 3\n");
    str_release(&out);
    metrics_free(all);
}

TEST(metrics_print_as_openmetrics)
{
    struct metrics *all = make();
    struct str out = {0};

    check_int(metrics_print(all, METRIC_OPENMETRICS, &out), 0);
    check_has(str_text(&out), "# HELP t_row Rows, \\\"all\\\"\\nof \\\\ them.\n"
                              "# TYPE t_row counter\n"
                              "t_row_total{operator=\"shop\"");
    check_has(str_text(&out), "t_seconds_bucket{row=\"x\",le=\"1.0\"} 2\n");
    check_has(str_text(&out), "t_seconds_bucket{row=\"x\",le=\"2.5\"} 2\n");
    check_has(str_text(&out), "t_seconds_count{row=\"x\"} 3\n# EOF\n");
    str_release(&out);
    metrics_free(all);
}

TEST(metrics_print_what_is_no_number)
{
    struct metrics *all = metrics_new();
    struct metric *g = metrics_add(all, &gauge);
    struct str out = {0};
    const double values[] = {NAN, INFINITY, -INFINITY};
    const char *const want[] = {"t_depth NaN\n", "t_depth +Inf\n",
                                "t_depth -Inf\n"};

    for (size_t i = 0; i < 3; i++) {
        metric_set(g, NULL, values[i]);
        str_clear(&out);
        check_int(metrics_print(all, METRIC_PROMETHEUS, &out), 0);
        check_has(str_text(&out), want[i]);
    }
    str_release(&out);
    metrics_free(all);
}

TEST(metrics_have_a_bound_and_their_sums_stay_right)
{
    static const struct metric_info bounded = {.name = "t_b_total",
                                               .help = "",
                                               .type = METRIC_COUNTER,
                                               .labels = two + 1,
                                               .max_series = 3};
    struct metrics *all = metrics_new();
    struct metric *m = metrics_add(all, &bounded);
    char name[16];

    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "r%d", i);
        metric_add(m, SET(name), 1);
    }
    metric_add(m, SET("r1"), 5);
    check_int((int)metric_get(m, SET("r1")), 6);
    check_int((int)metric_get(m, SET("r3")), 0);
    check_int((int)metric_get(m, SET("(other)")), 7);
    metrics_free(all);
}

TEST(metrics_that_are_not_there_are_not_asked)
{
    struct metric *m = metrics_add(NULL, &gauge);

    metric_add(m, NULL, 1);
    metric_set(m, NULL, 1);
    metric_observe(m, NULL, 1);
    check(m == NULL && metric_get(m, NULL) == 0);
    metrics_free(NULL);
}

TEST(metrics_without_series_print_their_titles)
{
    struct metrics *all = metrics_new();
    struct str out = {0};

    metrics_add(all, &counter);
    check_int(metrics_print(all, METRIC_OPENMETRICS, &out), 0);
    check_has(str_text(&out), "# TYPE t_row counter\n# EOF\n");
    str_release(&out);
    metrics_free(all);
}

TEST_TORTURE(metrics_lose_no_more_than_a_sample)
{
    struct metrics *all = make();
    struct str out = {0};

    if (!torturing() && check(all != NULL))
        check_int(metrics_print(all, METRIC_PROMETHEUS, &out), 0);
    else if (all && metrics_print(all, METRIC_PROMETHEUS, &out) == 0)
        check(out.failed == ERR_NONE);
    str_release(&out);
    metrics_free(all);
}
