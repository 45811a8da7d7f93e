/*
 * rules_convert.c -- between versions that share one storage; see rules.h.
 *
 * Most versions differ in apiVersion alone. Events have other names for some
 * fields in events.k8s.io, autoscaling/v1 keeps in annotations what it has no
 * fields for.
 */
#include <stdio.h>
#include <string.h>

#include "rules_impl.h"

struct conversion {
    struct rules_call c; /* of the kind that it becomes */
    struct failure *f;
};

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

/* ---- HorizontalPodAutoscalers ---- */

#define NOTE(name) "autoscaling.alpha.kubernetes.io/" name

static bool is_cpu(const struct value *metric, const char *amounts)
{
    const struct value *resource = value_get(metric, "resource");

    return text_equal(value_text_at(metric, "type"), "Resource") &&
           text_equal(value_text_at(resource, "name"), "cpu") &&
           value_get(value_get(resource, amounts), "averageUtilization");
}

static int64_t cpu_of(const struct value *metric, const char *amounts)
{
    return value_int_at(value_path(metric, "resource"),
                        strcmp(amounts, "target") == 0
                            ? "target.averageUtilization"
                            : "current.averageUtilization",
                        0);
}

/* What v1 has no field for is text in an annotation. */
static int note(struct conversion *v, struct value *object, const char *name,
                const struct value *what)
{
    struct value *notes =
        value_make(v->c.a, value_get(object, "metadata"), "annotations");
    struct str text;
    int rc;

    if (!notes)
        return failure_nomem(v->f);
    str_init(&text, 0);
    rc = value_print(what, &text, NULL);
    if (rc == 0)
        rc = rules_set_text(&v->c, notes, name, str_text(&text), v->f);
    str_release(&text);
    return rc < 0 ? failure_nomem(v->f) : 0;
}

/* The first metric of the CPU becomes a field, the others a note. */
static int fold_metrics(struct conversion *v, struct value *object,
                        struct value *part, bool spec)
{
    const char *key = spec ? "metrics" : "currentMetrics";
    const char *amounts = spec ? "target" : "current";
    const char *field = spec ? "targetCPUUtilizationPercentage"
                             : "currentCPUUtilizationPercentage";
    const struct value *metrics = value_get(part, key);
    struct value *rest = value_array(v->c.a);
    struct value *metric;

    for (size_t i = 0; (metric = rules_item(metrics, i)); i++) {
        if (is_cpu(metric, amounts) && !value_get(part, field)) {
            if (rules_set(&v->c, part, field,
                          value_integer(v->c.a, cpu_of(metric, amounts)),
                          v->f) < 0)
                return -1;
        } else if (value_append(v->c.a, rest, metric) < 0) {
            return failure_nomem(v->f);
        }
    }
    value_unset(part, key);
    if (!rest || rest->count == 0)
        return rest ? 0 : failure_nomem(v->f);
    return note(v, object, spec ? NOTE("metrics") : NOTE("current-metrics"),
                rest);
}

static int fold(struct conversion *v, struct value *object, struct value *part,
                const char *key, const char *name)
{
    const struct value *is = value_get(part, key);

    if (rules_is_absent(is))
        return 0;
    if (note(v, object, name, is) < 0)
        return -1;
    value_unset(part, key);
    return 0;
}

static int to_first(struct conversion *v, struct value *object)
{
    struct value *spec = value_get(object, "spec");
    struct value *status = value_get(object, "status");

    if (fold_metrics(v, object, spec, true) < 0 ||
        fold_metrics(v, object, status, false) < 0)
        return -1;
    if (fold(v, object, spec, "behavior", NOTE("behavior")) < 0)
        return -1;
    return fold(v, object, status, "conditions", NOTE("conditions"));
}

/* A note becomes a field again; one that is no JSON is left. */
static int unfold(struct conversion *v, struct value *object,
                  struct value *part, const char *key, const char *name)
{
    struct value *notes = value_path(object, "metadata.annotations");
    const char *text = value_text(value_get(notes, name));
    struct value *what;

    if (!text || !part ||
        value_parse(v->c.a, text, strlen(text), &what, NULL) < 0)
        return 0;
    value_unset(notes, name);
    if (notes->count == 0)
        value_unset(value_get(object, "metadata"), "annotations");
    return rules_set(&v->c, part, key, what, v->f);
}

static int unfold_cpu(struct conversion *v, struct value *part, bool spec)
{
    const char *field = spec ? "targetCPUUtilizationPercentage"
                             : "currentCPUUtilizationPercentage";
    const char *key = spec ? "metrics" : "currentMetrics";
    const struct value *percent = value_get(part, field);
    struct value *all = value_array(v->c.a);
    struct value *metric, *other;
    char json[160];

    if (!value_is(percent, VALUE_INTEGER))
        return 0;
    snprintf(json, sizeof json,
             "{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"%s\":"
             "{%s\"averageUtilization\":%lld}}}",
             spec ? "target" : "current",
             spec ? "\"type\":\"Utilization\"," : "",
             (long long)percent->as.integer);
    if (!all || value_parse(v->c.a, json, strlen(json), &metric, NULL) < 0 ||
        value_append(v->c.a, all, metric) < 0)
        return failure_nomem(v->f);
    for (size_t i = 0; (other = rules_item(value_get(part, key), i)); i++)
        if (value_append(v->c.a, all, other) < 0)
            return failure_nomem(v->f);
    value_unset(part, field);
    return rules_set(&v->c, part, key, all, v->f);
}

static int to_second(struct conversion *v, struct value *object)
{
    struct value *spec = value_get(object, "spec");
    struct value *status = value_get(object, "status");

    if (unfold(v, object, spec, "metrics", NOTE("metrics")) < 0 ||
        unfold(v, object, status, "currentMetrics", NOTE("current-metrics")) <
            0 ||
        unfold(v, object, spec, "behavior", NOTE("behavior")) < 0 ||
        unfold(v, object, status, "conditions", NOTE("conditions")) < 0)
        return -1;
    if (unfold_cpu(v, spec, true) < 0)
        return -1;
    return unfold_cpu(v, status, false);
}

/* ---- all ---- */

static int change(struct conversion *v, struct value *object)
{
    const struct resource *r = &v->c.kind->r;

    if (strcmp(r->kind, "Event") == 0)
        rename_event_fields(object, *r->group == '\0');
    else if (strcmp(r->version, "v1") == 0 ? to_first(v, object) < 0
                                           : to_second(v, object) < 0)
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
