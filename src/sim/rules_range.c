/*
 * rules_range.c -- checks of LimitRanges: names of resources and amounts
 *                  (apis/core/validation).
 */
#include <string.h>

#include "base/text.h"
#include "kube/quantity.h"
#include "rules_amount.h"
#include "rules_kinds.h"
#include "rules_look.h"

/* ---- names of resources ---- */

static bool is_whole(const char *name)
{
    return amount_counts_objects(name) || text_starts(name, "count/");
}

static bool is_quota_name(const char *name)
{
    static const char *const amounts[] = {"cpu", "memory", "storage",
                                          "ephemeral-storage", NULL};
    const char *rest = name;

    if (text_starts(rest, "requests.") || text_starts(rest, "limits."))
        rest = strchr(rest, '.') + 1;
    return is_whole(name) || look_is_listed(amounts, rest) ||
           strchr(name, '/') || strstr(name, "hugepages-");
}

static void check_standard(struct check *k, const struct place *at,
                           const char *name)
{
    if (wrong_qualified_name(name))
        check_qualified(k, at, name, name);
    else if (!is_quota_name(name))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard resource type or "
                  "fully qualified",
                  name);
}

/* ---- LimitRange ---- */

static void compare_limits(struct check *k, const struct place *at,
                           const struct value *item, const char *low,
                           const char *high)
{
    const struct value *lower = value_get(item, low);
    const struct value *upper = value_get(item, high);
    struct quantity a, b;

    for (uint32_t i = 0; lower && i < lower->count; i++) {
        const struct value_member *m = &lower->as.members[i];

        if (!rules_quantity(m->value, &a) ||
            !rules_quantity(value_get(upper, m->key), &b) ||
            quantity_compare(&a, &b) <= 0)
            continue;
        check_add(k, CAUSE_INVALID,
                  PLACE_KEY(PLACE(at, strcmp(low, "min") == 0 &&
                                              strcmp(high, "max") != 0
                                          ? high
                                          : low),
                            m->key),
                  "Invalid value: \"%s\": %s value %s is greater than %s "
                  "value %s",
                  value_text(m->value), low, value_text(m->value), high,
                  value_text(value_get(upper, m->key)));
    }
}

static void check_no_defaults(struct check *k, const struct place *at,
                              const struct value *item)
{
    static const char *const fields[] = {"default", "defaultRequest"};

    for (size_t i = 0; i < 2; i++)
        if (value_get(item, fields[i]))
            check_add(k, CAUSE_FORBIDDEN, PLACE(at, fields[i]),
                      "Forbidden: may not be specified when `type` is 'Pod'");
}

static void check_type(struct check *k, const struct place *at,
                       const char *type)
{
    static const char *const standard[] = {"Pod", "Container",
                                           "PersistentVolumeClaim", NULL};

    if (wrong_qualified_name(type))
        check_qualified(k, at, type, type);
    else if (!strchr(type, '/') && !look_is_listed(standard, type))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard limit type or "
                  "fully qualified",
                  type);
}

/* Those of resources; Pods have no defaults that could be judged. */
static void check_names(struct check *k, const struct place *at,
                        const struct value *item, const char *type)
{
    static const char *const maps[] = {
        "max", "min", "default", "defaultRequest", "maxLimitRequestRatio"};
    bool pod = text_equal(type, "Pod");

    for (size_t n = 0; n < sizeof maps / sizeof maps[0]; n++) {
        const struct value *map = value_get(item, maps[n]);

        if (pod && text_starts(maps[n], "default"))
            continue;
        for (uint32_t i = 0; map && i < map->count; i++) {
            const char *name = map->as.members[i].key;
            const struct place *one = PLACE_KEY(PLACE(at, maps[n]), name);

            if (pod || text_equal(type, "Container"))
                rules_check_resource(k, one, name);
            else
                check_standard(k, one, name);
        }
    }
}

static void check_claim_bounds(struct check *k, const struct place *at,
                               const struct value *item)
{
    if (!value_path(item, "min.storage") && !value_path(item, "max.storage"))
        check_required(k, at, "limits",
                       "either minimum or maximum storage value is required, "
                       "but neither was provided");
}

void rules_check_limit_range(struct check *k)
{
    static const char *const pairs[][2] = {
        {"min", "max"},
        {"min", "defaultRequest"},
        {"defaultRequest", "max"},
        {"defaultRequest", "default"},
        {"min", "default"},
        {"default", "max"},
    };
    const struct value *limits = value_path(k->object, "spec.limits");
    const struct place *list = PLACE(PLACE(NULL, "spec"), "limits");
    const struct value *item;

    for (size_t i = 0; (item = rules_item(limits, i)); i++) {
        const struct place *at = PLACE_AT(list, i);
        const char *type = value_text_at(item, "type");

        check_type(k, PLACE(at, "type"), type ? type : "");
        check_names(k, at, item, type);
        if (type && check_seen(limits, i, "type", type))
            check_add(k, CAUSE_DUPLICATE, PLACE(at, "type"),
                      "Duplicate value: \"%s\"", type);
        if (text_equal(type, "Pod"))
            check_no_defaults(k, at, item);
        if (text_equal(type, "PersistentVolumeClaim"))
            check_claim_bounds(k, at, item);
        for (size_t n = 0; n < sizeof pairs / sizeof pairs[0]; n++)
            compare_limits(k, at, item, pairs[n][0], pairs[n][1]);
    }
}
