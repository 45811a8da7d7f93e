/*
 * rules_allot.c -- what the server allocates for a Service before its strategy
 *                  sees it: addresses, families, node ports
 *                  (registry/core/service/storage/alloc.go).
 *
 * Addresses are drawn, not counted: nothing has to be kept, and of a million
 * of them two are seldom the same. Node ports are few: one that another
 * Service has is passed over. The cluster has one family, IPv4.
 */
#include "rules_allot.h"

#include <stdio.h>

#include "rules_kinds.h"

#define FIRST_IP 0x0a600000u /* 10.96.0.0/12 */
#define FIRST_PORT 30000
#define PORTS 2768
#define DRY_PORT 32768 /* a dry run counts from here */

struct allotment {
    const struct rules_call *c;
    struct value *object, *spec;
    const struct value *old, *was; /* NULL on create */
    struct failure *f;
    int64_t dry_port; /* the highest so far, 0: none */
};

/* ---- small questions ---- */

bool service_is(const struct value *spec, const char *type)
{
    return text_equal(value_text_at(spec, "type"), type);
}

static size_t count_of(const struct value *spec, const char *key)
{
    const struct value *list = value_get(spec, key);

    return list ? list->count : 0;
}

static const char *item_text(const struct value *spec, const char *key,
                             size_t i)
{
    return value_text(rules_item(value_get(spec, key), i));
}

static const char *text_of(const struct value *spec, const char *key)
{
    const char *text = value_text_at(spec, key);

    return text ? text : "";
}

bool service_same(const struct value *a, const struct value *b, const char *key)
{
    const struct value *one = value_get(a, key);
    const struct value *other = value_get(b, key);

    return one && other ? value_equal(one, other)
                        : rules_is_zero(one) && rules_is_zero(other);
}

bool service_has_node_ports(const struct value *spec)
{
    return service_is(spec, "NodePort") || service_is(spec, "LoadBalancer");
}

bool service_needs_health(const struct value *spec)
{
    return service_is(spec, "LoadBalancer") &&
           strcmp(text_of(spec, "externalTrafficPolicy"), "Local") == 0;
}

static bool is_none(const char *ip)
{
    return text_equal(ip, "None");
}

static int refuse(struct allotment *s)
{
    const char *name = value_text_at(s->object, "metadata.name");

    return failure_invalid(s->f, "", "Service", name ? name : "");
}

static int cause(struct allotment *s, const char *field, const char *why)
{
    return failure_cause(s->f, CAUSE_INVALID, field, "Invalid value: %s", why);
}

/* ---- lists ---- */

static int set_list(struct allotment *s, const char *key, const char *text)
{
    struct value *list = value_array(s->c->a);

    if (!list ||
        (text && value_append(s->c->a, list, value_string(s->c->a, text)) < 0))
        return failure_nomem(s->f);
    return rules_set(s->c, s->spec, key, list, s->f);
}

static int append(struct allotment *s, const char *key, const char *text)
{
    struct value *list = value_get(s->spec, key);

    if (!list)
        return set_list(s, key, text);
    return value_append(s->c->a, list, value_string(s->c->a, text)) < 0
               ? failure_nomem(s->f)
               : 0;
}

static int take(struct allotment *s, const char *key)
{
    return rules_set(s->c, s->spec, key,
                     value_copy(s->c->a, value_get(s->was, key)), s->f);
}

/* At most the first. */
static void cut(struct allotment *s, const char *key)
{
    struct value *list = value_get(s->spec, key);

    if (list && list->count > 1 && service_same(s->spec, s->was, key))
        list->count = 1;
}

/* ---- what was not said again ---- */

/* clusterIP and the first of clusterIPs are one field of two names. */
static int settle_ips(struct allotment *s)
{
    const char *ip = text_of(s->spec, "clusterIP");
    const char *before = text_of(s->was, "clusterIP");
    bool same = service_same(s->spec, s->was, "clusterIPs");

    if (!s->was)
        return *ip && !count_of(s->spec, "clusterIPs")
                   ? set_list(s, "clusterIPs", ip)
                   : 0;
    if (count_of(s->was, "clusterIPs") && !count_of(s->spec, "clusterIPs") &&
        strcmp(ip, before) == 0)
        return take(s, "clusterIPs");
    if (strcmp(ip, before) == 0 || !same)
        return 0;
    if (*ip || !*before)
        return set_list(s, "clusterIPs", ip);
    value_unset(s->spec, "clusterIPs");
    return 0;
}

static bool uses_port(const struct value *spec, int64_t number)
{
    const struct value *port;

    for (size_t i = 0; (port = rules_item(value_get(spec, "ports"), i)); i++)
        if (value_int_at(port, "nodePort", 0) == number)
            return true;
    return false;
}

/* The last port of this name. */
static int64_t port_named(const struct value *spec, const char *name)
{
    const struct value *port;
    int64_t number = 0;

    for (size_t i = 0; (port = rules_item(value_get(spec, "ports"), i)); i++)
        if (strcmp(text_of(port, "name"), name) == 0)
            number = value_int_at(port, "nodePort", 0);
    return number;
}

static int keep_port(struct allotment *s, struct value *port,
                     const struct value *asked)
{
    int64_t number = port_named(s->was, text_of(port, "name"));

    if (value_int_at(port, "nodePort", 0) || !number ||
        uses_port(asked, number))
        return 0;
    return rules_set(s->c, port, "nodePort", value_integer(s->c->a, number),
                     s->f);
}

static int keep_ports(struct allotment *s)
{
    const struct value *asked = value_copy(s->c->a, s->spec);
    struct value *port;

    if (!asked)
        return failure_nomem(s->f);
    for (size_t i = 0; (port = rules_item(value_get(s->spec, "ports"), i)); i++)
        if (keep_port(s, port, asked) < 0)
            return -1;
    return 0;
}

static int keep_allotted(struct allotment *s)
{
    if (!service_is(s->was, "ExternalName") &&
        !service_is(s->spec, "ExternalName")) {
        if (!*text_of(s->spec, "clusterIP") && *text_of(s->was, "clusterIP") &&
            take(s, "clusterIP") < 0)
            return -1;
        if (!count_of(s->spec, "clusterIPs") &&
            count_of(s->was, "clusterIPs") && take(s, "clusterIPs") < 0)
            return -1;
    }
    if (service_has_node_ports(s->was) && service_has_node_ports(s->spec) &&
        keep_ports(s) < 0)
        return -1;
    if (service_needs_health(s->was) && service_needs_health(s->spec) &&
        !value_int_at(s->spec, "healthCheckNodePort", 0) &&
        value_get(s->was, "healthCheckNodePort"))
        return take(s, "healthCheckNodePort");
    return 0;
}

/* ---- families ---- */

/* Nothing that has to do with families changes. */
static bool is_settled(const struct allotment *s)
{
    return s->was && service_same(s->spec, s->was, "type") &&
           strcmp(text_of(s->spec, "ipFamilyPolicy"), "PreferDualStack") == 0 &&
           strcmp(text_of(s->was, "ipFamilyPolicy"), "PreferDualStack") == 0 &&
           service_same(s->spec, s->was, "clusterIPs") &&
           service_same(s->spec, s->was, "ipFamilies");
}

/* Headless and without a selector: who makes its endpoints may use both. */
static bool is_open(const struct allotment *s)
{
    return is_none(text_of(s->spec, "clusterIP")) &&
           rules_is_zero(value_get(s->spec, "selector")) &&
           (!value_get(s->spec, "selector") ||
            value_get(s->spec, "selector")->count == 0);
}

static int choose_policy(struct allotment *s)
{
    if (value_get(s->spec, "ipFamilyPolicy"))
        return 0;
    if (value_get(s->was, "ipFamilyPolicy"))
        return take(s, "ipFamilyPolicy");
    return rules_set_text(s->c, s->spec, "ipFamilyPolicy",
                          is_open(s) ? "RequireDualStack" : "SingleStack",
                          s->f);
}

static bool is_reduced(const struct allotment *s, const char *key)
{
    return count_of(s->spec, key) &&
           count_of(s->spec, key) < count_of(s->was, key);
}

static void check_policy(struct allotment *s, bool single)
{
    static const char field[] = "spec.ipFamilyPolicy";
    static const char *const lists[] = {"clusterIPs", "ipFamilies"};

    for (size_t i = 0; s->was && i < 2; i++)
        if (single)
            cut(s, lists[i]);
        else if (is_reduced(s, lists[i]))
            cause(s, field, "must be 'SingleStack' to release the secondary");
    for (size_t i = 0; single && i < 2; i++)
        if (count_of(s->spec, lists[i]) == 2)
            cause(s, field,
                  "must be 'RequireDualStack' or 'PreferDualStack' when "
                  "multiple are specified");
}

/* The families of addresses that were asked for. */
static int follow_ips(struct allotment *s)
{
    const char *ip;

    for (size_t i = 0; (ip = item_text(s->spec, "clusterIPs", i)); i++) {
        if (is_none(ip))
            break;
        if (i < count_of(s->spec, "ipFamilies"))
            continue;
        if (strchr(ip, ':'))
            cause(s, "spec.clusterIPs[0]",
                  "IPv6 is not configured on this cluster");
        else if (append(s, "ipFamilies", "IPv4") < 0)
            return -1;
    }
    return 0;
}

static int settle_open(struct allotment *s, bool single)
{
    const char *first;

    if (!count_of(s->spec, "ipFamilies") &&
        set_list(s, "ipFamilies", "IPv4") < 0)
        return -1;
    first = item_text(s->spec, "ipFamilies", 0);
    if (single || count_of(s->spec, "ipFamilies") > 1)
        return 0;
    return append(s, "ipFamilies", text_equal(first, "IPv4") ? "IPv6" : "IPv4");
}

static int settle_closed(struct allotment *s)
{
    const char *family;
    char field[32];

    if (strcmp(text_of(s->spec, "ipFamilyPolicy"), "RequireDualStack") == 0)
        cause(s, "spec.ipFamilyPolicy",
              "this cluster is not configured for dual-stack services");
    for (size_t i = 0; (family = item_text(s->spec, "ipFamilies", i)); i++) {
        snprintf(field, sizeof field, "spec.ipFamilies[%zu]", i);
        if (strcmp(family, "IPv4") != 0)
            cause(s, field, "not configured on this cluster");
    }
    if (refuse(s) < 0)
        return -1;
    return count_of(s->spec, "ipFamilies") ? 0
                                           : set_list(s, "ipFamilies", "IPv4");
}

static int settle_families(struct allotment *s)
{
    struct check k = {s->c, s->f, s->object, s->old};
    bool single;

    if (service_is(s->spec, "ExternalName") || is_settled(s))
        return 0;
    if (choose_policy(s) < 0)
        return -1;
    rules_check_service_ips(&k);
    if (refuse(s) < 0)
        return -1;
    single = strcmp(text_of(s->spec, "ipFamilyPolicy"), "SingleStack") == 0;
    check_policy(s, single);
    if (follow_ips(s) < 0 || refuse(s) < 0)
        return -1;
    return is_open(s) ? settle_open(s, single) : settle_closed(s);
}

/* ---- what other Services have ---- */

static int find_others(struct allotment *s, struct value **ret)
{
    const struct gvk what = {"v1", "Service"};
    const struct rules_world *world = s->c->world;

    *ret = NULL;
    return world->list ? world->list(world->arg, s->c->a, &what, ret, s->f) : 0;
}

static bool has_ip(const struct value *others, const char *ip)
{
    const struct value *other;

    for (size_t i = 0; (other = rules_item(others, i)); i++)
        for (size_t n = 0; n < count_of(value_get(other, "spec"), "clusterIPs");
             n++)
            if (text_equal(item_text(value_get(other, "spec"), "clusterIPs", n),
                           ip))
                return true;
    return false;
}

static bool has_port(const struct value *others, int64_t number)
{
    const struct value *other;

    for (size_t i = 0; (other = rules_item(others, i)); i++)
        if (uses_port(value_get(other, "spec"), number) ||
            value_int_at(other, "spec.healthCheckNodePort", 0) == number)
            return true;
    return false;
}

/* A dry run takes nothing, and so does not see that it is taken. */
static int check_ip_free(struct allotment *s, const char *ip)
{
    struct value *others;

    if (s->c->dry_run)
        return 0;
    if (find_others(s, &others) < 0)
        return -1;
    if (!has_ip(others, ip))
        return 0;
    failure_cause(s->f, CAUSE_INVALID, "spec.clusterIPs",
                  "Invalid value: [\"%s\"]: failed to allocate IP %s: provided "
                  "IP is already allocated",
                  ip, ip);
    return refuse(s);
}

/* ---- addresses ---- */

/* Neither the first nor one of those kept for others; a dry run always gets
 * the address of the range itself. */
static int draw_ip(struct allotment *s)
{
    const struct rules_world *world = s->c->world;
    uint32_t n = FIRST_IP;
    char text[32];

    if (!s->c->dry_run)
        n += 256 + (uint32_t)(world->random(world->arg) % ((1u << 20) - 512));
    snprintf(text, sizeof text, "%u.%u.%u.%u", n >> 24, n >> 16 & 255,
             n >> 8 & 255, n & 255);
    if (rules_set_text(s->c, s->spec, "clusterIP", text, s->f) < 0)
        return -1;
    return set_list(s, "clusterIPs", text);
}

/* An address belongs to an object that has a name. */
static int check_holder(struct allotment *s)
{
    const char *name = value_text_at(s->object, "metadata.name");

    if (s->c->dry_run || (name && *name && !is_wrong(wrong_path_segment, name)))
        return 0;
    cause(s, "spec.clusterIPs", "failed to allocate IP: its parent is unnamed");
    return refuse(s);
}

static int allot_ip(struct allotment *s)
{
    const char *ip = item_text(s->spec, "clusterIPs", 0);

    if (service_is(s->spec, "ExternalName") || is_none(ip))
        return 0;
    if (s->was && !service_is(s->was, "ExternalName"))
        return 0; /* which has one */
    if (check_holder(s) < 0)
        return -1;
    return ip && *ip ? check_ip_free(s, ip) : draw_ip(s);
}

/* ---- node ports ---- */

static int64_t next_port(struct allotment *s)
{
    const struct rules_world *world = s->c->world;
    struct value *others = NULL;
    int64_t number;
    int tries = 0;

    if (s->c->dry_run)
        return s->dry_port = (s->dry_port ? s->dry_port : DRY_PORT) + 1;
    if (find_others(s, &others) < 0)
        return FIRST_PORT;
    number = FIRST_PORT + (int64_t)(world->random(world->arg) % PORTS);
    while ((uses_port(s->spec, number) || has_port(others, number)) &&
           tries++ < PORTS)
        number = number + 1 < FIRST_PORT + PORTS ? number + 1 : FIRST_PORT;
    return number;
}

static bool wants_ports(const struct value *spec)
{
    return service_is(spec, "NodePort") ||
           (service_is(spec, "LoadBalancer") &&
            value_bool_at(spec, "allocateLoadBalancerNodePorts", true));
}

/* A number may be asked for again, for another protocol of the same Service. */
static int check_asked(struct allotment *s, int64_t number, size_t i)
{
    struct value *others;
    char field[48];

    if (number > s->dry_port)
        s->dry_port = number;
    snprintf(field, sizeof field, "spec.ports[%zu].nodePort", i);
    if (number >= FIRST_PORT && number < FIRST_PORT + PORTS) {
        if (find_others(s, &others) < 0)
            return -1;
        if (!has_port(others, number))
            return 0;
        failure_cause(s->f, CAUSE_INVALID, field,
                      "Invalid value: %lld: provided port is already allocated",
                      (long long)number);
        return refuse(s);
    }
    cause(s, field, "provided port is not in the valid range");
    return refuse(s);
}

/* On create ports of one number, of different protocols, share it. */
static int64_t shared_port(const struct allotment *s, size_t end)
{
    const struct value *ports = value_get(s->spec, "ports");
    int64_t is = value_int_at(rules_item(ports, end), "port", 0);
    const struct value *port;

    for (size_t i = 0; !s->was && (port = rules_item(ports, i)); i++)
        if (value_int_at(port, "port", 0) == is &&
            value_int_at(port, "nodePort", 0))
            return value_int_at(port, "nodePort", 0);
    return 0;
}

static int allot_port(struct allotment *s, struct value *port, size_t i)
{
    int64_t number = value_int_at(port, "nodePort", 0);

    if (!number && !wants_ports(s->spec))
        return 0;
    if (number)
        return s->was && uses_port(s->was, number) ? 0
                                                   : check_asked(s, number, i);
    number = shared_port(s, i);
    if (!number)
        number = next_port(s);
    return rules_set(s->c, port, "nodePort", value_integer(s->c->a, number),
                     s->f);
}

static int allot_ports(struct allotment *s)
{
    struct value *port;

    for (size_t i = 0; service_has_node_ports(s->spec) &&
                       (port = rules_item(value_get(s->spec, "ports"), i));
         i++)
        if (allot_port(s, port, i) < 0)
            return -1;
    if (!service_needs_health(s->spec) || service_needs_health(s->was) ||
        value_int_at(s->spec, "healthCheckNodePort", 0))
        return 0;
    return rules_set(s->c, s->spec, "healthCheckNodePort",
                     value_integer(s->c->a, next_port(s)), s->f);
}

int rules_allot_service(const struct rules_call *c, struct value *object,
                        const struct value *old, struct failure *f)
{
    struct allotment s = {.c = c,
                          .object = object,
                          .spec = value_get(object, "spec"),
                          .old = old,
                          .was = value_get(old, "spec"),
                          .f = f};

    if (s.was && keep_allotted(&s) < 0)
        return -1;
    if (settle_ips(&s) < 0 || settle_families(&s) < 0 || allot_ip(&s) < 0)
        return -1;
    return allot_ports(&s);
}
