/*
 * control_rollout_status.c -- what a Deployment says of itself.
 */
#include "base/text.h"
#include "control_rollout.h"

int64_t rollout_deadline(const struct rollout *r)
{
    return value_int_at(r->deployment, "spec.progressDeadlineSeconds",
                        NO_DEADLINE);
}

bool rollout_progress(struct rollout *r, struct value *status, const char *is,
                      const char *const words[2])
{
    struct condition c = {.type = "Progressing",
                          .status = is,
                          .reason = words[0],
                          .message = words[1],
                          .updates = true};
    const struct value *had = condition_find(status, c.type);

    if (had && text_equal(value_text_at(had, "status"), is) &&
        text_equal(value_text_at(had, "reason"), c.reason))
        return false;
    return draft_condition(r->d, status, &c);
}

static struct value *count_pods(struct rollout *r)
{
    struct draft *d = r->d;
    struct value *status = draft_copy(d, value_get(r->deployment, "status"));
    int64_t available = rollout_sum(r, "status.availableReplicas");
    int64_t missing = rollout_sum(r, "spec.replicas") - available;
    bool enough = available >= r->rolling.replicas - r->rolling.unavailable;
    struct condition c = {
        .type = "Available",
        .status = enough ? "True" : "False",
        .reason =
            enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        .message = enough ? "Deployment has minimum availability."
                          : "Deployment does not have minimum availability.",
        .updates = true};

    draft_count(d, status, "observedGeneration",
                value_int_at(r->deployment, "metadata.generation", 0));
    draft_count(d, status, "replicas", rollout_sum(r, "status.replicas"));
    draft_count(d, status, "updatedReplicas",
                value_int_at(r->newest, "status.replicas", 0));
    draft_count(d, status, "readyReplicas",
                rollout_sum(r, "status.readyReplicas"));
    draft_count(d, status, "availableReplicas", available);
    draft_count(d, status, "unavailableReplicas", missing > 0 ? missing : 0);
    draft_int(d, status, "terminatingReplicas",
              rollout_sum(r, "status.terminatingReplicas"));
    draft_condition(d, status, &c);
    return status;
}

bool rollout_is_complete(const struct rollout *r, const struct value *status)
{
    int64_t n = r->rolling.replicas;

    return value_int_at(status, "updatedReplicas", 0) == n &&
           value_int_at(status, "replicas", 0) == n &&
           value_int_at(status, "availableReplicas", 0) == n;
}

static bool has_moved(const struct value *was, const struct value *now)
{
    int64_t updated = value_int_at(was, "updatedReplicas", 0);
    int64_t updated_now = value_int_at(now, "updatedReplicas", 0);

    return updated_now > updated ||
           value_int_at(now, "replicas", 0) - updated_now <
               value_int_at(was, "replicas", 0) - updated ||
           value_int_at(now, "readyReplicas", 0) >
               value_int_at(was, "readyReplicas", 0) ||
           value_int_at(now, "availableReplicas", 0) >
               value_int_at(was, "availableReplicas", 0);
}

static int64_t seconds_left(const struct rollout *r, const struct value *status)
{
    const struct value *c = condition_find(status, "Progressing");

    return object_time(c, "lastUpdateTime") + rollout_deadline(r) -
           r->d->unix_now;
}

static const char *says(struct rollout *r, const char *what)
{
    return r->newest ? draft_printf(r->d, "ReplicaSet \"%s\" %s",
                                    object_name(r->newest), what)
                     : draft_printf(r->d, "Deployment \"%s\" %s",
                                    object_name(r->deployment), what);
}

/* The Progressing condition from what moved since the last status. */
static void judge_progress(struct rollout *r, struct value *status)
{
    const struct value *was = value_get(r->deployment, "status");
    const struct value *had = condition_find(was, "Progressing");
    const char *reason = value_text_at(had, "reason");
    bool done = text_equal(reason, "NewReplicaSetAvailable");
    int64_t replicas = value_int_at(status, "replicas", 0);

    if (done && replicas == value_int_at(status, "updatedReplicas", 0))
        return;
    if (rollout_is_complete(r, status)) {
        rollout_progress(
            r, status, "True",
            (const char *[]){"NewReplicaSetAvailable",
                             says(r, "has successfully progressed.")});
    } else if (has_moved(was, status)) {
        struct condition c = {.type = "Progressing",
                              .status = "True",
                              .reason = "ReplicaSetUpdated",
                              .message = says(r, "is progressing."),
                              .updates = true};
        if (!draft_condition(r->d, status, &c))
            draft_time(
                r->d, (struct value *)(uintptr_t)condition_find(status, c.type),
                "lastUpdateTime", r->d->unix_now);
    } else if (had && !done && seconds_left(r, status) < 0) {
        rollout_progress(
            r, status, "False",
            (const char *[]){"ProgressDeadlineExceeded",
                             says(r, "has timed out progressing.")});
    }
}

/* The first failure of a set is the Deployment's, the newest set's first. */
static void move_failures(struct rollout *r, struct value *status)
{
    const struct value *c = NULL;

    for (size_t i = rollout_count(r); i-- > 0 && !c;)
        c = condition_find(value_get(rollout_at(r, i), "status"),
                           "ReplicaFailure");
    if (!c) {
        condition_remove(status, "ReplicaFailure");
        return;
    }
    draft_condition(r->d, status,
                    &(struct condition){.type = "ReplicaFailure",
                                        .status = value_text_at(c, "status"),
                                        .reason = value_text_at(c, "reason"),
                                        .message = value_text_at(c, "message"),
                                        .updates = true});
}

void rollout_write_status(struct rollout *r, bool judged)
{
    struct value *status = count_pods(r);
    const struct value *c;

    if (rollout_deadline(r) == NO_DEADLINE)
        condition_remove(status, "Progressing");
    else if (judged)
        judge_progress(r, status);
    if (judged)
        move_failures(r, status);
    work_status(r->w, DEPLOYMENT, r->deployment, status);
    c = condition_find(status, "Progressing");
    if (judged && c && rollout_deadline(r) != NO_DEADLINE &&
        !rollout_is_complete(r, status) &&
        !text_equal(value_text_at(c, "reason"), "ProgressDeadlineExceeded") &&
        !text_equal(value_text_at(c, "reason"), "NewReplicaSetAvailable"))
        work_after(r->w, (uint64_t)(seconds_left(r, status) + 1) * 1000);
}
