/*
 * table_net.c -- cells of services, endpoints, ingresses and nodes.
 */
#include "table_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 3 /* of a list that may be long */

static const struct value *list_at(const struct value *object, const char *path)
{
    static const struct value none = {.type = VALUE_ARRAY};
    const struct value *v = value_path(object, path);

    return value_is(v, VALUE_ARRAY) ? v : &none;
}

/* A list of which the first few are shown. */
struct shortened {
    struct str text;
    unsigned shown, all;
};

static void shortened_add(struct shortened *s, const char *text)
{
    if (s->shown < SHOWN) {
        str_addf(&s->text, "%s%s", s->shown ? "," : "", text);
        s->shown++;
    }
    s->all++;
}

static struct value *shortened_end(struct arena *a, struct shortened *s,
                                   const char *nothing)
{
    if (s->all > SHOWN)
        str_addf(&s->text, " + %u more...", s->all - SHOWN);
    if (!s->text.len)
        str_add(&s->text, nothing);
    return cell_take(a, &s->text);
}

/* ---- services ---- */

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Addresses of a load balancer, sorted, each once. */
static int add_balancer(const struct row *r, struct str *text)
{
    const struct value *all = list_at(r->object, "status.loadBalancer.ingress");
    const char **names = arena_alloc(r->a, (all->count + 1) * sizeof(*names));
    uint32_t count = 0;

    if (!names)
        return -ERR_NOMEM;
    for (uint32_t i = 0; i < all->count; i++) {
        const char *ip = row_text(all->as.items[i], "ip");
        const char *name = *ip ? ip : row_text(all->as.items[i], "hostname");

        if (*name)
            names[count++] = name;
    }
    qsort(names, count, sizeof(*names), by_text);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            str_addf(text, "%s%s", text->len ? "," : "", names[i]);
    return 0;
}

struct value *cell_external_ip(const struct row *r, const struct column *c)
{
    const char *type = row_text(r->object, "spec.type");
    const struct value *ips = list_at(r->object, "spec.externalIPs");
    bool balanced = text_equal(type, "LoadBalancer");
    struct str text;

    (void)c;
    if (text_equal(type, "ExternalName"))
        return value_string(r->a, row_text(r->object, "spec.externalName"));
    str_init(&text, 0);
    if (balanced && add_balancer(r, &text) < 0)
        text.failed = ERR_NOMEM;
    for (uint32_t i = 0; i < ips->count; i++)
        str_addf(&text, "%s%s", text.len ? "," : "",
                 value_text(ips->as.items[i]));
    if (text.len == 0)
        str_add(&text, balanced ? "<pending>" : *type ? "<none>" : "<unknown>");
    return cell_take(r->a, &text);
}

struct value *cell_service_ports(const struct row *r, const struct column *c)
{
    const struct value *ports = list_at(r->object, "spec.ports");
    struct str text;

    (void)c;
    str_init(&text, 0);
    for (uint32_t i = 0; i < ports->count; i++) {
        const struct value *p = ports->as.items[i];
        long long node = row_int(p, "nodePort");

        str_addf(&text, "%s%lld", i ? "," : "", (long long)row_int(p, "port"));
        if (node > 0)
            str_addf(&text, ":%lld", node);
        str_addf(&text, "/%s", row_text(p, "protocol"));
    }
    if (ports->count == 0)
        str_add(&text, "<none>");
    return cell_take(r->a, &text);
}

/* ---- endpoints ---- */

static void add_addresses(struct shortened *s, const struct value *addresses,
                          const struct value *port)
{
    char text[128];

    for (uint32_t i = 0; i < addresses->count; i++) {
        const char *ip = row_text(addresses->as.items[i], "ip");
        bool six = strchr(ip, ':') != NULL;

        if (port)
            snprintf(text, sizeof(text), "%s%s%s:%lld", six ? "[" : "", ip,
                     six ? "]" : "", (long long)row_int(port, "port"));
        else
            snprintf(text, sizeof(text), "%s", ip);
        shortened_add(s, text);
    }
}

struct value *cell_endpoints(const struct row *r, const struct column *c)
{
    const struct value *subsets = list_at(r->object, "subsets");
    struct shortened s = {.shown = 0};

    (void)c;
    str_init(&s.text, 0);
    for (uint32_t i = 0; i < subsets->count; i++) {
        const struct value *subset = subsets->as.items[i];
        const struct value *ports = list_at(subset, "ports");
        const struct value *addresses = list_at(subset, "addresses");

        if (ports->count == 0)
            add_addresses(&s, addresses, NULL);
        for (uint32_t k = 0; k < ports->count; k++)
            add_addresses(&s, addresses, ports->as.items[k]);
    }
    return shortened_end(r->a, &s, subsets->count ? "" : "<none>");
}

struct value *cell_slice_ports(const struct row *r, const struct column *c)
{
    const struct value *ports = list_at(r->object, "ports");
    struct shortened s = {.shown = 0};
    char text[32];

    (void)c;
    str_init(&s.text, 0);
    for (uint32_t i = 0; i < ports->count; i++) {
        const struct value *p = ports->as.items[i];
        const char *name = value_text_at(p, "name");

        snprintf(text, sizeof(text), "%lld", (long long)row_int(p, "port"));
        shortened_add(&s, value_get(p, "port") ? text : name ? name : "*");
    }
    return shortened_end(r->a, &s, "<unset>");
}

struct value *cell_slice_endpoints(const struct row *r, const struct column *c)
{
    const struct value *all = list_at(r->object, "endpoints");
    struct shortened s = {.shown = 0};

    (void)c;
    str_init(&s.text, 0);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct value *addresses = list_at(all->as.items[i], "addresses");

        for (uint32_t k = 0; k < addresses->count; k++)
            shortened_add(&s, value_text(addresses->as.items[k]));
    }
    return shortened_end(r->a, &s, "<unset>");
}

/* ---- ingresses ---- */

struct value *cell_ingress_hosts(const struct row *r, const struct column *c)
{
    const struct value *rules = list_at(r->object, "spec.rules");
    unsigned shown = 0;
    bool more = false;
    struct str text;

    (void)c;
    str_init(&text, 0);
    for (uint32_t i = 0; i < rules->count; i++) {
        const char *host = row_text(rules->as.items[i], "host");

        more = more || shown == SHOWN;
        if (!more && *host)
            str_addf(&text, "%s%s", shown++ ? "," : "", host);
    }
    if (shown == 0)
        str_add(&text, "*");
    else if (more)
        str_addf(&text, " + %u more...", rules->count - SHOWN);
    return cell_take(r->a, &text);
}

struct value *cell_ingress_address(const struct row *r, const struct column *c)
{
    struct str text;

    (void)c;
    str_init(&text, 0);
    if (add_balancer(r, &text) < 0)
        text.failed = ERR_NOMEM;
    return cell_take(r->a, &text);
}

struct value *cell_ingress_ports(const struct row *r, const struct column *c)
{
    (void)c;
    return value_string(r->a, list_at(r->object, "spec.tls")->count ? "80, 443"
                                                                    : "80");
}

/* ---- nodes ---- */

struct value *cell_node_status(const struct row *r, const struct column *c)
{
    const struct value *all = list_at(r->object, "status.conditions");
    const char *ready = "Unknown";
    struct str text;

    (void)c;
    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "type"), "Ready"))
            ready =
                text_equal(value_text_at(all->as.items[i], "status"), "True")
                    ? "Ready"
                    : "NotReady";
    str_init(&text, 0);
    str_add(&text, ready);
    if (value_bool_at(r->object, "spec.unschedulable", false))
        str_add(&text, ",SchedulingDisabled");
    return cell_take(r->a, &text);
}

static const char *role_of(const struct value_member *label)
{
    static const char prefix[] = "node-role.kubernetes.io/";

    if (text_starts(label->key, prefix))
        return label->key + sizeof(prefix) - 1;
    if (text_equal(label->key, "kubernetes.io/role") &&
        value_text(label->value))
        return value_text(label->value);
    return "";
}

struct value *cell_node_roles(const struct row *r, const struct column *c)
{
    const struct value *labels = row_at(r, "metadata.labels");
    uint32_t all = value_is(labels, VALUE_OBJECT) ? labels->count : 0;
    const char **roles = arena_alloc(r->a, (all + 1) * sizeof(*roles));
    uint32_t count = 0;
    struct str text;

    (void)c;
    if (!roles)
        return NULL;
    for (uint32_t i = 0; i < all; i++) {
        roles[count] = role_of(&labels->as.members[i]);
        count += *roles[count] != '\0';
    }
    if (count == 0)
        return value_string(r->a, "<none>");
    qsort(roles, count, sizeof(*roles), by_text);
    str_init(&text, 0);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || strcmp(roles[i], roles[i - 1]) != 0)
            str_addf(&text, "%s%s", i ? "," : "", roles[i]);
    return cell_take(r->a, &text);
}

struct value *cell_node_address(const struct row *r, const struct column *c)
{
    const struct value *all = list_at(r->object, "status.addresses");

    for (uint32_t i = 0; i < all->count; i++)
        if (text_equal(value_text_at(all->as.items[i], "type"), c->path))
            return value_string(r->a, row_text(all->as.items[i], "address"));
    return value_string(r->a, "<none>");
}

struct value *cell_node_kernel(const struct row *r, const struct column *c)
{
    const char *kernel = row_text(r->object, "status.nodeInfo.kernelVersion");
    const char *arch = row_text(r->object, "status.nodeInfo.architecture");
    struct str text;

    (void)c;
    str_init(&text, 0);
    str_add(&text, *kernel ? kernel : "<unknown>");
    if (*arch)
        str_addf(&text, " (%s)", arch);
    return cell_take(r->a, &text);
}
