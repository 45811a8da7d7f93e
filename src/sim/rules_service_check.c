/*
 * rules_service_check.c -- validation of Services (k8s.io/kubernetes
 *                          pkg/apis/core/validation).
 */
#include "rules_allot.h"
#include "rules_kinds.h"

static const char *const PROTOCOLS[] = {"SCTP", "TCP", "UDP", NULL};

static size_t count_of(const struct value *spec, const char *key)
{
    const struct value *list = value_get(spec, key);

    return list ? list->count : 0;
}

static bool is_text(const struct value *object, const char *field,
                    const char *text)
{
    return text_equal(value_text_at(object, field), text);
}

static bool is_headless(const struct value *spec)
{
    const struct value *ips = value_get(spec, "clusterIPs");

    return count_of(spec, "clusterIPs") == 1 &&
           text_equal(value_text(rules_item(ips, 0)), "None");
}

/* Like check_enum(), where nothing is a value too. */
static void check_optional_enum(struct check *k, const struct place *at,
                                const struct value *object, const char *field,
                                const char *const *allowed)
{
    const char *text = value_text_at(object, field);

    if (text && *text)
        check_enum(k, at, object, field, allowed);
    else if (text)
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, field),
                  "Unsupported value: \"\"");
}

/* ---- types ---- */

static void check_external_name(struct check *k, const struct place *at,
                                const struct value *spec)
{
    static const char *const fields[] = {"clusterIPs", "ipFamilies",
                                         "ipFamilyPolicy"};
    const char *name = value_text_at(spec, "externalName");
    char *cut;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (value_get(spec, fields[i]))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, fields[i]),
                      "Forbidden: may not be set for ExternalName services");
    cut = arena_strdup(k->c->a, name ? name : "");
    if (cut && *cut && cut[strlen(cut) - 1] == '.')
        cut[strlen(cut) - 1] = '\0';
    if (!cut || !*cut)
        check_required(k, at, "externalName", "");
    else
        check_text_by(k, PLACE(at, "externalName"), cut, wrong_dns_subdomain);
}

static void check_type(struct check *k, const struct place *at,
                       const struct value *spec)
{
    if (count_of(spec, "ports") == 0 && !is_headless(spec) &&
        !service_is(spec, "ExternalName"))
        check_required(k, at, "ports", "");
    if (service_is(spec, "ExternalName"))
        check_external_name(k, at, spec);
    if (service_has_node_ports(spec) && is_headless(spec))
        check_add(k, CAUSE_INVALID, PLACE_AT(PLACE(at, "clusterIPs"), 0),
                  "Invalid value: \"None\": may not be set to 'None' for %s "
                  "services",
                  value_text_at(spec, "type"));
}

/* ---- ports ---- */

static void check_port(struct check *k, const struct place *at,
                       const struct value *ports, size_t i)
{
    const struct value *port = rules_item(ports, i);
    const char *name = value_text_at(port, "name");
    const struct value *target = value_get(port, "targetPort");
    const char *protocol = value_text_at(port, "appProtocol");

    if (name && *name) {
        check_text_by(k, PLACE(at, "name"), name, wrong_dns_label);
        if (check_seen(ports, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, PLACE(at, "name"),
                      "Duplicate value: \"%s\"", name);
    } else if (ports->count > 1) {
        check_required(k, at, "name", "");
    }
    check_port_number(k, at, port, "port");
    check_enum(k, at, port, "protocol", PROTOCOLS);
    if (target)
        rules_check_port_or_name(k, PLACE(at, "targetPort"), target);
    if (protocol)
        check_qualified(k, PLACE(at, "appProtocol"), protocol, protocol);
}

/* Another before it has the same protocol and the same number there. */
static bool is_taken(const struct value *ports, size_t end, const char *field)
{
    const struct value *port = rules_item(ports, end), *other;

    for (size_t i = 0; i < end && (other = rules_item(ports, i)); i++)
        if (value_int_at(port, field, 0) == value_int_at(other, field, 0) &&
            is_text(other, "protocol", value_text_at(port, "protocol")))
            return true;
    return false;
}

static void check_numbers(struct check *k, const struct place *list,
                          const struct value *spec)
{
    const struct value *ports = value_get(spec, "ports"), *port;

    for (size_t i = 0; (port = rules_item(ports, i)); i++) {
        const struct place *at = PLACE_AT(list, i);
        int64_t number = value_int_at(port, "nodePort", 0);

        if (number && service_is(spec, "ClusterIP"))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, "nodePort"),
                      "Forbidden: may not be used when `type` is 'ClusterIP'");
        if (number && is_taken(ports, i, "nodePort"))
            check_add(k, CAUSE_DUPLICATE, PLACE(at, "nodePort"),
                      "Duplicate value: %lld", (long long)number);
        if (is_taken(ports, i, "port"))
            check_add(k, CAUSE_DUPLICATE, at,
                      "Duplicate value: {\"port\":%lld}",
                      (long long)value_int_at(port, "port", 0));
    }
}

/* ---- affinity ---- */

static void check_affinity(struct check *k, const struct place *at,
                           const struct value *spec)
{
    static const char *const kinds[] = {"ClientIP", "None", NULL};
    const struct place *config = PLACE(at, "sessionAffinityConfig");
    int64_t seconds =
        value_int_at(spec, "sessionAffinityConfig.clientIP.timeoutSeconds", 1);

    check_enum(k, at, spec, "sessionAffinity", kinds);
    if (is_text(spec, "sessionAffinity", "ClientIP") &&
        (seconds < 1 || seconds > 86400))
        check_add(k, CAUSE_INVALID,
                  PLACE(PLACE(config, "clientIP"), "timeoutSeconds"),
                  "Invalid value: %lld: must be greater than 0 and less than "
                  "86400",
                  (long long)seconds);
}

/* ---- addresses ---- */

static void check_families(struct check *k, const struct place *at,
                           const struct value *spec)
{
    static const char *const policies[] = {
        "PreferDualStack", "RequireDualStack", "SingleStack", NULL};
    const struct value *families = value_get(spec, "ipFamilies");
    const char *family;

    for (size_t i = 0; (family = value_text(rules_item(families, i))); i++) {
        const struct place *one = PLACE_AT(PLACE(at, "ipFamilies"), i);

        if (strcmp(family, "IPv4") != 0 && strcmp(family, "IPv6") != 0)
            check_add(k, CAUSE_NOT_SUPPORTED, one,
                      "Unsupported value: \"%s\": supported values: \"IPv4\", "
                      "\"IPv6\"",
                      family);
        for (size_t j = 0; j < i; j++)
            if (text_equal(value_text(rules_item(families, j)), family)) {
                check_add(k, CAUSE_DUPLICATE, one, "Duplicate value: \"%s\"",
                          family);
                break;
            }
    }
    check_optional_enum(k, at, spec, "ipFamilyPolicy", policies);
}

/* clusterIP and the first of clusterIPs are the same. */
static void check_first(struct check *k, const struct place *at,
                        const struct value *spec, const struct value *ips)
{
    const char *ip = value_text_at(spec, "clusterIP");
    const char *first = value_text(rules_item(ips, 0));

    if (ip && *ip && !first)
        check_add(k, CAUSE_REQUIRED, at, "Required value");
    else if (ip && *ip && strcmp(ip, first) != 0)
        check_invalid(k, at, ips, "first value must match `clusterIP`");
    else if ((!ip || !*ip) && first)
        check_invalid(k, at, ips,
                      "must be empty when `clusterIP` is not specified");
}

/* False: one of them is none. */
static bool check_each_ip(struct check *k, const struct place *at,
                          const struct value *ips)
{
    const char *ip;
    bool good = true;

    for (size_t i = 0; (ip = value_text(rules_item(ips, i))); i++) {
        if (i > 0 || strcmp(ip, "None") != 0) {
            check_ip(k, PLACE_AT(at, i), ip);
            good &= rules_is_ip(ip);
        } else if (ips->count > 1) {
            check_invalid(k, at, ips,
                          "'None' must be the first and only value");
            good = false;
        }
    }
    return good;
}

static void check_stacks(struct check *k, const struct place *at,
                         const struct value *spec, const struct value *ips)
{
    const struct value *families = value_get(spec, "ipFamilies");
    const char *ip, *family;
    size_t six = 0;

    for (size_t i = 0; (ip = value_text(rules_item(ips, i))); i++) {
        bool is_six = strchr(ip, ':') != NULL;

        six += is_six;
        family = value_text(rules_item(families, i));
        if (family && !is_headless(spec) &&
            strcmp(family, is_six ? "IPv4" : "IPv6") == 0)
            check_add(k, CAUSE_INVALID, PLACE_AT(at, i),
                      "Invalid value: \"%s\": expected an %s value as "
                      "indicated by `ipFamilies[%zu]`",
                      ip, family, i);
    }
    if (ips && ips->count > 1 && (six == 0 || six == ips->count))
        check_invalid(k, at, ips,
                      "may specify no more than one IP for each IP family");
}

void rules_check_service_ips(struct check *k)
{
    const struct value *spec = value_get(k->object, "spec");
    const struct value *ips = value_get(spec, "clusterIPs");
    const struct place *at = PLACE(PLACE(NULL, "spec"), "clusterIPs");
    bool good;

    if (service_is(spec, "ExternalName"))
        return;
    check_first(k, at, spec, ips);
    check_families(k, PLACE(NULL, "spec"), spec);
    good = check_each_ip(k, at, ips);
    if (ips && ips->count > 2)
        check_invalid(k, at, ips, "may only hold up to 2 values");
    if (good)
        check_stacks(k, at, spec, ips);
}

/* Of no machine that others could reach. */
static bool is_local_ip(const char *ip)
{
    static const char *const starts[] = {"127.", "169.254.", "224.0.0."};

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        if (text_starts(ip, starts[i]))
            return true;
    return strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0 ||
           strcmp(ip, "::1") == 0;
}

static void check_external_ips(struct check *k, const struct place *at,
                               const struct value *spec)
{
    const char *ip;

    for (size_t i = 0;
         (ip = value_text(rules_item(value_get(spec, "externalIPs"), i)));
         i++) {
        const struct place *one = PLACE_AT(PLACE(at, "externalIPs"), i);

        check_ip(k, one, ip);
        if (rules_is_ip(ip) && is_local_ip(ip))
            check_add(k, CAUSE_INVALID, one,
                      "Invalid value: \"%s\": may not be an address of one "
                      "machine alone",
                      ip);
    }
}

/* ---- balancers, traffic ---- */

static void check_balancer(struct check *k, const struct place *at,
                           const struct value *spec)
{
    const struct value *ranges = value_get(spec, "loadBalancerSourceRanges");
    const struct place *list = PLACE(at, "LoadBalancerSourceRanges");
    const char *class = value_text_at(spec, "loadBalancerClass"), *range;
    bool balanced = service_is(spec, "LoadBalancer");

    if (ranges && ranges->count && !balanced)
        check_add(k, CAUSE_FORBIDDEN, list,
                  "Forbidden: may only be used when `type` is 'LoadBalancer'");
    for (size_t i = 0; (range = value_text(rules_item(ranges, i))); i++)
        if (!rules_is_cidr(range))
            check_add(k, CAUSE_INVALID, PLACE_AT(list, i),
                      "Invalid value: \"%s\": must be a valid CIDR value, "
                      "(e.g. 10.9.8.0/24 or 2001:db8::/64)",
                      range);
    if (value_get(spec, "allocateLoadBalancerNodePorts") && !balanced)
        check_add(k, CAUSE_FORBIDDEN,
                  PLACE(at, "allocateLoadBalancerNodePorts"),
                  "Forbidden: may only be used when `type` is 'LoadBalancer'");
    if (class && balanced)
        check_qualified(k, PLACE(at, "loadBalancerClass"), class, class);
    else if (class)
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "loadBalancerClass"),
                  "Forbidden: may only be used when `type` is 'LoadBalancer'");
}

static void check_health(struct check *k, const struct place *at,
                         const struct value *spec)
{
    int64_t port = value_int_at(spec, "healthCheckNodePort", 0);

    if (!service_needs_health(spec) && port)
        check_invalid(k, PLACE(at, "healthCheckNodePort"),
                      value_get(spec, "healthCheckNodePort"),
                      "may only be set when `type` is 'LoadBalancer' and "
                      "`externalTrafficPolicy` is 'Local'");
    else if (service_needs_health(spec) && !port)
        check_required(k, at, "healthCheckNodePort", "");
    else if (service_needs_health(spec))
        check_port_number(k, at, spec, "healthCheckNodePort");
}

static void check_traffic(struct check *k, const struct place *at,
                          const struct value *spec)
{
    static const char *const policies[] = {"Cluster", "Local", NULL};
    static const char *const ways[] = {"PreferClose", "PreferSameNode",
                                       "PreferSameZone", NULL};
    const char *external = value_text_at(spec, "externalTrafficPolicy");
    bool known = service_has_node_ports(spec) || service_is(spec, "ClusterIP");

    if (service_has_node_ports(spec) ||
        (service_is(spec, "ClusterIP") && count_of(spec, "externalIPs")))
        check_enum(k, at, spec, "externalTrafficPolicy", policies);
    else if (external && *external)
        check_invalid(k, PLACE(at, "externalTrafficPolicy"),
                      value_get(spec, "externalTrafficPolicy"),
                      "may only be set for externally-accessible services");
    check_health(k, at, spec);
    if (known && !value_get(spec, "internalTrafficPolicy"))
        check_required(k, at, "internalTrafficPolicy", "");
    check_optional_enum(k, at, spec, "internalTrafficPolicy", policies);
    check_optional_enum(k, at, spec, "trafficDistribution", ways);
}

void rules_check_service(struct check *k)
{
    static const char *const types[] = {"ClusterIP", "ExternalName",
                                        "LoadBalancer", "NodePort", NULL};
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *ports = value_get(spec, "ports");

    check_type(k, at, spec);
    for (size_t i = 0; ports && i < ports->count; i++)
        check_port(k, PLACE_AT(PLACE(at, "ports"), i), ports, i);
    check_labels(k, PLACE(at, "selector"), value_get(spec, "selector"));
    check_affinity(k, at, spec);
    rules_check_service_ips(k);
    check_external_ips(k, at, spec);
    check_enum(k, at, spec, "type", types);
    check_numbers(k, PLACE(at, "ports"), spec);
    check_balancer(k, at, spec);
    check_traffic(k, at, spec);
}

/* ---- updates ---- */

/* Of a list of one or two: the first stays; the second may come, and go when
 * the policy says so. */
static void check_kept(struct check *k, const char *list,
                       const struct value *spec, const struct value *was)
{
    const struct value *is = value_get(spec, list);
    const struct value *before = value_get(was, list);
    const struct place *at = PLACE(PLACE(NULL, "spec"), list);
    size_t count = count_of(spec, list), old = count_of(was, list);

    if (old > count && count_of(spec, "clusterIPs") == 0)
        check_invalid(k, PLACE_AT(at, 0), is, "the primary can not be unset");
    for (size_t i = 0; i < old && i < (old == count ? count : 1); i++)
        if (rules_item(is, i) &&
            !value_equal(rules_item(is, i), rules_item(before, i)))
            check_invalid(k, PLACE_AT(at, strcmp(list, "ipFamilies") ? i : 0),
                          is, "may not change once set");
    if (old > count && count == 1 &&
        !is_text(spec, "ipFamilyPolicy", "SingleStack"))
        check_invalid(k, PLACE(PLACE(NULL, "spec"), "ipFamilyPolicy"),
                      value_get(spec, "ipFamilyPolicy"),
                      "must be set to 'SingleStack' when releasing the "
                      "secondary");
}

void rules_check_service_update(struct check *k)
{
    const struct value *spec = value_get(k->object, "spec");
    const struct value *was = value_get(k->old, "spec");
    const struct place *at = PLACE(NULL, "spec");
    bool balanced =
        service_is(spec, "LoadBalancer") && service_is(was, "LoadBalancer");

    if (!service_is(spec, "ExternalName") && !service_is(was, "ExternalName")) {
        if (!is_headless(spec) || !is_headless(was))
            check_kept(k, "clusterIPs", spec, was);
        if (!is_headless(spec) && !is_headless(was))
            check_kept(k, "ipFamilies", spec, was);
    }
    if (balanced && !service_same(spec, was, "loadBalancerClass"))
        check_invalid(k, PLACE(at, "loadBalancerClass"),
                      value_get(spec, "loadBalancerClass"),
                      "may not change once set");
    if (service_needs_health(spec) && service_needs_health(was) &&
        !service_same(spec, was, "healthCheckNodePort"))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "healthCheckNodePort"),
                  "Forbidden: field is immutable");
}
