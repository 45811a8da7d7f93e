/*
 * rules_resources.c -- validation of what containers and pods need: amounts,
 *                      claims, what a change of them means (k8s.io/kubernetes
 *                      pkg/apis/core/validation).
 */
#include <string.h>

#include "kube/quantity.h"
#include "rules_amount.h"
#include "rules_look.h"
#include "rules_pods.h"

static const char HUGE_PAGES[] = "hugepages-";

static const char *text_of(const struct value *object, const char *field)
{
    const char *text = value_text_at(object, field);

    return text ? text : "";
}

/* ---- names ---- */

/* Kubernetes' own, which need no domain. */
static bool is_native(const char *name)
{
    return !strchr(name, '/') || strstr(name, "kubernetes.io/");
}

static bool may_overcommit(const char *name)
{
    return is_native(name) && !text_starts(name, HUGE_PAGES);
}

static bool is_extended(struct check *k, const char *name)
{
    const char *counted = arena_printf(k->c->a, "requests.%s", name);

    if (!counted)
        failure_nomem(k->f);
    return counted && !is_native(name) && !text_starts(name, "requests.") &&
           !wrong_qualified_name(counted);
}

static bool is_standard(const char *name)
{
    static const char *const names[] = {
        "cpu",          "memory",           "ephemeral-storage",
        "requests.cpu", "requests.memory",  "requests.ephemeral-storage",
        "limits.cpu",   "limits.memory",    "limits.ephemeral-storage",
        "storage",      "requests.storage", NULL};

    return amount_counts_objects(name) || look_is_listed(names, name) ||
           text_starts(name, HUGE_PAGES) ||
           text_starts(name, "requests.hugepages-");
}

/* true: it is right. */
static bool check_name(struct check *k, const struct place *at,
                       const char *name)
{
    if (wrong_qualified_name(name))
        check_qualified(k, at, name, name);
    else if (!strchr(name, '/') && !is_standard(name))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard resource type or "
                  "fully qualified",
                  name);
    else
        return true;
    return false;
}

static bool is_of_containers(const char *name)
{
    static const char *const names[] = {"cpu", "memory", "ephemeral-storage",
                                        NULL};

    return look_is_listed(names, name) || text_starts(name, HUGE_PAGES);
}

void rules_check_resource(struct check *k, const struct place *at,
                          const char *name)
{
    check_name(k, at, name);
    if (!strchr(name, '/') && !is_of_containers(name))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": must be a standard resource for "
                  "containers",
                  name);
    else if (!is_native(name) && !is_extended(k, name))
        check_add(k, CAUSE_INVALID, at,
                  "Invalid value: \"%s\": doesn't follow extended resource "
                  "name standard",
                  name);
}

static void check_pod_resource(struct check *k, const struct place *at,
                               const char *name)
{
    bool known = strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 ||
                 text_starts(name, HUGE_PAGES);

    if (check_name(k, at, name) && !known)
        check_add(k, CAUSE_NOT_SUPPORTED, at,
                  "Unsupported value: \"%s\": supported values: \"cpu\", "
                  "\"hugepages-\", \"memory\"",
                  name);
}

/* ---- amounts ---- */

bool rules_quantity(const struct value *v, struct quantity *ret)
{
    const char *text = value_text(v);

    return text && quantity_parse(text, ret);
}

void rules_check_amount(struct check *k, const struct place *at,
                        const char *name, const struct value *amount)
{
    struct quantity q;

    if (!rules_quantity(amount, &q))
        return;
    if (q.mantissa < 0)
        check_invalid(k, at, amount, "must be greater than or equal to 0");
    if ((amount_counts_objects(name) || is_extended(k, name)) && q.exp10 < 0)
        check_invalid(k, at, amount, "must be an integer");
}

/* Is it a multiple of the size that the name tells? */
static void check_pages(struct check *k, const struct place *at,
                        const struct value_member *m)
{
    const __int128 whole = 1000000000;
    struct value *name = value_string(k->c->a, m->key + strlen(HUGE_PAGES));
    struct amount page, amount;

    if (amount_read(name, &page) && page.nano > 0 && page.nano % whole == 0 &&
        amount_read(m->value, &amount) && amount.nano % page.nano == 0)
        return;
    check_add(k, CAUSE_INVALID, at,
              "Invalid value: \"%s\": %s is not positive integer multiple of "
              "%s",
              value_text(m->value), value_text(m->value), m->key);
}

typedef void (*name_fn)(struct check *k, const struct place *at,
                        const char *name);

static void check_member(struct check *k, const struct place *at,
                         const struct value_member *m, name_fn check_its_name)
{
    check_its_name(k, at, m->key);
    rules_check_amount(k, at, m->key, m->value);
    if (text_starts(m->key, HUGE_PAGES))
        check_pages(k, at, m);
}

static void check_request(struct check *k, const struct place *at,
                          const struct value_member *m,
                          const struct value *limits)
{
    const struct value *limit = value_getn(limits, m->key, m->key_len);
    struct quantity asked, most;

    if (!limit && !may_overcommit(m->key))
        check_required(k, at, "limits",
                       "Limit must be set for non overcommitable resources");
    if (!limit || !rules_quantity(m->value, &asked) ||
        !rules_quantity(limit, &most))
        return;
    if (!may_overcommit(m->key) && quantity_compare(&asked, &most) != 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "requests"),
                  "Invalid value: \"%s\": must be equal to %s limit of %s",
                  value_text(m->value), m->key, value_text(limit));
    else if (quantity_compare(&asked, &most) > 0)
        check_add(k, CAUSE_INVALID, PLACE(at, "requests"),
                  "Invalid value: \"%s\": must be less than or equal to %s "
                  "limit of %s",
                  value_text(m->value), m->key, value_text(limit));
}

static bool has_pages(const struct value *map)
{
    for (uint32_t i = 0; map && i < map->count; i++)
        if (text_starts(map->as.members[i].key, HUGE_PAGES))
            return true;
    return false;
}

static bool has_compute(const struct value *map)
{
    return value_get(map, "cpu") || value_get(map, "memory");
}

static void check_amounts(struct check *k, const struct place *at,
                          const struct value *resources, name_fn name)
{
    const struct value *limits = value_get(resources, "limits");
    const struct value *requests = value_get(resources, "requests");

    for (uint32_t i = 0; limits && i < limits->count; i++) {
        const struct value_member *m = &limits->as.members[i];

        check_member(k, PLACE_KEY(PLACE(at, "limits"), m->key), m, name);
    }
    for (uint32_t i = 0; requests && i < requests->count; i++) {
        const struct value_member *m = &requests->as.members[i];

        check_member(k, PLACE_KEY(PLACE(at, "requests"), m->key), m, name);
        check_request(k, at, m, limits);
    }
    if (!has_compute(limits) && !has_compute(requests) &&
        (has_pages(limits) || has_pages(requests)))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: HugePages require cpu or memory");
}

/* ---- claims ---- */

/* Is this claim, or this request of it, the first of its sort? */
static bool is_first(const struct value *claims, size_t i)
{
    const struct value *one = rules_item(claims, i), *other;

    for (size_t n = 0; n < i && (other = rules_item(claims, n)); n++)
        if (strcmp(text_of(one, "name"), text_of(other, "name")) == 0 &&
            strcmp(text_of(one, "request"), text_of(other, "request")) == 0)
            return false;
    return true;
}

/* How often the server says that it was claimed before: a whole claim once for
 * each request of it. */
static unsigned count_claimed(const struct value *claims, size_t i)
{
    const struct value *one = rules_item(claims, i), *other;
    const char *request = text_of(one, "request");
    unsigned parts = 0;

    for (size_t n = 0; n < i && (other = rules_item(claims, n)); n++) {
        const char *before = text_of(other, "request");

        if (strcmp(text_of(one, "name"), text_of(other, "name")) != 0)
            continue;
        if (!*before || strcmp(request, before) == 0)
            return 1;
        parts += !*request && is_first(claims, n);
    }
    return parts;
}

static void check_claims(struct check *k, const struct place *at,
                         const struct value *claims, const struct value *spec)
{
    const struct value *of_pod = value_get(spec, "resourceClaims");
    const struct value *claim;

    for (size_t i = 0; (claim = rules_item(claims, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const char *name = text_of(claim, "name");
        const char *request = text_of(claim, "request");

        if (!*name) {
            check_add(k, CAUSE_REQUIRED, one, "Required value");
            continue;
        }
        if (*request)
            check_text_by(k, PLACE(one, "request"), request, wrong_dns_label);
        for (unsigned n = count_claimed(claims, i); n; n--)
            check_add(k, CAUSE_DUPLICATE, one, "Duplicate value: \"%s\"", name);
        if (!check_seen(of_pod, SIZE_MAX, "name", name))
            check_add(k, CAUSE_NOT_FOUND, one,
                      "Not found: \"%s\": must be one of the names in "
                      "pod.spec.resourceClaims",
                      name);
    }
}

static void check_pod_claim(struct check *k, const struct place *at,
                            const struct value *claim)
{
    static const char *const sources[] = {"resourceClaimName",
                                          "resourceClaimTemplateName"};
    unsigned found = 0;

    for (size_t i = 0; i < 2; i++) {
        const struct value *name = value_get(claim, sources[i]);

        found += name != NULL;
        if (name)
            check_text_by(k, PLACE(at, sources[i]), value_text(name),
                          wrong_dns_subdomain);
    }
    if (found != 1)
        check_add(k, CAUSE_INVALID, at, "Invalid value: %s",
                  found ? "at most one of `resourceClaimName` or "
                          "`resourceClaimTemplateName` may be specified"
                        : "must specify one of: `resourceClaimName`, "
                          "`resourceClaimTemplateName`");
}

void rules_check_pod_claims(struct check *k, const struct place *at,
                            const struct value *claims)
{
    const struct value *claim;

    for (size_t i = 0; (claim = rules_item(claims, i)); i++) {
        const struct place *one = PLACE_AT(at, i);
        const char *name = text_of(claim, "name");

        if (!*name)
            check_required(k, one, "name", "");
        else if (check_seen(claims, i, "name", name))
            check_add(k, CAUSE_DUPLICATE, PLACE(one, "name"),
                      "Duplicate value: \"%s\"", name);
        else
            check_text_by(k, PLACE(one, "name"), name, wrong_dns_label);
        check_pod_claim(k, one, claim);
    }
}

/* ---- of containers ---- */

void rules_check_resources(struct check *k, const struct place *at,
                           const struct value *resources,
                           const struct value *spec)
{
    check_amounts(k, at, resources, rules_check_resource);
    check_claims(k, PLACE(at, "claims"), value_get(resources, "claims"), spec);
}

static void check_listed(struct check *k, const struct place *at,
                         const char *text, const char *const *list)
{
    if (*text)
        check_one_of(k, at, text, list);
    else
        check_add(k, CAUSE_REQUIRED, at, "Required value");
}

/* The server tells of the list, not of the item. */
void rules_check_resize(struct check *k, const struct place *at,
                        const struct value *list, const struct value *spec)
{
    static const char *const resizable[] = {"cpu", "memory", NULL};
    static const char *const ways[] = {"NotRequired", "RestartContainer", NULL};
    bool never = strcmp(text_of(spec, "restartPolicy"), "Never") == 0;
    const struct value *policy;

    for (size_t i = 0; (policy = rules_item(list, i)); i++) {
        const char *name = text_of(policy, "resourceName");
        const char *way = text_of(policy, "restartPolicy");

        if (check_seen(list, i, "resourceName", name))
            check_add(k, CAUSE_DUPLICATE, PLACE_AT(at, i),
                      "Duplicate value: \"%s\"", name);
        check_listed(k, at, name, resizable);
        check_listed(k, at, way, ways);
        if (never && strcmp(way, "NotRequired") != 0)
            check_add(k, CAUSE_INVALID, at,
                      "Invalid value: \"%s\": must be 'NotRequired' when pod "
                      "`restartPolicy` is 'Never'",
                      way);
    }
}

void rules_check_overhead(struct check *k, const struct place *at,
                          const struct value *overhead)
{
    for (uint32_t i = 0; overhead && i < overhead->count; i++) {
        const struct value_member *m = &overhead->as.members[i];

        check_member(k, PLACE_KEY(PLACE(at, "limits"), m->key), m,
                     rules_check_resource);
    }
    if (has_pages(overhead) && !has_compute(overhead))
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: HugePages require cpu or memory");
}

/* ---- of pods ---- */

static bool is_more(const struct value *a, const struct value *b)
{
    struct quantity x, y;

    return rules_quantity(a, &x) && rules_quantity(b, &y) &&
           quantity_compare(&x, &y) > 0;
}

/* What the containers need together is not more than what the pod says. */
static void check_sum(struct check *k, const struct place *at,
                      const struct value *spec, const char *field,
                      const char *only)
{
    const struct value *whole = value_get(value_get(spec, "resources"), field);
    const struct value *sum = amounts_of_containers(k->c->a, spec, field);

    if (!sum)
        failure_nomem(k->f);
    for (uint32_t i = 0; sum && i < sum->count; i++) {
        const struct value_member *m = &sum->as.members[i];
        const struct value *own = value_get(whole, m->key);

        if (text_starts(m->key, only) && is_more(m->value, own))
            check_add(k, CAUSE_INVALID, PLACE_KEY(PLACE(at, field), m->key),
                      "Invalid value: \"%s\": must be greater than or equal "
                      "to aggregate container %s of %s",
                      value_text(own), field, value_text(m->value));
    }
}

static void check_single(struct check *k, const struct place *at,
                         const struct value *c, const struct value *whole)
{
    const struct value *limits = value_path(c, "resources.limits");

    for (uint32_t i = 0; limits && i < limits->count; i++) {
        const struct value_member *m = &limits->as.members[i];
        const struct value *own = value_get(whole, m->key);

        if (is_more(m->value, own))
            check_add(k, CAUSE_INVALID, PLACE(PLACE_KEY(at, m->key), "limits"),
                      "Invalid value: \"%s\": must be less than or equal to "
                      "pod limits of %s",
                      value_text(m->value), value_text(own));
    }
}

void rules_check_pod_resources(struct check *k, const struct place *at,
                               const struct value *spec)
{
    const struct value *own = value_get(spec, "resources");
    const struct value *c;

    if (!own)
        return;
    if (strcmp(text_of(spec, "os.name"), "windows") == 0) {
        check_add(k, CAUSE_FORBIDDEN, at,
                  "Forbidden: may not be set for a windows pod");
        return;
    }
    if (value_get(own, "claims")) {
        check_add(k, CAUSE_FORBIDDEN, PLACE(at, "claims"),
                  "Forbidden: claims may not be set for Resources at "
                  "pod-level");
        check_claims(k, PLACE(at, "claims"), value_get(own, "claims"), spec);
    }
    check_amounts(k, at, own, check_pod_resource);
    check_sum(k, at, spec, "requests", "");
    check_sum(k, at, spec, "limits", HUGE_PAGES);
    for (size_t i = 0; (c = rules_item(value_get(spec, "containers"), i)); i++)
        check_single(k, PLACE_AT(PLACE(at, "containers"), i), c,
                     value_get(own, "limits"));
}
