/*
 * crd_format.c -- formats of texts; see crd_format.h. (k8s.io/kube-openapi
 *                 pkg/validation/strfmt.)
 *
 * Approximations: an email address is one of the common form, a URI is looked
 * at as far as its characters and scheme; bsonobjectid and rgbcolor are taken
 * by their patterns.
 */
#include "crd_format.h"

#include <string.h>

#include "base/text.h"
#include "regexp.h"

/* ---- addresses ---- */

static bool is_ipv4(const char *text, size_t len)
{
    unsigned parts = 0;
    size_t i = 0;

    while (parts < 4) {
        size_t digits = 0;
        unsigned value = 0;

        while (i < len && text[i] >= '0' && text[i] <= '9' && digits < 4) {
            value = value * 10 + (unsigned)(text[i++] - '0');
            digits++;
        }
        if (digits == 0 || digits > 3 || value > 255 ||
            (digits > 1 && text[i - digits] == '0'))
            return false;
        parts++;
        if (parts < 4 && (i >= len || text[i++] != '.'))
            return false;
    }
    return i == len;
}

static size_t hex_digits(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && strchr("0123456789abcdefABCDEF", text[n]) && text[n])
        n++;
    return n;
}

static bool is_ipv6(const char *text, size_t len)
{
    bool gap = false;
    unsigned groups = 0;
    size_t i = 0;

    if (len >= 2 && memcmp(text, "::", 2) == 0) {
        gap = true;
        i = 2;
    }
    while (i < len && groups < 8) {
        size_t digits = hex_digits(text + i, len - i);

        if (memchr(text + i, '.', len - i) && is_ipv4(text + i, len - i)) {
            groups += 2;
            i = len;
            break;
        }
        if (digits == 0 || digits > 4)
            return false;
        groups++;
        i += digits;
        if (i == len)
            break;
        if (text[i++] != ':' || i == len)
            return false;
        if (text[i] == ':') {
            if (gap)
                return false;
            gap = true;
            i++;
        }
    }
    return i == len && (gap ? groups < 8 : groups == 8);
}

static bool is_cidr(const char *text, size_t len)
{
    const char *slash = memchr(text, '/', len);
    size_t before = slash ? (size_t)(slash - text) : 0;
    int64_t bits;

    if (!slash || !text_to_int64(slash + 1, len - before - 1, &bits) ||
        bits < 0 || (slash[1] == '0' && len - before > 2))
        return false;
    return (is_ipv4(text, before) && bits <= 32) ||
           (is_ipv6(text, before) && bits <= 128);
}

static bool is_mac(const char *text, size_t len)
{
    char sep = len > 2 ? text[2] : '\0';

    if ((sep != ':' && sep != '-') || (len != 17 && len != 23 && len != 59))
        return regexp_match("^([0-9a-fA-F]{4}\\.){2,9}[0-9a-fA-F]{4}$", text,
                            len) == REGEXP_YES &&
               (len == 14 || len == 19 || len == 49);
    for (size_t i = 0; i < len; i++)
        if (i % 3 == 2 ? text[i] != sep : hex_digits(text + i, 1) != 1)
            return false;
    return true;
}

/* ---- numbers that people wear ---- */

static size_t only_digits(const char *text, size_t len, char *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < len && n < max; i++)
        if ((text[i] >= '0' && text[i] <= '9') || text[i] == 'X')
            out[n++] = text[i];
        else if (text[i] != '-' && text[i] != ' ')
            return 0;
    return n;
}

static bool is_isbn10(const char *text, size_t len)
{
    char digits[16];
    int sum = 0;

    if (only_digits(text, len, digits, sizeof digits) != 10)
        return false;
    for (int i = 0; i < 10; i++) {
        if (digits[i] == 'X' && i != 9)
            return false;
        sum += (i + 1) * (digits[i] == 'X' ? 10 : digits[i] - '0');
    }
    return sum % 11 == 0;
}

static bool is_isbn13(const char *text, size_t len)
{
    char digits[16];
    int sum = 0;

    if (only_digits(text, len, digits, sizeof digits) != 13)
        return false;
    for (int i = 0; i < 13; i++) {
        if (digits[i] == 'X')
            return false;
        sum += (i % 2 ? 3 : 1) * (digits[i] - '0');
    }
    return sum % 10 == 0;
}

static bool is_isbn(const char *text, size_t len)
{
    return is_isbn10(text, len) || is_isbn13(text, len);
}

/* ---- times ---- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool is_date(const char *text, size_t len)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    int64_t year, month, day;

    if (len != 10 || text[4] != '-' || text[7] != '-' ||
        !text_to_int64(text, 4, &year) || !text_to_int64(text + 5, 2, &month) ||
        !text_to_int64(text + 8, 2, &day) || month < 1 || month > 12 || day < 1)
        return false;
    return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

static bool is_date_time(const char *text, size_t len)
{
    static const char time[] = "^[0-9]{2}:[0-9]{2}:[0-9]{2}(.[0-9]+)?"
                               "([zZ]|[+-][0-9]{2}:[0-9]{2})$";
    int64_t hour, minute, second;

    return len > 19 && is_date(text, 10) &&
           (text[10] == 'T' || text[10] == 't') &&
           regexp_match(time, text + 11, len - 11) == REGEXP_YES &&
           text_to_int64(text + 11, 2, &hour) && hour < 24 &&
           text_to_int64(text + 14, 2, &minute) && minute < 60 &&
           text_to_int64(text + 17, 2, &second) && second < 60;
}

/* Go's form, or numbers with words as Scala has them. */
static bool is_duration(const char *text, size_t len)
{
    static const char words[] =
        "[0-9]+\\s*(?i:ns|nano|nanos|nanosecond|nanoseconds|us|µs|micro|micros|"
        "microsecond|microseconds|ms|milli|millis|millisecond|milliseconds|s|"
        "sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hour|hours|d|"
        "day|days|w|wk|week|weeks)([^A-Za-zµ]|$)";
    int64_t ms;

    return (strlen(text) == len && text_parse_duration(text, &ms)) ||
           regexp_match(words, text, len) == REGEXP_YES;
}

/* ---- others ---- */

/* Letters and signs of other scripts count, too. */
static bool is_hostname(const char *text, size_t len)
{
#define ANY "a-zA-Z0-9$+<=>^`|~\\x{80}-\\x{10ffff}"
    static const char pattern[] =
        "^([" ANY "]((-?[" ANY "]{0,62})?)|([" ANY "](([-" ANY "]{0,61}"
        "[" ANY "])?)(\\.)){1,}([a-zA-Z\\x{80}-\\x{10ffff}]){2,63})$";
#undef ANY

    return len <= 255 && regexp_match(pattern, text, len) == REGEXP_YES;
}

static bool is_credit_card(const char *text, size_t len)
{
    static const char pattern[] =
        "^(4[0-9]{12}([0-9]{3})?|5[1-5][0-9]{14}|6(011|5[0-9][0-9])[0-9]{12}|"
        "3[47][0-9]{13}|3(0[0-5]|[68][0-9])[0-9]{11}|(2131|1800|35\\d{3})"
        "\\d{11})$";
    char digits[20];
    size_t count = 0;
    int sum = 0;

    for (size_t i = 0; i < len; i++)
        if (text[i] >= '0' && text[i] <= '9') {
            if (count == sizeof digits)
                return false;
            digits[count++] = text[i];
        }
    for (size_t i = 0; i < count; i++) {
        int digit = digits[count - 1 - i] - '0';

        digit = i % 2 ? 2 * digit : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0 && regexp_match(pattern, digits, count) == REGEXP_YES;
}

static bool is_anything(const char *text, size_t len)
{
    (void)text;
    (void)len;
    return true;
}

/* Names without their dashes. */
static const struct {
    const char *name;
    bool (*allows)(const char *text, size_t len);
    const char *pattern;
} formats[] = {
    {"bsonobjectid", NULL, "^[0-9a-fA-F]{24}$"},
    {"uri", NULL, "^([a-zA-Z][a-zA-Z0-9+.-]*:[^\\s]*|/[^\\s]*|\\*)$"},
    {"email", NULL,
     "^(.+<)?(\"[^\"]*\"|[^@\\s<>\"(),:;]+)@[^@\\s<>\"(),:;]+>?$"},
    {"hostname", is_hostname, NULL},
    {"ipv4", is_ipv4, NULL},
    {"ipv6", is_ipv6, NULL},
    {"cidr", is_cidr, NULL},
    {"mac", is_mac, NULL},
    {"uuid", NULL,
     "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"},
    {"uuid3", NULL,
     "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}"
     "$"},
    {"uuid4", NULL,
     "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?"
     "[0-9a-f]{12}$"},
    {"uuid5", NULL,
     "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?"
     "[0-9a-f]{12}$"},
    {"isbn", is_isbn, NULL},
    {"isbn10", is_isbn10, NULL},
    {"isbn13", is_isbn13, NULL},
    {"creditcard", is_credit_card, NULL},
    {"ssn", NULL, "^\\d{3}[- ]?\\d{2}[- ]?\\d{4}$"},
    {"hexcolor", NULL, "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"},
    {"rgbcolor", NULL,
     "^rgb\\(\\s*(25[0-5]|2[0-4]\\d|1?\\d?\\d)\\s*,\\s*(25[0-5]|2[0-4]\\d|"
     "1?\\d?\\d)\\s*,\\s*(25[0-5]|2[0-4]\\d|1?\\d?\\d)\\s*\\)$"},
    {"byte", NULL,
     "^([A-Za-z0-9+\\/]{4})*([A-Za-z0-9+\\/]{2}==|"
     "[A-Za-z0-9+\\/]{3}=|[A-Za-z0-9+\\/]{4})$"},
    {"password", is_anything, NULL},
    {"date", is_date, NULL},
    {"duration", is_duration, NULL},
    {"datetime", is_date_time, NULL},
    {"k8sshortname", NULL, "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
    {"k8slongname", NULL,
     "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"},
};
#define FORMATS (sizeof formats / sizeof formats[0])

/* "date-time" is "datetime". */
static bool same_name(const char *format, const char *name)
{
    for (; *format; format++) {
        if (*format == '-')
            continue;
        if (*format != *name++)
            return false;
    }
    return *name == '\0';
}

static size_t find_format(const char *format)
{
    size_t i = 0;

    while (i < FORMATS && !same_name(format, formats[i].name))
        i++;
    return i;
}

const char *crd_format(const struct value *schema)
{
    const char *format = value_text(value_get(schema, "format"));
    const char *type = value_text(value_get(schema, "type"));

    if (!format || !*format)
        return NULL;
    if (text_equal(type, "integer"))
        return text_equal(format, "int32") || text_equal(format, "int64")
                   ? format
                   : NULL;
    if (text_equal(type, "number"))
        return text_equal(format, "float") || text_equal(format, "double")
                   ? format
                   : NULL;
    if (type && *type && strcmp(type, "string") != 0)
        return NULL;
    return find_format(format) < FORMATS ? format : NULL;
}

bool crd_format_allows(const char *format, const char *text, size_t len)
{
    size_t i = find_format(format);

    if (i == FORMATS)
        return true;
    if (text_equal(formats[i].name, "k8slongname") && len > 253)
        return false;
    return formats[i].allows
               ? formats[i].allows(text, len)
               : regexp_match(formats[i].pattern, text, len) == REGEXP_YES;
}
