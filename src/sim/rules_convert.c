/*
 * rules_convert.c -- between versions that share one storage; see rules.h.
 */
#include <string.h>

#include "rules_impl.h"

/* Events: the same fields by other names. */
static const struct {
    const char *core, *events;
} NAMES[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

/* Both versions always say these, empty as they are. */
static int fill(struct arena *a, struct value *event)
{
    static const char *const always[] = {"deprecatedSource", "regarding"};

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (!value_make(a, event, always[i]))
            return -1;
    return 0;
}

static int rename_fields(struct arena *a, struct value *event, bool to_core)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const char *from = to_core ? NAMES[i].events : NAMES[i].core;
        const char *to = to_core ? NAMES[i].core : NAMES[i].events;
        struct value *v = value_get(event, from);

        if (!v)
            continue;
        value_unset(event, from);
        if (value_set(a, event, to, v) < 0)
            return -1;
    }
    return to_core ? 0 : fill(a, event);
}

static bool is_event(const struct value *object)
{
    const char *kind = value_text_at(object, "kind");

    return kind && strcmp(kind, "Event") == 0;
}

int rules_convert(struct arena *a, const struct kind *to,
                  const struct value *object, struct value **ret,
                  struct failure *f)
{
    const char *from = value_text_at(object, "apiVersion");
    struct value *copy = value_copy(a, object);
    int rc = copy ? 0 : -1;

    if (rc == 0 && is_event(object) && from &&
        strcmp(from, to->r.api_version) != 0)
        rc = rename_fields(a, copy, strcmp(to->r.api_version, "v1") == 0);
    if (rc < 0 ||
        value_set(a, copy, "apiVersion", value_string(a, to->r.api_version)) <
            0 ||
        value_set(a, copy, "kind", value_string(a, to->r.kind)) < 0)
        return failure_nomem(f);
    *ret = copy;
    return 0;
}
