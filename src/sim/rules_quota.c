/*
 * rules_quota.c -- validation of ResourceQuotas: names, amounts, scopes
 *                  (k8s.io/kubernetes pkg/apis/core/validation).
 */
#include <string.h>

#include "base/text.h"
#include "kube/quantity.h"
#include "rules_amount.h"
#include "rules_kinds.h"
#include "rules_look.h"

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

static size_t count_of(const struct value *list)
{
    return list ? list->count : 0;
}

/* ---- names and amounts ---- */

static bool is_quota_name(const char *name)
{
    static const char *const names[] = {"cpu",
                                        "memory",
                                        "ephemeral-storage",
                                        "requests.cpu",
                                        "requests.memory",
                                        "requests.storage",
                                        "requests.ephemeral-storage",
                                        "limits.cpu",
                                        "limits.memory",
                                        "limits.ephemeral-storage",
                                        NULL};

    return amount_counts_objects(name) || look_is_listed(names, name) ||
           text_starts(name, "hugepages-") ||
           text_starts(name, "requests.hugepages-");
}

static void check_name(struct check *k, const struct place *at,
                       const char *name)
{
    bool plain = !strchr(name, '/');

    if (wrong_qualified_name(name))
        check_qualified(k, at, name, name);
    else if (plain && !is_quota_name(name) && strcmp(name, "storage") != 0)
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard resource type or "
                  "fully qualified",
                  name);
    if (plain && !is_quota_name(name))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard resource for "
                  "quota",
                  name);
}

static void check_amounts(struct check *k, const struct place *at,
                          const struct value *map)
{
    for (uint32_t i = 0; map && i < map->count; i++) {
        const struct value_member *m = &map->as.members[i];

        check_name(k, PLACE_KEY(at, m->key), m->key);
        rules_check_amount(k, PLACE_KEY(at, m->key), m->key, m->value);
    }
}

/* ---- scopes ---- */

static bool is_of_pods(const char *scope)
{
    static const char *const scopes[] = {"Terminating",
                                         "NotTerminating",
                                         "NotBestEffort",
                                         "PriorityClass",
                                         "CrossNamespacePodAffinity",
                                         NULL};

    return look_is_listed(scopes, scope);
}

static bool is_scope(const char *scope)
{
    return is_of_pods(scope) || strcmp(scope, "BestEffort") == 0 ||
           strcmp(scope, "VolumeAttributesClass") == 0;
}

/* Which resources can be told apart by the scope? */
static bool fits(const char *scope, const char *name)
{
    static const char *const of_pods[] = {"pods",          "cpu",
                                          "memory",        "limits.cpu",
                                          "requests.cpu",  "requests.memory",
                                          "limits.memory", NULL};

    if (is_of_pods(scope))
        return look_is_listed(of_pods, name);
    if (strcmp(scope, "BestEffort") == 0)
        return strcmp(name, "pods") == 0;
    if (strcmp(scope, "VolumeAttributesClass") == 0)
        return strcmp(name, "persistentvolumeclaims") == 0 ||
               strcmp(name, "requests.storage") == 0;
    return true;
}

static void check_fit(struct check *k, const struct place *at,
                      const char *scope, const struct value *hard)
{
    for (uint32_t i = 0; hard && i < hard->count; i++)
        if (is_quota_name(hard->as.members[i].key) &&
            !fits(scope, hard->as.members[i].key))
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: unsupported scope applied to resource");
}

static bool has_scope(const struct value *list, const char *field,
                      const char *scope)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++)
        if (text_equal(field ? value_text_at(item, field) : value_text(item),
                       scope))
            return true;
    return false;
}

static void check_conflicts(struct check *k, const struct place *at,
                            const struct value *list, const char *field)
{
    static const char *const pairs[][2] = {{"BestEffort", "NotBestEffort"},
                                           {"Terminating", "NotTerminating"}};

    for (size_t i = 0; i < 2; i++)
        if (has_scope(list, field, pairs[i][0]) &&
            has_scope(list, field, pairs[i][1]))
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: conflicting scopes");
}

static void check_scopes(struct check *k, const struct place *at,
                         const struct value *scopes, const struct value *hard)
{
    const struct value *item;

    for (size_t i = 0; (item = rules_item(scopes, i)); i++) {
        if (!is_scope(value_text(item)))
            check_add(k, CAUSE_INVALID, at, "Invalid value: unsupported scope");
        check_fit(k, at, value_text(item), hard);
    }
    check_conflicts(k, at, scopes, NULL);
}

/* The server tells of the list, not of the item. */
static void check_expression(struct check *k, const struct place *at,
                             const struct value *e, const struct value *hard)
{
    const char *scope = text_of(e, "scopeName");
    const char *op = text_of(e, "operator");
    size_t count = count_of(value_get(e, "values"));
    bool chosen = strcmp(scope, "PriorityClass") == 0 ||
                  strcmp(scope, "VolumeAttributesClass") == 0;

    if (!is_scope(scope))
        check_add(k, CAUSE_INVALID, PLACE(at, "scopeName"),
                  "Invalid value: \"%s\": unsupported scope", scope);
    check_fit(k, at, scope, hard);
    if (is_scope(scope) && !chosen && strcmp(op, "Exists") != 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": must be 'Exists' for the scope", op);
    if (strcmp(op, "In") == 0 || strcmp(op, "NotIn") == 0) {
        if (!count)
            check_required(k, at, "values",
                           "must be at least one value when `operator` is "
                           "'In' or 'NotIn' for scope selector");
    } else if (strcmp(op, "Exists") == 0 || strcmp(op, "DoesNotExist") == 0) {
        if (count)
            check_invalid(k, PLACE(at, "values"), value_get(e, "values"),
                          "must be no value when `operator` is 'Exist' or "
                          "'DoesNotExist' for scope selector");
    } else {
        check_add(k, CAUSE_INVALID, PLACE(at, "operator"),
                  "Invalid value: \"%s\": not a valid selector operator", op);
    }
}

static void check_selector_of(struct check *k, const struct place *up,
                              const struct value *selector,
                              const struct value *hard)
{
    const struct value *list = value_get(selector, "matchExpressions");
    const struct place *at = PLACE(up, "matchExpressions");
    const struct value *e;

    for (size_t i = 0; (e = rules_item(list, i)); i++)
        check_expression(k, at, e, hard);
    check_conflicts(k, at, list, "scopeName");
}

/* ---- quotas ---- */

void rules_check_quota_status(struct check *k)
{
    const struct place *at = PLACE(NULL, "status");

    check_amounts(k, PLACE(at, "hard"), value_path(k->object, "status.hard"));
    check_amounts(k, PLACE(at, "used"), value_path(k->object, "status.used"));
}

void rules_check_quota(struct check *k)
{
    const struct value *spec = value_get(k->object, "spec");
    const struct value *hard = value_get(spec, "hard");
    const struct place *at = PLACE(NULL, "spec");

    check_amounts(k, PLACE(at, "hard"), hard);
    check_scopes(k, PLACE(at, "scopes"), value_get(spec, "scopes"), hard);
    check_selector_of(k, PLACE(at, "scopeSelector"),
                      value_get(spec, "scopeSelector"), hard);
}

void rules_check_quota_update(struct check *k)
{
    const struct value *is = value_path(k->object, "spec.scopes");
    const struct value *was = value_path(k->old, "spec.scopes");
    const struct value *item;
    bool same = true;

    for (size_t i = 0; (item = rules_item(is, i)); i++)
        same &= has_scope(was, NULL, value_text(item));
    for (size_t i = 0; (item = rules_item(was, i)); i++)
        same &= has_scope(is, NULL, value_text(item));
    if (!same)
        check_invalid(k, PLACE(PLACE(NULL, "spec"), "scopes"), is,
                      "field is immutable");
}
