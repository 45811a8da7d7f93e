/*
 * rules_service.c -- defaults of Services, and what belongs to which type
 *                    (registry/core/service/strategy.go).
 */
#include <string.h>

#include "rules_allot.h"

static bool is_type(const struct value *spec, const char *type)
{
    const char *is = value_text_at(spec, "type");

    return is && strcmp(is, type) == 0;
}

static bool is_text(const struct value *object, const char *key,
                    const char *text)
{
    const char *is = value_text_at(object, key);

    return is && strcmp(is, text) == 0;
}

/* ---- defaults ---- */

static int default_affinity(const struct rules_call *c, struct value *spec,
                            struct failure *f)
{
    struct value *client;

    if (rules_default_text(c, spec, "sessionAffinity", "None", f) < 0)
        return -1;
    if (is_text(spec, "sessionAffinity", "None"))
        value_unset(spec, "sessionAffinityConfig");
    if (!is_text(spec, "sessionAffinity", "ClientIP"))
        return 0;
    client = value_make(c->a, spec, "sessionAffinityConfig");
    client = client ? value_make(c->a, client, "clientIP") : NULL;
    if (!client)
        return failure_nomem(f);
    return rules_default_int(c, client, "timeoutSeconds", 10800, f);
}

static int default_ports(const struct rules_call *c, const struct value *spec,
                         struct failure *f)
{
    const struct value *ports = value_get(spec, "ports");
    struct value *port;

    for (size_t i = 0; (port = rules_item(ports, i)); i++)
        if (rules_is_zero(value_get(port, "targetPort")) &&
            rules_set(c, port, "targetPort",
                      value_integer(c->a, value_int_at(port, "port", 0)),
                      f) < 0)
            return -1;
    return 0;
}

/* From outside: by its type, or by addresses that lead to it. */
static bool is_reached(const struct value *spec)
{
    const struct value *ips = value_get(spec, "externalIPs");

    return is_type(spec, "NodePort") || is_type(spec, "LoadBalancer") ||
           (is_type(spec, "ClusterIP") && ips && ips->count);
}

int rules_default_service(const struct rules_call *c, struct value *spec,
                          struct failure *f)
{
    if (default_affinity(c, spec, f) < 0 ||
        rules_default_text(c, spec, "type", "ClusterIP", f) < 0 ||
        default_ports(c, spec, f) < 0)
        return -1;
    if (is_reached(spec) &&
        rules_default_text(c, spec, "externalTrafficPolicy", "Cluster", f) < 0)
        return -1;
    if ((service_has_node_ports(spec) || is_type(spec, "ClusterIP")) &&
        rules_default_text(c, spec, "internalTrafficPolicy", "Cluster", f) < 0)
        return -1;
    return is_type(spec, "LoadBalancer")
               ? rules_default_bool(c, spec, "allocateLoadBalancerNodePorts",
                                    true, f)
               : 0;
}

/* ---- the strategy ---- */

static void drop_same(struct value *spec, const struct value *was,
                      const char *key)
{
    if (service_same(spec, was, key))
        value_unset(spec, key);
}

/* None of its node ports is new. */
static bool has_no_new_port(const struct value *spec, const struct value *was)
{
    const struct value *port, *other;

    for (size_t i = 0; (port = rules_item(value_get(spec, "ports"), i)); i++) {
        int64_t number = value_int_at(port, "nodePort", 0);
        bool known = number == 0;

        for (size_t j = 0;
             !known && (other = rules_item(value_get(was, "ports"), j)); j++)
            known = value_int_at(other, "nodePort", 0) == number;
        if (!known)
            return false;
    }
    return true;
}

static void drop_node_ports(struct value *spec, const struct value *was)
{
    struct value *port;

    if (!service_has_node_ports(was) || service_has_node_ports(spec) ||
        !has_no_new_port(spec, was))
        return;
    for (size_t i = 0; (port = rules_item(value_get(spec, "ports"), i)); i++)
        value_unset(port, "nodePort");
}

/* What belonged to the former type goes, unless it was changed as well. */
static void drop_former(struct value *spec, const struct value *was)
{
    if (is_type(spec, "ExternalName") && !is_type(was, "ExternalName")) {
        if (service_same(spec, was, "clusterIP") &&
            service_same(spec, was, "clusterIPs")) {
            value_unset(spec, "clusterIP");
            value_unset(spec, "clusterIPs");
        }
        drop_same(spec, was, "ipFamilies");
        drop_same(spec, was, "ipFamilyPolicy");
    }
    drop_node_ports(spec, was);
    if (service_needs_health(was) && !service_needs_health(spec))
        drop_same(spec, was, "healthCheckNodePort");
    if (is_type(was, "LoadBalancer") && !is_type(spec, "LoadBalancer")) {
        drop_same(spec, was, "allocateLoadBalancerNodePorts");
        drop_same(spec, was, "loadBalancerClass");
    }
    if (is_reached(was) && !is_reached(spec))
        drop_same(spec, was, "externalTrafficPolicy");
}

int rules_prepare_service(const struct rules_call *c, struct value *object,
                          const struct value *old, struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    struct value *balancer = value_path(object, "status.loadBalancer");

    if (!value_is(spec, VALUE_OBJECT))
        return 0;
    if (!c->by_status && rules_allot_service(c, object, old, f) < 0)
        return -1;
    if (!old)
        return 0;
    drop_former(spec, value_get(old, "spec"));
    if (balancer && !is_type(spec, "LoadBalancer"))
        value_unset(balancer, "ingress");
    return 0;
}

bool rules_shows_as_stored(const struct kind *k, const char *json)
{
    return !rules_is(k, "", "Service") || !strstr(json, "\"ExternalName\"");
}

void rules_show(const struct kind *k, struct value *object)
{
    struct value *spec = value_get(object, "spec");

    if (rules_is(k, "", "Service") && spec && is_type(spec, "ExternalName"))
        value_unset(spec, "internalTrafficPolicy");
}

/* ---- status ---- */

int rules_default_service_status(const struct rules_call *c,
                                 struct value *object, struct failure *f)
{
    const struct value *list =
        value_path(object, "status.loadBalancer.ingress");
    struct value *item;

    if (!is_type(value_get(object, "spec"), "LoadBalancer"))
        return 0;
    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (!rules_is_absent(value_get(item, "ip")) &&
            rules_default_text(c, item, "ipMode", "VIP", f) < 0)
            return -1;
    return 0;
}
