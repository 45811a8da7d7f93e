/*
 * control_replicas.c -- ReplicaSets: as many pods as wanted.
 */
#include "control_pods.h"
#include "control_steps.h"

/* At most so many pods are made or deleted in one step. */
#define BURST 500

static struct value *active_of(struct work *w, const struct value *pods)
{
    struct value *active = draft_array(&w->d);

    for (size_t i = 0; i < array_count(pods); i++)
        if (pod_is_active(array_at(pods, i)))
            draft_append(&w->d, active, array_at(pods, i));
    return active;
}

/* What was refused, for the ReplicaFailure condition; NULL: nothing. */
static const char *add_pods(struct work *w, const struct value *set,
                            int64_t count)
{
    const struct value *template = value_path(set, "spec.template");
    const char *why;

    for (int64_t i = 0; i < count && i < BURST; i++) {
        if (pods_create(w, set, work_pod(w, REPLICA_SET, set, template)) < 300)
            continue;
        why = value_text_at(w->answer, "message");
        return why ? why : "";
    }
    return NULL;
}

static void drop_pods(struct work *w, const struct value *set,
                      struct value *active, int64_t count)
{
    pods_sort(active, pod_compare);
    for (int64_t i = 0; i < count && i < BURST; i++)
        pods_delete(w, set, array_at(active, (size_t)i));
}

static void count_ready(struct work *w, const struct value *set,
                        const struct value *active, struct value *status)
{
    int64_t ready = 0, available = 0, labeled = 0, left;
    int64_t wait = value_int_at(set, "spec.minReadySeconds", 0);
    struct selector *labels = NULL;
    const struct value *pod;

    selector_from_map(w->d.a, value_path(set, "spec.template.metadata.labels"),
                      &labels, NULL);
    for (size_t i = 0; i < array_count(active); i++) {
        pod = array_at(active, i);
        left = 0;
        labeled +=
            selector_match_labels(labels, value_path(pod, "metadata.labels"));
        ready += pod_is_ready(pod);
        available += pod_is_available(pod, wait, w->d.unix_now, &left);
        if (left > 0)
            work_after(w, (uint64_t)left * 1000);
    }
    draft_count(&w->d, status, "fullyLabeledReplicas", labeled);
    draft_count(&w->d, status, "readyReplicas", ready);
    draft_count(&w->d, status, "availableReplicas", available);
}

static void write_status(struct work *w, const struct value *set,
                         const struct value *pods, const char *failure)
{
    struct draft *d = &w->d;
    struct value *status = draft_copy(d, value_get(set, "status"));
    struct value *active = active_of(w, pods);
    int64_t going = 0;

    for (size_t i = 0; i < array_count(pods); i++)
        going += object_deleting(array_at(pods, i)) &&
                 !pod_is_ended(array_at(pods, i));
    if (!failure)
        condition_remove(status, "ReplicaFailure");
    else
        draft_condition(d, status,
                        &(struct condition){.type = "ReplicaFailure",
                                            .status = "True",
                                            .reason = "FailedCreate",
                                            .message = failure});
    draft_int(d, status, "replicas", (int64_t)array_count(active));
    draft_int(d, status, "terminatingReplicas", going);
    draft_count(d, status, "observedGeneration",
                value_int_at(set, "metadata.generation", 0));
    count_ready(w, set, active, status);
    if (value_get(status, "conditions") &&
        array_count(value_get(status, "conditions")) == 0)
        value_unset(status, "conditions");
    work_status(w, REPLICA_SET, set, status);
}

void replicas_step(struct work *w)
{
    struct value *set = work_get(w, REPLICA_SET, w->key->ns, w->key->name);
    struct value *pods, *active;
    const char *failure = NULL;
    int64_t missing;

    if (!set)
        return;
    pods = work_claim(w, POD, set);
    active = active_of(w, pods);
    if (w->d.failed)
        return;
    missing =
        value_int_at(set, "spec.replicas", 1) - (int64_t)array_count(active);
    if (object_deleting(set))
        missing = 0;
    if (missing > 0)
        failure = add_pods(w, set, missing);
    else if (missing < 0)
        drop_pods(w, set, active, -missing);
    write_status(w, set, pods, failure);
}
