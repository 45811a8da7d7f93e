/*
 * schema_help.h -- what the tests of schemas have in common.
 */
#ifndef TIDELOCK_TESTS_UNIT_SCHEMA_HELP_H
#define TIDELOCK_TESTS_UNIT_SCHEMA_HELP_H

#include <string.h>

#include "kube/schema.h"
#include "test.h"

static inline struct value *parse(struct arena *a, const char *text)
{
    struct value *v = NULL;
    struct err err = {0};

    check_ok(value_parse(a, text, strlen(text), &v, &err), &err);
    return v;
}

/* A step for each name; "[]" goes to the element. */
static inline struct schema_node path(const struct schema_set *set,
                                      const struct gvk *gvk, const char *names)
{
    struct schema_node n = schema_find(set, gvk->api_version, gvk->kind);

    while (*names) {
        size_t len = strcspn(names, " ");

        if (strncmp(names, "[]", 2) == 0)
            n = schema_item(n);
        else
            n = schema_fieldn(n, names, len);
        names += len;
        names += strspn(names, " ");
    }
    return n;
}

static inline bool text_is(struct schema_text text, const char *want)
{
    return text.len == strlen(want) && memcmp(text.at, want, text.len) == 0;
}

/* Issues as lines. */
static inline bool note(void *arg, const struct schema_issue *issue)
{
    str_addf(arg, "%s: %s\n", issue->path, issue->message);
    return true;
}

static inline void check_issues(const struct schema_set *set,
                                const struct gvk *gvk, const char *object,
                                const char *want)
{
    struct arena a = {0};
    struct str got = {0};
    struct err err = {0};
    struct value *v = parse(&a, object);

    check_ok(schema_check(set, gvk, v, note, &got, &err), &err);
    check_str(str_text(&got), want);
    str_release(&got);
    arena_release(&a);
}

#endif
