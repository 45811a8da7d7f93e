/*
 * rules_scaling.c -- validation of HorizontalPodAutoscalers (k8s.io/kubernetes
 *                    pkg/apis/autoscaling/validation).
 *
 * It is the stored version, v2, that is judged, whichever was sent: what v1
 * keeps in annotations has its place in v2, and failures name that place.
 */
#include <string.h>

#include "rules_amount.h"
#include "rules_kinds.h"

#define PERIOD_MAX 1800 /* seconds */
#define WINDOW_MAX 3600

/* ---- references ---- */

struct reference {
    bool any_version; /* it was wrong before, or is what it was */
    bool core;        /* may be of the group without a name */
};

/* group/version, or a version of the core group. */
static bool is_version(const char *text, bool core)
{
    const char *slash = text ? strchr(text, '/') : NULL;

    if (!slash || (slash == text && !slash[1]))
        return core;
    return !strchr(slash + 1, '/') && (core || slash > text);
}

static void check_reference(struct check *k, const struct place *at,
                            const struct value *ref, struct reference may)
{
    static const char *const fields[] = {"kind", "name"};
    const char *version = value_text_at(ref, "apiVersion");

    for (size_t i = 0; i < 2; i++) {
        const char *text = value_text_at(ref, fields[i]);

        if (!text || !*text)
            check_required(k, at, fields[i], "");
        else
            check_text_by(k, PLACE(at, fields[i]), text, wrong_path_segment);
    }
    if (!may.any_version && !is_version(version, may.core))
        check_add(k, CAUSE_INVALID, PLACE(at, "apiVersion"),
                  "Invalid value: \"%s\": apiVersion must specify API group",
                  version ? version : "");
}

static struct reference target_may(const struct value *spec,
                                   const struct value *old)
{
    const struct value *is = value_get(spec, "scaleTargetRef");
    const struct value *was = value_get(old, "scaleTargetRef");
    const char *kind = value_text_at(is, "kind");
    const char *version = value_text_at(is, "apiVersion");

    if (old && text_equal(kind, value_text_at(was, "kind")) &&
        text_equal(version, value_text_at(was, "apiVersion")))
        return (struct reference){.any_version = true};
    return (struct reference){.core =
                                  text_equal(kind, "ReplicationController")};
}

static struct reference object_may(const struct value *old)
{
    struct reference may = {.core = true};
    const struct value *metric;

    for (size_t i = 0; (metric = rules_item(value_get(old, "metrics"), i));
         i++) {
        const struct value *ref = value_path(metric, "object.describedObject");

        if (text_equal(value_text_at(metric, "type"), "Object") && ref &&
            !is_version(value_text_at(ref, "apiVersion"), true))
            may.any_version = true;
    }
    return may;
}

/* ---- targets of metrics ---- */

static void check_positive(struct check *k, const struct place *at,
                           const struct value *target, const char *field)
{
    const struct value *v = value_get(target, field);
    struct amount amount;

    if (v && amount_read(v, &amount) && amount.nano <= 0)
        check_invalid(k, PLACE(at, field), v, "must be positive");
}

static void check_metric_target(struct check *k, const struct place *at,
                                const struct value *target)
{
    const char *type = value_text_at(target, "type");

    if (!type || !*type)
        check_required(k, at, "type", "must specify a metric target type");
    if (!text_equal(type, "Utilization") && !text_equal(type, "Value") &&
        !text_equal(type, "AverageValue"))
        check_add(k, CAUSE_INVALID, PLACE(at, "type"),
                  "Invalid value: \"%s\": must be either Utilization, Value, "
                  "or AverageValue",
                  type ? type : "");
    check_positive(k, at, target, "value");
    check_positive(k, at, target, "averageValue");
    if (value_int_at(target, "averageUtilization", 1) < 1)
        check_invalid(k, PLACE(at, "averageUtilization"),
                      value_get(target, "averageUtilization"),
                      "must be greater than 0");
}

static void check_identifier(struct check *k, const struct place *at,
                             const struct value *metric)
{
    const char *name = value_text_at(metric, "name");

    if (!name || !*name)
        check_required(k, at, "name", "must specify a metric name");
    else
        check_text_by(k, PLACE(at, "name"), name, wrong_path_segment);
}

/* ---- sources of metrics ---- */

struct source {
    const struct place *at;
    const struct value *v;
    const struct value *value, *average, *utilization; /* of the target */
};

typedef void (*source_fn)(struct check *k, const struct source *s);

static void check_object(struct check *k, const struct source *s)
{
    check_identifier(k, PLACE(s->at, "metric"), value_get(s->v, "metric"));
    check_metric_target(k, PLACE(s->at, "target"), value_get(s->v, "target"));
    if (!s->value && !s->average)
        check_required(k, PLACE(s->at, "target"), "averageValue",
                       "must set either a target value or averageValue");
}

static void check_external(struct check *k, const struct source *s)
{
    check_object(k, s);
    if (s->value && s->average)
        check_add(k, CAUSE_FORBIDDEN, PLACE(PLACE(s->at, "target"), "value"),
                  "Forbidden: may not set both a target value for metric and "
                  "a per-pod target");
}

static void check_pods(struct check *k, const struct source *s)
{
    check_identifier(k, PLACE(s->at, "metric"), value_get(s->v, "metric"));
    check_metric_target(k, PLACE(s->at, "target"), value_get(s->v, "target"));
    if (!s->average)
        check_required(k, PLACE(s->at, "target"), "averageValue",
                       "must specify a positive target averageValue");
}

static void check_usage(struct check *k, const struct source *s)
{
    const struct place *at = PLACE(s->at, "target");

    check_metric_target(k, at, value_get(s->v, "target"));
    if (!s->utilization && !s->average)
        check_required(k, at, "averageUtilization",
                       "must set either a target raw value or a target "
                       "utilization");
    if (s->utilization && s->average)
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "averageValue"),
                  "Forbidden: may not set both a target raw value and a "
                  "target utilization");
}

static void check_resource(struct check *k, const struct source *s)
{
    const char *name = value_text_at(s->v, "name");

    if (!name || !*name)
        check_required(k, s->at, "name", "must specify a resource name");
    check_usage(k, s);
}

static void check_container_resource(struct check *k, const struct source *s)
{
    const char *name = value_text_at(s->v, "name");
    const char *container = value_text_at(s->v, "container");

    if (!name || !*name)
        check_required(k, s->at, "name", "must specify a resource name");
    else
        rules_check_resource(k, PLACE(s->at, "name"), name);
    if (!container || !*container)
        check_required(k, s->at, "container", "must specify a container");
    else
        check_text_by(k, PLACE(s->at, "container"), container, wrong_dns_label);
    check_usage(k, s);
}

/* In the order in which the server looks for them. */
static const struct {
    const char *type, *field;
    source_fn check;
} SOURCES[] = {
    {"Object", "object", check_object},
    {"External", "external", check_external},
    {"Pods", "pods", check_pods},
    {"Resource", "resource", check_resource},
    {"ContainerResource", "containerResource", check_container_resource},
};
#define SOURCE_COUNT (sizeof SOURCES / sizeof SOURCES[0])

static void check_source(struct check *k, const struct place *at,
                         const struct value *metric, size_t i,
                         struct reference may)
{
    const struct value *v = value_get(metric, SOURCES[i].field);
    const struct value *target = value_get(v, "target");
    const struct source s = {
        .at = PLACE(at, SOURCES[i].field),
        .v = v,
        .value = value_get(target, "value"),
        .average = value_get(target, "averageValue"),
        .utilization = value_get(target, "averageUtilization"),
    };

    if (SOURCES[i].check == check_object)
        check_reference(k, PLACE(s.at, "describedObject"),
                        value_get(v, "describedObject"), may);
    SOURCES[i].check(k, &s);
}

/* What a metric is not about. */
static void check_others(struct check *k, const struct place *at,
                         const struct value *metric, size_t expected)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        if (i != expected && value_get(metric, SOURCES[i].field))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, SOURCES[i].field),
                      "Forbidden: must populate the given metric source only");
}

static void check_type(struct check *k, const struct place *at,
                       const char *type)
{
    check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "type"),
              "Unsupported value: \"%s\": supported values: "
              "\"ContainerResource\", \"External\", \"Object\", \"Pods\", "
              "\"Resource\"",
              type ? type : "");
}

static void check_metric(struct check *k, const struct place *at,
                         const struct value *metric, struct reference may)
{
    const char *type = value_text_at(metric, "type");
    size_t expected = 0, first = SOURCE_COUNT, present = 0;

    while (expected < SOURCE_COUNT && !text_equal(type, SOURCES[expected].type))
        expected++;
    for (size_t i = SOURCE_COUNT; i-- > 0;)
        if (value_get(metric, SOURCES[i].field)) {
            first = i;
            present++;
        }
    if (!type || !*type)
        check_required(k, at, "type", "must specify a metric source type");
    if (expected == SOURCE_COUNT)
        check_type(k, at, type);
    if (first < SOURCE_COUNT)
        check_source(k, at, metric, first, may);
    if (expected == SOURCE_COUNT) /* said twice */
        check_type(k, at, type);
    else if (!value_get(metric, SOURCES[expected].field))
        check_required(k, at, SOURCES[expected].field,
                       "must populate information for the given metric "
                       "source");
    if (present != 1)
        check_others(k, at, metric, expected);
}

static void check_metrics(struct check *k, const struct place *at,
                          const struct value *spec, const struct value *old)
{
    const struct value *metrics = value_get(spec, "metrics"), *metric;
    const struct reference may = object_may(old);
    bool from_zero = false;

    for (size_t i = 0; (metric = rules_item(metrics, i)); i++) {
        const char *type = value_text_at(metric, "type");

        check_metric(k, PLACE_AT(at, i), metric, may);
        from_zero |= text_equal(type, "Object") || text_equal(type, "External");
    }
    if (value_int_at(spec, "minReplicas", 1) == 0 && !from_zero)
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: must specify at least one Object or External "
                  "metric to support scaling to zero replicas");
}

/* ---- behavior ---- */

static void check_policy(struct check *k, const struct place *at,
                         const struct value *policy)
{
    static const char *const counts[] = {"value", "periodSeconds"};
    const char *type = value_text_at(policy, "type");

    if (!text_equal(type, "Pods") && !text_equal(type, "Percent"))
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "type"),
                  "Unsupported value: \"%s\": supported values: \"Percent\", "
                  "\"Pods\"",
                  type ? type : "");
    for (size_t i = 0; i < 2; i++)
        if (value_int_at(policy, counts[i], 0) <= 0)
            check_invalid(k, PLACE(at, counts[i]), value_get(policy, counts[i]),
                          "must be greater than zero");
    if (value_int_at(policy, "periodSeconds", 0) > PERIOD_MAX)
        check_invalid(k, PLACE(at, "periodSeconds"),
                      value_get(policy, "periodSeconds"),
                      "must be less than or equal to 1800");
}

static void check_window(struct check *k, const struct place *at,
                         const struct value *rules)
{
    const struct value *window = value_get(rules, "stabilizationWindowSeconds");

    at = PLACE(at, "stabilizationWindowSeconds");
    if (value_is(window, VALUE_INTEGER) && window->as.integer < 0)
        check_invalid(k, at, window, "must be greater than or equal to zero");
    if (value_is(window, VALUE_INTEGER) && window->as.integer > WINDOW_MAX)
        check_invalid(k, at, window, "must be less than or equal to 3600");
}

static void check_select(struct check *k, const struct place *at,
                         const struct value *v)
{
    const char *select = value_text(v);

    if (select && strcmp(select, "Disabled") != 0 &&
        strcmp(select, "Max") != 0 && strcmp(select, "Min") != 0)
        check_add(k, CAUSE_NOT_SUPPORTED, at,
                  "Unsupported value: \"%s\": supported values: "
                  "\"Disabled\", \"Max\", \"Min\"",
                  select);
}

static void check_scaling(struct check *k, const struct place *at,
                          const struct value *rules)
{
    const struct value *policies = value_get(rules, "policies"), *policy;
    const struct value *tolerance = value_get(rules, "tolerance");
    struct amount amount;

    if (rules_is_absent(rules))
        return;
    check_window(k, at, rules);
    check_select(k, PLACE(at, "selectPolicy"),
                 value_get(rules, "selectPolicy"));
    if (!rules_item(policies, 0))
        check_required(k, at, "policies", "must specify at least one Policy");
    for (size_t i = 0; (policy = rules_item(policies, i)); i++)
        check_policy(k, PLACE_AT(PLACE(at, "policies"), i), policy);
    if (tolerance && amount_read(tolerance, &amount) && amount.nano < 0)
        check_invalid(k, PLACE(at, "tolerance"), tolerance,
                      "must be greater than or equal to 0");
}

/* ---- the whole ---- */

static void check_bounds(struct check *k, const struct place *at,
                         const struct value *spec, const struct value *old)
{
    const int64_t least = value_int_at(old, "minReplicas", 1) == 0 ? 0 : 1;
    int64_t min = value_int_at(spec, "minReplicas", 1);
    int64_t max = value_int_at(spec, "maxReplicas", 0);

    if (min < least)
        check_add(k, CAUSE_INVALID, PLACE(at, "minReplicas"),
                  "Invalid value: %lld: must be greater than or equal to %lld",
                  (long long)min, (long long)least);
    if (max == 0)
        check_required(k, at, "maxReplicas", "must be set and greater than 0");
    else if (max < 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "maxReplicas"),
                  "Invalid value: %lld: must be greater than or equal to 1",
                  (long long)max);
    if (max < min)
        check_add(k, CAUSE_INVALID, PLACE(at, "maxReplicas"),
                  "Invalid value: %lld: must be greater than or equal to "
                  "`minReplicas`",
                  (long long)max);
}

/* The spec as v2 has it; NULL when there is none, or on out of memory, which is
 * noted. */
static const struct value *stored_spec(struct check *k,
                                       const struct value *object)
{
    const struct kind stored = {
        .r = {.api_version = "autoscaling/v2",
              .group = "autoscaling",
              .version = "v2",
              .kind = "HorizontalPodAutoscaler",
              .plural = "horizontalpodautoscalers",
              .namespaced = true},
        .bucket = "",
        .schema =
            schema_find(NULL, "autoscaling/v2", "HorizontalPodAutoscaler"),
    };
    struct value *converted = NULL;
    struct failure f;

    failure_init(&f, k->c->a);
    if (object && rules_convert(k->c->a, &stored, object, &converted, &f) < 0)
        failure_nomem(k->f);
    return value_get(converted, "spec");
}

void rules_check_autoscaler(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = stored_spec(k, k->object);
    const struct value *old = stored_spec(k, k->old);
    const struct value *behavior = value_get(spec, "behavior");

    check_bounds(k, at, spec, old);
    check_reference(k, PLACE(at, "scaleTargetRef"),
                    value_get(spec, "scaleTargetRef"), target_may(spec, old));
    check_metrics(k, PLACE(at, "metrics"), spec, old);
    at = PLACE(at, "behavior");
    check_scaling(k, PLACE(at, "scaleUp"), value_get(behavior, "scaleUp"));
    check_scaling(k, PLACE(at, "scaleDown"), value_get(behavior, "scaleDown"));
}
