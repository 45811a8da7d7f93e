/*
 * rules_pod.c -- validation of pods and their templates (k8s.io/kubernetes
 *                pkg/apis/core/validation).
 */
#include <string.h>

#include "kube/selector.h"
#include "rules_kinds.h"

/* ---- tolerations ---- */

static void check_toleration(struct check *k, const struct place *at,
                             const struct value *t)
{
    static const char *const effects[] = {"NoExecute", "NoSchedule",
                                          "PreferNoSchedule", NULL};
    const char *key = value_text_at(t, "key");
    const char *op = value_text_at(t, "operator");
    const char *value = value_text_at(t, "value");
    const char *effect = value_text_at(t, "effect");
    bool exists = op && strcmp(op, "Exists") == 0;

    if (key && *key)
        check_qualified(k, PLACE(at, "key"), key, key);
    else if (!exists)
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": operator must be Exists when `key` "
                  "is empty, which means \"match all values and all keys\"",
                  op ? op : "");
    if (value_get(t, "tolerationSeconds") &&
        (!effect || strcmp(effect, "NoExecute") != 0))
        check_add(k, CAUSE_INVALID, PLACE(at, "effect"),
                  "Invalid value: \"%s\": effect must be 'NoExecute' when "
                  "`tolerationSeconds` is set",
                  effect ? effect : "");
    if (exists && value && *value)
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": value must be empty when `operator` "
                  "is 'Exists'",
                  value);
    else if (!exists && op && *op && strcmp(op, "Equal") != 0)
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "operator"),
                  "Unsupported value: \"%s\": supported values: \"Equal\", "
                  "\"Exists\"",
                  op);
    else if (!exists && value)
        check_text_by(k, PLACE(at, "operator"), value, wrong_label_value);
    if (effect && *effect)
        check_enum(k, at, t, "effect", effects);
}

/* ---- affinity, spreading ---- */

static void check_spread(struct check *k, const struct place *at,
                         const struct value *c)
{
    static const char *const when[] = {"DoNotSchedule", "ScheduleAnyway", NULL};
    int64_t skew = value_int_at(c, "maxSkew", 0);
    const char *key = value_text_at(c, "topologyKey");

    if (skew <= 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "maxSkew"),
                  "Invalid value: %lld: must be greater than zero",
                  (long long)skew);
    if (!key || !*key)
        check_required(k, at, "topologyKey", "can not be empty");
    else
        check_qualified(k, PLACE(at, "topologyKey"), key, key);
    if (rules_is_absent(value_get(c, "whenUnsatisfiable")))
        check_add(k, CAUSE_NOT_SUPPORTED, PLACE(at, "whenUnsatisfiable"),
                  "Unsupported value: \"\": supported values: "
                  "\"DoNotSchedule\", \"ScheduleAnyway\"");
    else
        check_enum(k, at, c, "whenUnsatisfiable", when);
    check_selector(k, PLACE(at, "labelSelector"),
                   value_get(c, "labelSelector"));
}

/* ---- the spec ---- */

static void check_each(struct check *k, const struct place *at,
                       const struct value *list,
                       void (*one)(struct check *k, const struct place *at,
                                   const struct value *item))
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        one(k, PLACE_AT(at, i), item);
}

static void check_alias(struct check *k, const struct place *at,
                        const struct value *alias)
{
    const char *ip = value_text_at(alias, "ip");
    const struct value *name;

    check_ip(k, PLACE(at, "ip"), ip ? ip : "");
    for (size_t i = 0; (name = rules_item(value_get(alias, "hostnames"), i));
         i++)
        check_text_by(k, PLACE_AT(PLACE(at, "hostnames"), i), value_text(name),
                      wrong_dns_subdomain);
}

static void check_optional(struct check *k, const struct place *at,
                           const struct value *spec, const char *field,
                           wrong_name_fn wrong)
{
    const char *text = value_text_at(spec, field);

    if (text && *text)
        check_text_by(k, PLACE(at, field), text, wrong);
}

static void check_policies(struct check *k, const struct place *at,
                           const struct value *spec)
{
    static const char *const restarts[] = {"Always", "OnFailure", "Never",
                                           NULL};
    static const char *const dns[] = {"ClusterFirst", "ClusterFirstWithHostNet",
                                      "Default", "None", NULL};

    check_enum(k, at, spec, "restartPolicy", restarts);
    check_enum(k, at, spec, "dnsPolicy", dns);
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

void rules_check_pod_spec(struct check *k, const struct place *at,
                          const struct value *spec)
{
    const struct value *volumes = rules_check_volumes(
        k, PLACE(at, "volumes"), value_get(spec, "volumes"));

    rules_check_containers(k, at, spec, volumes);
    rules_check_init_containers(k, at, spec, volumes);
    check_policies(k, at, spec);
    check_labels(k, PLACE(at, "nodeSelector"), value_get(spec, "nodeSelector"));
    check_each(k, PLACE(at, "topologySpreadConstraints"),
               value_get(spec, "topologySpreadConstraints"), check_spread);
    check_optional(k, at, spec, "serviceAccountName", wrong_dns_subdomain);
    check_optional(k, at, spec, "nodeName", wrong_dns_subdomain);
    check_deadline(k, at, spec);
    check_optional(k, at, spec, "hostname", wrong_dns_label);
    check_optional(k, at, spec, "subdomain", wrong_dns_label);
    check_each(k, PLACE(at, "tolerations"), value_get(spec, "tolerations"),
               check_toleration);
    check_each(k, PLACE(at, "hostAliases"), value_get(spec, "hostAliases"),
               check_alias);
    check_optional(k, at, spec, "priorityClassName", wrong_dns_subdomain);
    check_optional(k, at, spec, "runtimeClassName", wrong_dns_subdomain);
}

/* ---- templates ---- */

void rules_check_template(struct check *k, const struct place *at,
                          const struct value *template)
{
    const struct place *meta = PLACE(at, "metadata");

    (void)meta;
    check_labels(k, PLACE(at, "labels"),
                 value_path(template, "metadata.labels"));
    check_annotations(k, PLACE(at, "annotations"),
                      value_path(template, "metadata.annotations"));
    rules_check_pod_spec(k, PLACE(at, "spec"), value_get(template, "spec"));
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

void rules_check_pod(struct check *k)
{
    rules_check_pod_spec(k, PLACE(NULL, "spec"), value_get(k->object, "spec"));
}

static bool same_but_image(const struct value *list, const struct value *was)
{
    const struct value *a, *b;

    for (size_t i = 0; (a = rules_item(list, i)); i++) {
        b = rules_item(was, i);
        for (uint32_t m = 0; m < a->count; m++) {
            const struct value_member *one = &a->as.members[m];

            if (strcmp(one->key, "image") != 0 &&
                !value_equal(one->value, value_get(b, one->key)))
                return false;
        }
        if (a->count != b->count)
            return false;
    }
    return true;
}

static bool same_size(const struct value *a, const struct value *b)
{
    return (a ? a->count : 0) == (b ? b->count : 0);
}

/* Tolerations may be added, gates removed. */
static bool is_changeable(const char *key)
{
    static const char *const keys[] = {"tolerations", "schedulingGates",
                                       "activeDeadlineSeconds", NULL};

    for (size_t i = 0; keys[i]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool same_spec(const struct value *spec, const struct value *was)
{
    for (uint32_t i = 0; i < spec->count; i++) {
        const struct value_member *m = &spec->as.members[i];
        const struct value *other = value_get(was, m->key);

        if (is_changeable(m->key))
            continue;
        if (strcmp(m->key, "containers") == 0 ||
            strcmp(m->key, "initContainers") == 0) {
            if (!same_but_image(m->value, other))
                return false;
        } else if (!other || !value_equal(m->value, other)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < was->count; i++)
        if (!is_changeable(was->as.members[i].key) &&
            !value_get(spec, was->as.members[i].key))
            return false;
    return true;
}

static bool has_equal(const struct value *list, const struct value *item)
{
    const struct value *one;

    for (size_t i = 0; (one = rules_item(list, i)); i++)
        if (value_equal(one, item))
            return true;
    return false;
}

static void check_lists(struct check *k, const struct place *at,
                        const struct value *spec, const struct value *was)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(value_get(was, "tolerations"), i));
         i++)
        if (!has_equal(value_get(spec, "tolerations"), item))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, "tolerations"),
                      "Forbidden: existing toleration can not be modified "
                      "except its tolerationSeconds");
    for (size_t i = 0;
         (item = rules_item(value_get(spec, "schedulingGates"), i)); i++)
        if (!has_equal(value_get(was, "schedulingGates"), item))
            check_add(k, CAUSE_FORBIDDEN,
                      PLACE_AT(PLACE(at, "schedulingGates"), i),
                      "Forbidden: only deletion is allowed, but found new "
                      "scheduling gate '%s'",
                      value_text_at(item, "name"));
}

void rules_check_pod_update(struct check *k)
{
    static const char *const lists[] = {"containers", "initContainers"};
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *was = value_get(k->old, "spec");

    for (size_t i = 0; i < 2; i++) {
        if (same_size(value_get(spec, lists[i]), value_get(was, lists[i])))
            continue;
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, lists[i]),
                  "Forbidden: pod updates may not add or remove containers");
        return;
    }
    if (value_get(was, "activeDeadlineSeconds") &&
        !value_get(spec, "activeDeadlineSeconds"))
        check_invalid(k, PLACE(at, "activeDeadlineSeconds"), NULL,
                      "must not update from a positive integer to nil value");
    else if (value_int_at(was, "activeDeadlineSeconds", INT32_MAX) <
             value_int_at(spec, "activeDeadlineSeconds", 0))
        check_invalid(k, PLACE(at, "activeDeadlineSeconds"),
                      value_get(spec, "activeDeadlineSeconds"),
                      "must be less than or equal to previous value");
    check_lists(k, at, spec, was);
    if (!same_spec(spec, was))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: pod updates may not change fields other than "
                  "`spec.containers[*].image`,`spec.initContainers[*].image`,"
                  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                  "additions to existing tolerations),"
                  "`spec.terminationGracePeriodSeconds` (allow it to be set "
                  "to 1 if it was previously negative)");
}
