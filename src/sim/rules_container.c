/*
 * rules_container.c -- validation of containers (k8s.io/kubernetes
 *                      pkg/apis/core/validation).
 */
#include <string.h>

#include "kube/quantity.h"
#include "rules_kinds.h"

static const char *const PROTOCOLS[] = {"SCTP", "TCP", "UDP", NULL};

/* ---- ports, environment ---- */

static void check_port(struct check *k, const struct place *at,
                       const struct value *port)
{
    const char *name = value_text_at(port, "name");

    if (name && *name)
        check_port_name(k, PLACE(at, "name"), name);
    if (value_int_at(port, "containerPort", 0) == 0)
        check_required(k, at, "containerPort", "");
    else
        check_port_number(k, at, port, "containerPort");
    if (value_int_at(port, "hostPort", 0) != 0)
        check_port_number(k, at, port, "hostPort");
    check_enum(k, at, port, "protocol", PROTOCOLS);
}

static void check_ports(struct check *k, const struct place *at,
                        const struct value *ports)
{
    const struct value *port;

    for (size_t i = 0; (port = rules_item(ports, i)); i++) {
        const char *name = value_text_at(port, "name");

        check_port(k, PLACE_AT(at, i), port);
        if (name && *name && check_seen(ports, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, PLACE(PLACE_AT(at, i), "name"),
                      "Duplicate value: \"%s\"", name);
    }
}

static void check_source_name(struct check *k, const struct place *at,
                              const struct value *source)
{
    if (source && rules_is_absent(value_get(source, "name")))
        check_required(k, at, "name", "");
}

static void check_key_selector(struct check *k, const struct place *at,
                               const struct value *selector)
{
    const char *key = value_text_at(selector, "key");

    if (!selector)
        return;
    if (rules_is_absent(value_get(selector, "name")))
        check_text_by(k, PLACE(at, "name"), "", wrong_dns_subdomain);
    if (!key || !*key)
        check_required(k, at, "key", "");
    else
        check_text_by(k, PLACE(at, "key"), key, wrong_config_key);
}

static void check_value_from(struct check *k, const struct place *at,
                             const struct value *variable)
{
    static const char *const fields[] = {"metadata.name",
                                         "metadata.namespace",
                                         "metadata.uid",
                                         "spec.nodeName",
                                         "spec.serviceAccountName",
                                         "status.hostIP",
                                         "status.hostIPs",
                                         "status.podIP",
                                         "status.podIPs",
                                         NULL};
    const struct value *from = value_get(variable, "valueFrom");

    if (!from)
        return;
    if (value_get(from, "fieldRef"))
        rules_check_field_ref(k, PLACE(at, "fieldRef"),
                              value_get(from, "fieldRef"), fields);
    if (value_get(from, "resourceFieldRef"))
        rules_check_resource_ref(k, PLACE(at, "resourceFieldRef"),
                                 value_get(from, "resourceFieldRef"), false);
    check_key_selector(k, PLACE(at, "configMapKeyRef"),
                       value_get(from, "configMapKeyRef"));
    check_key_selector(k, PLACE(at, "secretKeyRef"),
                       value_get(from, "secretKeyRef"));
    if (from->count == 0)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": must specify one of: `fieldRef`, "
                  "`resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
                  "`fileKeyRef`");
    else if (!rules_is_absent(value_get(variable, "value")))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": may not be specified when `value` is "
                  "not empty");
    else if (from->count > 1)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"\": may not have more than one field "
                  "specified at a time");
}

/* Any printable characters but '='. */
static const char *wrong_variable(const char *name)
{
    for (; *name; name++)
        if (*name < ' ' || *name > '~' || *name == '=')
            return "a valid environment variable name must consist only of "
                   "printable ASCII characters other than '='";
    return NULL;
}

static void check_env(struct check *k, const struct place *at,
                      const struct value *env)
{
    const struct value *variable;

    for (size_t i = 0; (variable = rules_item(env, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const char *name = value_text_at(variable, "name");

        if (!name || !*name)
            check_required(k, one, "name", "");
        else
            check_text_by(k, PLACE(one, "name"), name, wrong_variable);
        check_value_from(k, PLACE(one, "valueFrom"), variable);
    }
}

static void check_env_from(struct check *k, const struct place *at,
                           const struct value *list)
{
    const struct value *from;

    for (size_t i = 0; (from = rules_item(list, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const struct value *map = value_get(from, "configMapRef");
        const struct value *secret = value_get(from, "secretRef");

        check_source_name(k, PLACE(one, "configMapRef"), map);
        check_source_name(k, PLACE(one, "secretRef"), secret);
        if (!map && !secret)
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"\": must specify one of: "
                      "`configMapRef` or `secretRef`");
        else if (map && secret)
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"\": may not have more than one field "
                      "specified at a time");
    }
}

/* ---- mounts ---- */

static void check_mounts(struct check *k, const struct place *at,
                         const struct value *mounts,
                         const struct value *volumes)
{
    const struct value *mount;

    for (size_t i = 0; (mount = rules_item(mounts, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const char *name = value_text_at(mount, "name");
        const char *path = value_text_at(mount, "mountPath");

        name = name ? name : "";
        path = path ? path : "";
        if (!*name)
            check_required(k, one, "name", "");
        if (!check_seen(volumes, SIZE_MAX, "name", name))
            check_add(k, CAUSE_NOT_FOUND, PLACE(one, "name"),
                      "Not found: \"%s\"", name);
        if (!*path)
            check_required(k, one, "mountPath", "");
        if (check_seen(mounts, i, "mountPath", path))
            check_add(k, CAUSE_INVALID, PLACE(one, "mountPath"),
                      "Invalid value: \"%s\": must be unique", path);
    }
}

/* ---- resources ---- */

bool rules_quantity(const struct value *v, struct quantity *ret)
{
    const char *text = value_text(v);

    return text && quantity_parse(text, ret);
}

static bool may_overcommit(const char *name)
{
    return !strchr(name, '/') && !text_starts(name, "hugepages-");
}

static const char *wrong_resource(const char *name)
{
    static const char *const known[] = {"cpu", "memory", "ephemeral-storage",
                                        NULL};

    if (strchr(name, '/'))
        return wrong_qualified_name(name);
    for (size_t i = 0; known[i]; i++)
        if (strcmp(name, known[i]) == 0)
            return NULL;
    return text_starts(name, "hugepages-")
               ? NULL
               : "must be a standard resource for containers";
}

void rules_check_resource(struct check *k, const struct place *at,
                          const char *name)
{
    const char *wrong = wrong_resource(name);

    if (wrong && !strchr(name, '/'))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard resource type or "
                  "fully qualified",
                  name);
    if (wrong)
        check_add(k, CAUSE_INVALID, at, "Invalid value: \"%s\": %s", name,
                  wrong);
}

static void check_amount(struct check *k, const struct place *at,
                         const struct value_member *m)
{
    struct quantity q;

    rules_check_resource(k, at, m->key);
    if (rules_quantity(m->value, &q) && q.mantissa < 0)
        check_invalid(k, at, m->value, "must be greater than or equal to 0");
}

static void check_request(struct check *k, const struct place *at,
                          const struct value_member *m,
                          const struct value *limits)
{
    const struct value *limit = value_getn(limits, m->key, m->key_len);
    struct quantity asked, most;

    check_amount(k, PLACE_KEY(PLACE(at, "requests"), m->key), m);
    if (!limit) {
        if (!may_overcommit(m->key))
            check_required(k, at, "limits",
                           "Limit must be set for non overcommitable "
                           "resources");
        return;
    }
    if (!rules_quantity(m->value, &asked) || !rules_quantity(limit, &most))
        return;
    if (!may_overcommit(m->key) && quantity_compare(&asked, &most) != 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "requests"),
                  "Invalid value: \"%s\": must be equal to %s limit of %s",
                  value_text(m->value), m->key, value_text(limit));
    else if (quantity_compare(&asked, &most) > 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "requests"),
                  "Invalid value: \"%s\": must be less than or equal to %s "
                  "limit of %s",
                  value_text(m->value), m->key, value_text(limit));
}

static void check_resources(struct check *k, const struct place *at,
                            const struct value *resources)
{
    const struct value *limits = value_get(resources, "limits");
    const struct value *requests = value_get(resources, "requests");

    for (uint32_t i = 0; limits && i < limits->count; i++) {
        const struct value_member *m = &limits->as.members[i];

        check_amount(k, PLACE_KEY(PLACE(at, "limits"), m->key), m);
    }
    for (uint32_t i = 0; requests && i < requests->count; i++)
        check_request(k, at, &requests->as.members[i], limits);
}

/* ---- containers ---- */

static void check_container(struct check *k, const struct place *at,
                            const struct value *c, const struct value *volumes)
{
    static const char *const ends[] = {"FallbackToLogsOnError", "File", NULL};
    static const char *const pulls[] = {"Always", "IfNotPresent", "Never",
                                        NULL};
    const char *name = value_text_at(c, "name");

    if (!name || !*name)
        check_required(k, at, "name", "");
    else
        check_text_by(k, PLACE(at, "name"), name, wrong_dns_label);
    if (rules_is_absent(value_get(c, "image")))
        check_required(k, at, "image", "");
    check_enum(k, at, c, "terminationMessagePolicy", ends);
    check_ports(k, PLACE(at, "ports"), value_get(c, "ports"));
    check_env(k, PLACE(at, "env"), value_get(c, "env"));
    check_env_from(k, PLACE(at, "envFrom"), value_get(c, "envFrom"));
    check_mounts(k, PLACE(at, "volumeMounts"), value_get(c, "volumeMounts"),
                 volumes);
    check_enum(k, at, c, "imagePullPolicy", pulls);
    check_resources(k, PLACE(at, "resources"), value_get(c, "resources"));
}

static void check_names(struct check *k, const struct place *at,
                        const struct value *list, size_t i,
                        const struct value *others)
{
    const char *name = value_text_at(rules_item(list, i), "name");

    if (name && (check_seen(list, i, "name", name) ||
                 check_seen(others, SIZE_MAX, "name", name)))
        check_add(k, CAUSE_DUPLICATE, PLACE(PLACE_AT(at, i), "name"),
                  "Duplicate value: \"%s\"", name);
}

static const char *host_ip(const struct value *port)
{
    const char *ip = value_text_at(port, "hostIP");

    return ip ? ip : "";
}

/* Two containers cannot have one port of the node. */
static bool is_same_host_port(const struct value *a, const struct value *b)
{
    int64_t port = value_int_at(a, "hostPort", 0);

    return port != 0 && port == value_int_at(b, "hostPort", 0) &&
           text_equal(value_text_at(a, "protocol"),
                      value_text_at(b, "protocol")) &&
           strcmp(host_ip(a), host_ip(b)) == 0;
}

static bool has_host_port(const struct value *ports, size_t end,
                          const struct value *port)
{
    const struct value *other;

    for (size_t i = 0; i < end && (other = rules_item(ports, i)); i++)
        if (is_same_host_port(port, other))
            return true;
    return false;
}

static void check_host_ports(struct check *k, const struct place *at,
                             const struct value *containers)
{
    const struct value *c, *port;

    for (size_t i = 0; (c = rules_item(containers, i)); i++) {
        const struct place *place = PLACE(PLACE_AT(at, i), "ports");
        const struct value *ports = value_get(c, "ports");

        for (size_t n = 0; (port = rules_item(ports, n)); n++) {
            bool seen = has_host_port(ports, n, port);

            for (size_t o = 0; o < i && !seen; o++)
                seen =
                    has_host_port(value_get(rules_item(containers, o), "ports"),
                                  SIZE_MAX, port);
            if (seen)
                check_add(k, CAUSE_DUPLICATE,
                          PLACE(PLACE_AT(place, n), "hostPort"),
                          "Duplicate value: \"%s/%lld\"",
                          value_text_at(port, "protocol"),
                          (long long)value_int_at(port, "hostPort", 0));
        }
    }
}

void rules_check_containers(struct check *k, const struct place *at,
                            const struct value *spec,
                            const struct value *volumes)
{
    const struct place *list = PLACE(at, "containers");
    const struct value *all = value_get(spec, "containers");
    const struct value *c;

    if (!all || all->count == 0)
        check_required(k, at, "containers", "");
    for (size_t i = 0; (c = rules_item(all, i)); i++) {
        const struct place *one = PLACE_AT(list, i);

        check_container(k, one, c, volumes);
        check_names(k, list, all, i, NULL);
        rules_check_care(k, one, c);
    }
    check_host_ports(k, list, all);
}

/* An init container that goes on is cared for as any other. */
static void check_init_care(struct check *k, const struct place *at,
                            const struct value *c)
{
    static const char *const cares[] = {"lifecycle", "livenessProbe",
                                        "readinessProbe", "startupProbe"};

    if (text_equal(value_text_at(c, "restartPolicy"), "Always")) {
        rules_check_care(k, at, c);
        return;
    }
    for (size_t i = 0; i < sizeof cares / sizeof cares[0]; i++)
        if (value_get(c, cares[i]))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, cares[i]),
                      "Forbidden: may not be set for init containers without "
                      "restartPolicy=Always");
}

void rules_check_init_containers(struct check *k, const struct place *at,
                                 const struct value *spec,
                                 const struct value *volumes)
{
    const struct place *list = PLACE(at, "initContainers");
    const struct value *all = value_get(spec, "initContainers");
    const struct value *c;

    for (size_t i = 0; (c = rules_item(all, i)); i++) {
        const struct place *one = PLACE_AT(list, i);

        check_container(k, one, c, volumes);
        check_names(k, list, all, i, value_get(spec, "containers"));
        check_init_care(k, one, c);
    }
}
