/*
 * rules_warn.c -- what the server says of valid objects: Warning headers
 *                 (k8s.io/kubernetes pkg/api/pod, pkg/api/service).
 */
#include <stdarg.h>
#include <stdio.h>

#include "kube/quantity.h"
#include "rules_allot.h"
#include "rules_check.h"

struct warner {
    const struct rules_call *c;
    bool failed; /* out of memory */
};

static void warn(struct warner *w, const struct place *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "place: text"; the place may be NULL. */
static void warn(struct warner *w, const struct place *at, const char *fmt, ...)
{
    const char *path = at ? place_text(w->c->a, at) : "";
    char text[512];
    va_list args;
    char *line;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    line = path ? arena_printf(w->c->a, "%s%s%s", path, at ? ": " : "", text)
                : NULL;
    if (!line ||
        value_append(w->c->a, w->c->warnings, value_string(w->c->a, line)) < 0)
        w->failed = true;
}

static const char *text_of(const struct value *object, const char *key)
{
    const char *text = value_text_at(object, key);

    return text ? text : "";
}

/* ---- labels of nodes ---- */

static const char *const OLD_LABELS[] = {
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "beta.kubernetes.io/instance-type",
    "app.kubernetes.io/created-by",
    "scheduler.alpha.kubernetes.io/preferAvoidPods",
    "node-role.kubernetes.io/master",
};

static void warn_of_label(struct warner *w, const struct place *at,
                          const char *key)
{
    for (size_t i = 0; i < sizeof OLD_LABELS / sizeof OLD_LABELS[0]; i++)
        if (strcmp(OLD_LABELS[i], key) == 0)
            warn(w, at, "%s is a deprecated label of nodes", key);
}

static void warn_of_term(struct warner *w, const struct place *at,
                         const struct value *term)
{
    const struct value *list = value_get(term, "matchExpressions"), *e;

    for (size_t i = 0; (e = rules_item(list, i)); i++)
        warn_of_label(w,
                      PLACE(PLACE_AT(PLACE(at, "matchExpressions"), i), "key"),
                      text_of(e, "key"));
}

static void warn_of_nodes(struct warner *w, const struct place *at,
                          const struct value *spec)
{
    static const char required[] =
        "requiredDuringSchedulingIgnoredDuringExecution";
    const struct value *labels = value_get(spec, "nodeSelector");
    const struct value *terms = value_get(
        value_get(value_path(spec, "affinity.nodeAffinity"), required),
        "nodeSelectorTerms");
    const struct value *term;

    for (uint32_t i = 0; labels && i < labels->count; i++)
        warn_of_label(w, PLACE(at, "nodeSelector"), labels->as.members[i].key);
    for (size_t i = 0; (term = rules_item(terms, i)); i++)
        warn_of_term(w, PLACE_AT(PLACE(at, "nodeSelectorTerms"), i), term);
}

/* ---- selectors that choose nothing ---- */

static void warn_of_null(struct warner *w, const struct place *at,
                         const struct value *holder)
{
    if (!value_get(holder, "labelSelector"))
        warn(w, PLACE(at, "labelSelector"),
             "a null labelSelector results in matching no pod");
}

static void warn_of_terms(struct warner *w, const struct place *at,
                          const struct value *affinity)
{
    static const char required[] =
        "requiredDuringSchedulingIgnoredDuringExecution";
    static const char preferred[] =
        "preferredDuringSchedulingIgnoredDuringExecution";
    const struct value *term;

    for (size_t i = 0; (term = rules_item(value_get(affinity, required), i));
         i++)
        warn_of_null(w, PLACE_AT(PLACE(at, required), i), term);
    for (size_t i = 0; (term = rules_item(value_get(affinity, preferred), i));
         i++)
        warn_of_null(
            w, PLACE(PLACE_AT(PLACE(at, preferred), i), "podAffinityTerm"),
            value_get(term, "podAffinityTerm"));
}

static void warn_of_selectors(struct warner *w, const struct place *at,
                              const struct value *spec)
{
    const struct place *list = PLACE(at, "topologySpreadConstraints");
    const struct place *affinity = PLACE(at, "affinity");
    const struct value *item;

    for (size_t i = 0;
         (item = rules_item(value_get(spec, "topologySpreadConstraints"), i));
         i++) {
        warn_of_label(w, PLACE(PLACE_AT(list, i), "topologyKey"),
                      text_of(item, "topologyKey"));
        warn_of_null(w, PLACE_AT(list, i), item);
    }
    warn_of_terms(w, PLACE(affinity, "podAffinity"),
                  value_path(spec, "affinity.podAffinity"));
    warn_of_terms(w, PLACE(affinity, "podAntiAffinity"),
                  value_path(spec, "affinity.podAntiAffinity"));
}

/* ---- volumes ---- */

static const char *const OLD_SOURCES[] = {"photonPersistentDisk",
                                          "gitRepo",
                                          "scaleIO",
                                          "flocker",
                                          "storageos",
                                          "quobyte",
                                          "glusterfs",
                                          "cephfs",
                                          "rbd"};

/* Is one the other, or a folder above it? */
static bool overlap(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);

    while (n && a[n - 1] == '/')
        n--;
    while (m && b[m - 1] == '/')
        m--;
    if (n == 0 || m == 0)
        return false;
    if (n > m)
        return a[m] == '/' && strncmp(a, b, m) == 0;
    return strncmp(a, b, n) == 0 && (n == m || b[n] == '/');
}

/* Adds the paths of the items to `paths`; those in it may be in the way. */
static void warn_of_paths(struct warner *w, const char *volume,
                          struct value *paths, const struct value *items)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(items, i)); i++) {
        const char *path = text_of(item, "path");
        const struct value *other;

        for (size_t j = 0; (other = rules_item(paths, j)); j++)
            if (overlap(value_text(other), path))
                warn(w, NULL,
                     "volume \"%s\": overlapping paths: \"%s\" with "
                     "\"%s\"",
                     volume, path, value_text(other));
        if (value_append(w->c->a, paths, value_string(w->c->a, path)) < 0)
            w->failed = true;
    }
}

static void warn_of_projected(struct warner *w, const char *volume,
                              struct value *paths, const struct value *sources)
{
    static const char *const listed[] = {"configMap", "secret", "downwardAPI"};
    const struct value *source, *items;

    for (size_t i = 0; (source = rules_item(sources, i)); i++) {
        struct value *one = value_array(w->c->a);
        const struct value *token = value_get(source, "serviceAccountToken");

        items = NULL;
        for (size_t n = 0; !items && n < 3; n++)
            items = value_get(value_get(source, listed[n]), "items");
        if (!one ||
            (token && !items &&
             value_append(w->c->a, one, value_copy(w->c->a, token)) < 0))
            w->failed = true;
        else if (source->count == 0)
            warn(w, NULL, "volume \"%s\" (Projected) has no sources provided",
                 volume);
        else
            warn_of_paths(w, volume, paths, items ? items : one);
    }
}

static void warn_of_volumes(struct warner *w, const struct place *at,
                            const struct value *volumes)
{
    static const char *const listed[] = {"configMap.items", "secret.items",
                                         "downwardAPI.items"};
    const struct value *volume;

    for (size_t i = 0; (volume = rules_item(volumes, i)); i++) {
        const char *name = text_of(volume, "name");

        for (size_t n = 0; n < sizeof OLD_SOURCES / sizeof OLD_SOURCES[0]; n++)
            if (value_get(volume, OLD_SOURCES[n]))
                warn(w, PLACE(PLACE_AT(at, i), OLD_SOURCES[n]), "deprecated");
        for (size_t n = 0; n < 4; n++) {
            struct value *paths = value_array(w->c->a);

            if (!paths)
                w->failed = true;
            else if (n == 3)
                warn_of_projected(w, name, paths,
                                  value_path(volume, "projected.sources"));
            else
                warn_of_paths(w, name, paths, value_path(volume, listed[n]));
        }
    }
}

/* ---- lists with the same twice ---- */

static void warn_of_twins(struct warner *w, const struct place *at,
                          const struct value *list, const char *field)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        const char *text = text_of(item, field);

        for (size_t j = 0; j < i; j++)
            if (strcmp(text_of(rules_item(list, j), field), text) == 0) {
                warn(w, PLACE(PLACE_AT(at, i), field), "duplicate %s \"%s\"",
                     field, text);
                break;
            }
    }
}

static void warn_of_secrets(struct warner *w, const struct place *at,
                            const struct value *list)
{
    const struct value *item;

    warn_of_twins(w, at, list, "name");
    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (!*text_of(item, "name"))
            warn(w, PLACE(PLACE_AT(at, i), "name"), "invalid empty name \"\"");
}

/* ---- containers ---- */

static void warn_of_fractions(struct warner *w, const struct place *at,
                              const struct value *amounts)
{
    static const char *const whole[] = {"memory", "ephemeral-storage"};
    const char *text;
    struct quantity q;

    for (size_t i = 0; i < 2; i++) {
        text = value_text(value_get(amounts, whole[i]));
        /* What is canonical ends with m when it has a fraction. */
        if (text && quantity_parse(text, &q) && text[strlen(text) - 1] == 'm')
            warn(w, PLACE_KEY(at, whole[i]),
                 "fractional byte value \"%s\" is invalid, must be an integer",
                 text);
    }
}

/* A variable may build on its namesake before it. */
static bool hides(struct warner *w, const struct value *variable)
{
    char *ref = arena_printf(w->c->a, "$(%s)", text_of(variable, "name"));
    const char *text = text_of(variable, "value");

    if (!ref)
        w->failed = true;
    return !ref || value_get(variable, "valueFrom") || strcmp(text, ref) == 0 ||
           !strstr(text, ref);
}

static void warn_of_env(struct warner *w, const struct place *at,
                        const struct value *env)
{
    const struct value *variable;

    for (size_t i = 0; (variable = rules_item(env, i)); i++)
        if (check_seen(env, i, "name", text_of(variable, "name")) &&
            hides(w, variable))
            warn(w, PLACE_AT(at, i), "hides previous definition of \"%s\"",
                 text_of(variable, "name"));
}

static void compare_ports(struct warner *w, const struct place *at,
                          const struct value *port, const struct value *other)
{
    int64_t here = value_int_at(port, "hostPort", 0);
    int64_t there = value_int_at(other, "hostPort", 0);
    const char *name = text_of(port, "name");
    bool same_ip =
        strcmp(text_of(port, "hostIP"), text_of(other, "hostIP")) == 0;
    bool one_ip = !*text_of(port, "hostIP") != !*text_of(other, "hostIP");

    if (*name && strcmp(name, text_of(other, "name")) == 0)
        warn(w, at, "duplicate port name \"%s\"", name);
    if (value_int_at(port, "containerPort", 0) !=
            value_int_at(other, "containerPort", 0) ||
        strcmp(text_of(port, "protocol"), text_of(other, "protocol")) != 0)
        return;
    if (same_ip && here == there)
        warn(w, at, "duplicate port definition");
    else if (here == 0 || there == 0)
        warn(w, at, "overlapping port definition");
    else if (here == there && one_ip)
        warn(w, at, "dangerously ambiguous port definition");
}

/* `seen` has the ports of the containers before. */
static void warn_of_ports(struct warner *w, const struct place *at,
                          const struct value *ports, struct value *seen)
{
    struct value *port;

    for (size_t i = 0; (port = rules_item(ports, i)); i++) {
        if (*text_of(port, "hostIP") && !value_int_at(port, "hostPort", 0))
            warn(w, PLACE_AT(at, i), "hostIP set without hostPort");
        for (size_t j = 0; j < seen->count; j++)
            compare_ports(w, PLACE_AT(at, i), port, rules_item(seen, j));
        if (value_append(w->c->a, seen, port) < 0)
            w->failed = true;
    }
}

static void warn_of_containers(struct warner *w, const struct place *at,
                               const struct value *spec)
{
    static const char *const lists[] = {"initContainers", "containers",
                                        "ephemeralContainers"};
    struct value *seen = value_array(w->c->a);
    const struct value *item;

    w->failed |= !seen;
    for (size_t n = 0; seen && n < 3; n++)
        for (size_t i = 0; (item = rules_item(value_get(spec, lists[n]), i));
             i++) {
            const struct place *one = PLACE_AT(PLACE(at, lists[n]), i);
            const struct place *amounts = PLACE(one, "resources");

            warn_of_fractions(w, PLACE(amounts, "limits"),
                              value_path(item, "resources.limits"));
            warn_of_fractions(w, PLACE(amounts, "requests"),
                              value_path(item, "resources.requests"));
            warn_of_env(w, PLACE(one, "env"), value_get(item, "env"));
            warn_of_ports(w, PLACE(one, "ports"), value_get(item, "ports"),
                          seen);
        }
}

/* ---- pods and templates ---- */

static void warn_of_notes(struct warner *w, const struct place *at,
                          const struct value *meta)
{
    static const char *const old[] = {
        "scheduler.alpha.kubernetes.io/critical-pod",
        "security.alpha.kubernetes.io/sysctls",
        "security.alpha.kubernetes.io/unsafe-sysctls"};

    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++)
        if (value_get(value_get(meta, "annotations"), old[i]))
            warn(w, PLACE_KEY(PLACE(at, "annotations"), old[i]),
                 "non-functional");
}

/* `at` is where the template is, NULL for a pod. */
static void warn_of_pod(struct warner *w, const struct place *at,
                        const struct value *pod)
{
    const struct value *spec = value_get(pod, "spec");
    const struct place *place = PLACE(at, "spec");

    warn_of_nodes(w, place, spec);
    warn_of_selectors(w, place, spec);
    warn_of_notes(w, PLACE(at, "metadata"), value_get(pod, "metadata"));
    warn_of_volumes(w, PLACE(place, "volumes"), value_get(spec, "volumes"));
    warn_of_twins(w, PLACE(place, "hostAliases"),
                  value_get(spec, "hostAliases"), "ip");
    warn_of_secrets(w, PLACE(place, "imagePullSecrets"),
                    value_get(spec, "imagePullSecrets"));
    warn_of_fractions(w, PLACE(place, "overhead"), value_get(spec, "overhead"));
    warn_of_containers(w, place, spec);
    if (rules_warn_profiles(w->c, at, pod) < 0)
        w->failed = true;
    if (value_int_at(spec, "terminationGracePeriodSeconds", 0) < 0)
        warn(w, PLACE(place, "terminationGracePeriodSeconds"),
             "must be >= 0; negative values are invalid and will be treated "
             "as 1");
}

static void warn_of_host_name(struct warner *w, const struct value *object)
{
    const char *name = value_text_at(object, "metadata.name");

    if (name && is_wrong(wrong_dns_label, name))
        warn(w, PLACE(PLACE(NULL, "metadata"), "name"),
             "this is used in the Pod's hostname, which can result in "
             "surprising behavior; a DNS label is recommended");
}

/* ---- claims ---- */

static void warn_of_claim(struct warner *w, const struct value *spec)
{
    static const char *const paths[] = {"resources.requests",
                                        "resources.limits"};
    const struct place *at = PLACE(NULL, "spec");

    for (size_t i = 0; i < 2; i++) {
        const char *text =
            value_text(value_get(value_path(spec, paths[i]), "storage"));

        if (text && *text && text[strlen(text) - 1] == 'm')
            warn(w, PLACE(at, paths[i]),
                 "fractional byte value \"%s\" is invalid, must be an integer",
                 text);
    }
}

/* ---- services ---- */

static void warn_of_service(struct warner *w, const struct value *spec)
{
    const struct value *ips = value_get(spec, "externalIPs");
    bool external = ips && ips->count;
    bool headless = service_is(spec, "ClusterIP") &&
                    strcmp(text_of(spec, "clusterIP"), "None") == 0;

    if (headless && *text_of(spec, "loadBalancerIP"))
        warn(w, NULL, "spec.loadBalancerIP is ignored for headless services");
    if (headless && external)
        warn(w, NULL, "spec.externalIPs is ignored for headless services");
    if (headless && strcmp(text_of(spec, "sessionAffinity"), "None") != 0)
        warn(w, NULL, "spec.SessionAffinity is ignored for headless services");
    if (external && service_is(spec, "ExternalName"))
        warn(w, NULL,
             "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    else if (external && !headless)
        warn(w, NULL,
             "spec.externalIPs is deprecated and may no longer be implemented "
             "in some clusters");
    if (!service_is(spec, "ExternalName") && *text_of(spec, "externalName"))
        warn(w, NULL,
             "spec.externalName is ignored when spec.type is not "
             "\"ExternalName\"");
    if (strcmp(text_of(spec, "trafficDistribution"), "PreferClose") == 0)
        warn(w, NULL,
             "spec.trafficDistribution: \"PreferClose\" is deprecated; use "
             "\"PreferSameZone\"");
}

/* ---- which ---- */

/* Names of pods begin with the name of the object. */
static bool names_pods(const struct kind *k)
{
    static const char *const kinds[] = {
        "Deployment", "ReplicaSet", "ReplicationController", "Job", "CronJob"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(k->r.kind, kinds[i]) == 0)
            return true;
    return false;
}

/* Did what counts change? DaemonSets count what changes their template. */
static bool is_changed(const struct rules_call *c, const struct value *object,
                       const struct value *old)
{
    if (rules_is(c->kind, "apps", "DaemonSet"))
        return !value_equal(value_path(object, "spec.template"),
                            value_path(old, "spec.template"));
    return value_int_at(object, "metadata.generation", 0) !=
           value_int_at(old, "metadata.generation", 0);
}

static void warn_of_template(struct warner *w, const char *path,
                             const struct value *object,
                             const struct value *old)
{
    const struct place at = {.name = path, .len = strlen(path)};

    if (!old && names_pods(w->c->kind))
        warn_of_host_name(w, object);
    if (!old || is_changed(w->c, object, old))
        warn_of_pod(w, &at, value_path(object, path));
}

int rules_conclude(const struct rules_call *c, struct value *object,
                   const struct value *old, struct failure *f)
{
    struct warner w = {.c = c};
    const char *template = rules_template_path(c->kind);

    if (*c->subresource || !c->warnings)
        return 0;
    if (rules_is(c->kind, "", "Service"))
        warn_of_service(&w, value_get(object, "spec"));
    if (rules_is(c->kind, "", "Pod") && !old) {
        warn_of_host_name(&w, object);
        warn_of_pod(&w, NULL, object);
    }
    if (rules_is(c->kind, "", "PersistentVolumeClaim"))
        warn_of_claim(&w, value_get(object, "spec"));
    if (template)
        warn_of_template(&w, template, object, old);
    return w.failed ? failure_nomem(f) : 0;
}

/* ---- deletions ---- */

int rules_warn_delete(const struct rules_call *c, bool says_how,
                      struct failure *f)
{
    struct warner w = {.c = c};

    if (!says_how && rules_is(c->kind, "batch", "Job"))
        warn(&w, NULL,
             "child pods are preserved by default when jobs are deleted; set "
             "propagationPolicy=Background to remove them or set "
             "propagationPolicy=Orphan to suppress this warning");
    return w.failed ? failure_nomem(f) : 0;
}
