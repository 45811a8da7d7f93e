/*
 * zone_rule.h -- the rule for all years to come: a TZ text of POSIX, as the
 *                footer of a TZif file has it.
 *
 *     CET-1CEST,M3.5.0,M10.5.0/3        <+0330>-3:30 EST5EDT,M3.2.0,M11.1.0
 *
 * Signs are those of POSIX, west is positive; they are turned here.
 */
#ifndef TIDELOCK_BASE_ZONE_RULE_H
#define TIDELOCK_BASE_ZONE_RULE_H

#include "base/zone.h"

enum rule_kind {
    RULE_WEEKDAY, /* M3.5.0: the last (5) Sunday (0) of March */
    RULE_JULIAN,  /* J60: 1 March of every year; the leap day is not counted */
    RULE_DAY,     /* 59: days since 1 January, the leap day is counted */
};

/* When in a year the clock is changed. */
struct rule_date {
    enum rule_kind kind;
    int month, week, weekday;
    int day;        /* of the other two kinds */
    int32_t second; /* local time of that day, may be outside of it */
};

struct rule_part {
    char abbreviation[ZONE_ABBREVIATION_SIZE];
    int32_t offset; /* east is positive */
};

struct zone_rule {
    struct rule_part standard, summer;
    bool has_summer;
    struct rule_date begins, ends; /* of summer time */
};

/* The whole text, `len` bytes. */
bool zone_rule_parse(const char *text, size_t len, struct zone_rule *ret);
/* The span of the rule that holds the instant. */
void zone_rule_span(const struct zone_rule *r, int64_t at,
                    struct zone_span *ret);

#endif
