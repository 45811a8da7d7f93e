/*
 * rules_convert.c -- between versions that share one storage; see rules.h.
 *
 * Most versions differ in apiVersion alone. Events have other names for some
 * fields in events.k8s.io; for autoscalers see rules_convert_scaler.c.
 */
#include "rules_convert.h"

/* ---- Events ---- */

static const struct {
    const char *core, *events;
} EVENT_FIELDS[] = {
    {"involvedObject", "regarding"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"message", "note"},
    {"reportingComponent", "reportingController"},
};

static void rename_event_fields(struct value *event, bool to_core)
{
    for (uint32_t i = 0; i < event->count; i++) {
        struct value_member *m = &event->as.members[i];

        for (size_t n = 0; n < sizeof EVENT_FIELDS / sizeof EVENT_FIELDS[0];
             n++) {
            const char *from =
                to_core ? EVENT_FIELDS[n].events : EVENT_FIELDS[n].core;
            const char *to =
                to_core ? EVENT_FIELDS[n].core : EVENT_FIELDS[n].events;

            if (strcmp(m->key, from) == 0) {
                m->key = to;
                m->key_len = (uint32_t)strlen(to);
                break;
            }
        }
    }
}

/* ---- all ---- */

static int change(struct conversion *v, struct value *object)
{
    const struct resource *r = &v->c.kind->r;

    if (strcmp(r->kind, "Event") == 0)
        rename_event_fields(object, *r->group == '\0');
    else if (strcmp(r->version, "v1") == 0 ? scaler_to_first(v, object) < 0
                                           : scaler_to_second(v, object) < 0)
        return -1;
    /* Fields that are always printed are others than before. */
    return rules_decode(&v->c, object, NULL, v->f);
}

int rules_convert(struct arena *a, const struct kind *to,
                  const struct value *object, struct value **ret,
                  struct failure *f)
{
    struct conversion v = {.c = {.kind = to, .subresource = "", .a = a},
                           .f = f};
    struct value *copy = value_copy(a, object);
    bool same =
        text_equal(value_text_at(object, "apiVersion"), to->r.api_version);

    if (!copy ||
        rules_set_text(&v.c, copy, "apiVersion", to->r.api_version, f) < 0 ||
        rules_set_text(&v.c, copy, "kind", to->r.kind, f) < 0)
        return failure_nomem(f);
    if (!same && !to->crd &&
        (strcmp(to->r.kind, "Event") == 0 ||
         strcmp(to->r.kind, "HorizontalPodAutoscaler") == 0) &&
        change(&v, copy) < 0)
        return -1;
    *ret = copy;
    return 0;
}
