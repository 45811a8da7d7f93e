/*
 * rules_admit.c -- the admission plugins that are on by default and change or
 *                  refuse what users write; see rules.h. ResourceQuota
 *                  is not here.
 */
#include <string.h>

#include "rules_admit.h"

int rules_forbid(const struct rules_call *c, const struct value *object,
                 struct failure *f, const char *why)
{
    const struct resource *r = &c->kind->r;
    const char *name = value_text_at(object, "metadata.name");

    if (!why)
        return failure_nomem(f);
    failure_set(f, 403, "Forbidden", "%s%s%s \"%s\" is forbidden: %s",
                r->plural, *r->group ? "." : "", r->group, name ? name : "",
                why);
    return failure_about(f, r->group, r->plural, name);
}

int rules_neighbours(const struct rules_call *c, const struct gvk *what,
                     const struct value *object, struct value **ret,
                     struct failure *f)
{
    bool space = rules_is(c->kind, "", "Namespace");
    const char *ns =
        value_text_at(object, space ? "metadata.name" : "metadata.namespace");
    struct value *all = NULL, *item;

    *ret = value_array(c->a);
    if (!*ret)
        return failure_nomem(f);
    if (!c->world->list)
        return 0;
    if (c->world->list(c->world->arg, c->a, what, &all, f) < 0)
        return -1;
    for (size_t i = 0; (item = rules_item(all, i)); i++)
        if (text_equal(ns, value_text_at(item, "metadata.namespace")) &&
            value_append(c->a, *ret, item) < 0)
            return failure_nomem(f);
    return 0;
}

static int parse(const struct rules_call *c, const char *json,
                 struct value **ret, struct failure *f)
{
    return value_parse(c->a, json, strlen(json), ret, NULL) < 0
               ? failure_nomem(f)
               : 0;
}

static int append(const struct rules_call *c, struct value *object,
                  const char *key, struct value *item, struct failure *f)
{
    struct value *list = rules_make_array(c, object, key);

    if (!list || value_append(c->a, list, item) < 0)
        return failure_nomem(f);
    return 0;
}

static bool has_item(const struct value *list, const char *field,
                     const char *text)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (text_equal(value_text_at(item, field), text))
            return true;
    return false;
}

/* ---- ServiceAccount ---- */

#define TOKEN_PATH "/var/run/secrets/kubernetes.io/serviceaccount"
#define TOKEN_PREFIX "kube-api-access-"

static const char TOKEN_VOLUME[] =
    "{\"defaultMode\":420,\"sources\":[{\"serviceAccountToken\":"
    "{\"expirationSeconds\":3607,\"path\":\"token\"}},{\"configMap\":"
    "{\"items\":[{\"key\":\"ca.crt\",\"path\":\"ca.crt\"}],"
    "\"name\":\"kube-root-ca.crt\"}},{\"downwardAPI\":{\"items\":"
    "[{\"fieldRef\":{\"apiVersion\":\"v1\",\"fieldPath\":"
    "\"metadata.namespace\"},\"path\":\"namespace\"}]}}]}";

/* "kube-api-access-" and five characters, as names are generated. */
static const char *token_name(const struct rules_call *c)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    char name[sizeof TOKEN_PREFIX + 5] = TOKEN_PREFIX;
    uint64_t n = c->world->random(c->world->arg);

    for (size_t i = 0; i < 5; i++, n /= sizeof letters - 1)
        name[sizeof TOKEN_PREFIX - 1 + i] = letters[n % (sizeof letters - 1)];
    return arena_strdup(c->a, name);
}

/* *ret_any: at least one container got it. */
static int mount_token(const struct rules_call *c, const struct value *list,
                       const char *name, bool *ret_any, struct failure *f)
{
    struct value *item, *mount;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        if (has_item(value_get(item, "volumeMounts"), "mountPath", TOKEN_PATH))
            continue;
        mount = value_object(c->a);
        if (!mount || rules_set_text(c, mount, "name", name, f) < 0 ||
            rules_set_text(c, mount, "mountPath", TOKEN_PATH, f) < 0 ||
            rules_set(c, mount, "readOnly", value_bool(c->a, true), f) < 0)
            return failure_nomem(f);
        if (append(c, item, "volumeMounts", mount, f) < 0)
            return -1;
        *ret_any = true;
    }
    return 0;
}

static const char *existing_token(const struct value *volumes)
{
    const struct value *volume;

    for (size_t i = 0; (volume = rules_item(volumes, i)); i++) {
        const char *name = value_text_at(volume, "name");

        if (name && text_starts(name, TOKEN_PREFIX))
            return name;
    }
    return NULL;
}

static int add_token(const struct rules_call *c, struct value *spec,
                     struct failure *f)
{
    const char *there = existing_token(value_get(spec, "volumes"));
    const char *name = there ? there : token_name(c);
    struct value *volume, *source;
    bool any = false;

    if (!name)
        return failure_nomem(f);
    if (mount_token(c, value_get(spec, "initContainers"), name, &any, f) < 0 ||
        mount_token(c, value_get(spec, "containers"), name, &any, f) < 0)
        return -1;
    if (there || !any)
        return 0;
    volume = value_object(c->a);
    if (!volume || parse(c, TOKEN_VOLUME, &source, f) < 0)
        return failure_nomem(f);
    if (rules_set_text(c, volume, "name", name, f) < 0 ||
        rules_set(c, volume, "projected", source, f) < 0)
        return -1;
    return append(c, spec, "volumes", volume, f);
}

static int find_account(const struct rules_call *c, const struct value *object,
                        const char *name, struct value **ret, struct failure *f)
{
    const char *ns = value_text_at(object, "metadata.namespace");
    const struct gvk what = {"v1", "ServiceAccount"};
    struct object_key key = {.ns = ns ? ns : "", .name = name};

    if (c->world->get(c->world->arg, c->a, &what, &key, ret, f) < 0)
        return -1;
    if (*ret)
        return 0;
    return rules_forbid(c, object, f,
                        arena_printf(c->a,
                                     "error looking up service account %s/%s: "
                                     "serviceaccount \"%s\" not found",
                                     key.ns, name, name));
}

static int admit_account(const struct rules_call *c, struct value *object,
                         struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    struct value *account;
    const struct value *secrets;

    if (rules_default_text(c, spec, "serviceAccountName", "default", f) < 0 ||
        rules_set_text(c, spec, "serviceAccount",
                       value_text_at(spec, "serviceAccountName"), f) < 0)
        return -1;
    if (find_account(c, object, value_text_at(spec, "serviceAccountName"),
                     &account, f) < 0)
        return -1;
    if (value_bool_at(
            spec, "automountServiceAccountToken",
            value_bool_at(account, "automountServiceAccountToken", true)) &&
        add_token(c, spec, f) < 0)
        return -1;
    secrets = value_get(account, "imagePullSecrets");
    if (!secrets || secrets->count == 0 || value_get(spec, "imagePullSecrets"))
        return 0;
    return rules_set(c, spec, "imagePullSecrets", value_copy(c->a, secrets), f);
}

/* ---- Priority ---- */

static int find_priority(const struct rules_call *c, const struct value *object,
                         const char *name, struct value **ret,
                         struct failure *f)
{
    const struct gvk what = {"scheduling.k8s.io/v1", "PriorityClass"};
    struct object_key key = {.ns = "", .name = name};
    const char *json = NULL;

    if (strcmp(name, "system-cluster-critical") == 0)
        json = "{\"value\":2000000000}";
    else if (strcmp(name, "system-node-critical") == 0)
        json = "{\"value\":2000001000}";
    if (json)
        return parse(c, json, ret, f);
    if (c->world->get(c->world->arg, c->a, &what, &key, ret, f) < 0)
        return -1;
    if (*ret)
        return 0;
    return rules_forbid(
        c, object, f,
        arena_printf(c->a, "no PriorityClass with name %s was found", name));
}

/* All classes of a kind; NULL: nobody knows. */
static int find_all(const struct rules_call *c, const char *api_version,
                    const char *kind, struct value **ret, struct failure *f)
{
    const struct gvk what = {api_version, kind};

    *ret = NULL;
    return c->world->list ? c->world->list(c->world->arg, c->a, &what, ret, f)
                          : 0;
}

static int admit_preemption(const struct rules_call *c, struct value *object,
                            const struct value *class, struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    const char *policy = value_text_at(class, "preemptionPolicy");
    const char *own = value_text_at(spec, "preemptionPolicy");

    policy = policy ? policy : "PreemptLowerPriority";
    if (own && strcmp(own, policy) != 0)
        return rules_forbid(c, object, f,
                            "the string value of PreemptionPolicy must not be "
                            "provided in pod spec");
    return rules_set_text(c, spec, "preemptionPolicy", policy, f);
}

static int admit_priority(const struct rules_call *c, struct value *object,
                          struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    const char *name = value_text_at(spec, "priorityClassName");
    struct value *class = NULL, *all = NULL, *item;
    int64_t priority;

    if (name && *name && find_priority(c, object, name, &class, f) < 0)
        return -1;
    if (!class &&
        find_all(c, "scheduling.k8s.io/v1", "PriorityClass", &all, f) < 0)
        return -1;
    for (size_t i = 0; !class && (item = rules_item(all, i)); i++)
        if (value_bool_at(item, "globalDefault", false))
            class = item;
    if (class && !name &&
        rules_set_text(c, spec, "priorityClassName",
                       value_text_at(class, "metadata.name"), f) < 0)
        return -1;
    priority = value_int_at(class, "value", 0);
    if (value_int_at(spec, "priority", priority) != priority)
        return rules_forbid(
            c, object, f,
            "the integer value of priority must not be provided in "
            "pod spec");
    if (rules_set(c, spec, "priority", value_integer(c->a, priority), f) < 0)
        return -1;
    return admit_preemption(c, object, class, f);
}

static int keep_priority(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f)
{
    static const char *const keys[] = {"priority", "preemptionPolicy"};
    struct value *spec = value_get(object, "spec");
    const struct value *was = value_get(old, "spec");

    for (size_t i = 0; i < 2; i++)
        if (!value_get(spec, keys[i]) && value_get(was, keys[i]) &&
            rules_set(c, spec, keys[i],
                      value_copy(c->a, value_get(was, keys[i])), f) < 0)
            return -1;
    return 0;
}

/* ---- DefaultTolerationSeconds ---- */

static bool tolerates(const struct value *list, const char *key)
{
    const struct value *t;

    for (size_t i = 0; (t = rules_item(list, i)); i++) {
        const char *is = value_text_at(t, "key");
        const char *effect = value_text_at(t, "effect");

        if ((!is || !*is || strcmp(is, key) == 0) &&
            (!effect || !*effect || strcmp(effect, "NoExecute") == 0))
            return true;
    }
    return false;
}

static int admit_tolerations(const struct rules_call *c, struct value *object,
                             struct failure *f)
{
    static const char *const keys[] = {"node.kubernetes.io/not-ready",
                                       "node.kubernetes.io/unreachable"};
    struct value *spec = value_get(object, "spec");
    struct value *t;

    for (size_t i = 0; i < 2; i++) {
        if (tolerates(value_get(spec, "tolerations"), keys[i]))
            continue;
        if (parse(c,
                  "{\"effect\":\"NoExecute\",\"operator\":\"Exists\","
                  "\"tolerationSeconds\":300}",
                  &t, f) < 0 ||
            rules_set_text(c, t, "key", keys[i], f) < 0 ||
            append(c, spec, "tolerations", t, f) < 0)
            return -1;
    }
    return 0;
}

/* ---- RuntimeClass ---- */

/* A pod's overhead is what its class says it is. */
static int admit_overhead(const struct rules_call *c, struct value *object,
                          const struct value *class, struct failure *f)
{
    struct value *spec = value_get(object, "spec");
    const struct value *own = value_get(spec, "overhead");
    struct value *fixed = value_path(class, "overhead.podFixed");

    if (own && !fixed)
        return rules_forbid(c, object, f,
                            "pod rejected: Pod Overhead set without "
                            "corresponding RuntimeClass defined Overhead");
    if (own && own->count && !value_equal(fixed, own))
        return rules_forbid(c, object, f,
                            "pod rejected: Pod's Overhead doesn't match "
                            "RuntimeClass's defined Overhead");
    return fixed ? rules_set(c, spec, "overhead", value_copy(c->a, fixed), f)
                 : 0;
}

static int admit_runtime(const struct rules_call *c, struct value *object,
                         struct failure *f)
{
    const struct gvk what = {"node.k8s.io/v1", "RuntimeClass"};
    const char *name = value_text_at(object, "spec.runtimeClassName");
    struct object_key key = {.ns = "", .name = name};
    struct value *class = NULL;

    if (name && !*name)
        return failure_set(f, 500, "", "resource name may not be empty");
    if (name && c->world->get(c->world->arg, c->a, &what, &key, &class, f) < 0)
        return -1;
    if (name && !class)
        return rules_forbid(
            c, object, f,
            arena_printf(c->a, "pod rejected: RuntimeClass \"%s\" not found",
                         name));
    return admit_overhead(c, object, class, f);
}

static int admit_pod(const struct rules_call *c, struct value *object,
                     const struct value *old, struct failure *f)
{
    if (!value_is(value_get(object, "spec"), VALUE_OBJECT))
        return 0;
    if (old) {
        if (keep_priority(c, object, old, f) < 0)
            return -1;
    } else if (rules_fill_limits(c, object, f) < 0 ||
               admit_account(c, object, f) < 0 ||
               admit_priority(c, object, f) < 0 ||
               admit_runtime(c, object, f) < 0) {
        return -1;
    }
    return admit_tolerations(c, object, f);
}

/* ---- others ---- */

static int protect(const struct rules_call *c, struct value *object,
                   const char *finalizer, struct failure *f)
{
    struct value *meta = value_get(object, "metadata");
    const struct value *list = value_get(meta, "finalizers");
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (text_equal(value_text(item), finalizer))
            return 0;
    return append(c, meta, "finalizers", value_string(c->a, finalizer), f);
}

static bool is_default_class(const struct value *class, const char *note)
{
    const struct value *notes = value_path(class, "metadata.annotations");

    return text_equal(value_text(value_get(notes, note)), "true");
}

/* Sets the name of the class that is marked as the default. */
static int default_class(const struct rules_call *c, struct value *spec,
                         const char *field, struct failure *f)
{
    bool ingress = strcmp(field, "ingressClassName") == 0;
    const char *note = ingress ? "ingressclass.kubernetes.io/is-default-class"
                               : "storageclass.kubernetes.io/is-default-class";
    struct value *all, *item;

    if (!value_is(spec, VALUE_OBJECT) || value_get(spec, field))
        return 0;
    if (find_all(c, ingress ? "networking.k8s.io/v1" : "storage.k8s.io/v1",
                 ingress ? "IngressClass" : "StorageClass", &all, f) < 0)
        return -1;
    for (size_t i = 0; (item = rules_item(all, i)); i++)
        if (is_default_class(item, note))
            return rules_set_text(c, spec, field,
                                  value_text_at(item, "metadata.name"), f);
    return 0;
}

/* A new node is not ready until its kubelet says so. */
static int admit_node(const struct rules_call *c, struct value *object,
                      struct failure *f)
{
    static const char key[] = "node.kubernetes.io/not-ready";
    struct value *spec = value_make(c->a, object, "spec");
    struct value *taint;

    if (!spec)
        return failure_nomem(f);
    if (has_item(value_get(spec, "taints"), "key", key))
        return 0;
    if (parse(c,
              "{\"key\":\"node.kubernetes.io/not-ready\","
              "\"effect\":\"NoSchedule\"}",
              &taint, f) < 0)
        return -1;
    return append(c, spec, "taints", taint, f);
}

static int admit_claim(const struct rules_call *c, struct value *object,
                       struct failure *f)
{
    if (default_class(c, value_get(object, "spec"), "storageClassName", f) < 0)
        return -1;
    return protect(c, object, "kubernetes.io/pvc-protection", f);
}

/* Plugins that change. */
static int mutate(const struct rules_call *c, struct value *object,
                  const struct value *old, struct failure *f)
{
    if (rules_is(c->kind, "", "Pod"))
        return admit_pod(c, object, old, f);
    if (old)
        return 0;
    if (rules_is(c->kind, "", "Node"))
        return admit_node(c, object, f);
    if (rules_is(c->kind, "", "PersistentVolumeClaim"))
        return admit_claim(c, object, f);
    if (rules_is(c->kind, "", "PersistentVolume"))
        return protect(c, object, "kubernetes.io/pv-protection", f);
    if (rules_is(c->kind, "networking.k8s.io", "Ingress"))
        return default_class(c, value_get(object, "spec"), "ingressClassName",
                             f);
    return 0;
}

int rules_admit(const struct rules_call *c, struct value *object,
                const struct value *old, struct failure *f)
{
    if (*c->subresource)
        return 0;
    if (mutate(c, object, old, f) < 0)
        return -1;
    if ((!old || rules_is(c->kind, "", "PersistentVolumeClaim")) &&
        rules_check_limits(c, object, f) < 0)
        return -1;
    return rules_admit_security(c, object, old, f);
}
