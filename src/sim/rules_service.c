/*
 * rules_service.c -- defaults of Services, and what the server allocates for
 *                    them.
 *
 * Addresses are drawn, not counted: nothing has to be kept, and of a million
 * of them two are seldom the same.
 */
#include <stdio.h>
#include <string.h>

#include "rules_impl.h"

static bool is_type(const struct value *spec, const char *type)
{
    const char *is = value_text_at(spec, "type");

    return is && strcmp(is, type) == 0;
}

static bool has_node_ports(const struct value *spec)
{
    return is_type(spec, "NodePort") ||
           (is_type(spec, "LoadBalancer") &&
            value_bool_at(spec, "allocateLoadBalancerNodePorts", true));
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
    if (!is_type(spec, "ExternalName") &&
        rules_default_text(c, spec, "internalTrafficPolicy", "Cluster", f) < 0)
        return -1;
    return is_type(spec, "LoadBalancer")
               ? rules_default_bool(c, spec, "allocateLoadBalancerNodePorts",
                                    true, f)
               : 0;
}

/* ---- addresses ---- */

/* In 10.96.0.0/12, neither the first nor one of those kept for others. */
static int draw_ip(const struct rules_call *c, struct value *spec,
                   struct failure *f)
{
    uint32_t n =
        256 + (uint32_t)(c->world->random(c->world->arg) % ((1u << 20) - 512));
    char text[32];

    n += 0x0a600000u;
    snprintf(text, sizeof text, "%u.%u.%u.%u", n >> 24, n >> 16 & 255,
             n >> 8 & 255, n & 255);
    return rules_set_text(c, spec, "clusterIP", text, f);
}

static int set_list(const struct rules_call *c, struct value *spec,
                    const char *key, const char *text, struct failure *f)
{
    struct value *list = value_array(c->a);

    if (!list || value_append(c->a, list, value_string(c->a, text)) < 0)
        return failure_nomem(f);
    return rules_set(c, spec, key, list, f);
}

static int settle_both(const struct rules_call *c, struct value *spec,
                       struct failure *f)
{
    if (set_list(c, spec, "ipFamilies", "IPv4", f) < 0)
        return -1;
    if (value_append(c->a, value_get(spec, "ipFamilies"),
                     value_string(c->a, "IPv6")) < 0)
        return failure_nomem(f);
    return rules_set_text(c, spec, "ipFamilyPolicy", "RequireDualStack", f);
}

static int settle_families(const struct rules_call *c, struct value *spec,
                           struct failure *f)
{
    const char *ip = value_text_at(spec, "clusterIP");
    const char *family = ip && strchr(ip, ':') ? "IPv6" : "IPv4";

    /* Endpoints that somebody else makes may be of both families. */
    if (ip && strcmp(ip, "None") == 0 && !value_get(spec, "selector") &&
        !value_get(spec, "ipFamilyPolicy") && !value_get(spec, "ipFamilies"))
        return settle_both(c, spec, f);
    if (rules_default_text(c, spec, "ipFamilyPolicy", "SingleStack", f) < 0)
        return -1;
    return value_get(spec, "ipFamilies")
               ? 0
               : set_list(c, spec, "ipFamilies", family, f);
}

/* A change of clusterIP alone is one of clusterIPs too. */
static int follow_ip(const struct rules_call *c, struct value *spec,
                     const struct value *old, struct failure *f)
{
    const struct value *ips = value_get(spec, "clusterIPs");
    const struct value *had = value_path(old, "spec.clusterIPs");
    const char *ip = value_text_at(spec, "clusterIP");

    if (!ips || !had || !value_equal(ips, had) ||
        text_equal(ip, value_text_at(old, "spec.clusterIP")))
        return 0;
    value_unset(spec, "clusterIPs");
    return ip && *ip ? set_list(c, spec, "clusterIPs", ip, f) : 0;
}

static const char *first_ip(const struct value *spec)
{
    return value_text(rules_item(value_get(spec, "clusterIPs"), 0));
}

/* clusterIP and the first of clusterIPs are one field of two names. */
static int settle_ips(const struct rules_call *c, struct value *spec,
                      const struct value *old, struct failure *f)
{
    const char *ip;

    if (follow_ip(c, spec, old, f) < 0)
        return -1;
    ip = value_text_at(spec, "clusterIP");
    if (!ip || !*ip)
        ip = first_ip(spec);
    if ((!ip || !*ip) && !is_type(value_get(old, "spec"), "ExternalName"))
        ip = value_text_at(old, "spec.clusterIP");
    if (ip && *ip ? rules_set_text(c, spec, "clusterIP", ip, f) < 0
                  : draw_ip(c, spec, f) < 0)
        return -1;
    if (!first_ip(spec) &&
        set_list(c, spec, "clusterIPs", value_text_at(spec, "clusterIP"), f))
        return -1;
    return settle_families(c, spec, f);
}

/* ---- node ports ---- */

/* The port that the old object had under the same name or number. */
static int64_t old_node_port(const struct value *old, const struct value *port)
{
    const struct value *ports = value_path(old, "spec.ports");
    const struct value *was;

    for (size_t i = 0; (was = rules_item(ports, i)); i++)
        if (value_int_at(was, "port", 0) == value_int_at(port, "port", 0) &&
            text_equal(value_text_at(was, "protocol"),
                       value_text_at(port, "protocol")))
            return value_int_at(was, "nodePort", 0);
    return 0;
}

static int settle_node_port(const struct rules_call *c, struct value *port,
                            const struct value *old, struct failure *f)
{
    int64_t number = old_node_port(old, port);

    if (number == 0)
        number = 30000 + (int64_t)(c->world->random(c->world->arg) % 2768);
    return rules_default_int(c, port, "nodePort", number, f);
}

static int settle_node_ports(const struct rules_call *c, struct value *spec,
                             const struct value *old, struct failure *f)
{
    const struct value *ports = value_get(spec, "ports");
    bool wanted = has_node_ports(spec);
    struct value *port;

    for (size_t i = 0; (port = rules_item(ports, i)); i++) {
        if (wanted && settle_node_port(c, port, old, f) < 0)
            return -1;
        if (!wanted && old &&
            old_node_port(old, port) == value_int_at(port, "nodePort", 0))
            value_unset(port, "nodePort");
    }
    return 0;
}

/* ---- both ---- */

static void drop_same(struct value *spec, const struct value *was,
                      const char *key)
{
    const struct value *is = value_get(spec, key);
    const struct value *old = value_get(was, key);

    if (is && old && value_equal(is, old))
        value_unset(spec, key);
}

/* What belonged to the former type goes, unless it was changed as well. */
static void drop_former(struct value *spec, const struct value *was)
{
    static const char *const addresses[] = {"clusterIP", "clusterIPs",
                                            "ipFamilies", "ipFamilyPolicy",
                                            "internalTrafficPolicy"};

    if (is_type(spec, "ExternalName") && !is_type(was, "ExternalName"))
        for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
            drop_same(spec, was, addresses[i]);
    if (is_reached(was) && !is_reached(spec))
        drop_same(spec, was, "externalTrafficPolicy");
    if (is_type(was, "LoadBalancer") && !is_type(spec, "LoadBalancer")) {
        drop_same(spec, was, "allocateLoadBalancerNodePorts");
        drop_same(spec, was, "loadBalancerClass");
        drop_same(spec, was, "healthCheckNodePort");
    }
}

int rules_prepare_service(const struct rules_call *c, struct value *object,
                          const struct value *old, struct failure *f)
{
    struct value *spec = value_get(object, "spec");

    if (!value_is(spec, VALUE_OBJECT))
        return 0;
    if (old)
        drop_former(spec, value_get(old, "spec"));
    if (!is_type(spec, "ExternalName") && settle_ips(c, spec, old, f) < 0)
        return -1;
    /* A balancer that prefers a node has to ask for its health. */
    if (is_type(spec, "LoadBalancer") &&
        is_text(spec, "externalTrafficPolicy", "Local") &&
        rules_default_int(
            c, spec, "healthCheckNodePort",
            30000 + (int64_t)(c->world->random(c->world->arg) % 2768), f) < 0)
        return -1;
    return settle_node_ports(c, spec, old, f);
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
