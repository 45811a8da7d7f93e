/*
 * serve_quota.c -- admission by ResourceQuotas: what would be too much is
 *                  refused, what is let in is counted at once (k8s.io/apiserver
 *                  pkg/admission/plugin/resourcequota).
 *
 * Quotas are measured by their status, as the API server does: one that was
 * never counted lets nothing in. What is counted here and not stored after all
 * is taken back by the controller.
 */
#include <string.h>

#include "base/text.h"
#include "quota.h"
#include "serve_store.h"
#include "serve_write.h"

struct measure {
    struct ask *k;
    const struct value *object, *old;
    struct value *usage; /* of the object */
    struct value *delta; /* what it counts for more than before */
};

static int forbid(struct measure *m, const char *why)
{
    const struct resource *r = &m->k->kind->r;
    const char *name = value_text_at(m->object, "metadata.name");

    if (!why)
        return failure_nomem(&m->k->f);
    failure_set(&m->k->f, 403, "Forbidden", "%s%s%s \"%s\" is forbidden: %s",
                r->plural, *r->group ? "." : "", r->group, name ? name : "",
                why);
    return failure_about(&m->k->f, r->group, r->plural, name);
}

/* ---- maps of amounts ---- */

/* Members of `map` that `names` has, those that are not 0 if so wanted. */
static struct value *mask(struct arena *a, const struct value *map,
                          const struct value *names)
{
    struct value *out = value_object(a);

    for (uint32_t i = 0; out && map && i < map->count; i++) {
        const struct value_member *m = &map->as.members[i];

        if (value_get(names, m->key) && value_set(a, out, m->key, m->value) < 0)
            return NULL;
    }
    amounts_sort(out);
    return out;
}

/* x - y where that is more than 0. */
static struct value *rest(struct arena *a, const struct value *x,
                          const struct value *y)
{
    struct value *out = value_object(a);

    for (uint32_t i = 0; out && x && i < x->count; i++) {
        const struct value_member *m = &x->as.members[i];
        struct amount more, less = {0, false};
        const char *text;

        amount_read(m->value, &more);
        amount_read(value_get(y, m->key), &less);
        more.nano -= less.nano;
        if (more.nano <= 0)
            continue;
        text = amount_text(a, &more);
        if (!text || value_set(a, out, m->key, value_string(a, text)) < 0)
            return NULL;
    }
    return out;
}

/* "cpu=1,pods=2", of the names in `names`. */
static const char *shown(struct arena *a, const struct value *map,
                         const struct value *names)
{
    struct value *some = mask(a, map, names);
    const char *text = "";

    for (uint32_t i = 0; some && text && i < some->count; i++)
        text = arena_printf(a, "%s%s%s=%s", text, i ? "," : "",
                            some->as.members[i].key,
                            value_text(some->as.members[i].value));
    return some ? text : NULL;
}

/* ---- one quota ---- */

/* What of the quota's resources objects of the kind count for. */
static struct value *matching(struct measure *m, const struct value *quota)
{
    const struct value *hard = value_path(quota, "status.hard");
    struct value *out = value_object(m->k->a);

    for (uint32_t i = 0; out && hard && i < hard->count; i++) {
        const struct value_member *one = &hard->as.members[i];

        if (quota_counts(m->k->kind, one->key) &&
            value_set(m->k->a, out, one->key, one->value) < 0)
            return NULL;
    }
    amounts_sort(out);
    return out;
}

static int check_known(struct measure *m, const struct value *quota,
                       const struct value *names)
{
    const struct value *used = value_path(quota, "status.used");
    const char *text = "";
    bool known = true;

    for (uint32_t i = 0; text && i < names->count; i++) {
        known &= value_get(used, names->as.members[i].key) != NULL;
        text = arena_printf(m->k->a, "%s%s%s", text, i ? "," : "",
                            names->as.members[i].key);
    }
    if (known && text)
        return 0;
    return forbid(
        m, text ? arena_printf(m->k->a,
                               "status unknown for quota: %s, resources: %s",
                               value_text_at(quota, "metadata.name"), text)
                : NULL);
}

/* Those of the asked amounts that would be more than the hard ones. */
static struct value *exceeded(struct measure *m, const struct value *asked,
                              const struct value *used,
                              const struct value *hard)
{
    struct value *out = value_object(m->k->a);

    for (uint32_t i = 0; out && i < asked->count; i++) {
        const struct value_member *one = &asked->as.members[i];
        struct amount sum, more, most;

        amount_read(value_get(used, one->key), &sum);
        amount_read(one->value, &more);
        if (amount_read(value_get(hard, one->key), &most) &&
            sum.nano + more.nano > most.nano &&
            value_set(m->k->a, out, one->key, one->value) < 0)
            return NULL;
    }
    return out;
}

static int refuse(struct measure *m, const struct value *quota,
                  const struct value *asked, const struct value *over)
{
    struct arena *a = m->k->a;
    const char *requested = shown(a, asked, over);
    const char *used = shown(a, value_path(quota, "status.used"), over);
    const char *hard = shown(a, value_path(quota, "status.hard"), over);

    if (!requested || !used || !hard)
        return failure_nomem(&m->k->f);
    return forbid(m, arena_printf(a,
                                  "exceeded quota: %s, requested: %s, used: "
                                  "%s, limited: %s",
                                  value_text_at(quota, "metadata.name"),
                                  requested, used, hard));
}

/* The quota with the new sum is written as the API server writes it. */
static int charge(struct measure *m, const struct kind *kind,
                  struct value *quota, const struct value *asked)
{
    struct value *status = value_make(m->k->a, quota, "status");
    struct value *used = status ? value_make(m->k->a, status, "used") : NULL;
    struct sim_call call = {.user = "system:apiserver",
                            .method = HTTP_PUT,
                            .kind = kind,
                            .key = {value_text_at(quota, "metadata.namespace"),
                                    value_text_at(quota, "metadata.name")},
                            .subresource = "status",
                            .query = "fieldManager=kube-apiserver",
                            .body = quota};

    if (!used || amounts_add(m->k->a, used, asked) < 0)
        return failure_nomem(&m->k->f);
    if (!m->k->o.dry_run)
        sim_call(m->k->s, m->k->a, &call, NULL);
    return 0;
}

/* What the object counts for in this quota: the difference, when what it was
 * counted there before. */
static struct value *asked_of(struct measure *m, const struct value *quota)
{
    bool before = m->old && quota_takes(quota, m->k->kind, m->old);

    return mask(m->k->a, before ? m->delta : m->usage,
                value_path(quota, "status.hard"));
}

/* Checks, before anything is charged. *ret NULL: the quota has no part in it.
 */
static int look(struct measure *m, const struct value *quota,
                struct value **ret)
{
    struct value *names = matching(m, quota);
    const char *unsaid;
    bool nomem;

    *ret = NULL;
    if (!names)
        return failure_nomem(&m->k->f);
    if (!names->count || !quota_takes(quota, m->k->kind, m->object))
        return 0;
    unsaid = quota_unsaid(m->k->a, m->k->kind, m->object, names, &nomem);
    if (nomem)
        return failure_nomem(&m->k->f);
    if (unsaid)
        return forbid(m, arena_printf(m->k->a, "failed quota: %s: %s",
                                      value_text_at(quota, "metadata.name"),
                                      unsaid));
    if (check_known(m, quota, names) < 0)
        return -1;
    *ret = asked_of(m, quota);
    if (*ret)
        *ret = rest(m->k->a, *ret, NULL); /* what is 0 does not matter */
    return *ret ? 0 : failure_nomem(&m->k->f);
}

static int check_quota(struct measure *m, const struct value *quota,
                       const struct value *asked)
{
    struct value *over = exceeded(m, asked, value_path(quota, "status.used"),
                                  value_path(quota, "status.hard"));

    if (!over)
        return failure_nomem(&m->k->f);
    return over->count ? refuse(m, quota, asked, over) : 0;
}

/* ---- all of them ---- */

/* Changes that may count for more: pods only when they get a deadline. */
static bool is_measured(const struct ask *k, const struct value *object,
                        const struct value *old)
{
    static const char *const kinds[] = {"services", "persistentvolumeclaims"};

    if (!k->kind->r.namespaced || *k->at.subresource)
        return false;
    if (!old)
        return true;
    if (*k->kind->r.group)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (strcmp(k->kind->r.plural, kinds[i]) == 0)
            return true;
    return strcmp(k->kind->r.plural, "pods") == 0 &&
           quota_is_terminating(object) != quota_is_terminating(old);
}

static int measure_all(struct measure *m, const struct kind *kind,
                       const struct value *quotas)
{
    struct value **asked =
        arena_alloc(m->k->a, quotas->count * sizeof(struct value *));
    uint32_t i;

    m->usage =
        quota_usage(m->k->a, m->k->kind, m->object, m->k->world.unix_now);
    m->delta = m->usage;
    if (m->old && m->usage)
        m->delta = rest(
            m->k->a, m->usage,
            quota_usage(m->k->a, m->k->kind, m->old, m->k->world.unix_now));
    if (!asked || !m->delta)
        return failure_nomem(&m->k->f);
    for (i = 0; i < quotas->count; i++)
        if (look(m, quotas->as.items[i], &asked[i]) < 0)
            return -1;
    for (i = 0; i < quotas->count; i++)
        if (asked[i] && check_quota(m, quotas->as.items[i], asked[i]) < 0)
            return -1;
    for (i = 0; i < quotas->count; i++)
        if (asked[i] && asked[i]->count &&
            charge(m, kind, quotas->as.items[i], asked[i]) < 0)
            return -1;
    return 0;
}

int quota_admit(struct ask *k, struct value *object, const struct value *old)
{
    const struct kind *kind;
    struct measure m = {.k = k, .object = object, .old = old};
    struct value *quotas;

    if (!is_measured(k, object, old))
        return 0;
    kind = kinds_find_kind(k->s->kinds, "v1", "ResourceQuota");
    if (sim_list(k->s, k->a, kind, k->at.key.ns, &quotas) < 0)
        return failure_nomem(&k->f);
    return quotas->count ? measure_all(&m, kind, quotas) : 0;
}
