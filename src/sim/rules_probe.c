/*
 * rules_probe.c -- validation of what containers refer to and of what is done
 *                  to them: fields of their pod, probes, hooks
 *                  (k8s.io/kubernetes pkg/apis/core/validation).
 */
#include <ctype.h>
#include <string.h>

#include "kube/quantity.h"
#include "rules_pods.h"

/* ---- references to the pod ---- */

static bool is_one_of(const char *text, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

/* Fields that pods can be asked for, whoever asks. */
static bool is_field(const char *path)
{
    static const char *const fields[] = {"metadata.annotations",
                                         "metadata.labels",
                                         "metadata.name",
                                         "metadata.namespace",
                                         "metadata.uid",
                                         "spec.nodeName",
                                         "spec.restartPolicy",
                                         "spec.serviceAccountName",
                                         "spec.schedulerName",
                                         "status.phase",
                                         "status.hostIP",
                                         "status.hostIPs",
                                         "status.podIP",
                                         "status.podIPs",
                                         "spec.host",
                                         NULL};

    return is_one_of(path, fields);
}

/* "metadata.labels['key']": the key, NULL: there is none. */
static const char *subscript(struct arena *a, const char *path,
                             const char *field)
{
    size_t len = strlen(field), all = strlen(path);

    if (!text_starts(path, field) || !text_starts(path + len, "['") ||
        all < len + 4 || strcmp(path + all - 2, "']") != 0)
        return NULL;
    return arena_strndup(a, path + len + 2, all - len - 4);
}

static void check_subscript(struct check *k, const struct place *at, char *key,
                            bool lower)
{
    for (char *c = key; lower && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    check_qualified(k, at, key, key);
}

/* The key of the label or the annotation that is asked for; NULL: neither. */
static char *subscript_of(struct arena *a, const char *path, bool *ret_note)
{
    char *label = (char *)subscript(a, path, "metadata.labels");

    *ret_note = !label;
    return label ? label : (char *)subscript(a, path, "metadata.annotations");
}

void rules_check_field_ref(struct check *k, const struct place *at,
                           const struct value *ref, const char *const *fields)
{
    const char *path = value_text_at(ref, "fieldPath");
    const char *version = value_text_at(ref, "apiVersion");
    const struct place *place = PLACE(at, "fieldPath");
    bool is_note;
    char *key;

    if (!path || !*path) {
        check_required(k, at, "fieldPath", "");
        return;
    }
    key = subscript_of(k->c->a, path, &is_note);
    if ((version && strcmp(version, "v1") != 0) || (!key && !is_field(path)))
        check_add(k, CAUSE_INVALID, place,
                  "Invalid value: \"%s\": error converting fieldPath: field "
                  "label not supported: %s",
                  path, path);
    else if (key)
        check_subscript(k, at, key, is_note);
    else if (!is_one_of(strcmp(path, "spec.host") ? path : "spec.nodeName",
                        fields))
        check_add(k, CAUSE_NOT_SUPPORTED, place, "Unsupported value: \"%s\"",
                  path);
}

/* The server lets amounts of every resource be told in these units. */
static bool is_divisor(const char *resource, const char *text)
{
    static const char *const units[] = {"1",   "1k",  "1M",  "1G",  "1T",
                                        "1P",  "1E",  "1Ki", "1Mi", "1Gi",
                                        "1Ti", "1Pi", "1Ei", NULL};

    if (strcmp(resource, "limits.cpu") == 0 ||
        strcmp(resource, "requests.cpu") == 0)
        return strcmp(text, "1") == 0 || strcmp(text, "1m") == 0;
    return is_one_of(text, units);
}

void rules_check_resource_ref(struct check *k, const struct place *at,
                              const struct value *ref, bool of_volume)
{
    static const char *const known[] = {"limits.cpu",
                                        "limits.memory",
                                        "limits.ephemeral-storage",
                                        "requests.cpu",
                                        "requests.memory",
                                        "requests.ephemeral-storage",
                                        NULL};
    const char *resource = value_text_at(ref, "resource");
    const char *divisor = value_text_at(ref, "divisor");
    bool huge, is_known;

    resource = resource ? resource : "";
    huge = text_starts(resource, "limits.hugepages-") ||
           text_starts(resource, "requests.hugepages-");
    is_known = huge || is_one_of(resource, known);
    if (of_volume && rules_is_absent(value_get(ref, "containerName")))
        check_required(k, at, "containerName", "");
    else if (!*resource)
        check_required(k, at, "resource", "");
    else if (!is_known)
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "resource"),
                  "Unsupported value: \"%s\"", resource);
    if (is_known && divisor && strcmp(divisor, "0") != 0 &&
        !is_divisor(resource, divisor))
        check_add(k, CAUSE_INVALID, PLACE(at, "divisor"),
                  "Invalid value: \"%s\": the resource has no such divisor",
                  resource);
}

/* ---- handlers ---- */

void rules_check_port_or_name(struct check *k, const struct place *at,
                              const struct value *port)
{
    if (value_is(port, VALUE_STRING))
        check_port_name(k, at, value_text(port));
    else if (!port || port->as.integer < 1 || port->as.integer > 65535)
        check_invalid(k, at, port, "must be between 1 and 65535, inclusive");
}

static const char *wrong_header(const char *name, unsigned i)
{
    size_t len = 0;

    while (isalnum((unsigned char)name[len]) || name[len] == '-')
        len++;
    return i || (len && !name[len])
               ? NULL
               : "a valid HTTP header must consist of alphanumeric characters "
                 "or '-'";
}

static void check_http(struct check *k, const struct place *at,
                       const struct value *http)
{
    static const char *const schemes[] = {"HTTP", "HTTPS", NULL};
    const struct value *header;

    if (rules_is_absent(value_get(http, "path")))
        check_required(k, at, "path", "");
    rules_check_port_or_name(k, PLACE(at, "port"), value_get(http, "port"));
    check_enum(k, at, http, "scheme", schemes);
    for (size_t i = 0; (header = rules_item(value_get(http, "httpHeaders"), i));
         i++) {
        const char *name = value_text_at(header, "name");

        check_text_by(k, PLACE(at, "httpHeaders"), name ? name : "",
                      wrong_header);
    }
}

static void check_exec(struct check *k, const struct place *at,
                       const struct value *exec)
{
    const struct value *command = value_get(exec, "command");

    if (!command || command->count == 0)
        check_required(k, at, "command", "");
}

static void check_tcp(struct check *k, const struct place *at,
                      const struct value *tcp)
{
    rules_check_port_or_name(k, PLACE(at, "port"), value_get(tcp, "port"));
}

static void check_grpc(struct check *k, const struct place *at,
                       const struct value *grpc)
{
    check_port_number(k, at, grpc, "port");
}

/* No longer than the pod has to end; NULL: nobody says how long that is. */
static void check_sleep(struct check *k, const struct place *at,
                        const struct value *sleep, const struct value *spec)
{
    const struct value *grace =
        value_get(spec, "terminationGracePeriodSeconds");
    int64_t seconds = value_int_at(sleep, "seconds", 0);

    if (value_is(grace, VALUE_INTEGER) &&
        (seconds < 0 || seconds > grace->as.integer))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: %lld: must be non-negative and less than "
                  "terminationGracePeriodSeconds (%lld)",
                  (long long)seconds, (long long)grace->as.integer);
}

/* In the server's order: the first is judged, others are too many. */
static void check_handler(struct check *k, const struct place *at,
                          const struct value *handler, const struct value *spec)
{
    static const struct {
        const char *name;
        void (*check)(struct check *k, const struct place *at,
                      const struct value *handler);
    } kinds[] = {{"exec", check_exec},
                 {"httpGet", check_http},
                 {"tcpSocket", check_tcp},
                 {"grpc", check_grpc},
                 {"sleep", NULL}};
    bool seen = false;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct value *one = value_get(handler, kinds[i].name);

        if (!one)
            continue;
        if (seen)
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, kinds[i].name),
                      "Forbidden: may not specify more than 1 handler type");
        else if (kinds[i].check)
            kinds[i].check(k, PLACE(at, kinds[i].name), one);
        else
            check_sleep(k, PLACE(at, kinds[i].name), one, spec);
        seen = true;
    }
    if (!seen)
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: must specify a handler type");
}

/* ---- probes and hooks ---- */

static void check_grace(struct check *k, const struct place *at,
                        const struct value *probe, bool may_wait)
{
    const struct value *grace =
        value_get(probe, "terminationGracePeriodSeconds");
    const struct place *place = PLACE(at, "terminationGracePeriodSeconds");

    if (!grace)
        return;
    if (value_int_at(probe, "terminationGracePeriodSeconds", 1) <= 0)
        check_invalid(k, place, grace, "must be greater than 0");
    if (!may_wait)
        check_invalid(k, place, grace, "must not be set for readinessProbes");
}

static void check_probe(struct check *k, const struct place *at,
                        const struct value *probe, bool once)
{
    static const char *const fields[] = {
        "initialDelaySeconds", "timeoutSeconds", "periodSeconds",
        "successThreshold", "failureThreshold"};
    int64_t successes = value_int_at(probe, "successThreshold", 0);

    if (!probe)
        return;
    check_handler(k, at, probe, NULL);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        check_non_negative(k, at, probe, fields[i]);
    check_grace(k, at, probe, once);
    if (once && successes != 1)
        check_add(k, CAUSE_INVALID, PLACE(at, "successThreshold"),
                  "Invalid value: %lld: must be 1", (long long)successes);
}

void rules_check_care(struct check *k, const struct place *at,
                      const struct value *container, const struct value *spec)
{
    const struct value *hooks = value_get(container, "lifecycle");
    const struct place *place = PLACE(at, "lifecycle");
    const struct value *start = value_get(hooks, "postStart");
    const struct value *stop = value_get(hooks, "preStop");

    if (start)
        check_handler(k, PLACE(place, "postStart"), start, spec);
    if (stop)
        check_handler(k, PLACE(place, "preStop"), stop, spec);
    check_probe(k, PLACE(at, "livenessProbe"),
                value_get(container, "livenessProbe"), true);
    check_probe(k, PLACE(at, "readinessProbe"),
                value_get(container, "readinessProbe"), false);
    check_probe(k, PLACE(at, "startupProbe"),
                value_get(container, "startupProbe"), true);
}
