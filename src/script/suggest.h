/*
 * suggest.h -- "did you mean": the nearest of a few known words.
 */
#ifndef TIDELOCK_SCRIPT_SUGGEST_H
#define TIDELOCK_SCRIPT_SUGGEST_H

#include "base/str.h"

/* The word of the NULL-terminated list that `word` was probably meant to be;
 * NULL when none is near. */
const char *suggest(const char *word, const char *const *list);

/* "apply, patch, delete": for hints. */
void suggest_list(struct str *out, const char *const *list);

#endif
