/*
 * date.h -- the proleptic Gregorian calendar, counted in days from 1970-01-01.
 */
#ifndef TIDELOCK_BASE_DATE_H
#define TIDELOCK_BASE_DATE_H

#include <stdint.h>

struct date {
    int64_t year;
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

int64_t date_to_days(struct date d);
struct date date_from_days(int64_t days);
int date_month_length(int64_t year, int month);
int date_weekday(int64_t days); /* 0 is Sunday */
/* Rounds down, where C rounds towards zero. */
int64_t date_floor_div(int64_t a, int64_t b);

#endif
