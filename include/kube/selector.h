/*
 * selector.h -- label and field selectors, parsed once, matched often.
 *
 * Labels: equality and set based, as kubectl writes them ("a=b,c!=d,e in
 * (f,g),!h", also "n>3" and "n<9"). Fields: "metadata.name=x,status.phase!=
 * Running" (=, ==, != on dotted paths; a missing path matches as ""; in a
 * value the characters , = and \ are written with a \ before them).
 */
#ifndef TIDELOCK_KUBE_SELECTOR_H
#define TIDELOCK_KUBE_SELECTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"

struct selector; /* lives in the arena it was parsed into */

/* -ERR_INVALID names the position and what would be right there. */
int selector_parse_labels(struct arena *a, const char *text,
                          struct selector **ret, struct err *err);
int selector_parse_fields(struct arena *a, const char *text,
                          struct selector **ret, struct err *err);
/* From {"a":"b"} (matchLabels of a script); NULL or empty matches all. */
int selector_from_map(struct arena *a, const struct value *map,
                      struct selector **ret, struct err *err);
/* From a metav1.LabelSelector: matchLabels and matchExpressions. NULL, null
 * and {} match all; where the API lets an absent selector match nothing, the
 * caller asks for that first. */
int selector_from_label_selector(struct arena *a, const struct value *sel,
                                 struct selector **ret, struct err *err);

/* `labels` is the object's .metadata.labels, may be NULL. NULL selector
 * matches everything. */
bool selector_match_labels(const struct selector *s,
                           const struct value *labels);
bool selector_match_fields(const struct selector *s,
                           const struct value *object);
/* The path of its i-th condition on fields; NULL: there are no more. */
const char *selector_path(const struct selector *s, size_t i);
/* Canonical text, sorted: for query strings. What was parsed from it prints
 * as the same text. Returns as str_add(). */
int selector_print(const struct selector *s, struct str *out);

#endif
