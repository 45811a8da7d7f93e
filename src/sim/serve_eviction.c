/*
 * serve_eviction.c -- pods/eviction: a delete that asks the budget first
 *                     (registry/core/pod/storage/eviction.go).
 */
#include <string.h>

#include "base/text.h"
#include "serve_store.h"
#include "serve_write.h"

#define DISRUPTED_MAX 2000
#define CAUSE_BUDGET "DisruptionBudget"

static bool is_ending(const struct value *pod)
{
    const char *phase = value_text_at(pod, "status.phase");

    return text_equal(phase, "Succeeded") || text_equal(phase, "Failed") ||
           text_equal(phase, "Pending") ||
           value_text_at(pod, "metadata.deletionTimestamp");
}

static struct value *condition(const struct value *object, const char *type)
{
    const struct value *list = value_path(object, "status.conditions");

    for (uint32_t i = 0; list && i < list->count; i++)
        if (text_equal(value_text_at(list->as.items[i], "type"), type))
            return list->as.items[i];
    return NULL;
}

static bool is_ready(const struct value *pod)
{
    return text_equal(value_text_at(condition(pod, "Ready"), "status"), "True");
}

/* ---- the budget ---- */

static const struct kind *budget_kind(struct ask *k)
{
    return kinds_find(k->s->kinds, "policy", "v1", "poddisruptionbudgets");
}

/* An absent selector chooses nothing, an empty one everything. */
static int chooses(struct ask *k, const struct value *budget,
                   const struct value *pod, bool *ret)
{
    const struct value *text = value_path(budget, "spec.selector");
    struct selector *s;
    int rc;

    *ret = false;
    if (!text)
        return 0;
    rc = selector_from_label_selector(k->a, text, &s, NULL);
    if (rc == -ERR_NOMEM)
        return failure_nomem(&k->f);
    *ret =
        rc == 0 && selector_match_labels(s, value_path(pod, "metadata.labels"));
    return 0;
}

/* *ret_count is how many there are; *ret the first. */
static int find_budget(struct ask *k, const struct value *pod,
                       struct value **ret, unsigned *ret_count)
{
    const struct kind *kind = budget_kind(k);
    struct value *all;

    *ret_count = 0;
    if (!kind)
        return 0;
    if (sim_list(k->s, k->a, kind, k->at.key.ns, &all) < 0)
        return failure_nomem(&k->f);
    for (uint32_t i = 0; i < all->count; i++) {
        bool chosen;

        if (chooses(k, all->as.items[i], pod, &chosen) < 0)
            return -1;
        if (chosen && (*ret_count)++ == 0)
            *ret = all->as.items[i];
    }
    return 0;
}

static int too_many(struct ask *k, unsigned retry_s, const char *why)
{
    failure_set(&k->f, 429, "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption "
                "budget.");
    k->f.retry_after_s = retry_s;
    if (!why)
        return failure_nomem(&k->f);
    failure_cause(&k->f, CAUSE_BUDGET, "", "%s", why);
    return -1;
}

static int exhausted(struct ask *k, const struct value *budget)
{
    const char *fmt = "The disruption budget %s does not allow evicting pods "
                      "currently (%s): %s";
    const char *name = value_text_at(budget, "metadata.name");
    const struct value *c = condition(budget, "DisruptionAllowed");
    int64_t healthy = value_int_at(budget, "status.currentHealthy", 0);
    int64_t desired = value_int_at(budget, "status.desiredHealthy", 0);
    const char *message = value_text_at(c, "message");
    const char *reason = value_text_at(c, "reason");
    bool refused = text_equal(value_text_at(c, "status"), "False") && message &&
                   *message;

    if (refused && text_equal(reason, "SyncFailed"))
        return too_many(k, 0,
                        arena_printf(k->a,
                                     "The disruption budget %s does not allow "
                                     "evicting pods currently because it "
                                     "failed sync: %s",
                                     name, message));
    if (healthy <= desired)
        return too_many(k, 0,
                        arena_printf(k->a,
                                     "The disruption budget %s needs %lld "
                                     "healthy pods and has %lld currently",
                                     name, (long long)desired,
                                     (long long)healthy));
    return too_many(k, 0,
                    refused
                        ? arena_printf(k->a, fmt, name, reason ? reason : "",
                                       message)
                        : arena_printf(k->a,
                                       "The disruption budget %s does not "
                                       "allow evicting pods currently",
                                       name));
}

static int forbidden(struct ask *k, const struct value *budget, const char *why)
{
    const char *name = value_text_at(budget, "metadata.name");

    failure_set(&k->f, 403, "Forbidden",
                "poddisruptionbudget.policy \"%s\" is forbidden: %s", name,
                why);
    return failure_about(&k->f, "policy", "poddisruptionbudget", name);
}

static int write_budget(struct ask *k, const struct value *budget)
{
    struct sim_call call = {
        .user = "kube-apiserver",
        .method = HTTP_PUT,
        .kind = budget_kind(k),
        .key = {k->at.key.ns, value_text_at(budget, "metadata.name")},
        .subresource = "status",
        .body = budget};

    return sim_call(k->s, k->a, &call, NULL) == 200 ? 0 : failure_nomem(&k->f);
}

/* The last one is taken: the budget says that there are no more. */
static int say_exhausted(struct ask *k, struct value *budget)
{
    static const struct definition_condition none = {
        "DisruptionAllowed", "False", "InsufficientPods", ""};
    struct value *seen = value_path(budget, "status.observedGeneration");

    if (definition_set_condition(k, budget, &none) < 0 ||
        (seen && value_set(k->a, condition(budget, none.type),
                           "observedGeneration", seen) < 0))
        return failure_nomem(&k->f);
    return 0;
}

static int take_one(struct ask *k, struct value *budget)
{
    struct value *status = value_make(k->a, budget, "status");
    int64_t allowed = value_int_at(status, "disruptionsAllowed", 0);
    struct value *disrupted;
    char now[32];

    if (value_int_at(status, "observedGeneration", 0) <
        value_int_at(budget, "metadata.generation", 0))
        return too_many(k, 10,
                        arena_printf(k->a,
                                     "The disruption budget %s is still being "
                                     "processed by the server.",
                                     value_text_at(budget, "metadata.name")));
    if (allowed < 0)
        return forbidden(k, budget, "pdb disruptions allowed is negative");
    disrupted = value_make(k->a, status, "disruptedPods");
    if (disrupted && disrupted->count > DISRUPTED_MAX)
        return forbidden(k, budget,
                         "DisruptedPods map too big - too many evictions not "
                         "confirmed by PDB controller");
    if (allowed == 0)
        return exhausted(k, budget);
    text_rfc3339(k->world.unix_now, now);
    if (!disrupted ||
        value_set(k->a, status, "disruptionsAllowed",
                  value_integer(k->a, allowed - 1)) < 0 ||
        value_set(k->a, disrupted, k->at.key.name, value_string(k->a, now)) < 0)
        return failure_nomem(&k->f);
    if (allowed == 1 && say_exhausted(k, budget) < 0)
        return -1;
    return k->o.dry_run ? 0 : write_budget(k, budget);
}

static int ask_budget(struct ask *k, const struct value *pod)
{
    struct value *budget = NULL;
    unsigned count;

    if (find_budget(k, pod, &budget, &count) < 0)
        return -1;
    if (count > 1)
        return failure_set(&k->f, 500, "InternalError",
                           "This pod has more than one PodDisruptionBudget, "
                           "which the eviction subresource does not support.");
    if (count == 0)
        return 0;
    if (!is_ready(pod)) {
        int64_t desired = value_int_at(budget, "status.desiredHealthy", 0);
        int64_t healthy = value_int_at(budget, "status.currentHealthy", 0);

        if (text_equal(value_text_at(budget, "spec.unhealthyPodEvictionPolicy"),
                       "AlwaysAllow") ||
            (healthy >= desired && desired > 0))
            return 0;
    }
    return take_one(k, budget);
}

/* ---- the request ---- */

static int decode_eviction(struct ask *k)
{
    const struct kind *pods = k->kind;
    const char *said = value_text_at(k->body, "apiVersion");
    struct kind type = body_kind(k, "policy/v1", "Eviction");
    int rc;

    if (text_equal(said, "policy/v1beta1")) { /* the same, still taken */
        type.r.api_version = said;
        type.r.version = "v1beta1";
    }
    k->kind = &type;
    rc = decode_body(k) < 0 ? -1 : meta_check_names(k, k->body);
    k->kind = pods;
    return rc;
}

static bool is_dry(const struct value *list)
{
    return value_is(list, VALUE_ARRAY) && list->count;
}

/* What the query and the body say has to be the same where both say it: here
 * the query says no more than "All". */
static int read_dry_run(struct ask *k, const struct value *list)
{
    bool same = is_dry(list) && list->count == 1 &&
                text_equal(value_text(list->as.items[0]), "All");

    if (k->o.dry_run && is_dry(list) && !same)
        return failure_set(&k->f, 500, "",
                           "Non-matching dry-run options in request and "
                           "content");
    k->o.dry_run = k->o.dry_run || is_dry(list);
    return 0;
}

static int read_delete_options(struct ask *k)
{
    const struct value *o = value_get(k->body, "deleteOptions");
    const char *propagation = value_text_at(o, "propagationPolicy");

    k->o.propagation = propagation ? propagation : "";
    k->o.has_grace =
        value_is(value_get(o, "gracePeriodSeconds"), VALUE_INTEGER);
    k->o.grace = value_int_at(o, "gracePeriodSeconds", 0);
    k->o.uid_is = value_text_at(o, "preconditions.uid");
    k->o.rv_is = value_text_at(o, "preconditions.resourceVersion");
    k->o.orphan = -1;
    return read_dry_run(k, value_get(o, "dryRun"));
}

static int check_condition(struct ask *k, const char *said, const char *is,
                           const char *what)
{
    if (!said || !*said || text_equal(said, is))
        return 0;
    failure_set(&k->f, 409, "Conflict",
                "Operation cannot be fulfilled on Pod \"%s\": the %s in the "
                "precondition (%s) does not match the %s in record (%s)",
                k->at.key.name, what, said, what, is ? is : "");
    return failure_about(&k->f, "", "Pod", k->at.key.name);
}

/* The condition that says so, in the place of what is of its type; since when
 * is kept while its status is the same. */
static int set_condition(struct ask *k, struct value *pod)
{
    static const char json[] =
        "{\"type\":\"DisruptionTarget\",\"status\":\"True\","
        "\"reason\":\"EvictionByEvictionAPI\",\"lastProbeTime\":null,"
        "\"lastTransitionTime\":null,"
        "\"message\":\"Eviction API: evicting\"}";
    struct value *status = value_make(k->a, pod, "status");
    struct value *list = value_get(status, "conditions"), *added;
    const struct value *had = condition(pod, "DisruptionTarget");
    const char *since = value_text_at(had, "lastTransitionTime");
    char now[32];

    text_rfc3339(k->world.unix_now, now);
    if (!since || !text_equal(value_text_at(had, "status"), "True"))
        since = now;
    if (!list)
        list = value_array(k->a);
    if (!list || value_parse(k->a, json, sizeof json - 1, &added, NULL) < 0 ||
        value_set(k->a, added, "lastTransitionTime",
                  value_string(k->a, since)) < 0)
        return failure_nomem(&k->f);
    for (uint32_t i = 0; i < list->count; i++)
        if (list->as.items[i] == had) {
            list->as.items[i] = added;
            return 0;
        }
    return value_append(k->a, list, added) < 0 ||
                   value_set(k->a, status, "conditions", list) < 0
               ? failure_nomem(&k->f)
               : 0;
}

/* The pod says that it is evicted before it goes. */
static int announce(struct ask *k, struct value *pod)
{
    const char *revision = value_text_at(pod, "metadata.resourceVersion");
    const struct value *old;

    if (k->o.dry_run)
        return 0;
    if (check_condition(k, k->o.uid_is, value_text_at(pod, "metadata.uid"),
                        "UID") < 0 ||
        check_condition(k, k->o.rv_is, revision, "ResourceVersion") < 0)
        return -1;
    old = value_copy(k->a, pod);
    if (!old)
        return failure_nomem(&k->f);
    if (set_condition(k, pod) < 0 ||
        (!value_equal(old, pod) && store_write(k, pod) < 0))
        return -1;
    if (k->o.rv_is && *k->o.rv_is)
        k->o.rv_is = value_text_at(pod, "metadata.resourceVersion");
    return 0;
}

static int answer_evicted(struct ask *k)
{
    struct value *status = value_object(k->a);

    if (!status ||
        value_set(k->a, status, "kind", value_string(k->a, "Status")) < 0 ||
        value_set(k->a, status, "apiVersion", value_string(k->a, "v1")) < 0 ||
        value_set(k->a, status, "metadata", value_object(k->a)) < 0 ||
        value_set(k->a, status, "status", value_string(k->a, "Success")) < 0 ||
        value_set(k->a, status, "code", value_integer(k->a, 201)) < 0)
        return failure_nomem(&k->f);
    return answer_with(k, 201, status);
}

int serve_eviction(struct ask *k)
{
    const char *name;
    struct value *pod;

    if (accept_parse(k) < 0 || body_choose(k) < 0 || query_parse(k) < 0 ||
        body_read(k) < 0 || decode_eviction(k) < 0)
        return -1;
    name = value_text_at(k->body, "metadata.name");
    if (!text_equal(name, k->at.key.name))
        return failure_set(&k->f, 400, "BadRequest",
                           "name in URL does not match name in Eviction "
                           "object");
    if (read_delete_options(k) < 0 || store_read(k, &k->at.key, &pod) < 0)
        return -1;
    if (!pod)
        return not_found(k, k->at.key.name);
    if (!is_ending(pod) && ask_budget(k, pod) < 0)
        return -1;
    k->at.subresource = "";
    if (announce(k, pod) < 0 || delete_object(k, pod) < 0)
        return -1;
    return answer_evicted(k);
}
