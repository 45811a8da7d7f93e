/*
 * rules_net.c -- validation of what leads to Services
 *                (k8s.io/kubernetes pkg/apis/core, networking, discovery).
 */
#include <string.h>

#include "rules_kinds.h"

static bool is_text(const struct value *object, const char *field,
                    const char *text)
{
    return text_equal(value_text_at(object, field), text);
}

/* ---- Ingresses ---- */

static const char *wrong_host(const char *host, unsigned i)
{
    return wrong_dns_subdomain(host + (text_starts(host, "*.") ? 2 : 0), i);
}

static void check_service_backend(struct check *k, const struct place *at,
                                  const struct value *service)
{
    const char *name = value_text_at(service, "name");
    const char *port = value_text_at(service, "port.name");
    int64_t number = value_int_at(service, "port.number", 0);
    const struct place *place = PLACE(at, "service");

    if (!name || !*name)
        check_required(k, place, "name", "");
    else
        check_text_by(k, PLACE(place, "name"), name, wrong_dns_label);
    if (port && *port && number)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": cannot set both port name & port "
                  "number");
    else if (port && *port)
        check_port_name(k, PLACE(PLACE(place, "port"), "name"), port);
    else if (number)
        check_port_number(k, PLACE(place, "port"), value_get(service, "port"),
                          "number");
    else
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: port name or number is required");
}

static void check_backend(struct check *k, const struct place *at,
                          const struct value *backend)
{
    const struct value *service = value_get(backend, "service");
    const struct value *resource = value_get(backend, "resource");

    if (service && resource)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": cannot set both resource and service "
                  "backends");
    else if (service)
        check_service_backend(k, at, service);
    else if (!resource)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": resource or service backend is "
                  "required");
}

static void check_http_path(struct check *k, const struct place *at,
                            const struct value *path)
{
    static const char *const types[] = {"Exact", "ImplementationSpecific",
                                        "Prefix", NULL};
    const char *text = value_text_at(path, "path");
    bool free_form = is_text(path, "pathType", "ImplementationSpecific");

    if (rules_is_absent(value_get(path, "pathType"))) {
        check_required(k, at, "pathType", "pathType must be specified");
        return;
    }
    text = text ? text : "";
    check_enum(k, at, path, "pathType", types);
    if (*text != '/' && (*text || !free_form))
        check_add(k, CAUSE_INVALID, PLACE(at, "path"),
                  "Invalid value: \"%s\": must be an absolute path", text);
    if (!free_form && strstr(text, "//"))
        check_add(k, CAUSE_INVALID, PLACE(at, "path"),
                  "Invalid value: \"%s\": must not contain '//'", text);
    check_backend(k, PLACE(at, "backend"), value_get(path, "backend"));
}

static void check_rule(struct check *k, const struct place *at,
                       const struct value *rule)
{
    const char *host = value_text_at(rule, "host");
    const struct value *http = value_get(rule, "http");
    const struct value *paths = value_get(http, "paths");
    const struct place *list = PLACE(PLACE(at, "http"), "paths");

    if (host && *host) {
        if (rules_is_ip(host))
            check_add(k, CAUSE_INVALID, PLACE(at, "host"),
                      "Invalid value: \"%s\": must be a DNS name, not an IP "
                      "address",
                      host);
        check_text_by(k, PLACE(at, "host"), host, wrong_host);
    }
    if (http && (!paths || paths->count == 0))
        check_add(k, CAUSE_REQUIRED, list, "Required value");
    for (size_t i = 0; paths && i < paths->count; i++)
        check_http_path(k, PLACE_AT(list, i), rules_item(paths, i));
}

void rules_check_ingress(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *rules = value_get(spec, "rules");
    const struct value *tls = value_get(spec, "tls");
    const struct value *backend = value_get(spec, "defaultBackend");
    const char *class = value_text_at(spec, "ingressClassName");
    const struct value *item, *host;

    if (!rules && !backend)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: null: either `defaultBackend` or `rules` "
                  "must be specified");
    if (backend)
        check_backend(k, PLACE(at, "defaultBackend"), backend);
    for (size_t i = 0; (item = rules_item(rules, i)); i++)
        check_rule(k, PLACE_AT(PLACE(at, "rules"), i), item);
    for (size_t i = 0; (item = rules_item(tls, i)); i++) {
        const struct place *one = PLACE_AT(PLACE(at, "tls"), i);

        for (size_t j = 0; (host = rules_item(value_get(item, "hosts"), j));
             j++)
            check_text_by(k, PLACE_AT(PLACE(one, "hosts"), j), value_text(host),
                          wrong_host);
    }
    if (class)
        check_text_by(k, PLACE(at, "ingressClassName"), class,
                      wrong_dns_subdomain);
}

void rules_check_ingress_class(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *parameters = value_get(spec, "parameters");

    if (rules_is_absent(value_get(spec, "controller")))
        check_required(k, at, "controller", "");
    if (!parameters)
        return;
    if (rules_is_absent(value_get(parameters, "kind")))
        check_required(k, PLACE(at, "parameters"), "kind", "");
    if (rules_is_absent(value_get(parameters, "name")))
        check_required(k, PLACE(at, "parameters"), "name", "");
}

void rules_check_ingress_class_update(struct check *k)
{
    check_immutable(k, "spec.controller");
}

/* ---- NetworkPolicies ---- */

static void check_policy_port(struct check *k, const struct place *at,
                              const struct value *port)
{
    static const char *const protocols[] = {"TCP", "UDP", "SCTP", NULL};
    const struct value *end = value_get(port, "endPort");
    const struct value *number = value_get(port, "port");

    if (value_get(port, "protocol"))
        check_one_of(k, PLACE(at, "protocol"), value_text_at(port, "protocol"),
                     protocols);
    if (number)
        rules_check_port_or_name(k, PLACE(at, "port"), number);
    if (end && !number)
        check_invalid(k, PLACE(at, "endPort"), end,
                      "may not be specified when `port` is not specified");
    else if (end && value_is(number, VALUE_STRING))
        check_invalid(k, PLACE(at, "endPort"), end,
                      "may not be specified when `port` is non-numeric");
    else if (end && end->as.integer < number->as.integer)
        check_invalid(k, PLACE(at, "endPort"), number,
                      "must be greater than or equal to `port`");
}

static void check_peer(struct check *k, const struct place *at,
                       const struct value *peer)
{
    const struct value *block = value_get(peer, "ipBlock");
    const char *cidr = value_text_at(block, "cidr");
    const struct place *place = PLACE(at, "ipBlock");

    check_selector(k, PLACE(at, "podSelector"), value_get(peer, "podSelector"));
    check_selector(k, PLACE(at, "namespaceSelector"),
                   value_get(peer, "namespaceSelector"));
    if (block && (!cidr || !*cidr))
        check_required(k, place, "cidr", "");
    else if (block && !rules_is_cidr(cidr))
        check_add(k, CAUSE_INVALID, PLACE(place, "cidr"),
                  "Invalid value: \"%s\": must be a valid CIDR value, (e.g. "
                  "10.9.8.0/24 or 2001:db8::/64)",
                  cidr);
    if (peer->count == 0)
        check_add(k, CAUSE_REQUIRED, at, "Required value: must specify a peer");
    else if (block && peer->count > 1)
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may not specify both ipBlock and another peer");
}

static void check_directions(struct check *k, const struct place *at,
                             const struct value *list, const char *peers)
{
    const struct value *item, *inner;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        const struct place *one = PLACE_AT(at, i);

        for (size_t j = 0; (inner = rules_item(value_get(item, "ports"), j));
             j++)
            check_policy_port(k, PLACE_AT(PLACE(one, "ports"), j), inner);
        for (size_t j = 0; (inner = rules_item(value_get(item, peers), j)); j++)
            check_peer(k, PLACE_AT(PLACE(one, peers), j), inner);
    }
}

void rules_check_network_policy(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *types = value_get(spec, "policyTypes");
    const struct value *type;

    check_selector(k, PLACE(at, "podSelector"), value_get(spec, "podSelector"));
    check_directions(k, PLACE(at, "ingress"), value_get(spec, "ingress"),
                     "from");
    check_directions(k, PLACE(at, "egress"), value_get(spec, "egress"), "to");
    if (types && types->count > 2) {
        check_invalid(k, PLACE(at, "policyTypes"), types,
                      "may not specify more than two policyTypes");
        return;
    }
    for (size_t i = 0; (type = rules_item(types, i)); i++)
        if (!text_equal(value_text(type), "Ingress") &&
            !text_equal(value_text(type), "Egress"))
            check_add(k, CAUSE_NOT_SUPPORTED,
                      PLACE_AT(PLACE(at, "policyTypes"), i),
                      "Unsupported value: \"%s\": supported values: "
                      "\"Ingress\", \"Egress\"",
                      value_text(type));
}
