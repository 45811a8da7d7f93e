/*
 * rules_pod.c -- validation of pods and their templates (k8s.io/kubernetes
 *                pkg/apis/core/validation).
 */
#include <ctype.h>
#include <string.h>

#include "kube/selector.h"
#include "rules_pods.h"

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

static size_t count_of(const struct value *list)
{
    return list ? list->count : 0;
}

/* ---- names and addresses ---- */

static void check_aliases(struct check *k, const struct place *at,
                          const struct value *aliases)
{
    const struct value *alias, *name;

    for (size_t i = 0; (alias = rules_item(aliases, i)); i++) {
        const struct value *names = value_get(alias, "hostnames");
        const struct place *one = PLACE_AT(at, i);

        check_ip(k, PLACE(one, "ip"), text_of(alias, "ip"));
        for (size_t n = 0; (name = rules_item(names, n)); n++)
            check_text_by(k, PLACE_AT(PLACE(one, "hostnames"), n),
                          value_text(name), wrong_dns_subdomain);
    }
}

#define HOSTNAME_MAX 64

static void check_hostname(struct check *k, const struct place *up,
                           const struct value *spec)
{
    const struct place *at = PLACE(up, "hostnameOverride");
    const char *name = value_text_at(spec, "hostnameOverride");

    if (!name)
        return;
    if (value_bool_at(spec, "setHostnameAsFQDN", false))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may not be specified when setHostnameAsFQDN is "
                  "true");
    if (value_bool_at(spec, "hostNetwork", false))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may not be specified when hostNetwork is true");
    if (strlen(name) > HOSTNAME_MAX)
        check_add(k, CAUSE_TOO_LONG, at,
                  "Too long: may not be more than %d bytes", HOSTNAME_MAX);
    check_text_by(k, at, name, wrong_dns_subdomain);
}

/* A field that may be empty when it is not set. */
static void check_optional(struct check *k, const struct place *at,
                           const struct value *spec, const char *field,
                           wrong_name_fn wrong)
{
    if (*text_of(spec, field))
        check_text_by(k, PLACE(at, field), text_of(spec, field), wrong);
}

/* ---- DNS ---- */

#define SERVERS_MAX 3
#define SEARCHES_MAX 32
#define SEARCHES_SIZE_MAX 2048

/* A domain that may have '_' in it and a dot behind it. */
static const char *wrong_search(const char *text, unsigned i)
{
    char plain[256];
    size_t len = strlen(text);

    if (strcmp(text, ".") == 0)
        return NULL;
    len -= len && text[len - 1] == '.';
    if (len >= sizeof plain)
        return wrong_dns_subdomain(text, i);
    for (size_t n = 0; n < len; n++)
        plain[n] = (char)(text[n] == '_' ? 'a' : text[n]);
    plain[len] = '\0';
    return wrong_dns_subdomain(plain, i);
}

static void check_searches(struct check *k, const struct place *at,
                           const struct value *searches)
{
    const struct value *search;
    size_t size = 0;

    for (size_t i = 0; (search = rules_item(searches, i)); i++)
        size += search->count + (i > 0);
    if (count_of(searches) > SEARCHES_MAX)
        check_invalid(k, at, searches,
                      "must not have more than 32 search paths");
    if (size > SEARCHES_SIZE_MAX)
        check_invalid(k, at, searches,
                      "must not have more than 2048 characters (including "
                      "spaces) in the search list");
    for (size_t i = 0; (search = rules_item(searches, i)); i++)
        check_text_by(k, PLACE_AT(at, i), value_text(search), wrong_search);
}

static void check_dns(struct check *k, const struct place *at,
                      const struct value *config, const char *policy)
{
    const struct value *servers = value_get(config, "nameservers");
    const struct value *options = value_get(config, "options");
    const struct value *item;

    if (strcmp(policy, "None") == 0 && !config) {
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: must provide `dnsConfig` when `dnsPolicy` "
                  "is None");
        return;
    }
    if (strcmp(policy, "None") == 0 && count_of(servers) == 0) {
        check_required(k, at, "nameservers",
                       "must provide at least one DNS nameserver when "
                       "`dnsPolicy` is None");
        return;
    }
    if (count_of(servers) > SERVERS_MAX)
        check_invalid(k, PLACE(at, "nameservers"), servers,
                      "must not have more than 3 nameservers");
    for (size_t i = 0; (item = rules_item(servers, i)); i++)
        check_ip(k, PLACE_AT(PLACE(at, "nameservers"), i), value_text(item));
    check_searches(k, PLACE(at, "searches"), value_get(config, "searches"));
    for (size_t i = 0; (item = rules_item(options, i)); i++)
        if (!*text_of(item, "name"))
            check_add(k, CAUSE_REQUIRED, PLACE_AT(PLACE(at, "options"), i),
                      "Required value: must not be empty");
}

/* ---- the spec ---- */

static void check_policies(struct check *k, const struct place *at,
                           const struct value *spec)
{
    static const char *const restarts[] = {"Always", "OnFailure", "Never",
                                           NULL};
    static const char *const dns[] = {"ClusterFirst", "ClusterFirstWithHostNet",
                                      "Default", "None", NULL};
    static const char *const preemptions[] = {"Never", "PreemptLowerPriority",
                                              NULL};

    check_enum(k, at, spec, "restartPolicy", restarts);
    check_enum(k, at, spec, "dnsPolicy", dns);
    if (value_get(spec, "preemptionPolicy"))
        check_enum(k, at, spec, "preemptionPolicy", preemptions);
}

static void check_deadline(struct check *k, const struct place *at,
                           const struct value *spec)
{
    int64_t deadline = value_int_at(spec, "activeDeadlineSeconds", 1);

    if (deadline < 1 || deadline > INT32_MAX)
        check_add(k, CAUSE_INVALID, PLACE(at, "activeDeadlineSeconds"),
                  "Invalid value: %lld: must be between 1 and 2147483647, "
                  "inclusive",
                  (long long)deadline);
}

static void check_gates(struct check *k, const struct place *at,
                        const struct value *spec)
{
    const struct value *ready = value_get(spec, "readinessGates");
    const struct value *gates = value_get(spec, "schedulingGates");
    const struct value *gate;

    for (size_t i = 0; (gate = rules_item(ready, i)); i++)
        check_qualified(
            k, PLACE(PLACE_AT(PLACE(at, "readinessGates"), i), "conditionType"),
            text_of(gate, "conditionType"), text_of(gate, "conditionType"));
    for (size_t i = 0; (gate = rules_item(gates, i)); i++) {
        const struct place *one = PLACE_AT(PLACE(at, "schedulingGates"), i);
        const char *name = text_of(gate, "name");

        check_qualified(k, one, name, name);
        if (check_seen(gates, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, one, "Duplicate value: \"%s\"", name);
    }
}

/* A pod in the network of its node has the ports of its node. */
static void check_host_network(struct check *k, const struct place *at,
                               const struct value *spec)
{
    const struct value *containers = value_get(spec, "containers");
    bool is_pod = rules_is(k->c->kind, "", "Pod");
    const struct value *c, *port;

    if (!value_bool_at(spec, "hostNetwork", false))
        return;
    for (size_t i = 0; (c = rules_item(containers, i)); i++) {
        const struct place *ports =
            PLACE(PLACE_AT(PLACE(at, "containers"), i), "ports");

        for (size_t n = 0; (port = rules_item(value_get(c, "ports"), n)); n++) {
            int64_t host = value_int_at(port, "hostPort", 0);

            if ((is_pod || host != 0) &&
                host != value_int_at(port, "containerPort", 0))
                check_add(k, CAUSE_INVALID,
                          PLACE(PLACE_AT(ports, n), "hostPort"),
                          "Invalid value: %lld: must match `containerPort` "
                          "when `hostNetwork` is true",
                          (long long)host);
        }
    }
}

static void forbid_devices(struct check *k, const struct place *at,
                           const struct value *container, void *arg)
{
    (void)arg;
    if (count_of(value_get(container, "volumeDevices")))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "volumeDevices"),
                  "Forbidden: when `hostUsers` is false");
}

/* Users of its own and namespaces of the node do not go together. The server
 * calls two of them as Go does. */
static void check_users(struct check *k, const struct place *at,
                        const struct value *spec)
{
    static const char *const fields[][2] = {{"hostNetwork", "hostNetwork"},
                                            {"hostPID", "HostPID"},
                                            {"hostIPC", "HostIPC"}};

    if (value_bool_at(spec, "hostUsers", true))
        return;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (value_bool_at(spec, fields[i][0], false))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, fields[i][1]),
                      "Forbidden: when `hostUsers` is false");
    rules_each_container(k, at, spec, forbid_devices, NULL);
}

static void check_parts(struct check *k, const struct place *at,
                        const struct pod_parts *pod)
{
    const struct value *spec = pod->spec;

    rules_check_pod_claims(k, PLACE(at, "resourceClaims"),
                           value_get(spec, "resourceClaims"));
    rules_check_containers(k, at, pod);
    rules_check_pod_resources(k, PLACE(at, "resources"), spec);
    check_host_network(k, at, spec);
    check_policies(k, at, spec);
    check_labels(k, PLACE(at, "nodeSelector"), value_get(spec, "nodeSelector"));
    rules_check_pod_context(k, at, spec);
    rules_check_affinity(k, PLACE(at, "affinity"), value_get(spec, "affinity"));
    check_dns(k, PLACE(at, "dnsConfig"), value_get(spec, "dnsConfig"),
              text_of(spec, "dnsPolicy"));
    check_gates(k, at, spec);
    rules_check_spread(k, PLACE(at, "topologySpreadConstraints"),
                       value_get(spec, "topologySpreadConstraints"));
    rules_check_host_processes(k, at, spec);
    check_users(k, at, spec);
}

void rules_check_pod_spec(struct check *k, const struct place *at,
                          const struct value *spec, const struct value *meta)
{
    struct pod_parts pod = {
        .spec = spec,
        .volumes = rules_check_volumes(k, PLACE(at, "volumes"),
                                       value_get(spec, "volumes"), meta)};

    check_parts(k, at, &pod);
    check_hostname(k, at, spec);
    check_optional(k, at, spec, "serviceAccountName", wrong_dns_subdomain);
    check_optional(k, at, spec, "nodeName", wrong_dns_subdomain);
    check_deadline(k, at, spec);
    check_optional(k, at, spec, "hostname", wrong_dns_label);
    check_optional(k, at, spec, "subdomain", wrong_dns_label);
    rules_check_tolerations(k, PLACE(at, "tolerations"),
                            value_get(spec, "tolerations"));
    check_aliases(k, PLACE(at, "hostAliases"), value_get(spec, "hostAliases"));
    check_optional(k, at, spec, "priorityClassName", wrong_dns_subdomain);
    if (value_get(spec, "runtimeClassName"))
        check_text_by(k, PLACE(at, "runtimeClassName"),
                      text_of(spec, "runtimeClassName"), wrong_dns_subdomain);
    rules_check_overhead(k, PLACE(at, "overhead"), value_get(spec, "overhead"));
    rules_check_os(k, at, spec);
    rules_check_env_files(k, at, spec);
}

/* ---- templates ---- */

void rules_check_template_meta(struct check *k, const struct place *at,
                               const struct value *template)
{
    check_labels(k, PLACE(at, "labels"),
                 value_path(template, "metadata.labels"));
    check_annotations(k, PLACE(at, "annotations"),
                      value_path(template, "metadata.annotations"));
    rules_check_pod_notes(k, PLACE(at, "annotations"), template);
}

void rules_check_template(struct check *k, const struct place *at,
                          const struct value *template)
{
    const struct value *spec = value_get(template, "spec");
    const struct value *ephemeral = value_get(spec, "ephemeralContainers");

    rules_check_template_meta(k, at, template);
    rules_check_pod_spec(k, PLACE(at, "spec"), spec, NULL);
    rules_check_profile_notes(k, PLACE(at, "spec"), template);
    if (ephemeral && ephemeral->count)
        check_add(k, CAUSE_FORBIDDEN,
                  PLACE(PLACE(at, "spec"), "ephemeralContainers"),
                  "Forbidden: ephemeral containers not allowed in pod "
                  "template");
}

void rules_check_selected(struct check *k, const struct place *at,
                          const struct value *selector,
                          const struct value *template)
{
    const struct value *labels = value_path(template, "metadata.labels");
    struct selector *s = NULL;
    bool matches = false;

    if (selector) {
        if (selector_from_label_selector(k->c->a, selector, &s, NULL) < 0)
            return;
        matches = selector_match_labels(s, labels);
        if (selector->count == 0)
            return;
    }
    if (!matches)
        check_invalid(k, PLACE(PLACE(at, "metadata"), "labels"), labels,
                      "`selector` does not match template `labels`");
}

/* ---- pods ---- */

/* Pods without an account cannot have a token of one. */
static void check_tokens(struct check *k, const struct place *at,
                         const struct value *spec)
{
    const struct value *volumes = value_get(spec, "volumes");
    const struct value *volume, *source;

    if (*text_of(spec, "serviceAccountName"))
        return;
    for (size_t i = 0; (volume = rules_item(volumes, i)); i++) {
        const struct value *sources = value_path(volume, "projected.sources");
        const struct place *list = PLACE(
            PLACE(PLACE_AT(PLACE(at, "volumes"), i), "projected"), "sources");

        for (size_t n = 0; (source = rules_item(sources, n)); n++)
            if (value_get(source, "serviceAccountToken"))
                check_add(k, CAUSE_FORBIDDEN,
                          PLACE(PLACE_AT(list, n), "serviceAccountToken"),
                          "Forbidden: must not be specified when "
                          "serviceAccountName is not set");
    }
}

static bool is_padded(const char *text)
{
    size_t len = strlen(text);

    return len && (isspace((unsigned char)text[0]) ||
                   isspace((unsigned char)text[len - 1]));
}

void rules_check_images(struct check *k, const struct place *at,
                        const struct value *containers)
{
    const struct value *c;

    for (size_t i = 0; (c = rules_item(containers, i)); i++)
        if (is_padded(text_of(c, "image")))
            check_add(k, CAUSE_INVALID, PLACE(PLACE_AT(at, i), "image"),
                      "Invalid value: \"%s\": must not have leading or "
                      "trailing whitespace",
                      text_of(c, "image"));
}

static void check_new(struct check *k, const struct place *at,
                      const struct value *spec)
{
    if (count_of(value_get(spec, "ephemeralContainers")))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "ephemeralContainers"),
                  "Forbidden: cannot be set on create");
    if (*text_of(spec, "nodeName") &&
        count_of(value_get(spec, "schedulingGates")))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "nodeName"),
                  "Forbidden: cannot be set until all schedulingGates have "
                  "been cleared");
    rules_check_profile_notes(k, at, k->object);
}

void rules_check_pod(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");

    rules_check_pod_notes(k, PLACE(PLACE(NULL, "metadata"), "annotations"),
                          k->object);
    rules_check_pod_spec(k, at, spec, value_get(k->object, "metadata"));
    check_tokens(k, at, spec);
    rules_check_images(k, PLACE(at, "containers"),
                       value_get(spec, "containers"));
    rules_check_images(k, PLACE(at, "initContainers"),
                       value_get(spec, "initContainers"));
    if (!k->old)
        check_new(k, at, spec);
}
