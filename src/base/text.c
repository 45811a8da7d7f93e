/*
 * text.c -- see text.h for the contract.
 */
#include "base/text.h"

#include <string.h>

#include "base/date.h"

#define DAY 86400

bool text_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t len = text ? strlen(text) : 0;
    size_t tail = strlen(suffix);

    return text && len >= tail && strcmp(text + len - tail, suffix) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool text_to_int64(const char *text, size_t len, int64_t *ret_value)
{
    bool negative = len > 0 && text[0] == '-';
    size_t i = negative ? 1 : 0;
    int64_t value = 0;

    if (i == len)
        return false;
    for (; i < len; i++) {
        if (!is_digit(text[i]))
            return false;
        /* towards the negative side, which has one more number */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, text[i] - '0', &value))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    *ret_value = value;
    return true;
}

/* Bytes of the well-formed sequence at `p`, 0 when it is not (Unicode 15,
 * table 3-7). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t need;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    need = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (left < need)
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        high = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        high = 0x8F;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

/* 8 when the next eight bytes are all ASCII, else 0. */
static size_t ascii_length(const unsigned char *p, size_t left)
{
    uint64_t word;

    if (left < sizeof word)
        return 0;
    memcpy(&word, p, sizeof word);
    return word & 0x8080808080808080u ? 0 : sizeof word;
}

bool text_is_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < len;) {
        size_t n = ascii_length(p + i, len - i);

        if (n == 0)
            n = utf8_length(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/*
 * One row of the usual table is enough: row[j] holds the distance between the
 * first i characters of `a` and the first j of `b`, `diagonal` what row[j] was
 * for one character of `a` less.
 */
unsigned text_distance(const char *a, const char *b)
{
    size_t a_len = strnlen(a, 64);
    size_t b_len = strnlen(b, 64);
    unsigned row[65];

    for (unsigned j = 0; j <= b_len; j++)
        row[j] = j;
    for (unsigned i = 0; i < a_len; i++) {
        unsigned diagonal = row[0];

        row[0] = i + 1;
        for (unsigned j = 0; j < b_len; j++) {
            unsigned best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[b_len];
}

/* ---- dates ---- */

/* `digits` decimal digits and the character after them. */
static char *put_number(char *out, int64_t value, int digits, char after)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    out[digits] = after;
    return out + digits + 1;
}

void text_rfc3339(int64_t unix_seconds, char out[32])
{
    const int64_t first = -62167219200, last = 253402300799;
    int64_t t = unix_seconds < first  ? first
                : unix_seconds > last ? last
                                      : unix_seconds;
    int64_t days = date_floor_div(t, DAY);
    int64_t second = t - days * DAY;
    struct date d = date_from_days(days);

    out = put_number(out, d.year, 4, '-');
    out = put_number(out, d.month, 2, '-');
    out = put_number(out, d.day, 2, 'T');
    out = put_number(out, second / 3600, 2, ':');
    out = put_number(out, second / 60 % 60, 2, ':');
    out = put_number(out, second % 60, 2, 'Z');
    *out = '\0';
}

/* Exactly `digits` decimal digits, moving *p over them. */
static bool read_fixed(const char **p, int digits, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < digits; i++, (*p)++) {
        if (!is_digit(**p))
            return false;
        value = value * 10 + (**p - '0');
    }
    *ret_value = value;
    return true;
}

static bool read_char(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static bool read_date(const char **p, int64_t *ret_days)
{
    int year, month, day;

    if (!read_fixed(p, 4, &year) || !read_char(p, '-') ||
        !read_fixed(p, 2, &month) || !read_char(p, '-') ||
        !read_fixed(p, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > date_month_length(year, month))
        return false;
    *ret_days = date_to_days((struct date){year, month, day});
    return true;
}

static bool read_time(const char **p, int64_t *ret_seconds)
{
    int hour, minute, second;

    if (!read_fixed(p, 2, &hour) || !read_char(p, ':') ||
        !read_fixed(p, 2, &minute) || !read_char(p, ':') ||
        !read_fixed(p, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (read_char(p, '.')) {
        if (!is_digit(**p))
            return false;
        while (is_digit(**p))
            (*p)++;
    }
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* "Z" or "+hh:mm": seconds east of UTC. */
static bool read_offset(const char **p, int64_t *ret_seconds)
{
    int hour, minute;
    bool west;

    *ret_seconds = 0;
    if (read_char(p, 'Z'))
        return true;
    west = **p == '-';
    if (!read_char(p, '-') && !read_char(p, '+'))
        return false;
    if (!read_fixed(p, 2, &hour) || !read_char(p, ':') ||
        !read_fixed(p, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *ret_seconds = (hour * 3600 + minute * 60) * (west ? -1 : 1);
    return true;
}

/* Leap seconds are refused, as Go refuses them. */
bool text_parse_rfc3339(const char *text, int64_t *ret_unix_seconds)
{
    const char *p = text;
    int64_t days, seconds, offset;

    if (!text || !read_date(&p, &days) || !read_char(&p, 'T') ||
        !read_time(&p, &seconds) || !read_offset(&p, &offset) || *p)
        return false;
    *ret_unix_seconds = days * DAY + seconds - offset;
    return true;
}

/* ---- durations ---- */

static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    /* longer names first where one starts with another */
    {"ns", 1},           {"us", 1000},         {"\xC2\xB5s", 1000},
    {"\xCE\xBCs", 1000}, {"ms", 1000000},      {"s", 1000000000},
    {"m", 60000000000},  {"h", 3600000000000},
};

static bool read_unit(const char **p, int64_t *ret_ns)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (text_starts(*p, units[i].name)) {
            *p += strlen(units[i].name);
            *ret_ns = units[i].ns;
            return true;
        }
    }
    return false;
}

/* One "1.5h", added to *total in nanoseconds. */
static bool read_span(const char **p, int64_t *total)
{
    int64_t whole = 0, fraction = 0, scale = 1, unit, part;
    const char *start = *p;

    for (; is_digit(**p); (*p)++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, **p - '0', &whole))
            return false;
    if (*p == start && **p != '.')
        return false;
    if (read_char(p, '.')) {
        if (!is_digit(**p) && *p == start + 1)
            return false;
        for (; is_digit(**p); (*p)++) {
            if (scale == 1000000) /* any more would not fit an int64 */
                continue;
            fraction = fraction * 10 + (**p - '0');
            scale *= 10;
        }
    }
    if (!read_unit(p, &unit) || __builtin_mul_overflow(whole, unit, &part))
        return false;
    if (__builtin_add_overflow(part, fraction * unit / scale, &part))
        return false;
    return !__builtin_add_overflow(*total, part, total);
}

bool text_parse_duration(const char *text, int64_t *ret_ms)
{
    const char *p = text;
    int64_t total = 0;
    bool negative;

    if (!p)
        return false;
    negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (strcmp(p, "0") == 0) {
        *ret_ms = 0;
        return true;
    }
    do {
        if (!read_span(&p, &total))
            return false;
    } while (*p);
    *ret_ms = total / 1000000 * (negative ? -1 : 1);
    return true;
}
