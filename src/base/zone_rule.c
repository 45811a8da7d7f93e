/*
 * zone_rule.c -- see zone_rule.h.
 */
#include "zone_rule.h"

#include <ctype.h>
#include <string.h>

#include "base/date.h"

#define HOUR 3600
#define DAY ((int64_t)86400)
#define YEAR_SECONDS ((int64_t)31556952) /* of the calendar, on average */

/* ---- parsing ---- */

struct reader {
    const char *at, *end;
};

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* One to three digits, from `low` to `high`. */
static bool read_number(struct reader *r, int low, int high, int *ret)
{
    const char *start = r->at;
    int value = 0;

    while (r->at < r->end && r->at - start < 3 &&
           isdigit((unsigned char)*r->at))
        value = 10 * value + (*r->at++ - '0');
    *ret = value;
    return r->at > start && value >= low && value <= high;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_seconds(struct reader *r, int max_hours, int32_t *ret)
{
    bool negative = take(r, '-');
    int hours, minutes = 0, seconds = 0;

    if (!negative)
        take(r, '+');
    if (!read_number(r, 0, max_hours, &hours))
        return false;
    if (take(r, ':') && !read_number(r, 0, 59, &minutes))
        return false;
    if (minutes >= 0 && take(r, ':') && !read_number(r, 0, 59, &seconds))
        return false;
    *ret = hours * HOUR + minutes * 60 + seconds;
    if (negative)
        *ret = -*ret;
    return true;
}

/* Letters, or anything between < and >. */
static bool read_abbreviation(struct reader *r, char *out)
{
    bool quoted = take(r, '<');
    size_t len = 0;

    while (r->at < r->end && len < ZONE_ABBREVIATION_SIZE - 1 &&
           (isalpha((unsigned char)*r->at) ||
            (quoted && *r->at && strchr("0123456789+-", *r->at))))
        out[len++] = *r->at++;
    out[len] = '\0';
    return len >= 3 && (!quoted || take(r, '>'));
}

static bool read_part(struct reader *r, struct rule_part *ret)
{
    if (!read_abbreviation(r, ret->abbreviation) ||
        !read_seconds(r, 24, &ret->offset))
        return false;
    ret->offset = -ret->offset;
    return true;
}

static bool read_date(struct reader *r, struct rule_date *ret)
{
    ret->second = 2 * HOUR;
    if (take(r, 'M')) {
        ret->kind = RULE_WEEKDAY;
        if (!read_number(r, 1, 12, &ret->month) || !take(r, '.') ||
            !read_number(r, 1, 5, &ret->week) || !take(r, '.') ||
            !read_number(r, 0, 6, &ret->weekday))
            return false;
    } else {
        ret->kind = take(r, 'J') ? RULE_JULIAN : RULE_DAY;
        if (!read_number(r, ret->kind == RULE_JULIAN, 365, &ret->day))
            return false;
    }
    return !take(r, '/') || read_seconds(r, 167, &ret->second);
}

/* Without an offset of its own, summer time is one hour ahead. */
static bool read_summer(struct reader *r, struct zone_rule *ret)
{
    if (!read_abbreviation(r, ret->summer.abbreviation))
        return false;
    ret->summer.offset = ret->standard.offset + HOUR;
    if (r->at < r->end && *r->at != ',') {
        if (!read_seconds(r, 24, &ret->summer.offset))
            return false;
        ret->summer.offset = -ret->summer.offset;
    }
    return take(r, ',') && read_date(r, &ret->begins) && take(r, ',') &&
           read_date(r, &ret->ends);
}

bool zone_rule_parse(const char *text, size_t len, struct zone_rule *ret)
{
    struct reader r = {text, text + len};

    memset(ret, 0, sizeof *ret);
    if (!read_part(&r, &ret->standard))
        return false;
    ret->has_summer = r.at < r.end;
    if (ret->has_summer && !read_summer(&r, ret))
        return false;
    return r.at == r.end;
}

/* ---- the changes of a year ---- */

static int64_t weekday_of_month(const struct rule_date *d, int64_t year)
{
    int64_t first = date_to_days((struct date){year, d->month, 1});
    int64_t day =
        first + (d->weekday - date_weekday(first) + 7) % 7 + 7 * (d->week - 1);

    if (day - first >= date_month_length(year, d->month))
        day -= 7; /* "the fifth" is the last */
    return day;
}

static int64_t day_of(const struct rule_date *d, int64_t year)
{
    int64_t first = date_to_days((struct date){year, 1, 1});
    bool leap = date_month_length(year, 2) == 29;

    switch (d->kind) {
    case RULE_WEEKDAY:
        return weekday_of_month(d, year);
    case RULE_JULIAN:
        return first + d->day - 1 + (leap && d->day >= 60);
    case RULE_DAY:
        break;
    }
    return first + d->day;
}

/* The instant; `offset` is in force until then. */
static int64_t change_at(const struct rule_date *d, int64_t year,
                         int32_t offset)
{
    return day_of(d, year) * DAY + d->second - offset;
}

static void consider(struct zone_span *s, int64_t change, int64_t at,
                     const struct rule_part *part, bool dst)
{
    if (change > at) {
        if (change < s->until)
            s->until = change;
        return;
    }
    if (change < s->from)
        return;
    s->from = change;
    s->offset = part->offset;
    s->dst = dst;
    memcpy(s->abbreviation, part->abbreviation, sizeof s->abbreviation);
}

/* The latest change up to the instant is in force; where both fall together,
 * as in a rule that says "summer time for ever", the beginning counts. */
void zone_rule_span(const struct zone_rule *r, int64_t at,
                    struct zone_span *ret)
{
    int64_t year = 1970 + date_floor_div(at, YEAR_SECONDS);

    *ret = (struct zone_span){
        .from = INT64_MIN, .until = INT64_MAX, .offset = r->standard.offset};
    memcpy(ret->abbreviation, r->standard.abbreviation,
           sizeof ret->abbreviation);
    for (int64_t y = year - 2; r->has_summer && y <= year + 2; y++) {
        consider(ret, change_at(&r->ends, y, r->summer.offset), at,
                 &r->standard, false);
        consider(ret, change_at(&r->begins, y, r->standard.offset), at,
                 &r->summer, true);
    }
}
