/*
 * rules_pod_update.c -- validation of what may change of a pod
 *                       (k8s.io/kubernetes pkg/apis/core/validation).
 *
 * Images may, the deadline may come nearer, tolerations may be added, gates go;
 * while there are gates, where the pod may run may become narrower. The rest is
 * what it was.
 */
#include <string.h>

#include "rules_pods.h"

static const char TERMS[] =
    "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";

static size_t count_of(const struct value *list)
{
    return list ? list->count : 0;
}

static bool is_empty(const struct value *v)
{
    return !v || (v->type == VALUE_ARRAY && !v->count);
}

/* An absent list is an empty one; empty objects that are left are not absent.
 */
static bool is_same(const struct value *a, const struct value *b)
{
    return (is_empty(a) && is_empty(b)) || (a && b && value_equal(a, b));
}

/* ---- lists ---- */

/* Forbidden with another number of containers, and the rest is not judged. */
static bool is_of_other_size(struct check *k, const struct place *at,
                             const struct value *list, const struct value *was)
{
    const struct value *c;

    if (count_of(list) != count_of(was)) {
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: pod updates may not add or remove containers");
        return true;
    }
    for (size_t i = 0; (c = rules_item(list, i)); i++)
        if (rules_is_absent(value_get(c, "image")))
            check_required(k, PLACE_AT(at, i), "image", "");
    rules_check_images(k, at, list);
    return false;
}

static bool is_same_but(const struct value *a, const struct value *b,
                        const char *field)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct value_member *m = &a->as.members[i];

        if (strcmp(m->key, field) != 0 &&
            !is_same(m->value, value_get(b, m->key)))
            return false;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        const struct value_member *m = &b->as.members[i];

        if (strcmp(m->key, field) != 0 && !value_get(a, m->key) &&
            !is_empty(m->value))
            return false;
    }
    return true;
}

static bool has_toleration(const struct value *list, const struct value *old)
{
    const struct value *one;

    for (size_t i = 0; (one = rules_item(list, i)); i++)
        if (is_same_but(one, old, "tolerationSeconds"))
            return true;
    return false;
}

static bool has_tolerations(const struct value *list, const struct value *was)
{
    const struct value *old;

    for (size_t i = 0; (old = rules_item(was, i)); i++)
        if (!has_toleration(list, old))
            return false;
    return true;
}

static void check_lists(struct check *k, const struct place *at,
                        const struct value *spec, const struct value *was)
{
    const struct value *tolerations = value_get(spec, "tolerations");
    const struct value *gates = value_get(spec, "schedulingGates");
    const struct value *item;

    if (!has_tolerations(tolerations, value_get(was, "tolerations")))
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "tolerations"),
                  "Forbidden: existing toleration can not be modified except "
                  "its tolerationSeconds");
    else
        rules_check_tolerations(k, PLACE(at, "tolerations"), tolerations);
    for (size_t i = 0; (item = rules_item(gates, i)); i++) {
        const char *name = value_text_at(item, "name");

        if (name && !check_seen(value_get(was, "schedulingGates"), SIZE_MAX,
                                "name", name))
            check_add(k, CAUSE_FORBIDDEN,
                      PLACE(PLACE_AT(PLACE(at, "schedulingGates"), i), "name"),
                      "Forbidden: only deletion is allowed, but found new "
                      "scheduling gate '%s'",
                      name);
    }
}

/* ---- the deadline ---- */

/* false: it is wrong, and the rest is not judged. */
static bool check_deadline(struct check *k, const struct place *up,
                           const struct value *spec, const struct value *was)
{
    const struct place *at = PLACE(up, "activeDeadlineSeconds");
    const struct value *is = value_get(spec, "activeDeadlineSeconds");
    int64_t seconds = value_int_at(spec, "activeDeadlineSeconds", 0);
    int64_t before = value_int_at(was, "activeDeadlineSeconds", INT32_MAX);

    if (!is && value_get(was, "activeDeadlineSeconds"))
        check_invalid(k, at, NULL,
                      "must not update from a positive integer to nil value");
    if (!is)
        return true;
    if (seconds < 0 || seconds > INT32_MAX) {
        check_invalid(k, at, is, "must be between 0 and 2147483647, inclusive");
        return false;
    }
    if (before < seconds)
        check_invalid(k, at, is,
                      "must be less than or equal to previous value");
    return before >= seconds;
}

/* ---- pods behind gates ---- */

static void check_node_selector(struct check *k, const struct place *at,
                                const struct value *is, const struct value *was)
{
    for (uint32_t i = 0; was && i < was->count; i++) {
        const struct value_member *m = &was->as.members[i];
        const struct value *now = value_getn(is, m->key, m->key_len);

        if (now && value_equal(now, m->value))
            continue;
        check_invalid(k, at, is,
                      "only additions to spec.nodeSelector are allowed (no "
                      "mutations or deletions)");
        return;
    }
}

static bool begins_with(const struct value *list, const struct value *was)
{
    for (size_t i = 0; i < count_of(was); i++)
        if (!rules_item(list, i) ||
            !value_equal(rules_item(list, i), rules_item(was, i)))
            return false;
    return true;
}

/* A term without conditions matches nothing, which is narrow enough. */
static bool is_narrower(const struct value *term, const struct value *was)
{
    const struct value *labels = value_get(was, "matchExpressions");
    const struct value *fields = value_get(was, "matchFields");
    size_t now = count_of(value_get(term, "matchExpressions")) +
                 count_of(value_get(term, "matchFields"));

    if (count_of(labels) + count_of(fields) == 0)
        return now == 0;
    return begins_with(value_get(term, "matchExpressions"), labels) &&
           begins_with(value_get(term, "matchFields"), fields);
}

static void check_terms(struct check *k, const struct place *up,
                        const struct value *is, const struct value *was)
{
    const struct place *at = PLACE(up, TERMS);
    const struct value *terms = value_path(is, TERMS);
    const struct value *before = value_path(was, TERMS);

    if (count_of(before) && count_of(terms) != count_of(before)) {
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: no additions/deletions to non-empty "
                  "NodeSelectorTerms list are allowed");
        return;
    }
    for (size_t i = 0; i < count_of(before); i++)
        if (!is_narrower(rules_item(terms, i), rules_item(before, i)))
            check_add(k, CAUSE_INVALID, PLACE_AT(at, i),
                      "Invalid value: only additions are allowed (no "
                      "mutations or deletions)");
}

static void check_gated(struct check *k, const struct place *at,
                        const struct value *spec, const struct value *was)
{
    check_node_selector(k, PLACE(at, "nodeSelector"),
                        value_get(spec, "nodeSelector"),
                        value_get(was, "nodeSelector"));
    check_terms(k, PLACE(PLACE(at, "affinity"), "nodeAffinity"),
                value_path(spec, "affinity.nodeAffinity"),
                value_path(was, "affinity.nodeAffinity"));
}

/* Of the affinity of a pod behind gates only what is about pods must stay; an
 * affinity of nodes may make one where there was none. */
static bool is_same_affinity(const struct value *is, const struct value *was)
{
    static const struct value none = {.type = VALUE_OBJECT};

    if (is && !was && is->count == 0)
        return false;
    return is_same_but(is ? is : &none, was ? was : &none, "nodeAffinity");
}

/* ---- the rest ---- */

static bool is_same_but_images(const struct value *list,
                               const struct value *was)
{
    for (size_t i = 0; i < count_of(list); i++)
        if (!is_same_but(rules_item(list, i), rules_item(was, i), "image"))
            return false;
    return true;
}

static bool may_change(const char *key)
{
    static const char *const keys[] = {"tolerations", "schedulingGates",
                                       "activeDeadlineSeconds", NULL};

    for (size_t i = 0; keys[i]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool is_same_field(const char *key, const struct value *spec,
                          const struct value *was)
{
    const struct value *is = value_get(spec, key);
    const struct value *before = value_get(was, key);
    bool gated = count_of(value_get(was, "schedulingGates")) > 0;

    if (may_change(key) || (gated && strcmp(key, "nodeSelector") == 0))
        return true;
    if (gated && strcmp(key, "affinity") == 0)
        return is_same_affinity(is, before);
    if (strcmp(key, "containers") == 0 || strcmp(key, "initContainers") == 0)
        return is_same_but_images(is, before);
    if (strcmp(key, "terminationGracePeriodSeconds") == 0 &&
        value_int_at(was, key, 0) < 0 && value_int_at(spec, key, 0) == 1)
        return true;
    return is_same(is, before);
}

static bool is_same_spec(const struct value *spec, const struct value *was)
{
    for (uint32_t i = 0; i < spec->count; i++)
        if (!is_same_field(spec->as.members[i].key, spec, was))
            return false;
    for (uint32_t i = 0; i < was->count; i++)
        if (!is_same_field(was->as.members[i].key, spec, was))
            return false;
    return true;
}

void rules_check_pod_update(struct check *k)
{
    const struct place *at = PLACE(NULL, "spec");
    const struct value *spec = value_get(k->object, "spec");
    const struct value *was = value_get(k->old, "spec");

    if (is_of_other_size(k, PLACE(at, "containers"),
                         value_get(spec, "containers"),
                         value_get(was, "containers")) ||
        is_of_other_size(k, PLACE(at, "initContainers"),
                         value_get(spec, "initContainers"),
                         value_get(was, "initContainers")) ||
        !check_deadline(k, at, spec, was))
        return;
    check_lists(k, at, spec, was);
    if (count_of(value_get(was, "schedulingGates")))
        check_gated(k, at, spec, was);
    if (!is_same_spec(spec, was))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: pod updates may not change fields other than "
                  "`spec.containers[*].image`,`spec.initContainers[*].image`,"
                  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                  "additions to existing tolerations),"
                  "`spec.terminationGracePeriodSeconds` (allow it to be set "
                  "to 1 if it was previously negative)");
}
