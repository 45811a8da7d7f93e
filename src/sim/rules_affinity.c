/*
 * rules_affinity.c -- validation of where pods may run: node selectors,
 *                     affinities, spreading, tolerations (k8s.io/kubernetes
 *                     pkg/apis/core/validation).
 */
#include <string.h>

#include "base/text.h"
#include "rules_pods.h"

static const char REQUIRED[] = "requiredDuringSchedulingIgnoredDuringExecution";
static const char PREFERRED[] =
    "preferredDuringSchedulingIgnoredDuringExecution";

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

static size_t count_of(const struct value *list)
{
    return list ? list->count : 0;
}

/* ---- node selectors ---- */

static void check_operator(struct check *k, const struct place *at,
                           const struct value *r)
{
    const char *op = text_of(r, "operator");
    size_t count = count_of(value_get(r, "values"));

    if (strcmp(op, "In") == 0 || strcmp(op, "NotIn") == 0) {
        if (count == 0)
            check_required(
                k, at, "values",
                "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (strcmp(op, "Exists") == 0 || strcmp(op, "DoesNotExist") == 0) {
        if (count)
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, "values"),
                      "Forbidden: may not be specified when `operator` is "
                      "'Exists' or 'DoesNotExist'");
    } else if (strcmp(op, "Gt") == 0 || strcmp(op, "Lt") == 0) {
        if (count != 1)
            check_required(k, at, "values",
                           "must be specified single value when `operator` is "
                           "'Lt' or 'Gt'");
    } else {
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": not a valid selector operator", op);
    }
}

/* Values of what is only preferred are not judged. */
static void check_requirement(struct check *k, const struct place *at,
                              const struct value *r, bool strict)
{
    const struct value *values = value_get(r, "values");
    const char *key = text_of(r, "key");
    const struct value *item;

    check_operator(k, at, r);
    check_qualified(k, PLACE(at, "key"), key, key);
    for (size_t i = 0; strict && (item = rules_item(values, i)); i++)
        check_text_by(k, PLACE_AT(PLACE(at, "values"), i), value_text(item),
                      wrong_label_value);
}

/* Nodes have one field that they can be selected by: their name. */
static void check_field(struct check *k, const struct place *at,
                        const struct value *r)
{
    const struct value *values = value_get(r, "values");
    const char *op = text_of(r, "operator");
    const char *key = text_of(r, "key");
    const struct value *item;

    if (strcmp(op, "In") != 0 && strcmp(op, "NotIn") != 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": not a valid selector operator", op);
    else if (count_of(values) != 1)
        check_required(k, at, "values",
                       "must be only one value when `operator` is 'In' or "
                       "'NotIn' for node field selector");
    if (strcmp(key, "metadata.name") != 0) {
        check_add(k, CAUSE_INVALID, PLACE(at, "key"),
                  "Invalid value: \"%s\": not a valid field selector key", key);
        return;
    }
    for (size_t i = 0; (item = rules_item(values, i)); i++)
        check_text_by(k, PLACE_AT(PLACE(at, "values"), i), value_text(item),
                      wrong_dns_subdomain);
}

static void check_term(struct check *k, const struct place *at,
                       const struct value *term, bool strict)
{
    const struct value *labels = value_get(term, "matchExpressions");
    const struct value *fields = value_get(term, "matchFields");
    const struct value *r;

    for (size_t i = 0; (r = rules_item(labels, i)); i++)
        check_requirement(k, PLACE_AT(PLACE(at, "matchExpressions"), i), r,
                          strict);
    for (size_t i = 0; (r = rules_item(fields, i)); i++)
        check_field(k, PLACE_AT(PLACE(at, "matchFields"), i), r);
}

void rules_check_node_selector(struct check *k, const struct place *at,
                               const struct value *selector)
{
    const struct value *terms = value_get(selector, "nodeSelectorTerms");
    const struct value *term;

    if (count_of(terms) == 0)
        check_required(k, at, "nodeSelectorTerms",
                       "must have at least one node selector term");
    for (size_t i = 0; (term = rules_item(terms, i)); i++)
        check_term(k, PLACE_AT(PLACE(at, "nodeSelectorTerms"), i), term, true);
}

/* ---- affinity ---- */

static void check_weight(struct check *k, const struct place *at,
                         const struct value *term)
{
    int64_t weight = value_int_at(term, "weight", 0);

    if (weight < 1 || weight > 100)
        check_add(k, CAUSE_INVALID, PLACE(at, "weight"),
                  "Invalid value: %lld: must be in the range 1-100",
                  (long long)weight);
}

static void check_node_affinity(struct check *k, const struct place *at,
                                const struct value *affinity)
{
    const struct value *required = value_get(affinity, REQUIRED);
    const struct value *preferred = value_get(affinity, PREFERRED);
    const struct value *term;

    if (required)
        rules_check_node_selector(k, PLACE(at, REQUIRED), required);
    for (size_t i = 0; (term = rules_item(preferred, i)); i++) {
        const struct place *one = PLACE_AT(PLACE(at, PREFERRED), i);

        check_weight(k, one, term);
        check_term(k, PLACE(one, "preference"), value_get(term, "preference"),
                   false);
    }
}

static void check_label_keys(struct check *k, const struct place *at,
                             const struct value *keys,
                             const struct value *selector)
{
    const struct value *key;

    if (count_of(keys) && !selector) {
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: must not be specified when labelSelector is not "
                  "set");
        return;
    }
    for (size_t i = 0; (key = rules_item(keys, i)); i++)
        check_qualified(k, PLACE_AT(at, i), value_text(key), value_text(key));
}

/* Where the last of them is; SIZE_MAX: it is none of them. */
static size_t last_of(const struct value *list, const char *text)
{
    size_t found = SIZE_MAX;
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (text_equal(value_text(item), text))
            found = i;
    return found;
}

/* Keys that are merged into the selector must not be there already: a key that
 * an expression repeats was merged before. */
static void check_merged_keys(struct check *k, const struct place *at,
                              const struct value *keys,
                              const struct value *selector)
{
    const struct value *list = value_get(selector, "matchExpressions");
    const struct value *labels = value_get(selector, "matchLabels");
    const struct value *e;

    for (size_t i = 0; (e = rules_item(list, i)); i++) {
        const char *key = text_of(e, "key");
        size_t index = last_of(keys, key);

        if (index != SIZE_MAX &&
            (value_get(labels, key) || check_seen(list, i, "key", key)))
            check_add(k, CAUSE_INVALID, PLACE_AT(at, index),
                      "Invalid value: \"%s\": exists in both matchLabelKeys "
                      "and labelSelector",
                      key);
    }
}

/* matchLabelKeys and mismatchLabelKeys of a term or a constraint. */
static void check_keys(struct check *k, const struct place *at,
                       const struct value *term)
{
    const struct value *selector = value_get(term, "labelSelector");
    const struct value *same = value_get(term, "matchLabelKeys");
    const struct value *other = value_get(term, "mismatchLabelKeys");
    const struct value *key;

    check_label_keys(k, PLACE(at, "matchLabelKeys"), same, selector);
    check_label_keys(k, PLACE(at, "mismatchLabelKeys"), other, selector);
    check_merged_keys(k, at, same, selector);
    for (size_t i = 0; (key = rules_item(same, i)); i++)
        if (last_of(other, value_text(key)) != SIZE_MAX)
            check_add(k, CAUSE_INVALID,
                      PLACE_AT(PLACE(at, "matchLabelKeys"), i),
                      "Invalid value: \"%s\": exists in both matchLabelKeys "
                      "and mismatchLabelKeys",
                      value_text(key));
}

static void check_pod_term(struct check *k, const struct place *at,
                           const struct value *term)
{
    const char *topology = text_of(term, "topologyKey");
    const struct value *name;

    check_selector(k, PLACE(at, "labelSelector"),
                   value_get(term, "labelSelector"));
    check_selector(k, PLACE(at, "namespaceSelector"),
                   value_get(term, "namespaceSelector"));
    for (size_t i = 0; (name = rules_item(value_get(term, "namespaces"), i));
         i++)
        check_text_by(k, PLACE(at, "namespace"), value_text(name),
                      wrong_dns_label);
    check_keys(k, at, term);
    if (!*topology)
        check_required(k, at, "topologyKey", "can not be empty");
    check_qualified(k, PLACE(at, "topologyKey"), topology, topology);
}

static void check_pod_affinity(struct check *k, const struct place *at,
                               const struct value *affinity)
{
    const struct value *required = value_get(affinity, REQUIRED);
    const struct value *preferred = value_get(affinity, PREFERRED);
    const struct value *term;

    for (size_t i = 0; (term = rules_item(required, i)); i++)
        check_pod_term(k, PLACE_AT(PLACE(at, REQUIRED), i), term);
    for (size_t i = 0; (term = rules_item(preferred, i)); i++) {
        const struct place *one = PLACE_AT(PLACE(at, PREFERRED), i);

        check_weight(k, one, term);
        check_pod_term(k, PLACE(one, "podAffinityTerm"),
                       value_get(term, "podAffinityTerm"));
    }
}

void rules_check_affinity(struct check *k, const struct place *at,
                          const struct value *affinity)
{
    check_node_affinity(k, PLACE(at, "nodeAffinity"),
                        value_get(affinity, "nodeAffinity"));
    check_pod_affinity(k, PLACE(at, "podAffinity"),
                       value_get(affinity, "podAffinity"));
    check_pod_affinity(k, PLACE(at, "podAntiAffinity"),
                       value_get(affinity, "podAntiAffinity"));
}

/* ---- spreading ---- */

/* A later constraint has the same two. */
static bool is_repeated(const struct value *list, size_t i)
{
    const struct value *one = rules_item(list, i), *other;

    while ((other = rules_item(list, ++i)))
        if (strcmp(text_of(one, "topologyKey"),
                   text_of(other, "topologyKey")) == 0 &&
            strcmp(text_of(one, "whenUnsatisfiable"),
                   text_of(other, "whenUnsatisfiable")) == 0)
            return true;
    return false;
}

static void check_min_domains(struct check *k, const struct place *at,
                              const struct value *c)
{
    const struct value *domains = value_get(c, "minDomains");
    const char *when = text_of(c, "whenUnsatisfiable");

    if (!domains)
        return;
    if (value_int_at(c, "minDomains", 0) <= 0)
        check_invalid(k, PLACE(at, "minDomains"), domains,
                      "must be greater than zero");
    if (strcmp(when, "DoNotSchedule") != 0)
        check_invalid(k, PLACE(at, "minDomains"), domains,
                      "can only use minDomains if "
                      "whenUnsatisfiable=DoNotSchedule");
}

static void check_constraint(struct check *k, const struct place *at,
                             const struct value *c)
{
    static const char *const when[] = {"DoNotSchedule", "ScheduleAnyway", NULL};
    static const char *const policies[] = {"Honor", "Ignore", NULL};
    int64_t skew = value_int_at(c, "maxSkew", 0);

    if (skew <= 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "maxSkew"),
                  "Invalid value: %lld: must be greater than zero",
                  (long long)skew);
    if (!*text_of(c, "topologyKey"))
        check_required(k, at, "topologyKey", "can not be empty");
    check_one_of(k, PLACE(at, "whenUnsatisfiable"),
                 text_of(c, "whenUnsatisfiable"), when);
    check_min_domains(k, at, c);
    if (value_get(c, "nodeAffinityPolicy"))
        check_one_of(k, PLACE(at, "nodeAffinityPolicy"),
                     text_of(c, "nodeAffinityPolicy"), policies);
    if (value_get(c, "nodeTaintsPolicy"))
        check_one_of(k, PLACE(at, "nodeTaintsPolicy"),
                     text_of(c, "nodeTaintsPolicy"), policies);
    check_keys(k, at, c);
    check_selector(k, PLACE(at, "labelSelector"),
                   value_get(c, "labelSelector"));
}

void rules_check_spread(struct check *k, const struct place *at,
                        const struct value *constraints)
{
    const struct value *c;

    for (size_t i = 0; (c = rules_item(constraints, i)); i++) {
        const struct place *one = PLACE_AT(at, i);

        check_constraint(k, one, c);
        if (is_repeated(constraints, i))
            check_add(k, CAUSE_DUPLICATE,
                      PLACE(one, "{topologyKey, whenUnsatisfiable}"),
                      "Duplicate value: \"{%s, %s}\"",
                      text_of(c, "topologyKey"),
                      text_of(c, "whenUnsatisfiable"));
    }
}

/* ---- tolerations ---- */

/* Comparisons are behind a gate that is shut. */
static void check_tolerated(struct check *k, const struct place *at,
                            const struct value *t)
{
    const char *op = text_of(t, "operator");
    const char *value = text_of(t, "value");

    if (!*op || strcmp(op, "Equal") == 0) {
        check_text_by(k, at, value, wrong_label_value);
    } else if (strcmp(op, "Exists") == 0) {
        if (*value)
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"%s\": value must be empty when "
                      "`operator` is 'Exists'",
                      value);
    } else {
        check_add(k, CAUSE_NOT_SUPPORTED, at,
                  "Unsupported value: \"%s\": supported values: \"Equal\", "
                  "\"Exists\"",
                  op);
    }
}

static void check_toleration(struct check *k, const struct place *at,
                             const struct value *t)
{
    static const char *const effects[] = {"NoExecute", "NoSchedule",
                                          "PreferNoSchedule", NULL};
    const struct place *place = PLACE(at, "operator");
    const char *effect = text_of(t, "effect");
    const char *key = text_of(t, "key");
    const char *op = text_of(t, "operator");

    if (*key)
        check_qualified(k, PLACE(at, "key"), key, key);
    else if (strcmp(op, "Exists") != 0)
        check_add(k, CAUSE_INVALID, place,
                  "Invalid value: \"%s\": operator must be Exists when `key` "
                  "is empty, which means \"match all values and all keys\"",
                  op);
    if (value_get(t, "tolerationSeconds") && strcmp(effect, "NoExecute") != 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "effect"),
                  "Invalid value: \"%s\": effect must be 'NoExecute' when "
                  "`tolerationSeconds` is set",
                  effect);
    check_tolerated(k, place, t);
    if (*effect)
        check_one_of(k, PLACE(at, "effect"), effect, effects);
}

void rules_check_tolerations(struct check *k, const struct place *at,
                             const struct value *tolerations)
{
    const struct value *t;

    for (size_t i = 0; (t = rules_item(tolerations, i)); i++)
        check_toleration(k, PLACE_AT(at, i), t);
}
