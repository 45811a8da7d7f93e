/*
 * explain.h -- `explain`: what a code means, how it comes about, what to do.
 *
 * The texts are src/app/explain/NAME.md, part of the program. Tests hold them
 * against the lists of codes: base/err.h, app/reasons.h, app/check.h.
 */
#ifndef TIDELOCK_APP_EXPLAIN_H
#define TIDELOCK_APP_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Borrowed from the program's own data. */
struct explanation {
    const char *group; /* title of its file, `group_len` bytes */
    size_t group_len;
    const char *names; /* "EMPTY_PLAN, EmptyPlan" */
    size_t names_len;
    const char *body; /* begins with the summary, a line */
    size_t body_len;
};

/* Begin with all zero bytes; false behind the last. */
bool explain_next(struct explanation *e);
/* The i-th name of an entry; false behind the last. */
bool explain_name(const struct explanation *e, size_t i, const char **ret_name,
                  size_t *ret_len);
/* The entry of a code in any spelling, "EmptyPlan", "empty-plan"; false: there
 * is none, and `err` says which may be meant. */
bool explain_find(const char *code, struct explanation *ret, struct err *err);

/* For people. */
void explain_print(const struct explanation *e, bool color, struct str *out);
void explain_print_list(bool color, struct str *out);

#endif
