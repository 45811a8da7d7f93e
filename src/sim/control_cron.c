/*
 * control_cron.c -- see control_cron.h.
 */
#include "control_cron.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

struct field {
    int low, high;
    const char *const *names; /* of the values from `low` on, or NULL */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may",
                                          "jun", "jul", "aug", "sep", "oct",
                                          "nov", "dec", NULL};
static const char *const day_names[] = {"sun", "mon", "tue", "wed",
                                        "thu", "fri", "sat", NULL};
static const struct field fields[] = {{0, 59, NULL},
                                      {0, 23, NULL},
                                      {1, 31, NULL},
                                      {1, 12, month_names},
                                      {0, 6, day_names}};

/* ---- parsing ---- */

static bool read_value(const struct field *f, const char **at, int *ret)
{
    const char *start = *at;
    int value = 0;

    if (isdigit((unsigned char)*start)) {
        while (isdigit((unsigned char)**at) && value < 1000)
            value = 10 * value + (*(*at)++ - '0');
        *ret = value;
        return value >= f->low && value <= f->high;
    }
    for (int i = 0; f->names && f->names[i]; i++) {
        if (tolower((unsigned char)start[0]) == f->names[i][0] && start[1] &&
            tolower((unsigned char)start[1]) == f->names[i][1] && start[2] &&
            tolower((unsigned char)start[2]) == f->names[i][2]) {
            *at += 3;
            *ret = f->low + i;
            return true;
        }
    }
    return false;
}

static bool read_step(const char **at, int *ret)
{
    int step = 0;

    if (**at != '/')
        return true;
    (*at)++;
    while (isdigit((unsigned char)**at) && step < 1000)
        step = 10 * step + (*(*at)++ - '0');
    *ret = step;
    return step > 0;
}

/* One of "*", "a", "a-b", each with "/n". */
static bool read_range(const struct field *f, const char **at, uint64_t *bits)
{
    int low = f->low, high = f->high, step = 1;
    bool star = **at == '*' || **at == '?';

    if (star) {
        (*at)++;
    } else {
        if (!read_value(f, at, &low))
            return false;
        high = low;
        if (**at == '-') {
            (*at)++;
            if (!read_value(f, at, &high) || high < low)
                return false;
        } else if (**at == '/') {
            high = f->high; /* "5/10" runs to the end */
        }
    }
    if (!read_step(at, &step))
        return false;
    for (int i = low; i <= high; i += step)
        *bits |= (uint64_t)1 << i;
    return true;
}

static bool read_field(const struct field *f, const char **at, uint64_t *bits)
{
    *bits = 0;
    while (read_range(f, at, bits)) {
        if (**at != ',')
            return **at == '\0' || **at == ' ' || **at == '\t';
        (*at)++;
    }
    return false;
}

static const char *shorthand(const char *text)
{
    static const char *const all[][2] = {
        {"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
        {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
        {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (text_equal(text, all[i][0]))
            return all[i][1];
    return text;
}

bool cron_parse(const char *text, struct cron *ret)
{
    uint64_t *const bits[] = {&ret->minute, &ret->hour, &ret->day, &ret->month,
                              &ret->weekday};
    const char *at = shorthand(text);
    bool star;

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        at += strspn(at, " \t");
        star = *at == '*' || *at == '?';
        if (i == 2)
            ret->any_day = star;
        if (i == 4)
            ret->any_weekday = star;
        if (!read_field(&fields[i], &at, bits[i]))
            return false;
    }
    return at[strspn(at, " \t")] == '\0';
}

/* ---- the calendar (proleptic Gregorian) ---- */

struct date {
    int64_t year;
    unsigned month, day, weekday;
};

static struct date date_of(int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    struct date d = {.day = doy - (153 * mp + 2) / 5 + 1,
                     .month = mp < 10 ? mp + 3 : mp - 9,
                     .weekday = (unsigned)(((days % 7) + 11) % 7)};

    d.year = yoe + era * 400 + (d.month <= 2);
    return d;
}

static bool has(uint64_t bits, unsigned value)
{
    return (bits >> value & 1) != 0;
}

/* Both day fields restricted: either will do. */
static bool day_fits(const struct cron *c, const struct date *d)
{
    bool day = has(c->day, d->day), weekday = has(c->weekday, d->weekday);

    if (!has(c->month, d->month))
        return false;
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

int64_t cron_next(const struct cron *c, int64_t after)
{
    int64_t minute = after / 60 + 1, day, last = minute + 5 * 366 * 1440;
    struct date d;

    while (minute < last) {
        day = minute / 1440;
        d = date_of(day);
        if (!day_fits(c, &d)) {
            minute = (day + 1) * 1440;
        } else if (!has(c->hour, (unsigned)(minute % 1440 / 60))) {
            minute = (minute / 60 + 1) * 60;
        } else if (!has(c->minute, (unsigned)(minute % 60))) {
            minute++;
        } else {
            return minute * 60;
        }
    }
    return 0;
}
