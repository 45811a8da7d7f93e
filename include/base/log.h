/*
 * log.h -- structured lines on stderr: a constant message and key-value pairs.
 *
 *     log_info("reconciled", "object", "default/blog", "row", "steady", NULL);
 *
 * gives  time=2026-01-02T03:04:05Z level=info msg="reconciled" object=...
 * or the same as one JSON object a line. Control characters are escaped,
 * values longer than 4 KiB are cut. Only app and cli log above DEBUG.
 */
#ifndef TIDELOCK_BASE_LOG_H
#define TIDELOCK_BASE_LOG_H

#include <stdbool.h>

#include "base/clock.h"

/* LOG_NONE is for log_setup() only: no line at all. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NONE };
enum log_format { LOG_TEXT, LOG_JSON };

void log_setup(enum log_level min, enum log_format format,
               const struct clock *clock);
bool log_enabled(enum log_level level);

/* Pairs of C strings (key, value; a NULL value prints as ""), ended by a NULL
 * key. */
void log_line(enum log_level level, const char *msg, ...)
    __attribute__((sentinel));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

/* Numbers as short-lived text for log_line(): a ring of 8 static buffers. */
const char *log_num(long long value);

#endif
