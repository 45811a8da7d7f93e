/*
 * control_disruption.c -- PodDisruptionBudgets: how many pods may go now.
 */
#include "base/text.h"
#include "control_pods.h"
#include "control_steps.h"

/* How long an eviction that was granted may take to show. */
#define GRANTED_SECONDS 120

struct budget {
    struct work *w;
    struct draft *d;
    const struct value *budget;
    struct value *pods;
    int64_t expected, desired, healthy;
};

void disruption_changed(struct controllers *c, const struct news *n)
{
    if (n->kind == POD || n->kind == REPLICA_SET || n->kind == DEPLOYMENT ||
        n->kind == STATEFUL_SET)
        control_add_all(c, CONTROL_DISRUPTION, BUDGET, n->key->ns);
}

static void find_pods(struct budget *b)
{
    const struct value *wanted = value_path(b->budget, "spec.selector");
    struct selector *labels = work_selector(b->w, wanted);
    const struct member *m = graph_first(
        b->w->c->graph, work_kind(b->w, POD)->bucket, b->w->key->ns);
    struct value *pod;

    b->pods = draft_array(b->d);
    for (; m && labels; m = m->next) {
        if (m->ended || !selector_match_labels(labels, m->labels))
            continue;
        pod = work_get(b->w, POD, m->key.ns, m->key.name);
        if (pod)
            draft_append(b->d, b->pods, pod);
    }
}

/* What decides how many there are: a ReplicaSet's Deployment, if it has one. */
static struct value *scaler_of(struct budget *b, const struct value *pod)
{
    const struct value *ref = object_controller(pod);
    const char *kind = value_text_at(ref, "kind");
    const char *name = value_text_at(ref, "name");
    struct value *set;

    if (!name)
        return NULL;
    if (text_equal(kind, "StatefulSet"))
        return work_get(b->w, STATEFUL_SET, b->w->key->ns, name);
    if (!text_equal(kind, "ReplicaSet"))
        return NULL;
    set = work_get(b->w, REPLICA_SET, b->w->key->ns, name);
    ref = object_controller(set);
    if (!text_equal(value_text_at(ref, "kind"), "Deployment"))
        return set;
    return work_get(b->w, DEPLOYMENT, b->w->key->ns,
                    value_text_at(ref, "name"));
}

/* The sum of what the pods' controllers want. NULL, or what is missing. */
static const char *count_expected(struct budget *b)
{
    struct value *seen = draft_array(b->d), *scaler;

    b->expected = 0;
    for (size_t i = 0; i < array_count(b->pods); i++) {
        scaler = scaler_of(b, array_at(b->pods, i));
        if (!scaler)
            return draft_printf(b->d, "found no controllers for pod \"%s\"",
                                object_name(array_at(b->pods, i)));
        if (array_has_text(seen, object_uid(scaler)))
            continue;
        draft_append(b->d, seen, value_string(b->d->a, object_uid(scaler)));
        b->expected += value_int_at(scaler, "spec.replicas", 1);
    }
    return NULL;
}

static const char *count_desired(struct budget *b)
{
    const struct value *most = value_path(b->budget, "spec.maxUnavailable");
    const struct value *least = value_path(b->budget, "spec.minAvailable");
    const char *why = NULL;

    b->expected = (int64_t)array_count(b->pods);
    if (most || value_is(least, VALUE_STRING))
        why = count_expected(b);
    if (most) {
        b->desired = b->expected - scaled_value(most, b->expected, true);
        b->desired = b->desired < 0 ? 0 : b->desired;
    } else {
        b->desired = scaled_value(least, b->expected, true);
    }
    return why;
}

/* Evictions that were granted count as gone until they are, or until they have
 * taken too long. */
static void count_healthy(struct budget *b, struct value *status)
{
    struct value *granted = value_get(status, "disruptedPods");
    const struct value *pod, *since;
    int64_t left, when;

    for (size_t i = 0; i < array_count(b->pods); i++) {
        pod = array_at(b->pods, i);
        since = value_get(granted, object_name(pod));
        left = 0;
        if (since && text_parse_rfc3339(value_text(since), &when))
            left = when + GRANTED_SECONDS - b->d->unix_now;
        if (left > 0 && !object_deleting(pod))
            work_after(b->w, (uint64_t)left * 1000);
        else if (pod_is_ready(pod) && !object_deleting(pod))
            b->healthy++;
    }
}

static bool is_waited_for(struct budget *b, const char *name,
                          const struct value *since)
{
    const struct value *pod;
    int64_t when;

    for (size_t i = 0; i < array_count(b->pods); i++) {
        pod = array_at(b->pods, i);
        if (!text_equal(object_name(pod), name))
            continue;
        return !object_deleting(pod) && value_text(since) &&
               text_parse_rfc3339(value_text(since), &when) &&
               when + GRANTED_SECONDS > b->d->unix_now;
    }
    return false;
}

static void forget_granted(struct budget *b, struct value *status)
{
    struct value *granted = value_get(status, "disruptedPods");
    const struct value_member *m;

    for (uint32_t i = value_is(granted, VALUE_OBJECT) ? granted->count : 0;
         i-- > 0;) {
        m = &granted->as.members[i];
        if (!is_waited_for(b, m->key, m->value))
            value_unsetn(granted, m->key, m->key_len);
    }
    if (value_is(granted, VALUE_OBJECT) && granted->count == 0)
        value_unset(status, "disruptedPods");
}

static void write_status(struct budget *b, const char *failure)
{
    struct draft *d = b->d;
    struct value *status = draft_copy(d, value_get(b->budget, "status"));
    int64_t allowed;

    forget_granted(b, status);
    count_healthy(b, status);
    allowed = b->expected > 0 && !failure ? b->healthy - b->desired : 0;
    allowed = allowed < 0 ? 0 : allowed;
    draft_int(d, status, "currentHealthy", b->healthy);
    draft_int(d, status, "desiredHealthy", b->desired);
    draft_int(d, status, "expectedPods", b->expected);
    draft_int(d, status, "disruptionsAllowed", allowed);
    draft_count(d, status, "observedGeneration",
                value_int_at(b->budget, "metadata.generation", 0));
    draft_condition(
        d, status,
        &(struct condition){
            .type = "DisruptionAllowed",
            .status = allowed > 0 ? "True" : "False",
            .reason = failure       ? "SyncFailed"
                      : allowed > 0 ? "SufficientPods"
                                    : "InsufficientPods",
            .message = failure ? failure : "",
            .generation = value_int_at(b->budget, "metadata.generation", 0)});
    work_status(b->w, BUDGET, b->budget, status);
}

void disruption_step(struct work *w)
{
    struct budget b = {.w = w, .d = &w->d};
    const char *failure;

    b.budget = work_get(w, BUDGET, w->key->ns, w->key->name);
    if (!b.budget || object_deleting(b.budget))
        return;
    find_pods(&b);
    failure = count_desired(&b);
    if (failure)
        work_event(w, b.budget, true, "NoControllers", failure);
    write_status(&b, failure);
}
