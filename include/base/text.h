/*
 * text.h -- small questions about text: compare, check, parse, measure.
 */
#ifndef TIDELOCK_BASE_TEXT_H
#define TIDELOCK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
/* Strict decimal; false on anything else, also on overflow. */
bool text_to_int64(const char *text, size_t len, int64_t *ret_value);
/* Valid UTF-8 (no surrogates, no overlong forms)? */
bool text_is_utf8(const char *text, size_t len);
/* Levenshtein distance, capped at 64 characters a side: "did you mean". */
unsigned text_distance(const char *a, const char *b);
/* RFC 3339 in UTC with seconds: "2026-01-02T03:04:05Z"; out has 32 bytes.
 * Years outside 0..9999 come out as the nearest that can be written. */
void text_rfc3339(int64_t unix_seconds, char out[32]);
/* false when it is not RFC 3339; fractions are dropped. */
bool text_parse_rfc3339(const char *text, int64_t *ret_unix_seconds);
/* Go durations "1h30m", "250ms", "1.5s", "-2s", "0" to milliseconds, what is
 * below one millisecond dropped; false otherwise. */
bool text_parse_duration(const char *text, int64_t *ret_ms);

#endif
