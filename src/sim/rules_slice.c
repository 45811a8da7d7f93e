/*
 * rules_slice.c -- validation of EndpointSlices (k8s.io/kubernetes
 *                  pkg/apis/discovery/validation).
 */
#include <string.h>

#include "base/text.h"
#include "rules_kinds.h"

#define ENDPOINTS_MAX 1000
#define ADDRESSES_MAX 100
#define PORTS_MAX 20000
#define HINTS_MAX 8
#define LABEL_MAX 63

static size_t count_of(const struct value *list)
{
    return list ? list->count : 0;
}

/* true: there are too many, and they are not judged. */
static bool check_count(struct check *k, const struct place *at,
                        const struct value *list, size_t most)
{
    if (count_of(list) <= most)
        return false;
    check_add(k, CAUSE_TOO_MANY, at,
              "Too many: %zu: must have at most %zu items", count_of(list),
              most);
    return true;
}

/* ---- ports ---- */

static void check_ports(struct check *k, const struct value *ports)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    const struct place *list = PLACE(NULL, "ports");
    const struct value *port;

    if (check_count(k, list, ports, PORTS_MAX))
        return;
    for (size_t i = 0; (port = rules_item(ports, i)); i++) {
        const struct place *at = PLACE_AT(list, i);
        const char *name = value_text_at(port, "name");
        const char *application = value_text_at(port, "appProtocol");
        const char *protocol = value_text_at(port, "protocol");

        name = name ? name : "";
        if (*name)
            check_text_by(k, PLACE(at, "name"), name, wrong_dns_label);
        if (check_seen(ports, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, PLACE(at, "name"),
                      "Duplicate value: \"%s\"", name);
        if (protocol)
            check_one_of(k, PLACE(at, "protocol"), protocol, protocols);
        if (application)
            check_qualified(k, PLACE(at, "appProtocol"), application,
                            application);
    }
}

/* ---- addresses ---- */

/* What nobody can be reached at from elsewhere; NULL: somebody can. */
static const char *wrong_endpoint(const char *ip)
{
    if (strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0)
        return "may not be unspecified";
    if (text_starts(ip, "127.") || strcmp(ip, "::1") == 0)
        return "may not be in the loopback range";
    if (text_starts(ip, "169.254.") || text_starts(ip, "fe80:"))
        return "may not be in the link-local range";
    if (text_starts(ip, "224.0.0.") || text_starts(ip, "ff02:"))
        return "may not be in the link-local multicast range";
    return NULL;
}

static void check_number(struct check *k, const struct place *at,
                         const struct place *list, const char *ip, bool six)
{
    const char *wrong = wrong_endpoint(ip);

    if (!rules_is_ip(ip)) {
        check_ip(k, at, ip);
        return;
    }
    if (six != (strchr(ip, ':') != NULL))
        check_add(k, CAUSE_INVALID, list,
                  "Invalid value: \"%s\": must be an IPv%d address", ip,
                  six ? 6 : 4);
    if (wrong)
        check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", ip, wrong);
}

static bool has_long_label(const char *domain)
{
    for (;; domain += strcspn(domain, ".") + 1) {
        if (strcspn(domain, ".") > LABEL_MAX)
            return true;
        if (!domain[strcspn(domain, ".")])
            return false;
    }
}

static void check_domain(struct check *k, const struct place *at,
                         const char *text)
{
    size_t len = strlen(text);
    char *domain = arena_strdup(k->c->a, text);

    if (!domain) {
        failure_nomem(k->f);
        return;
    }
    if (len && domain[len - 1] == '.')
        domain[len - 1] = '\0';
    if (!len)
        check_add(k, CAUSE_REQUIRED, at, "Required value");
    else if (is_wrong(wrong_dns_subdomain, domain))
        check_text_by(k, at, domain, wrong_dns_subdomain);
    else if (!strchr(domain, '.'))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": should be a domain with at least two "
                  "segments separated by dots",
                  text);
    else if (has_long_label(domain))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": a label is too long", text);
}

static void check_addresses(struct check *k, const struct place *at,
                            const struct value *addresses)
{
    const char *type = value_text_at(k->object, "addressType");
    const struct value *address;

    if (!count_of(addresses))
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: must contain at least 1 address");
    check_count(k, at, addresses, ADDRESSES_MAX);
    for (size_t i = 0; (address = rules_item(addresses, i)); i++) {
        const struct place *one = PLACE_AT(at, i);

        if (text_equal(type, "FQDN"))
            check_domain(k, one, value_text(address));
        else if (text_equal(type, "IPv4") || text_equal(type, "IPv6"))
            check_number(k, one, at, value_text(address),
                         text_equal(type, "IPv6"));
    }
}

/* ---- endpoints ---- */

static void check_hint(struct check *k, const struct place *at,
                       const struct value *list, wrong_name_fn wrong)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        const struct place *one = PLACE(PLACE_AT(at, i), "name");
        const char *name = value_text_at(item, "name");

        name = name ? name : "";
        if (check_seen(list, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, one, "Duplicate value: \"%s\"", name);
        check_text_by(k, one, name, wrong);
    }
}

static void check_hints(struct check *k, const struct place *at,
                        const struct value *hints)
{
    const struct value *zones = value_get(hints, "forZones");
    const struct value *nodes = value_get(hints, "forNodes");

    if (check_count(k, PLACE(at, "forZones"), zones, HINTS_MAX))
        return;
    check_hint(k, PLACE(at, "forZones"), zones, wrong_label_value);
    if (!check_count(k, PLACE(at, "forNodes"), nodes, HINTS_MAX))
        check_hint(k, PLACE(at, "forNodes"), nodes, wrong_dns_subdomain);
}

static void check_endpoint(struct check *k, const struct place *at,
                           const struct value *endpoint)
{
    const char *node = value_text_at(endpoint, "nodeName");
    const char *host = value_text_at(endpoint, "hostname");

    check_addresses(k, PLACE(at, "addresses"),
                    value_get(endpoint, "addresses"));
    if (node)
        check_text_by(k, PLACE(at, "nodeName"), node, wrong_dns_subdomain);
    if (host)
        check_text_by(k, PLACE(at, "hostname"), host, wrong_dns_label);
    check_hints(k, PLACE(at, "hints"), value_get(endpoint, "hints"));
}

void rules_check_endpoint_slice(struct check *k)
{
    static const char *const types[] = {"FQDN", "IPv4", "IPv6", NULL};
    const struct value *endpoints = value_get(k->object, "endpoints");
    const struct place *list = PLACE(NULL, "endpoints");
    const struct value *endpoint;

    check_enum(k, NULL, k->object, "addressType", types);
    check_ports(k, value_get(k->object, "ports"));
    if (!check_count(k, list, endpoints, ENDPOINTS_MAX))
        for (size_t i = 0; (endpoint = rules_item(endpoints, i)); i++)
            check_endpoint(k, PLACE_AT(list, i), endpoint);
    if (k->old)
        check_immutable(k, "addressType");
}
