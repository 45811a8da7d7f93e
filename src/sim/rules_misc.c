/*
 * rules_misc.c -- validation of kinds with few rules: rights, scaling,
 *                 disruptions, leases, classes.
 */
#include <ctype.h>
#include <string.h>

#include "rules_kinds.h"

static bool is_empty(const struct value *array)
{
    return !array || array->count == 0;
}

/* ---- rights ---- */

static void check_rule(struct check *k, const struct place *at,
                       const struct value *rule, bool namespaced)
{
    const struct value *urls = value_get(rule, "nonResourceURLs");

    if (is_empty(value_get(rule, "verbs")))
        check_required(k, at, "verbs", "verbs must contain at least one value");
    if (!is_empty(urls)) {
        if (namespaced)
            check_invalid(k, PLACE(at, "nonResourceURLs"), urls,
                          "namespaced rules cannot apply to non-resource "
                          "URLs");
        if (!is_empty(value_get(rule, "apiGroups")) ||
            !is_empty(value_get(rule, "resources")) ||
            !is_empty(value_get(rule, "resourceNames")))
            check_invalid(k, PLACE(at, "nonResourceURLs"), urls,
                          "rules cannot apply to both regular resources and "
                          "non-resource URLs");
        return;
    }
    if (is_empty(value_get(rule, "apiGroups")))
        check_required(k, at, "apiGroups",
                       "resource rules must supply at least one api group");
    if (is_empty(value_get(rule, "resources")))
        check_required(k, at, "resources",
                       "resource rules must supply at least one resource");
}

static void check_rules(struct check *k, bool namespaced)
{
    const struct value *rules = value_get(k->object, "rules");
    const struct value *rule;

    for (size_t i = 0; (rule = rules_item(rules, i)); i++)
        check_rule(k, PLACE_AT(PLACE(NULL, "rules"), i), rule, namespaced);
}

void rules_check_role(struct check *k)
{
    check_rules(k, true);
}

void rules_check_cluster_role(struct check *k)
{
    const struct value *selectors =
        value_path(k->object, "aggregationRule.clusterRoleSelectors");
    const struct place *at =
        PLACE(PLACE(NULL, "aggregationRule"), "clusterRoleSelectors");
    const struct value *selector;

    check_rules(k, false);
    if (value_get(k->object, "aggregationRule") && is_empty(selectors))
        check_add(k, CAUSE_REQUIRED, at,
                  "Required value: at least one clusterRoleSelector required "
                  "if aggregationRule is non-nil");
    for (size_t i = 0; (selector = rules_item(selectors, i)); i++)
        check_selector(k, PLACE_AT(at, i), selector);
}

static void check_unsupported(struct check *k, const struct place *at,
                              const char *is, const char *supported)
{
    check_add(k, CAUSE_NOT_SUPPORTED, at,
              "Unsupported value: \"%s\": supported values: %s", is ? is : "",
              supported);
}

static void check_subject(struct check *k, const struct place *at,
                          const struct value *subject)
{
    const char *kind = value_text_at(subject, "kind");
    const char *name = value_text_at(subject, "name");
    const char *group = value_text_at(subject, "apiGroup");
    bool account = text_equal(kind, "ServiceAccount");

    group = group ? group : "";
    if (!name || !*name)
        check_required(k, at, "name", "");
    if (account) {
        if (name && *name)
            check_text_by(k, PLACE(at, "name"), name, wrong_dns_subdomain);
        if (*group)
            check_unsupported(k, PLACE(at, "apiGroup"), group, "\"\"");
        if (!k->c->kind->r.namespaced &&
            rules_is_absent(value_get(subject, "namespace")))
            check_required(k, at, "namespace", "");
    } else if (text_equal(kind, "User") || text_equal(kind, "Group")) {
        if (strcmp(group, "rbac.authorization.k8s.io") != 0)
            check_unsupported(k, PLACE(at, "apiGroup"), group,
                              "\"rbac.authorization.k8s.io\"");
    } else {
        check_unsupported(k, PLACE(at, "kind"), kind,
                          "\"ServiceAccount\", \"User\", \"Group\"");
    }
}

static void check_binding(struct check *k)
{
    const struct value *ref = value_get(k->object, "roleRef");
    const struct place *at = PLACE(NULL, "roleRef");
    const char *kind = value_text_at(ref, "kind");
    const char *name = value_text_at(ref, "name");
    const char *group = value_text_at(ref, "apiGroup");
    const struct value *subjects = value_get(k->object, "subjects");
    const struct value *subject;
    bool role = text_equal(kind, "Role") && k->c->kind->r.namespaced;

    if (!text_equal(group, "rbac.authorization.k8s.io"))
        check_unsupported(k, PLACE(at, "apiGroup"), group,
                          "\"rbac.authorization.k8s.io\"");
    if (!role && !text_equal(kind, "ClusterRole"))
        check_unsupported(k, PLACE(at, "kind"), kind,
                          k->c->kind->r.namespaced ? "\"Role\", \"ClusterRole\""
                                                   : "\"ClusterRole\"");
    if (!name || !*name)
        check_required(k, at, "name", "");
    else
        check_text_by(k, PLACE(at, "name"), name, wrong_path_segment);
    for (size_t i = 0; (subject = rules_item(subjects, i)); i++)
        check_subject(k, PLACE_AT(PLACE(NULL, "subjects"), i), subject);
}

void rules_check_role_binding(struct check *k)
{
    check_binding(k);
}

void rules_check_role_ref_update(struct check *k)
{
    const struct value *is = value_get(k->object, "roleRef");

    if (!value_equal(is, value_get(k->old, "roleRef")))
        check_invalid(k, PLACE(NULL, "roleRef"), is, "cannot change roleRef");
}

/* ---- disruptions ---- */

static void check_budget_amount(struct check *k, const struct place *at,
                                const struct value *v)
{
    size_t before = k->f->cause_count;

    rules_check_percent(k, at, v);
    if (k->f->cause_count == before && value_is(v, VALUE_STRING) &&
        rules_percent(v) > 100)
        check_invalid(k, at, v, "must not be greater than 100%");
}

void rules_check_disruption_budget(struct check *k)
{
    static const char *const policies[] = {"AlwaysAllow", "IfHealthyBudget",
                                           NULL};
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *min = value_get(spec, "minAvailable");
    const struct value *max = value_get(spec, "maxUnavailable");

    if (min && max)
        check_invalid(k, at, spec,
                      "minAvailable and maxUnavailable cannot be both set");
    check_budget_amount(k, PLACE(at, "minAvailable"), min);
    check_budget_amount(k, PLACE(at, "maxUnavailable"), max);
    check_selector(k, PLACE(at, "selector"), value_get(spec, "selector"));
    if (value_get(spec, "unhealthyPodEvictionPolicy"))
        check_enum(k, at, spec, "unhealthyPodEvictionPolicy", policies);
}

/* ---- leases ---- */

void rules_check_lease(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");

    if (value_int_at(spec, "leaseDurationSeconds", 1) <= 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "leaseDurationSeconds"),
                  "Invalid value: %lld: must be greater than 0",
                  (long long)value_int_at(spec, "leaseDurationSeconds", 1));
    check_non_negative(k, at, spec, "leaseTransitions");
    if (value_get(spec, "preferredHolder") &&
        rules_is_absent(value_get(spec, "strategy")))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "preferredHolder"),
                  "Forbidden: may only be specified if `strategy` is defined");
}

/* ---- classes ---- */

static void check_provisioner(struct check *k, const char *name)
{
    char *lower = arena_strdup(k->c->a, name);

    for (char *c = lower; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    if (lower)
        check_qualified(k, PLACE(NULL, "provisioner"), lower, name);
    else
        failure_nomem(k->f);
}

void rules_check_storage_class(struct check *k)
{
    static const char *const policies[] = {"Delete", "Retain", NULL};
    static const char *const modes[] = {"Immediate", "WaitForFirstConsumer",
                                        NULL};

    if (rules_is_absent(value_get(k->object, "provisioner")))
        check_required(k, NULL, "provisioner", "");
    else
        check_provisioner(k, value_text_at(k->object, "provisioner"));
    if (!rules_is_absent(value_get(k->object, "reclaimPolicy")))
        check_enum(k, NULL, k->object, "reclaimPolicy", policies);
    if (!value_get(k->object, "volumeBindingMode"))
        check_required(k, NULL, "volumeBindingMode", "");
    else
        check_one_of(k, PLACE(NULL, "volumeBindingMode"),
                     value_text_at(k->object, "volumeBindingMode"), modes);
}

static void check_forbidden_change(struct check *k, const char *field)
{
    const struct value *is = value_get(k->object, field);
    const struct value *was = value_get(k->old, field);

    if (is && was ? !value_equal(is, was) : is != was)
        check_add(k, CAUSE_FORBIDDEN, PLACE(NULL, field),
                  "Forbidden: updates to %s are forbidden.", field);
}

void rules_check_storage_class_update(struct check *k)
{
    check_immutable(k, "parameters");
    check_immutable(k, "provisioner");
    check_immutable(k, "reclaimPolicy");
    check_immutable(k, "volumeBindingMode");
}

void rules_check_priority_class(struct check *k)
{
    static const char *const policies[] = {"Never", "PreemptLowerPriority",
                                           NULL};
    const char *name = value_text_at(k->object, "metadata.name");

    if (name && text_starts(name, "system-")) {
        if (strcmp(name, "system-node-critical") != 0 &&
            strcmp(name, "system-cluster-critical") != 0)
            check_add(k, CAUSE_FORBIDDEN,
                      PLACE(PLACE(NULL, "metadata"), "name"),
                      "Forbidden: priority class names with 'system-' prefix "
                      "are reserved for system use only");
    } else if (value_int_at(k->object, "value", 0) > 1000000000) {
        check_add(k, CAUSE_FORBIDDEN, PLACE(NULL, "value"),
                  "Forbidden: maximum allowed value of a user defined "
                  "priority is 1000000000");
    }
    if (value_get(k->object, "preemptionPolicy"))
        check_enum(k, NULL, k->object, "preemptionPolicy", policies);
}

void rules_check_priority_class_update(struct check *k)
{
    check_forbidden_change(k, "value");
    check_immutable(k, "preemptionPolicy");
}

/* ---- others ---- */

void rules_check_node(struct check *k)
{
    const struct value *taints = value_path(k->object, "spec.taints");
    const struct place *list = PLACE(PLACE(NULL, "spec"), "taints");
    static const char *const effects[] = {"NoSchedule", "PreferNoSchedule",
                                          "NoExecute", NULL};
    const struct value *taint;

    for (size_t i = 0; (taint = rules_item(taints, i)); i++) {
        const struct place *at = PLACE_AT(list, i);
        const char *key = value_text_at(taint, "key");
        const char *text = value_text_at(taint, "value");

        check_qualified(k, PLACE(at, "key"), key ? key : "", key ? key : "");
        if (text)
            check_text_by(k, PLACE(at, "value"), text, wrong_label_value);
        check_enum(k, at, taint, "effect", effects);
    }
    if (k->old && value_path(k->old, "spec.podCIDR"))
        check_immutable(k, "spec.podCIDR");
}

void rules_check_revision_update(struct check *k)
{
    check_immutable(k, "data");
}

void rules_check_pod_template(struct check *k)
{
    rules_check_template(k, PLACE(NULL, "template"),
                         value_get(k->object, "template"));
}
