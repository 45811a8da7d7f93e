/*
 * control_cron.c -- see control_cron.h.
 */
#include "control_cron.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"

#define FIVE_YEARS ((int64_t)5 * 366 * 86400)

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
static bool read_range(const struct field *f, const char **at, uint64_t *bits,
                       bool *any)
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
    *any |= star && step == 1;
    return true;
}

static bool read_field(const struct field *f, const char **at, uint64_t *bits,
                       bool *any)
{
    *bits = 0;
    *any = false;
    while (read_range(f, at, bits, any)) {
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
    bool any[sizeof fields / sizeof *fields];
    const char *at = shorthand(text);

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        at += strspn(at, " \t");
        if (!read_field(&fields[i], &at, bits[i], &any[i]))
            return false;
    }
    ret->any_day = any[2];
    ret->any_weekday = any[4];
    return at[strspn(at, " \t")] == '\0';
}

/* ---- the next moment ---- */

static bool has(uint64_t bits, unsigned value)
{
    return (bits >> value & 1) != 0;
}

/* Both day fields restricted: either will do. */
static bool day_fits(const struct cron *c, int64_t days)
{
    struct date d = date_from_days(days);
    bool day = has(c->day, (unsigned)d.day);
    bool weekday = has(c->weekday, (unsigned)date_weekday(days));

    if (!has(c->month, (unsigned)d.month))
        return false;
    return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

/* The first local minute after `after` that fits, before `end`; else `end`. */
static int64_t next_local(const struct cron *c, int64_t after, int64_t end)
{
    int64_t minute = date_floor_div(after, 60) + 1, day;

    while (minute * 60 < end) {
        day = date_floor_div(minute, 1440);
        if (!day_fits(c, day))
            minute = (day + 1) * 1440;
        else if (!has(c->hour, (unsigned)((minute - day * 1440) / 60)))
            minute = (date_floor_div(minute, 60) + 1) * 60;
        else if (!has(c->minute, (unsigned)((minute - day * 1440) % 60)))
            minute++;
        else
            return minute * 60;
    }
    return end;
}

/* Each span of one offset is searched as if there were no other. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after)
{
    const int64_t last = after + FIVE_YEARS;

    while (after < last) {
        struct zone_span s;
        int64_t end, found;

        zone_span(z, after + 1, &s);
        end = s.until < last ? s.until : last;
        found = next_local(c, after + s.offset, end + s.offset) - s.offset;
        if (found < end)
            return found;
        after = end - 1 + (end == last);
    }
    return 0;
}
