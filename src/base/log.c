/*
 * log.c -- see log.h for the contract.
 *
 * A line is built in one static buffer and leaves in one write(2): no memory
 * is asked for, so "out of memory" can be logged, and lines of two processes
 * on one pipe do not mix. What would overflow the buffer is cut and the line
 * still ends as its format says.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_SIZE 32768
#define VALUE_MAX 4096
#define TAIL 64 /* kept free for closing quotes and braces */

static struct {
    enum log_level min;
    enum log_format format;
    const struct clock *clock;
    char line[LINE_SIZE];
    size_t len;
} logger = {.min = LOG_INFO};

void log_setup(enum log_level min, enum log_format format,
               const struct clock *clock)
{
    logger.min = min;
    logger.format = format;
    logger.clock = clock;
}

bool log_enabled(enum log_level level)
{
    return level >= logger.min;
}

static bool line_full(void)
{
    return logger.len >= LINE_SIZE - TAIL;
}

/* What does not fit is dropped; line_full() keeps callers from getting there
 * with anything that matters. */
static void line_add(const char *text)
{
    size_t len = strlen(text);

    if (len > LINE_SIZE - logger.len)
        len = LINE_SIZE - logger.len;
    memcpy(logger.line + logger.len, text, len);
    logger.len += len;
}

/* One character of a quoted value; returns how many bytes it took. */
static size_t line_add_escaped(const char *p, size_t left)
{
    unsigned char c = (unsigned char)*p;
    char piece[8] = {0};
    size_t n = 1;

    if (c == '"' || c == '\\') {
        piece[0] = '\\';
        piece[1] = (char)c;
    } else if (c == '\n') {
        memcpy(piece, "\\n", 2);
    } else if (c < 0x20 || c == 0x7f) {
        snprintf(piece, sizeof piece, "\\u%04x", c);
    } else if (c == 0xC2 && left > 1 && (p[1] & 0xE0) == 0x80) {
        /* U+0080 to U+009F: control characters of two bytes */
        snprintf(piece, sizeof piece, "\\u%04x", (unsigned char)p[1]);
        n = 2;
    } else if (c < 0x80) {
        piece[0] = (char)c;
    } else {
        while (n < 4 && n < left && (p[n] & 0xC0) == 0x80)
            n++;
        if (text_is_utf8(p, n)) {
            memcpy(piece, p, n);
        } else {
            memcpy(piece, "\xEF\xBF\xBD", 3); /* U+FFFD */
            n = 1;
        }
    }
    line_add(piece);
    return n;
}

static void line_add_quoted(const char *text)
{
    size_t len = strlen(text);
    bool cut = len > VALUE_MAX;
    size_t i = 0;

    if (cut)
        len = VALUE_MAX;
    while (cut && len > 0 && (text[len] & 0xC0) == 0x80)
        len--;
    line_add("\"");
    while (i < len && !line_full())
        i += line_add_escaped(text + i, len - i);
    if (cut || i < len)
        line_add("...");
    line_add("\"");
}

/* May stand without quotes in logfmt. */
static bool is_plain(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '=' || *p == '\\')
            return false;
    return *text && strlen(text) <= VALUE_MAX;
}

/* One pair with what separates it from the last, in either format. The first
 * pair of a line also opens it. */
static void line_add_pair(const char *key, const char *value, bool quote)
{
    if (line_full())
        return;
    if (logger.format == LOG_JSON) {
        line_add(logger.len == 0 ? "{" : ",");
        line_add_quoted(key);
        line_add(":");
        line_add_quoted(value);
        return;
    }
    if (logger.len > 0)
        line_add(" ");
    line_add(key);
    line_add("=");
    if (quote || !is_plain(value) ||
        strlen(value) > LINE_SIZE - TAIL - logger.len)
        line_add_quoted(value);
    else
        line_add(value);
}

static void line_write(void)
{
    size_t done = 0;
    ssize_t n;

    line_add(logger.format == LOG_JSON ? "}\n" : "\n");
    while (done < logger.len) {
        n = write(STDERR_FILENO, logger.line + done, logger.len - done);
        if (n <= 0)
            return; /* nobody is left to be told */
        done += (size_t)n;
    }
}

void log_line(enum log_level level, const char *msg, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    const struct clock *clock = logger.clock ? logger.clock : clock_real();
    const char *key, *value;
    char now[32];
    va_list args;

    if (!log_enabled(level))
        return;
    logger.len = 0;
    text_rfc3339(clock_unix(clock), now);
    line_add_pair("time", now, false);
    line_add_pair("level", names[level], false);
    line_add_pair("msg", msg, true);
    va_start(args, msg);
    while ((key = va_arg(args, const char *)) != NULL) {
        value = va_arg(args, const char *);
        line_add_pair(key, value ? value : "", false);
    }
    va_end(args);
    line_write();
}

const char *log_num(long long value)
{
    static char ring[8][24];
    static unsigned next;
    char *text = ring[next++ % 8];

    snprintf(text, sizeof ring[0], "%lld", value);
    return text;
}
