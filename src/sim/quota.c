/*
 * quota.c -- see quota.h (k8s.io/kubernetes pkg/quota/v1/evaluator).
 */
#include "quota.h"

#include <string.h>

#include "base/text.h"
#include "rules_impl.h"

static const char CLASS[] = ".storageclass.storage.k8s.io/";
static const char CLAIMS[] = "persistentvolumeclaims";
static const char STORAGE[] = "requests.storage";

static bool is_core(const struct kind *k, const char *plural)
{
    return !k->crd && !*k->r.group && strcmp(k->r.plural, plural) == 0;
}

/* ---- names ---- */

/* "count/deployments.apps" */
static bool is_count(const struct kind *k, const char *name)
{
    size_t len = strlen(k->r.plural);

    if (!text_starts(name, "count/"))
        return false;
    name += strlen("count/");
    if (strncmp(name, k->r.plural, len) != 0)
        return false;
    name += len;
    return *k->r.group ? *name == '.' && strcmp(name + 1, k->r.group) == 0
                       : !*name;
}

static bool is_one_of(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* "requests.example.com/gpu" */
static bool is_extended(const char *name)
{
    return text_starts(name, "requests.") && strchr(name, '/') &&
           !strstr(name, "kubernetes.io/") && !strstr(name, "k8s.io/");
}

static bool counts_of_pods(const char *name)
{
    static const char *const names[] = {"pods",
                                        "cpu",
                                        "memory",
                                        "requests.cpu",
                                        "requests.memory",
                                        "requests.ephemeral-storage",
                                        "limits.cpu",
                                        "limits.memory",
                                        "limits.ephemeral-storage",
                                        "ephemeral-storage",
                                        NULL};

    return is_one_of(names, name) || is_extended(name) ||
           text_starts(name, "hugepages-") ||
           text_starts(name, "requests.hugepages-");
}

static bool counts_of_claims(const char *name)
{
    const char *rest = strstr(name, CLASS);

    if (rest)
        name = rest + strlen(CLASS);
    return strcmp(name, CLAIMS) == 0 || strcmp(name, STORAGE) == 0;
}

bool quota_counts(const struct kind *k, const char *name)
{
    static const char *const services[] = {"services", "services.nodeports",
                                           "services.loadbalancers", NULL};
    static const char *const plain[] = {"configmaps", "secrets",
                                        "resourcequotas",
                                        "replicationcontrollers", NULL};

    if (!k->r.namespaced)
        return false;
    if (is_count(k, name))
        return true;
    if (is_core(k, "pods"))
        return counts_of_pods(name);
    if (is_core(k, "services"))
        return is_one_of(services, name);
    if (is_core(k, CLAIMS))
        return counts_of_claims(name);
    return is_core(k, name) && is_one_of(plain, name);
}

/* ---- scopes ---- */

bool quota_is_terminating(const struct value *pod)
{
    return value_int_at(pod, "spec.activeDeadlineSeconds", -1) >= 0;
}

static bool has_far_terms(const struct value *terms, const char *inner)
{
    const struct value *term;

    for (size_t i = 0; (term = rules_item(terms, i)); i++) {
        const struct value *t = inner ? value_get(term, inner) : term;
        const struct value *names = value_get(t, "namespaces");

        if ((names && names->count) || value_get(t, "namespaceSelector"))
            return true;
    }
    return false;
}

/* Is it near pods, or away from pods, of other namespaces? */
static bool is_far(const struct value *pod)
{
    static const char *const kinds[] = {"podAffinity", "podAntiAffinity"};
    const struct value *affinity = value_path(pod, "spec.affinity");

    for (size_t i = 0; i < 2; i++) {
        const struct value *one = value_get(affinity, kinds[i]);
        const struct value *required =
            value_get(one, "requiredDuringSchedulingIgnoredDuringExecution");
        const struct value *preferred =
            value_get(one, "preferredDuringSchedulingIgnoredDuringExecution");

        if (has_far_terms(required, NULL) ||
            has_far_terms(preferred, "podAffinityTerm"))
            return true;
    }
    return false;
}

static bool is_selected(const struct value *selector, const char *text)
{
    const char *op = value_text_at(selector, "operator");
    const struct value *values = value_get(selector, "values"), *item;
    bool listed = false;

    for (size_t i = 0; text && (item = rules_item(values, i)); i++)
        listed |= text_equal(value_text(item), text);
    if (text_equal(op, "DoesNotExist"))
        return !text;
    if (text_equal(op, "NotIn"))
        return !listed;
    return text_equal(op, "In") ? listed : text != NULL;
}

static const char *filled(const struct value *object, const char *path)
{
    const char *text = value_text_at(object, path);

    return text && *text ? text : NULL;
}

static bool is_in_scope(const char *scope, const struct value *selector,
                        const struct kind *k, const struct value *object)
{
    bool best =
        strcmp(rules_qos_class(value_get(object, "spec")), "BestEffort") == 0;

    if (is_core(k, CLAIMS))
        return text_equal(scope, "VolumeAttributesClass") &&
               is_selected(selector,
                           filled(object, "spec.volumeAttributesClassName"));
    if (!is_core(k, "pods"))
        return false;
    if (text_equal(scope, "Terminating"))
        return quota_is_terminating(object);
    if (text_equal(scope, "NotTerminating"))
        return !quota_is_terminating(object);
    if (text_equal(scope, "BestEffort"))
        return best;
    if (text_equal(scope, "NotBestEffort"))
        return !best;
    if (text_equal(scope, "PriorityClass"))
        return is_selected(selector, filled(object, "spec.priorityClassName"));
    return text_equal(scope, "CrossNamespacePodAffinity") && is_far(object);
}

bool quota_takes(const struct value *quota, const struct kind *k,
                 const struct value *object)
{
    const struct value *scopes = value_path(quota, "spec.scopes");
    const struct value *selectors =
        value_path(quota, "spec.scopeSelector.matchExpressions");
    const struct value *one;

    for (size_t i = 0; (one = rules_item(scopes, i)); i++)
        if (!is_in_scope(value_text(one), NULL, k, object))
            return false;
    for (size_t i = 0; (one = rules_item(selectors, i)); i++)
        if (!is_in_scope(value_text_at(one, "scopeName"), one, k, object))
            return false;
    return true;
}

/* ---- usage ---- */

struct usage {
    struct arena *a;
    struct value *map;
    bool failed;
};

static void count(struct usage *u, const char *name, const struct value *amount)
{
    if (!name || !amount || !u->map ||
        value_set(u->a, u->map, name, value_copy(u->a, amount)) < 0)
        u->failed = true;
}

static void count_number(struct usage *u, const char *name, int64_t number)
{
    const char *text = arena_printf(u->a, "%lld", (long long)number);

    count(u, name, text ? value_string(u->a, text) : NULL);
}

static bool is_plain(const char *name)
{
    return strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 ||
           strcmp(name, "ephemeral-storage") == 0;
}

static void count_requests(struct usage *u, const struct value *requests)
{
    for (uint32_t i = 0; requests && i < requests->count; i++) {
        const struct value_member *m = &requests->as.members[i];
        bool pages = text_starts(m->key, "hugepages-");

        if (is_plain(m->key) || pages)
            count(u, m->key, m->value);
        if (is_plain(m->key) || pages || strchr(m->key, '/'))
            count(u, arena_printf(u->a, "requests.%s", m->key), m->value);
    }
}

static void count_limits(struct usage *u, const struct value *limits)
{
    for (uint32_t i = 0; limits && i < limits->count; i++) {
        const struct value_member *m = &limits->as.members[i];

        if (is_plain(m->key))
            count(u, arena_printf(u->a, "limits.%s", m->key), m->value);
    }
}

/* Its node should have ended it long ago. */
static bool is_overdue(const struct value *pod, int64_t unix_now)
{
    const char *said = value_text_at(pod, "metadata.deletionTimestamp");
    int64_t grace =
        value_int_at(pod, "metadata.deletionGracePeriodSeconds", -1);
    int64_t when;

    return said && grace >= 0 && text_parse_rfc3339(said, &when) &&
           unix_now > when + grace;
}

static void add_overhead(struct usage *u, struct value *amounts,
                         const struct value *pod, bool all)
{
    const struct value *overhead = value_path(pod, "spec.overhead");
    struct value *some = value_object(u->a);

    for (uint32_t i = 0; some && overhead && i < overhead->count; i++) {
        const struct value_member *m = &overhead->as.members[i];

        if ((all || value_get(amounts, m->key)) &&
            value_set(u->a, some, m->key, m->value) < 0)
            some = NULL;
    }
    if (!some || !amounts || amounts_add(u->a, amounts, some) < 0)
        u->failed = true;
}

static void count_pod(struct usage *u, const struct value *pod,
                      int64_t unix_now)
{
    const struct value *spec = value_get(pod, "spec");
    const char *phase = value_text_at(pod, "status.phase");
    struct value *requests, *limits;

    if (text_equal(phase, "Failed") || text_equal(phase, "Succeeded") ||
        is_overdue(pod, unix_now))
        return;
    requests = amounts_of_pod(u->a, spec, "requests");
    limits = amounts_of_pod(u->a, spec, "limits");
    add_overhead(u, requests, pod, true);
    add_overhead(u, limits, pod, false);
    count_number(u, "pods", 1);
    count_requests(u, requests);
    count_limits(u, limits);
}

static void count_service(struct usage *u, const struct value *service)
{
    const struct value *ports = value_path(service, "spec.ports"), *port;
    const char *type = value_text_at(service, "spec.type");
    bool balanced = text_equal(type, "LoadBalancer");
    bool all =
        text_equal(type, "NodePort") ||
        (balanced &&
         value_bool_at(service, "spec.allocateLoadBalancerNodePorts", true));
    int64_t open = 0;

    for (size_t i = 0; (port = rules_item(ports, i)); i++)
        open += all || (balanced && value_int_at(port, "nodePort", 0) != 0);
    count_number(u, "services", 1);
    count_number(u, "services.nodeports", open);
    count_number(u, "services.loadbalancers", balanced);
}

/* Of what it asks for and what was set aside for it, the larger. */
static const struct value *claimed(const struct value *claim)
{
    const struct value *asked =
        value_path(claim, "spec.resources.requests.storage");
    const struct value *given =
        value_path(claim, "status.allocatedResources.storage");
    struct amount x, y;

    return asked && amount_read(given, &y) && amount_read(asked, &x) &&
                   y.nano > x.nano
               ? given
               : asked;
}

static void count_claim(struct usage *u, const struct value *claim)
{
    const struct value *notes = value_path(claim, "metadata.annotations");
    const char *class =
        value_text(value_get(notes, "volume.beta.kubernetes.io/storage-class"));
    const struct value *size = claimed(claim);

    class = class ? class : filled(claim, "spec.storageClassName");
    count_number(u, CLAIMS, 1);
    if (size)
        count(u, STORAGE, size);
    if (!class || !*class)
        return;
    count_number(u, arena_printf(u->a, "%s%s%s", class, CLASS, CLAIMS), 1);
    if (size)
        count(u, arena_printf(u->a, "%s%s%s", class, CLASS, STORAGE), size);
}

struct value *quota_usage(struct arena *a, const struct kind *k,
                          const struct value *object, int64_t unix_now)
{
    struct usage u = {.a = a, .map = value_object(a)};
    const char *dot = *k->r.group ? "." : "";

    count_number(
        &u, arena_printf(a, "count/%s%s%s", k->r.plural, dot, k->r.group), 1);
    if (is_core(k, "pods"))
        count_pod(&u, object, unix_now);
    else if (is_core(k, "services"))
        count_service(&u, object);
    else if (is_core(k, CLAIMS))
        count_claim(&u, object);
    else if (quota_counts(k, k->r.plural))
        count_number(&u, k->r.plural, 1);
    return u.failed ? NULL : u.map;
}

/* ---- what has to be said ---- */

/* Names of the containers that say nothing of a resource, ","-separated. */
static const char *silent(struct arena *a, const struct value *spec,
                          const char *name, bool *ret_nomem)
{
    static const char *const lists[] = {"containers", "initContainers"};
    const char *found = NULL;
    const struct value *c;

    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; (c = rules_item(value_get(spec, lists[n]), i));
             i++) {
            struct usage u = {.a = a, .map = value_object(a)};
            const char *who = value_text_at(c, "name");

            count_requests(&u, value_path(c, "resources.requests"));
            count_limits(&u, value_path(c, "resources.limits"));
            *ret_nomem |= u.failed || !u.map;
            if (value_get(u.map, name))
                continue;
            found = arena_printf(a, "%s%s%s", found ? found : "",
                                 found ? "," : "", who ? who : "");
            *ret_nomem |= !found;
        }
    return found;
}

const char *quota_unsaid(struct arena *a, const struct kind *k,
                         const struct value *object, const struct value *hard,
                         bool *ret_nomem)
{
    static const char *const asked[] = {"cpu",           "limits.cpu",
                                        "limits.memory", "memory",
                                        "requests.cpu",  "requests.memory"};
    const struct value *spec = value_get(object, "spec");
    const char *all = NULL;

    *ret_nomem = false;
    if (!is_core(k, "pods") || rules_is_sized(spec))
        return NULL;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const char *who = value_get(hard, asked[i])
                              ? silent(a, spec, asked[i], ret_nomem)
                              : NULL;

        if (!who)
            continue;
        all = arena_printf(a, "%s%s for: %s", all ? all : "must specify ",
                           asked[i], who);
        all = all ? arena_printf(a, "%s; ", all) : NULL;
        *ret_nomem |= !all;
        if (!all)
            return NULL;
    }
    return all ? arena_strndup(a, all, strlen(all) - 2) : NULL;
}
