/*
 * metric.h -- counters, gauges and histograms with labels, and their text for
 *             Prometheus and OpenMetrics.
 *
 *     static const char *const labels[] = {"operator", "row", NULL};
 *     static const struct metric_info rows = {
 *         .name = "tidelock_row_total", .type = METRIC_COUNTER,
 *         .help = "Passes by the row that was chosen.", .labels = labels};
 *
 *     m = metrics_add(all, &rows);
 *     metric_add(m, (const char *const[]){"website", "scale-up"}, 1);
 *
 * Labels come from other people, so the series of a metric are bounded: beyond
 * the limit everything new goes to one series whose label values are all
 * "(other)", and sums stay right. A NULL metric is fine everywhere and does
 * nothing, so what is measured need not ask whether anybody looks. Out of
 * memory loses the sample, never more.
 */
#ifndef TIDELOCK_BASE_METRIC_H
#define TIDELOCK_BASE_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define METRIC_MAX_LABELS 4
#define METRIC_MAX_SERIES 1000 /* where a metric says nothing else */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_info {
    const char *name; /* [a-zA-Z_][a-zA-Z0-9_]*; of a counter with "_total" */
    const char *help;
    enum metric_type type;
    const char *const *labels; /* NULL-terminated; NULL: none */
    const double *buckets;     /* upper bounds, ascending, without +Inf */
    size_t bucket_count;
    size_t max_series; /* 0: METRIC_MAX_SERIES */
};

struct metrics;
struct metric;

struct metrics *metrics_new(void);    /* NULL on out of memory */
void metrics_free(struct metrics *m); /* NULL is fine; the metrics too */
/* `info` is borrowed for good. NULL on out of memory, or when `m` is NULL. */
struct metric *metrics_add(struct metrics *m, const struct metric_info *info);

/* `values`: as many as the metric has labels; NULL: it has none. */
void metric_add(struct metric *m, const char *const *values, double by);
void metric_set(struct metric *m, const char *const *values, double to);
void metric_observe(struct metric *m, const char *const *values, double value);
/* The series is no longer there: what it stood for is over. */
void metric_remove(struct metric *m, const char *const *values);
/* The value of a counter or gauge, the count of a histogram; 0 when there is no
 * such series. */
double metric_get(const struct metric *m, const char *const *values);

enum metric_format {
    METRIC_PROMETHEUS, /* text/plain; version=0.0.4 */
    METRIC_OPENMETRICS /* application/openmetrics-text; version=1.0.0 */
};
/* Sorted by name and label values. 0 or what str_check() says of `out`. */
int metrics_print(const struct metrics *m, enum metric_format format,
                  struct str *out);

#endif
