/*
 * rules_prepare_pod.c -- what the strategy of pods does with a new one
 *                        (k8s.io/kubernetes pkg/registry/core/pod,
 * pkg/api/pod).
 */
#include <string.h>

#include "base/text.h"
#include "rules_impl.h"

/* ---- quality of service ---- */

/* Both maps say the same of cpu and memory. */
static bool is_same_amount(const struct value *a, const struct value *b)
{
    const char *one = value_text(a);
    const char *other = value_text(b);

    return one && other && strcmp(one, other) == 0;
}

static bool is_asked(const struct value *amount)
{
    const char *text = value_text(amount);

    return text && strcmp(text, "0") != 0;
}

struct qos {
    bool any;   /* something is asked for */
    bool exact; /* everywhere, and the limit is as much */
};

static void look_at_resources(const struct value *r, struct qos *q)
{
    static const char *const names[] = {"cpu", "memory"};

    for (size_t n = 0; n < 2; n++) {
        const struct value *limit = value_get(value_get(r, "limits"), names[n]);
        const struct value *request =
            value_get(value_get(r, "requests"), names[n]);

        q->any |= is_asked(limit) || is_asked(request);
        q->exact &=
            is_asked(limit) && (!request || is_same_amount(limit, request));
    }
}

static void look_at_containers(const struct value *containers, struct qos *q)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(containers, i)); i++)
        look_at_resources(value_get(item, "resources"), q);
}

bool rules_is_sized(const struct value *spec)
{
    static const char *const fields[] = {"resources.requests",
                                         "resources.limits"};

    for (size_t n = 0; n < 2; n++) {
        const struct value *map = value_path(spec, fields[n]);

        for (uint32_t i = 0; map && i < map->count; i++) {
            const char *name = map->as.members[i].key;

            if (strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 ||
                text_starts(name, "hugepages-"))
                return true;
        }
    }
    return false;
}

const char *rules_qos_class(const struct value *spec)
{
    struct qos q = {.any = false, .exact = true};

    if (rules_is_sized(spec)) {
        look_at_resources(value_get(spec, "resources"), &q);
    } else {
        look_at_containers(value_get(spec, "containers"), &q);
        look_at_containers(value_get(spec, "initContainers"), &q);
    }
    if (!q.any)
        return "BestEffort";
    return q.exact ? "Guaranteed" : "Burstable";
}

/* ---- status ---- */

static int gated_condition(const struct rules_call *c, struct value *status,
                           struct failure *f)
{
    static const char json[] =
        "[{\"type\":\"PodScheduled\",\"status\":\"False\","
        "\"reason\":\"SchedulingGated\",\"lastProbeTime\":null,"
        "\"lastTransitionTime\":null,"
        "\"message\":\"Scheduling is blocked due to non-empty scheduling "
        "gates\"}]";
    struct value *list;
    char now[32];

    if (value_parse(c->a, json, sizeof json - 1, &list, NULL) < 0)
        return failure_nomem(f);
    text_rfc3339(c->world->unix_now, now);
    if (rules_set_text(c, list->as.items[0], "lastTransitionTime", now, f) < 0)
        return -1;
    return rules_set(c, status, "conditions", list, f);
}

static int begin_status(const struct rules_call *c, struct value *object,
                        struct failure *f)
{
    const struct value *spec = value_get(object, "spec");
    const struct value *gates = value_get(spec, "schedulingGates");
    struct value *status = value_make(c->a, object, "status");

    if (!status)
        return failure_nomem(f);
    if (rules_set_text(c, status, "phase", "Pending", f) < 0 ||
        rules_set_text(c, status, "qosClass", rules_qos_class(spec), f) < 0)
        return -1;
    return gates && gates->count ? gated_condition(c, status, f) : 0;
}

/* ---- selectors that follow labels ---- */

static int add_keys(const struct rules_call *c, struct value *selector,
                    const struct value *keys, const char *operator,
                    const struct value * labels, struct failure *f)
{
    const struct value *key;

    for (size_t i = 0; (key = rules_item(keys, i)); i++) {
        struct value *label = value_get(labels, value_text(key));
        struct value *list, *e = value_object(c->a);
        struct value *values = value_array(c->a);

        if (!label)
            continue;
        list = rules_make_array(c, selector, "matchExpressions");
        if (!list || !e || value_append(c->a, values, label) < 0 ||
            value_set(c->a, e, "key", value_copy(c->a, key)) < 0 ||
            value_set(c->a, e, "operator", value_string(c->a, operator)) < 0 ||
            value_set(c->a, e, "values", values) < 0 ||
            value_append(c->a, list, e) < 0)
            return failure_nomem(f);
    }
    return 0;
}

/* What the keys of labels mean for this pod becomes part of the selector. */
static int merge_keys(const struct rules_call *c, struct value *term,
                      const struct value *labels, struct failure *f)
{
    struct value *selector = value_get(term, "labelSelector");

    if (!selector)
        return 0;
    if (add_keys(c, selector, value_get(term, "matchLabelKeys"), "In", labels,
                 f) < 0)
        return -1;
    return add_keys(c, selector, value_get(term, "mismatchLabelKeys"), "NotIn",
                    labels, f);
}

static int merge_each(const struct rules_call *c, const struct value *list,
                      const char *field, const struct value *labels,
                      struct failure *f)
{
    struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (merge_keys(c, field ? value_get(item, field) : item, labels, f) < 0)
            return -1;
    return 0;
}

static int merge_label_keys(const struct rules_call *c,
                            const struct value *object, struct failure *f)
{
    static const char *const kinds[] = {"podAffinity", "podAntiAffinity"};
    const struct value *spec = value_get(object, "spec");
    const struct value *affinity = value_get(spec, "affinity");
    const struct value *labels = value_path(object, "metadata.labels");

    for (size_t i = 0; i < 2; i++) {
        const struct value *a = value_get(affinity, kinds[i]);
        const struct value *preferred =
            value_get(a, "preferredDuringSchedulingIgnoredDuringExecution");
        const struct value *required =
            value_get(a, "requiredDuringSchedulingIgnoredDuringExecution");

        if (merge_each(c, preferred, "podAffinityTerm", labels, f) < 0 ||
            merge_each(c, required, NULL, labels, f) < 0)
            return -1;
    }
    return merge_each(c, value_get(spec, "topologySpreadConstraints"), NULL,
                      labels, f);
}

/* ---- pods ---- */

int rules_prepare_pod(const struct rules_call *c, struct value *object,
                      const struct value *old, struct failure *f)
{
    struct value *spec = value_get(object, "spec");

    if (old)
        return value_make(c->a, object, "status") ? 0 : failure_nomem(f);
    /* Less than no time is as short as can be. */
    if (value_int_at(spec, "terminationGracePeriodSeconds", 0) < 0 &&
        rules_set(c, spec, "terminationGracePeriodSeconds",
                  value_integer(c->a, 1), f) < 0)
        return -1;
    if (begin_status(c, object, f) < 0 || merge_label_keys(c, object, f) < 0)
        return -1;
    return rules_copy_profiles(c, object, f);
}

/* ---- fields behind gates that are shut ---- */

static void drop_projections(const struct value *volumes)
{
    struct value *volume, *source;

    for (size_t i = 0; (volume = rules_item(volumes, i)); i++) {
        const struct value *sources = value_path(volume, "projected.sources");

        for (size_t n = 0; (source = rules_item(sources, n)); n++) {
            value_unset(source, "clusterTrustBundle");
            value_unset(source, "podCertificate");
        }
    }
}

static void drop_signals(const struct value *containers)
{
    struct value *container, *hooks;

    for (size_t i = 0; (container = rules_item(containers, i)); i++) {
        hooks = value_get(container, "lifecycle");
        if (!value_get(hooks, "stopSignal"))
            continue;
        value_unset(hooks, "stopSignal");
        if (hooks->count == 0)
            value_unset(container, "lifecycle");
    }
}

void rules_drop_gated(const struct rules_call *c, const struct value *object)
{
    const char *path = rules_pod_spec_path(c->kind);
    struct value *spec = path ? value_path(object, path) : NULL;

    if (!value_is(spec, VALUE_OBJECT))
        return;
    value_unset(spec, "schedulingGroup");
    drop_projections(value_get(spec, "volumes"));
    drop_signals(value_get(spec, "containers"));
    drop_signals(value_get(spec, "initContainers"));
    drop_signals(value_get(spec, "ephemeralContainers"));
}
