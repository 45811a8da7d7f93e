/*
 * json.h -- strict JSON (RFC 8259) as a stream of events, and a writer.
 *
 * The reader allocates nothing per value. Strict: one document, no trailing
 * bytes, no duplicate keys (checked by value_parse(), which has the keys at
 * hand), UTF-8 only, no lone surrogates, depth and size limited. Integers
 * without fraction or exponent that fit an int64 stay exact; everything else
 * is a double, as on the API server. Strings may hold NUL (\u0000).
 */
#ifndef TIDELOCK_BASE_JSON_H
#define TIDELOCK_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 512

enum json_event {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_INTEGER,
    JSON_DOUBLE,
    JSON_STRING,
    JSON_KEY,
    JSON_ARRAY_START,
    JSON_ARRAY_END,
    JSON_OBJECT_START,
    JSON_OBJECT_END,
    JSON_DONE, /* after the document; only white space followed */
};

struct json_reader {
    const char *text;
    size_t len;
    size_t pos;
    unsigned depth;
    unsigned max_depth;
    uint8_t stack[JSON_MAX_DEPTH / 8]; /* one bit a level: object or array */
    uint8_t expect;                    /* private: what may come next */
    /* the value of the last event */
    const char *string; /* KEY, STRING: borrowed until the next call */
    size_t string_len;
    int64_t integer;
    double number; /* also set for INTEGER */
    size_t start;  /* offset of the first byte of the token */
    struct str
        scratch; /* unescaped strings; only used when there are escapes */
};

/* `text` is borrowed until json_reader_release(). max_depth 0 means the
 * largest, JSON_MAX_DEPTH. */
void json_reader_init(struct json_reader *r, const char *text, size_t len,
                      unsigned max_depth);
void json_reader_release(struct json_reader *r);

/* Returns 0 and the event, or -ERR_INVALID "line 3, column 7: ...",
 * -ERR_LIMIT, -ERR_NOMEM. */
int json_next(struct json_reader *r, enum json_event *ret_event,
              struct err *err);
/* Having got a KEY: skip its value. Having got *_START: skip to its end.
 * Otherwise nothing. The bytes skipped are still checked. */
int json_skip(struct json_reader *r, enum json_event last, struct err *err);

/* -ERR_INVALID "line L, column C: what" for a fault at offset `pos` that the
 * caller found. */
int json_fail(const struct json_reader *r, size_t pos, struct err *err,
              const char *what);

/* ---- writing: canonical pieces; the caller puts commas ---- */
/* -ERR_INVALID when `text` is not UTF-8; nothing is written then. */
int json_write_string(struct str *out, const char *text, size_t len);
int json_write_integer(struct str *out, int64_t value);
/* Shortest text that reads back as the same double; integral values below
 * 2^53 without fraction. NaN and infinities: -ERR_INVALID. */
int json_write_double(struct str *out, double value);

#endif
