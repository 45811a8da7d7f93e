/*
 * control_pods.c -- see control_pods.h.
 */
#include "control_pods.h"

#include <string.h>

#include "base/text.h"

bool pod_is_ended(const struct value *pod)
{
    const char *phase = value_text_at(pod, "status.phase");

    return text_equal(phase, "Succeeded") || text_equal(phase, "Failed");
}

bool pod_is_active(const struct value *pod)
{
    return !pod_is_ended(pod) && !object_deleting(pod);
}

bool pod_is_ready(const struct value *pod)
{
    return condition_is(value_get(pod, "status"), "Ready", "True");
}

bool pod_is_available(const struct value *pod, int64_t min_ready, int64_t now,
                      int64_t *ret_left)
{
    const struct value *c = condition_find(value_get(pod, "status"), "Ready");
    int64_t left = object_time(c, "lastTransitionTime") + min_ready - now;

    if (!pod_is_ready(pod))
        return false;
    if (ret_left && min_ready > 0 && left > 0)
        *ret_left = left;
    return min_ready == 0 || left <= 0;
}

/* ---- which one goes first ---- */

static int phase_rank(const struct value *pod)
{
    const char *phase = value_text_at(pod, "status.phase");

    return text_equal(phase, "Running")   ? 2
           : text_equal(phase, "Pending") ? 0
                                          : 1;
}

static int64_t cost_of(const struct value *pod)
{
    const char *text =
        object_annotation(pod, "controller.kubernetes.io/pod-deletion-cost");
    int64_t cost;

    return text && text_to_int64(text, strlen(text), &cost) ? cost : 0;
}

static int64_t restarts_of(const struct value *pod)
{
    const struct value *all = value_path(pod, "status.containerStatuses");
    int64_t most = 0, one;

    for (size_t i = 0; i < array_count(all); i++) {
        one = value_int_at(array_at(all, i), "restartCount", 0);
        most = one > most ? one : most;
    }
    return most;
}

static int64_t ready_since(const struct value *pod)
{
    return object_time(condition_find(value_get(pod, "status"), "Ready"),
                       "lastTransitionTime");
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int pod_compare(const struct value *a, const struct value *b)
{
    int o = order(value_text_at(a, "spec.nodeName") != NULL,
                  value_text_at(b, "spec.nodeName") != NULL);

    if (o == 0)
        o = order(phase_rank(a), phase_rank(b));
    if (o == 0)
        o = order(pod_is_ready(a), pod_is_ready(b));
    if (o == 0)
        o = order(cost_of(a), cost_of(b));
    if (o == 0 && pod_is_ready(a))
        o = order(ready_since(b), ready_since(a));
    if (o == 0)
        o = order(restarts_of(b), restarts_of(a));
    if (o == 0)
        o = order(object_time(b, "metadata.creationTimestamp"),
                  object_time(a, "metadata.creationTimestamp"));
    return o;
}

int pods_by_name(const struct value *a, const struct value *b)
{
    return strcmp(object_name(a), object_name(b));
}

void pods_sort(struct value *pods,
               int (*compare)(const struct value *a, const struct value *b))
{
    struct value *one;
    size_t j;

    for (size_t i = 1; i < array_count(pods); i++) {
        one = pods->as.items[i];
        for (j = i; j > 0 && compare(one, pods->as.items[j - 1]) < 0; j--)
            pods->as.items[j] = pods->as.items[j - 1];
        pods->as.items[j] = one;
    }
}

/* ---- writing ---- */

int pods_create(struct work *w, const struct value *owner, struct value *pod)
{
    int status = work_create(w, POD, pod);
    const char *why;

    if (status < 300) {
        work_event(
            w, owner, false, "SuccessfulCreate",
            draft_printf(&w->d, "Created pod: %s", object_name(w->answer)));
    } else if (w->again && status != 409) {
        why = value_text_at(w->answer, "message");
        work_event(w, owner, true, "FailedCreate",
                   draft_printf(&w->d, "Error creating: %s", why ? why : ""));
    }
    return status;
}

int pods_delete(struct work *w, const struct value *owner,
                const struct value *pod)
{
    int status = work_delete(w, work_kind(w, POD), pod, NULL);

    if (status < 300)
        work_event(w, owner, false, "SuccessfulDelete",
                   draft_printf(&w->d, "Deleted pod: %s", object_name(pod)));
    return status;
}

/* ---- where it may run ---- */

static bool toleration_fits(const struct value *t, const struct value *taint)
{
    const char *key = value_text_at(t, "key");
    const char *effect = value_text_at(t, "effect");
    const char *op = value_text_at(t, "operator");
    const char *value = value_text_at(t, "value");
    const char *wanted = value_text_at(taint, "value");
    bool exists = text_equal(op, "Exists");

    if (effect && effect[0] &&
        !text_equal(effect, value_text_at(taint, "effect")))
        return false;
    if (!key || !key[0])
        return exists;
    if (!text_equal(key, value_text_at(taint, "key")))
        return false;
    return exists || text_equal(value ? value : "", wanted ? wanted : "");
}

bool pod_tolerates(const struct value *pod_spec, const struct value *taint,
                   int64_t *ret_seconds)
{
    const struct value *all = value_get(pod_spec, "tolerations"), *t;
    int64_t least = -1, seconds;
    bool found = false;

    for (size_t i = 0; i < array_count(all); i++) {
        t = array_at(all, i);
        if (!toleration_fits(t, taint))
            continue;
        found = true;
        seconds = value_int_at(t, "tolerationSeconds", -1);
        if (seconds >= 0 && (least < 0 || seconds < least))
            least = seconds;
    }
    if (ret_seconds)
        *ret_seconds = least;
    return found;
}

const struct value *pod_repelled(const struct value *pod_spec,
                                 const struct value *node)
{
    const struct value *all = value_path(node, "spec.taints"), *taint;

    for (size_t i = 0; i < array_count(all); i++) {
        taint = array_at(all, i);
        if (!text_equal(value_text_at(taint, "effect"), "PreferNoSchedule") &&
            !pod_tolerates(pod_spec, taint, NULL))
            return taint;
    }
    return NULL;
}

static bool expression_fits(const struct value *e, const char *have)
{
    const char *op = value_text_at(e, "operator");
    const struct value *values = value_get(e, "values");
    const char *limit = value_text(array_at(values, 0));
    int64_t a, b;

    if (text_equal(op, "In"))
        return have && array_has_text(values, have);
    if (text_equal(op, "NotIn"))
        return !have || !array_has_text(values, have);
    if (text_equal(op, "Exists"))
        return have != NULL;
    if (text_equal(op, "DoesNotExist"))
        return have == NULL;
    if (!have || !limit || !text_to_int64(have, strlen(have), &a) ||
        !text_to_int64(limit, strlen(limit), &b))
        return false;
    return text_equal(op, "Gt") ? a > b : a < b;
}

static bool term_fits(const struct value *term, const struct value *node)
{
    const struct value *labels = value_get(term, "matchExpressions"), *e;
    const struct value *fields = value_get(term, "matchFields");

    for (size_t i = 0; i < array_count(labels); i++) {
        e = array_at(labels, i);
        if (!expression_fits(e, object_label(node, value_text_at(e, "key"))))
            return false;
    }
    for (size_t i = 0; i < array_count(fields); i++)
        if (!expression_fits(array_at(fields, i), object_name(node)))
            return false;
    return array_count(labels) + array_count(fields) > 0;
}

bool pod_fits_labels(const struct value *pod_spec, const struct value *node)
{
    const struct value *want = value_get(pod_spec, "nodeSelector");
    const struct value *terms =
        value_path(pod_spec, "affinity.nodeAffinity."
                             "requiredDuringSchedulingIgnoredDuringExecution."
                             "nodeSelectorTerms");

    for (uint32_t i = 0; value_is(want, VALUE_OBJECT) && i < want->count; i++)
        if (!text_equal(value_text(want->as.members[i].value),
                        object_label(node, want->as.members[i].key)))
            return false;
    for (size_t i = 0; i < array_count(terms); i++)
        if (term_fits(array_at(terms, i), node))
            return true;
    return array_count(terms) == 0;
}
