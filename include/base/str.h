/*
 * str.h -- a growing byte string with a declared maximum.
 *
 * The bytes are always NUL-terminated, and may hold NULs. Appending never
 * loses what was there: on failure the string is unchanged and `failed` is
 * set, so a long run of appends may be checked once at its end by
 * str_check().
 */
#ifndef TIDELOCK_BASE_STR_H
#define TIDELOCK_BASE_STR_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

struct str {
    char *data; /* NULL when nothing was ever appended */
    size_t len;
    size_t cap;
    size_t max;           /* 0 = no limit */
    enum err_code failed; /* ERR_NONE, ERR_NOMEM or ERR_LIMIT: sticky */
};

void str_init(struct str *s, size_t max);
void str_release(struct str *s);           /* zeroed string is fine; reusable */
void str_clear(struct str *s);             /* length 0, keeps the memory */
const char *str_text(const struct str *s); /* never NULL; borrowed */
char *str_take(struct str *s); /* caller owns (mem_free); NULL if failed */

/* All return 0, -ERR_NOMEM or -ERR_LIMIT. */
int str_add(struct str *s, const char *text);
int str_addn(struct str *s, const void *data, size_t len);
int str_addc(struct str *s, char c);
int str_addf(struct str *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A text that a script or a server made, for a terminal: a line begins at
 * `indent`, a tab stays, every other control character is shown as '?'. */
int str_add_visible(struct str *s, const char *text, const char *indent);
/* 0, or fills err from s->failed. `what` names the string in the message. */
int str_check(const struct str *s, const char *what, struct err *err);

/* Remove the first `n` bytes. */
void str_drop(struct str *s, size_t n);

#endif
