/*
 * control_cron.h -- schedules of CronJobs: five fields, or @hourly and the
 *                   like (robfig/cron ParseStandard), in UTC.
 */
#ifndef TIDELOCK_SIM_CONTROL_CRON_H
#define TIDELOCK_SIM_CONTROL_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct cron {
    uint64_t minute, hour, day, month, weekday; /* one bit a value */
    bool any_day, any_weekday;                  /* the field began with '*' */
};
bool cron_parse(const char *text, struct cron *ret);
/* The first moment after `after` (Unix seconds); 0: none in five years. */
int64_t cron_next(const struct cron *c, int64_t after);

#endif
