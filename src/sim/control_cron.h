/*
 * control_cron.h -- schedules of CronJobs: five fields, or @hourly and the
 *                   like (robfig/cron ParseStandard).
 */
#ifndef TIDELOCK_SIM_CONTROL_CRON_H
#define TIDELOCK_SIM_CONTROL_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"

struct cron {
    uint64_t minute, hour, day, month, weekday; /* one bit a value */
    bool any_day, any_weekday; /* the field restricts nothing */
};
bool cron_parse(const char *text, struct cron *ret);
/* The first instant after `after` (Unix seconds) whose local time fits: a time
 * that the clock skips is skipped, one that comes twice is found twice. 0: none
 * in five years. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after);

#endif
