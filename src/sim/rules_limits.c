/*
 * rules_limits.c -- LimitRanger: what containers get that ask for nothing, and
 *                   the bounds of what they ask for.
 */
#include <string.h>

#include "rules_admit.h"
#include "rules_amount.h"

static int find_ranges(const struct rules_call *c, const struct value *object,
                       struct value **ret, struct failure *f)
{
    const struct gvk what = {"v1", "LimitRange"};

    return rules_neighbours(c, &what, object, ret, f);
}

/* ---- defaults ---- */

/* What containers get from a range, the last limit that says it. */
static int defaults_of(const struct rules_call *c, const struct value *range,
                       const char *field, struct value **ret, struct failure *f)
{
    const struct value *limits = value_path(range, "spec.limits");
    const struct value *limit;

    *ret = value_object(c->a);
    if (!*ret)
        return failure_nomem(f);
    for (size_t i = 0; (limit = rules_item(limits, i)); i++) {
        const struct value *map = value_get(limit, field);

        if (!text_equal(value_text_at(limit, "type"), "Container"))
            continue;
        for (uint32_t n = 0; map && n < map->count; n++)
            if (rules_set(c, *ret, map->as.members[n].key,
                          map->as.members[n].value, f) < 0)
                return -1;
    }
    return 0;
}

/* Where to tell what was set. */
struct told {
    const char *text; /* NULL: nothing */
    const char *what; /* "container" */
};

/* "cpu, memory request for container c" */
static int fill(const struct rules_call *c, struct value *container,
                const char *field, const struct value *from, struct told *told,
                struct failure *f)
{
    struct value *resources = value_make(c->a, container, "resources");
    struct value *map = value_get(resources, field);
    const char *names = NULL;

    for (uint32_t i = 0; from && i < from->count; i++) {
        const struct value_member *m = &from->as.members[i];

        if (value_get(map, m->key))
            continue;
        map = value_make(c->a, resources, field);
        if (!map || rules_set(c, map, m->key, m->value, f) < 0)
            return failure_nomem(f);
        names = names ? arena_printf(c->a, "%s, %s", names, m->key) : m->key;
        if (!names)
            return failure_nomem(f);
    }
    if (!names)
        return 0;
    told->text =
        arena_printf(c->a, "%s%s%s %s for %s %s", told->text ? told->text : "",
                     told->text ? "; " : "", names,
                     strcmp(field, "limits") == 0 ? "limit" : "request",
                     told->what, value_text_at(container, "name"));
    return told->text ? 0 : failure_nomem(f);
}

static int fill_all(const struct rules_call *c, struct value *pod,
                    const struct value *range, struct told *told,
                    struct failure *f)
{
    static const char *const lists[] = {"containers", "initContainers"};
    static const char *const what[] = {"container", "init container"};
    struct value *limits, *requests, *item;

    if (defaults_of(c, range, "default", &limits, f) < 0 ||
        defaults_of(c, range, "defaultRequest", &requests, f) < 0)
        return -1;
    amounts_sort(limits);
    amounts_sort(requests);
    for (size_t n = 0; n < 2; n++) {
        const struct value *list = value_path(value_get(pod, "spec"), lists[n]);

        told->what = what[n];
        for (size_t i = 0; (item = rules_item(list, i)); i++)
            if (fill(c, item, "requests", requests, told, f) < 0 ||
                fill(c, item, "limits", limits, told, f) < 0)
                return -1;
    }
    return 0;
}

int rules_fill_limits(const struct rules_call *c, struct value *pod,
                      struct failure *f)
{
    struct value *ranges, *range, *notes;

    if (find_ranges(c, pod, &ranges, f) < 0)
        return -1;
    for (size_t i = 0; (range = rules_item(ranges, i)); i++) {
        struct told told = {NULL, NULL};

        if (fill_all(c, pod, range, &told, f) < 0)
            return -1;
        if (!told.text)
            continue;
        notes = value_make(c->a, value_get(pod, "metadata"), "annotations");
        if (!notes ||
            rules_set_text(
                c, notes, "kubernetes.io/limit-ranger",
                arena_printf(c->a, "LimitRanger plugin set: %s", told.text),
                f) < 0)
            return failure_nomem(f);
    }
    return 0;
}

/* ---- bounds ---- */

/* What one thing asks for, and what it broke. */
struct demand {
    struct arena *a;
    const char *type; /* "Container" */
    const struct value *requests, *limits;
    const char *broken; /* NULL: nothing; joined by ", " */
    unsigned count;
    bool failed;
};

static void breaks(struct demand *d, const char *text)
{
    d->failed |= !text;
    d->count++;
    if (!text)
        return;
    d->broken =
        d->broken ? arena_printf(d->a, "%s, %s", d->broken, text) : text;
    d->failed |= !d->broken;
}

static bool is_over(const struct value *v, const struct amount *bound, int sign)
{
    struct amount is;

    return amount_read(v, &is) &&
           (sign > 0 ? is.nano > bound->nano : is.nano < bound->nano);
}

/* `sign` 1: a maximum, of limits first; -1: a minimum, of requests first. */
static void bound(struct demand *d, const struct value_member *m, int sign)
{
    const struct value *lists[] = {sign > 0 && d->limits ? d->limits
                                                         : d->requests,
                                   sign > 0 ? d->requests : d->limits};
    const bool by_limit = lists[0] == d->limits && d->limits;
    const char *names[] = {by_limit ? "limit" : "request",
                           by_limit ? "request" : "limit"};
    const char *most = sign > 0 ? "maximum" : "minimum";
    const char *edge = value_text(m->value);
    struct amount amount;

    if (!amount_read(m->value, &amount))
        return;
    if (!value_get(lists[0], m->key)) {
        breaks(d, arena_printf(d->a,
                               "%s %s usage per %s is %s.  No %s is specified",
                               most, m->key, d->type, edge, names[0]));
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct value *is = value_get(lists[i], m->key);

        if (!is || !is_over(is, &amount, sign))
            continue;
        breaks(d, arena_printf(d->a, "%s %s usage per %s is %s, but %s is %s",
                               most, m->key, d->type, edge, names[i],
                               value_text(is)));
        return;
    }
}

static void bound_ratio(struct demand *d, const struct value_member *m)
{
    struct amount request = {0}, limit = {0}, most = {0};
    const char *edge = value_text(m->value);
    double ratio;

    amount_read(value_get(d->requests, m->key), &request);
    amount_read(value_get(d->limits, m->key), &limit);
    amount_read(m->value, &most);
    if (request.nano == 0 || limit.nano == 0) {
        const char *what = request.nano == 0 ? "request" : "limit";

        breaks(d, arena_printf(d->a,
                               "%s max limit to request ratio per %s is %s, "
                               "but no %s is specified or %s is 0",
                               m->key, d->type, edge, what, what));
        return;
    }
    ratio = (double)limit.nano / (double)request.nano;
    if (ratio > (double)most.nano / 1e9)
        breaks(d, arena_printf(d->a,
                               "%s max limit to request ratio per %s is %s, "
                               "but provided ratio is %f",
                               m->key, d->type, edge, ratio));
}

static void bound_all(struct demand *d, const struct value *limit)
{
    const struct value *min = value_get(limit, "min");
    const struct value *max = value_get(limit, "max");
    const struct value *ratio = value_get(limit, "maxLimitRequestRatio");

    d->type = value_text_at(limit, "type");
    for (uint32_t i = 0; min && i < min->count; i++)
        bound(d, &min->as.members[i], -1);
    for (uint32_t i = 0; max && i < max->count; i++)
        bound(d, &max->as.members[i], 1);
    for (uint32_t i = 0; ratio && i < ratio->count; i++)
        bound_ratio(d, &ratio->as.members[i]);
}

static void bound_containers(struct demand *d, const struct value *spec,
                             const struct value *limit)
{
    static const char *const lists[] = {"containers", "initContainers"};
    const struct value *item;
    struct value *none = value_object(d->a);

    d->failed |= !none;
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; (item = rules_item(value_get(spec, lists[n]), i));
             i++) {
            d->requests = value_path(item, "resources.requests");
            d->limits = value_path(item, "resources.limits");
            d->limits = d->limits ? d->limits : none;
            bound_all(d, limit);
        }
}

static void bound_object(struct demand *d, const struct value *object,
                         const struct value *limit)
{
    const struct value *spec = value_get(object, "spec");
    const char *type = value_text_at(limit, "type");

    if (text_equal(type, "Container")) {
        bound_containers(d, spec, limit);
    } else if (text_equal(type, "Pod")) {
        d->requests = amounts_of_pod(d->a, spec, "requests");
        d->limits = amounts_of_pod(d->a, spec, "limits");
        d->failed |= !d->requests || !d->limits;
        bound_all(d, limit);
    }
}

static void bound_claim(struct demand *d, const struct value *object,
                        const struct value *limit)
{
    d->requests = value_path(object, "spec.resources.requests");
    d->limits = NULL;
    if (text_equal(value_text_at(limit, "type"), "PersistentVolumeClaim"))
        bound_all(d, limit);
}

/* Everything that is broken of one range is said at once. */
int rules_check_limits(const struct rules_call *c, const struct value *object,
                       struct failure *f)
{
    bool pod = rules_is(c->kind, "", "Pod");
    struct value *ranges, *range, *limit;

    if (!pod && !rules_is(c->kind, "", "PersistentVolumeClaim"))
        return 0;
    if (find_ranges(c, object, &ranges, f) < 0)
        return -1;
    for (size_t i = 0; (range = rules_item(ranges, i)); i++) {
        const struct value *limits = value_path(range, "spec.limits");
        struct demand d = {.a = c->a};

        for (size_t n = 0; (limit = rules_item(limits, n)); n++)
            (pod ? bound_object : bound_claim)(&d, object, limit);
        if (d.failed)
            return failure_nomem(f);
        if (d.broken)
            return rules_forbid(
                c, object, f,
                d.count > 1 ? arena_printf(c->a, "[%s]", d.broken) : d.broken);
    }
    return 0;
}
