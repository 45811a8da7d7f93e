/*
 * rules_default_hooks.c -- defaults that depend on other fields, each named
 *                          after the object that it is about.
 */
#include <string.h>

#include "rules_amount.h"
#include "rules_impl.h"

/* ---- containers and volumes ---- */

static int default_policy(const struct rules_call *c, struct value *object,
                          const char *image_key, const char *key,
                          struct failure *f)
{
    const char *image = value_text_at(object, image_key);

    return rules_default_text(
        c, object, key,
        rules_image_is_latest(image ? image : "") ? "Always" : "IfNotPresent",
        f);
}

static int default_container(const struct rules_call *c, struct value *object,
                             struct failure *f)
{
    return default_policy(c, object, "image", "imagePullPolicy", f);
}

static int default_image_volume(const struct rules_call *c,
                                struct value *object, struct failure *f)
{
    return default_policy(c, object, "reference", "pullPolicy", f);
}

/* A volume that says nothing of where it is from is an empty directory. */
static int default_volume(const struct rules_call *c, struct value *object,
                          struct failure *f)
{
    for (uint32_t i = 0; i < object->count; i++)
        if (strcmp(object->as.members[i].key, "name") != 0)
            return 0;
    return rules_default_object(c, object, "emptyDir", f);
}

/* ---- pods ---- */

static const char HUGE_PAGES[] = "hugepages-";
enum { PAGES = 1, OTHERS = 2 };

static bool has_pages(const struct value *map)
{
    for (uint32_t i = 0; i < map->count; i++)
        if (text_starts(map->as.members[i].key, HUGE_PAGES))
            return true;
    return false;
}

static int default_requests(const struct rules_call *c, struct value *array,
                            struct failure *f)
{
    struct value *item;

    for (size_t i = 0; (item = rules_item(array, i)); i++) {
        struct value *resources = value_get(item, "resources");

        if (rules_fill_map(c, resources, "requests",
                           value_get(resources, "limits"), f) < 0)
            return -1;
    }
    return 0;
}

static int default_host_ports(const struct rules_call *c,
                              const struct value *array, struct failure *f)
{
    struct value *item, *port;

    for (size_t i = 0; (item = rules_item(array, i)); i++) {
        const struct value *ports = value_get(item, "ports");

        for (size_t j = 0; (port = rules_item(ports, j)); j++)
            if (rules_default_int(c, port, "hostPort",
                                  value_int_at(port, "containerPort", 0),
                                  f) < 0)
                return -1;
    }
    return 0;
}

static bool is_sizable(const char *name)
{
    return strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 ||
           text_starts(name, HUGE_PAGES);
}

/* Members of `from` that `map` has not: pages, or what is none, or both. */
static int default_amounts(const struct rules_call *c, struct value *map,
                           const struct value *from, unsigned which,
                           struct failure *f)
{
    for (uint32_t i = 0; i < from->count; i++) {
        const struct value_member *m = &from->as.members[i];
        unsigned is = text_starts(m->key, HUGE_PAGES) ? PAGES : OTHERS;

        if ((which & is) && is_sizable(m->key) && !value_get(map, m->key) &&
            rules_set(c, map, m->key, value_copy(c->a, m->value), f) < 0)
            return -1;
    }
    return 0;
}

/* A pod that says in part what it needs: pages that its containers have are its
 * limit, and it asks for what they ask for, or for its limit. */
static int default_sizes(const struct rules_call *c, struct value *spec,
                         struct failure *f)
{
    struct value *own = value_get(spec, "resources");
    struct value *limits = value_get(own, "limits");
    struct value *requests = value_get(own, "requests");
    struct value *asked, *allowed;

    if (!(limits && limits->count) && !(requests && requests->count))
        return 0;
    asked = amounts_of_containers(c->a, spec, "requests");
    allowed = amounts_of_containers(c->a, spec, "limits");
    if (!asked || !allowed)
        return failure_nomem(f);
    for (uint32_t i = 0; requests && i < requests->count; i++)
        value_unset(allowed, requests->as.members[i].key);
    if (has_pages(allowed)) {
        limits = value_make(c->a, own, "limits");
        if (!limits || default_amounts(c, limits, allowed, PAGES, f) < 0)
            return failure_nomem(f);
    }
    if (!limits || !limits->count)
        return 0;
    requests = value_make(c->a, own, "requests");
    if (!requests || default_amounts(c, requests, asked, OTHERS, f) < 0)
        return failure_nomem(f);
    return default_amounts(c, requests, limits, PAGES | OTHERS, f);
}

static int default_pod(const struct rules_call *c, struct value *object,
                       struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    struct value *containers = value_get(spec, "containers");
    struct value *init = value_get(spec, "initContainers");

    if (!value_is(spec, VALUE_OBJECT))
        return 0;
    if (default_requests(c, containers, f) < 0 ||
        default_requests(c, init, f) < 0 || default_sizes(c, spec, f) < 0)
        return -1;
    if (value_bool_at(spec, "hostNetwork", false) &&
        (default_host_ports(c, containers, f) < 0 ||
         default_host_ports(c, init, f) < 0))
        return -1;
    return rules_default_bool(c, spec, "enableServiceLinks", true, f);
}

/* ---- apps ---- */

static bool is_rolling(const struct value *strategy)
{
    const char *type = value_text_at(strategy, "type");

    return !type || !*type || strcmp(type, "RollingUpdate") == 0;
}

static int default_strategy(const struct rules_call *c, struct value *object,
                            struct failure *f)
{
    return is_rolling(object)
               ? rules_default_object(c, object, "rollingUpdate", f)
               : 0;
}

/* Only a strategy that says nothing gets parameters. */
static int default_stateful(const struct rules_call *c, struct value *object,
                            struct failure *f)
{
    return rules_is_absent(value_get(object, "type"))
               ? rules_default_object(c, object, "rollingUpdate", f)
               : 0;
}

static int default_controller(const struct rules_call *c, struct value *object,
                              struct failure *f)
{
    const struct value *labels =
        value_path(object, "spec.template.metadata.labels");
    struct value *spec = value_get(object, "spec");
    struct value *meta = value_get(object, "metadata");
    const struct value *own = value_get(meta, "labels");
    const struct value *selector = value_get(spec, "selector");

    if (!labels || labels->count == 0)
        return 0;
    if ((!selector || selector->count == 0) &&
        rules_fill_map(c, spec, "selector", labels, f) < 0)
        return -1;
    return !own || own->count == 0
               ? rules_fill_map(c, meta, "labels", labels, f)
               : 0;
}

/* ---- batch ---- */

static int default_job_counts(const struct rules_call *c, struct value *spec,
                              struct failure *f)
{
    bool index = !rules_is_absent(value_get(spec, "backoffLimitPerIndex"));

    if (rules_is_absent(value_get(spec, "parallelism")) &&
        rules_default_int(c, spec, "completions", 1, f) < 0)
        return -1;
    if (rules_default_int(c, spec, "parallelism", 1, f) < 0)
        return -1;
    return rules_default_int(c, spec, "backoffLimit", index ? INT32_MAX : 6, f);
}

static int default_job(const struct rules_call *c, struct value *object,
                       struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    struct value *meta = value_get(object, "metadata");
    struct value *labels = value_path(spec, "template.metadata.labels");
    const struct value *own = value_get(meta, "labels");
    bool policy = !rules_is_absent(value_get(spec, "podFailurePolicy"));

    if (!value_is(spec, VALUE_OBJECT))
        return 0;
    /* One map, not two that are equal: what is put into one is in the other. */
    if ((!own || own->count == 0) && meta && labels &&
        rules_set(c, meta, "labels", labels, f) < 0)
        return -1;
    if (default_job_counts(c, spec, f) < 0 ||
        rules_default_text(c, spec, "completionMode", "NonIndexed", f) < 0 ||
        rules_default_bool(c, spec, "suspend", false, f) < 0 ||
        rules_default_bool(c, spec, "manualSelector", false, f) < 0)
        return -1;
    return rules_default_text(c, spec, "podReplacementPolicy",
                              policy ? "Failed" : "TerminatingOrFailed", f);
}

/* ---- others of core ---- */

/* Every namespace can be selected by its name. */
static int default_namespace(const struct rules_call *c, struct value *object,
                             struct failure *f)
{
    struct value *meta = value_get(object, "metadata");
    const char *name = value_text_at(meta, "name");
    struct value *labels;

    if (!name || !*name)
        return 0;
    labels = value_make(c->a, meta, "labels");
    if (!labels)
        return failure_nomem(f);
    return rules_set_text(c, labels, "kubernetes.io/metadata.name", name, f);
}

static int default_node_status(const struct rules_call *c, struct value *object,
                               struct failure *f)
{
    return value_get(object, "allocatable")
               ? 0
               : rules_fill_map(c, object, "allocatable",
                                value_get(object, "capacity"), f);
}

static int default_limit(const struct rules_call *c, struct value *object,
                         struct failure *f)
{
    const char *type = value_text_at(object, "type");

    if (!type || strcmp(type, "Container") != 0)
        return 0;
    if (rules_fill_map(c, object, "default", value_get(object, "max"), f) < 0 ||
        rules_fill_map(c, object, "defaultRequest",
                       value_get(object, "default"), f) < 0)
        return -1;
    return rules_fill_map(c, object, "defaultRequest", value_get(object, "min"),
                          f);
}

static int default_persistent_volume(const struct rules_call *c,
                                     struct value *object, struct failure *f)
{
    struct value *spec = value_get(object, "spec");

    if (!value_is(spec, VALUE_OBJECT))
        return 0;
    if (rules_default_text(c, spec, "persistentVolumeReclaimPolicy", "Retain",
                           f) < 0)
        return -1;
    return rules_default_text(c, spec, "volumeMode", "Filesystem", f);
}

/* ---- networking, rbac ---- */

static int default_network_policy(const struct rules_call *c,
                                  struct value *object, struct failure *f)
{
    const struct value *egress = value_get(object, "egress");
    const struct value *types = value_get(object, "policyTypes");
    struct value *list;

    if (types && types->count)
        return 0;
    list = value_array(c->a);
    if (!list || value_append(c->a, list, value_string(c->a, "Ingress")) < 0 ||
        (egress && egress->count &&
         value_append(c->a, list, value_string(c->a, "Egress")) < 0))
        return failure_nomem(f);
    return rules_set(c, object, "policyTypes", list, f);
}

static int default_subject(const struct rules_call *c, struct value *object,
                           struct failure *f)
{
    const char *kind = value_text_at(object, "kind");

    if (!kind || (strcmp(kind, "User") != 0 && strcmp(kind, "Group") != 0))
        return 0;
    return rules_default_text(c, object, "apiGroup",
                              "rbac.authorization.k8s.io", f);
}

/* ---- autoscaling ---- */

/* No policy at all is something that was said, and is wrong. */
static int default_scaling(const struct rules_call *c, struct value *behavior,
                           const char *key, const char *json, struct failure *f)
{
    struct value *all, *rules;
    const char *path;

    if (value_parse(c->a, json, strlen(json), &all, NULL) < 0)
        return failure_nomem(f);
    rules = value_make(c->a, behavior, key);
    path = arena_printf(c->a, "spec.behavior.%s.policies", key);
    if (!rules || !path)
        return failure_nomem(f);
    for (uint32_t i = 0; i < all->count; i++) {
        const char *name = all->as.members[i].key;

        if (!value_get(rules, name) &&
            !(strcmp(name, "policies") == 0 && rules_sent_empty(c, path)) &&
            rules_set(c, rules, name, all->as.members[i].value, f) < 0)
            return -1;
    }
    return 0;
}

static int default_behavior(const struct rules_call *c, struct value *object,
                            struct failure *f)
{
    if (default_scaling(c, object, "scaleUp",
                        "{\"stabilizationWindowSeconds\":0,"
                        "\"selectPolicy\":\"Max\",\"policies\":["
                        "{\"type\":\"Pods\",\"value\":4,\"periodSeconds\":15},"
                        "{\"type\":\"Percent\",\"value\":100,"
                        "\"periodSeconds\":15}]}",
                        f) < 0)
        return -1;
    return default_scaling(c, object, "scaleDown",
                           "{\"selectPolicy\":\"Max\",\"policies\":["
                           "{\"type\":\"Percent\",\"value\":100,"
                           "\"periodSeconds\":15}]}",
                           f);
}

/* v2, which is what is stored, scales by the CPU when nothing is said. */
static int default_autoscaler(const struct rules_call *c, struct value *object,
                              struct failure *f)
{
    const struct value *notes = value_path(object, "metadata.annotations");
    struct value *spec = value_get(object, "spec");

    if (!value_is(spec, VALUE_OBJECT) ||
        value_get(notes, "autoscaling.alpha.kubernetes.io/metrics"))
        return 0;
    return rules_default_int(c, spec, "targetCPUUtilizationPercentage", 80, f);
}

/* ---- the list ---- */

#define HOOK(definition, set)                                                  \
    {                                                                          \
        definition, sizeof(definition) - 1, set                                \
    }

static const struct {
    const char *definition;
    size_t len;
    rules_default_fn set;
} HOOKS[] = {
    HOOK("core.v1.Container", default_container),
    HOOK("core.v1.EphemeralContainer", default_container),
    HOOK("core.v1.ImageVolumeSource", default_image_volume),
    HOOK("core.v1.LimitRangeItem", default_limit),
    HOOK("core.v1.Namespace", default_namespace),
    HOOK("core.v1.NodeStatus", default_node_status),
    HOOK("core.v1.PersistentVolume", default_persistent_volume),
    HOOK("core.v1.Pod", default_pod),
    HOOK("core.v1.ReplicationController", default_controller),
    HOOK("core.v1.Service", rules_default_service_status),
    HOOK("core.v1.ServiceSpec", rules_default_service),
    HOOK("core.v1.Volume", default_volume),
    HOOK("apps.v1.DaemonSetUpdateStrategy", default_strategy),
    HOOK("apps.v1.DeploymentStrategy", default_strategy),
    HOOK("apps.v1.StatefulSetUpdateStrategy", default_stateful),
    HOOK("autoscaling.v1.HorizontalPodAutoscaler", default_autoscaler),
    HOOK("autoscaling.v2.HorizontalPodAutoscalerBehavior", default_behavior),
    HOOK("batch.v1.Job", default_job),
    HOOK("networking.v1.NetworkPolicySpec", default_network_policy),
    HOOK("rbac.v1.Subject", default_subject),
};

rules_default_fn rules_default_hook(struct schema_text definition)
{
    for (size_t i = 0; i < sizeof HOOKS / sizeof HOOKS[0]; i++)
        if (HOOKS[i].len == definition.len &&
            memcmp(HOOKS[i].definition, definition.at, definition.len) == 0)
            return HOOKS[i].set;
    return NULL;
}
