/*
 * crd_help.h -- JSON in single quotes, for tests of definitions.
 */
#ifndef TIDELOCK_TESTS_UNIT_SIM_CRD_HELP_H
#define TIDELOCK_TESTS_UNIT_SIM_CRD_HELP_H

#include <string.h>

#include "base/value.h"

#include "test.h"

/* NULL only when an allocation failed. */
static inline struct value *quoted(struct arena *a, const char *text)
{
    char *json = arena_strdup(a, text);
    struct value *v = NULL;

    for (char *c = json; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    if (json)
        value_parse(a, json, strlen(json), &v, NULL);
    check(v || torturing());
    return v;
}

/* Canonical text in `a`; "" when there was no memory for it. */
static inline const char *printed(struct arena *a, const struct value *v)
{
    struct str text;
    const char *copy = NULL;

    str_init(&text, 0);
    if (value_print(v, &text, NULL) == 0)
        copy = arena_strndup(a, str_text(&text), text.len);
    str_release(&text);
    return copy ? copy : "";
}

#endif
