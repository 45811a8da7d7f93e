/*
 * rules_container.c -- validation of containers (k8s.io/kubernetes
 *                      pkg/apis/core/validation).
 */
#include <string.h>

#include "rules_pods.h"

static const char *const PROTOCOLS[] = {"SCTP", "TCP", "UDP", NULL};

/* ---- ports ---- */

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

static bool is_wrong_port_name(const char *name)
{
    for (unsigned i = 0; i < PORT_NAME_PARTS; i++)
        if (wrong_port_name(name, i))
            return true;
    return false;
}

static void check_ports(struct check *k, const struct place *at,
                        const struct value *ports)
{
    const struct value *port;

    for (size_t i = 0; (port = rules_item(ports, i)); i++) {
        const char *name = value_text_at(port, "name");

        check_port(k, PLACE_AT(at, i), port);
        if (name && *name && !is_wrong_port_name(name) &&
            check_seen(ports, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, PLACE(PLACE_AT(at, i), "name"),
                      "Duplicate value: \"%s\"", name);
    }
}

/* ---- containers ---- */

static void check_container(struct check *k, const struct place *at,
                            const struct value *c, const struct pod_parts *pod)
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
    rules_check_env(k, at, c);
    rules_check_mounts(k, at, c, pod->volumes);
    check_enum(k, at, c, "imagePullPolicy", pulls);
    rules_check_resources(k, PLACE(at, "resources"), value_get(c, "resources"),
                          pod->spec);
    rules_check_resize(k, PLACE(at, "resizePolicy"),
                       value_get(c, "resizePolicy"), pod->spec);
    rules_check_context(k, PLACE(at, "securityContext"),
                        value_get(c, "securityContext"), pod->spec);
}

/* ---- when a container is started again ---- */

#define RULES_MAX 20
#define EXIT_CODES_MAX 255

static void check_too_many(struct check *k, const struct place *at,
                           const struct value *list, uint32_t most)
{
    if (list && list->count > most)
        check_add(k, CAUSE_TOO_MANY, at,
                  "Too many: %u: must have at most %u items", list->count,
                  most);
}

static void check_restart_rule(struct check *k, const struct place *at,
                               const struct value *rule)
{
    static const char *const actions[] = {"Restart", "RestartAllContainers",
                                          NULL};
    static const char *const operators[] = {"In", "NotIn", NULL};
    const struct value *codes = value_get(rule, "exitCodes");
    const char *action = value_text_at(rule, "action");
    const char *how = value_text_at(codes, "operator");

    check_one_of(k, PLACE(at, "action"), action ? action : "", actions);
    if (!codes) {
        check_required(k, at, "exitCodes", "must be specified");
        return;
    }
    check_one_of(k, PLACE(PLACE(at, "exitCodes"), "operator"), how ? how : "",
                 operators);
    check_too_many(k, PLACE(PLACE(at, "exitCodes"), "values"),
                   value_get(codes, "values"), EXIT_CODES_MAX);
}

/* An init container of no policy has no rules to judge. */
static void check_restarts(struct check *k, const struct place *at,
                           const struct value *c, bool is_init)
{
    static const char *const policies[] = {"Always", "Never", "OnFailure",
                                           NULL};
    const struct value *policy = value_get(c, "restartPolicy");
    const struct value *rules = value_get(c, "restartPolicyRules");
    const struct place *list = PLACE(at, "restartPolicyRules");
    const struct value *rule;

    if (policy)
        check_one_of(k, PLACE(at, "restartPolicy"), value_text(policy),
                     policies);
    else if (rules && rules->count)
        check_required(k, at, "restartPolicy",
                       "must specify restartPolicy when restart rules are "
                       "used");
    if (!policy && is_init)
        return;
    check_too_many(k, list, rules, RULES_MAX);
    for (size_t i = 0; (rule = rules_item(rules, i)); i++)
        check_restart_rule(k, PLACE_AT(list, i), rule);
}

/* ---- lists of containers ---- */

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

static void check_host_port(struct check *k, const struct place *ports,
                            size_t n, const struct value *port, bool seen)
{
    if (seen)
        check_add(k, CAUSE_DUPLICATE, PLACE(PLACE_AT(ports, n), "hostPort"),
                  "Duplicate value: \"%s/%s/%lld\"",
                  value_text_at(port, "protocol"), host_ip(port),
                  (long long)value_int_at(port, "hostPort", 0));
}

static void check_own_host_ports(struct check *k, const struct place *at,
                                 const struct value *c)
{
    const struct place *place = PLACE(PLACE_AT(at, 0), "ports");
    const struct value *ports = value_get(c, "ports"), *port;

    for (size_t n = 0; (port = rules_item(ports, n)); n++)
        check_host_port(k, place, n, port, has_host_port(ports, n, port));
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
            check_host_port(k, place, n, port, seen);
        }
    }
}

static void check_main(struct check *k, const struct place *at,
                       const struct pod_parts *pod)
{
    const struct value *all = value_get(pod->spec, "containers");
    const struct value *c;

    if (!all || all->count == 0) {
        check_add(k, CAUSE_REQUIRED, at, "Required value");
        return;
    }
    for (size_t i = 0; (c = rules_item(all, i)); i++) {
        const struct place *one = PLACE_AT(at, i);

        check_container(k, one, c, pod);
        check_names(k, at, all, i, NULL);
        rules_check_care(k, one, c, pod->spec);
        check_restarts(k, one, c, false);
    }
    check_host_ports(k, at, all);
}

/* An init container that goes on is cared for as any other. */
static void check_init_care(struct check *k, const struct place *at,
                            const struct value *c, const struct pod_parts *pod)
{
    static const char *const cares[] = {"lifecycle", "livenessProbe",
                                        "readinessProbe", "startupProbe"};
    const struct place *list = PLACE(at, "resizePolicy");
    const struct value *policy;

    if (text_equal(value_text_at(c, "restartPolicy"), "Always")) {
        rules_check_care(k, at, c, pod->spec);
        return;
    }
    for (size_t i = 0; i < sizeof cares / sizeof cares[0]; i++)
        if (value_get(c, cares[i]))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, cares[i]),
                      "Forbidden: may not be set for init containers without "
                      "restartPolicy=Always");
    for (size_t i = 0; (policy = rules_item(value_get(c, "resizePolicy"), i));
         i++)
        if (text_equal(value_text_at(policy, "restartPolicy"),
                       "RestartContainer"))
            check_add(k, CAUSE_INVALID,
                      PLACE(PLACE_AT(list, i), "restartPolicy"),
                      "Invalid value: \"RestartContainer\": must not be set to "
                      "'RestartContainer' for non-sidecar initContainers");
}

/* Ports of the node are told of the list, as the server does: each init
 * container is alone when it runs. */
static void check_init(struct check *k, const struct place *at,
                       const struct pod_parts *pod)
{
    const struct value *all = value_get(pod->spec, "initContainers");
    const struct value *c;

    for (size_t i = 0; (c = rules_item(all, i)); i++) {
        const struct place *one = PLACE_AT(at, i);

        check_container(k, one, c, pod);
        check_restarts(k, one, c, true);
        check_names(k, at, all, i, value_get(pod->spec, "containers"));
        check_own_host_ports(k, at, c);
        check_init_care(k, one, c, pod);
    }
}

void rules_check_containers(struct check *k, const struct place *at,
                            const struct pod_parts *pod)
{
    check_main(k, PLACE(at, "containers"), pod);
    check_init(k, PLACE(at, "initContainers"), pod);
}

void rules_each_container(struct check *k, const struct place *at,
                          const struct value *spec, container_fn visit,
                          void *arg)
{
    static const char *const lists[] = {"initContainers", "containers",
                                        "ephemeralContainers"};
    const struct value *c;

    for (size_t n = 0; n < sizeof lists / sizeof lists[0]; n++) {
        const struct value *list = value_get(spec, lists[n]);

        for (size_t i = 0; (c = rules_item(list, i)); i++)
            visit(k, PLACE_AT(PLACE(at, lists[n]), i), c, arg);
    }
}
