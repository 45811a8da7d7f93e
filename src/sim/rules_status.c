/*
 * rules_status.c -- validation of what is written to status.
 */
#include <string.h>

#include "rules_kinds.h"

/* Counts of a kind; those behind the first are at most as much as it. */
static const struct {
    const char *kind;
    const char *counts[8];
    bool bounded;
} COUNTED[] = {
    {"Deployment",
     {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
      "unavailableReplicas"},
     true},
    {"ReplicaSet",
     {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"},
     true},
    {"ReplicationController",
     {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas"},
     true},
    {"StatefulSet",
     {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas",
      "availableReplicas"},
     true},
    {"DaemonSet",
     {"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled",
      "numberReady", "updatedNumberScheduled", "numberAvailable",
      "numberUnavailable"},
     false},
    {"Job", {"active", "succeeded", "failed", "ready", "terminating"}, false},
    {"HorizontalPodAutoscaler", {"currentReplicas", "desiredReplicas"}, false},
    {"PodDisruptionBudget",
     {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"},
     false},
};

static void check_counts(struct check *k, const char *const *counts,
                         bool bounded)
{
    const struct value *status = value_get(k->object, "status");
    const struct place *at = PLACE(NULL, "status");
    int64_t most = value_int_at(status, counts[0], 0);

    for (size_t i = 0; i < 8 && counts[i]; i++)
        check_non_negative(k, at, status, counts[i]);
    for (size_t i = 1; bounded && i < 8 && counts[i]; i++) {
        int64_t is = value_int_at(status, counts[i], 0);

        if (is > most && strcmp(counts[i], "unavailableReplicas") != 0)
            check_add(k, CAUSE_INVALID, PLACE(at, counts[i]),
                      "Invalid value: %lld: cannot be greater than "
                      "status.replicas",
                      (long long)is);
    }
    if (bounded && value_int_at(status, "availableReplicas", 0) >
                       value_int_at(status, "readyReplicas", 0))
        check_add(k, CAUSE_INVALID, PLACE(at, "availableReplicas"),
                  "Invalid value: %lld: cannot be greater than readyReplicas",
                  (long long)value_int_at(status, "availableReplicas", 0));
}

/* What has revisions counts how often their names were taken. */
static void check_revisions(struct check *k)
{
    const struct value *status = value_get(k->object, "status");
    const struct value *is = value_get(status, "collisionCount");
    const struct value *was = value_path(k->old, "status.collisionCount");
    const struct place *at = PLACE(NULL, "status");

    check_non_negative(k, at, status, "observedGeneration");
    check_non_negative(k, at, status, "collisionCount");
    check_non_negative(k, at, status, "terminatingReplicas");
    if (was && (!is || is->as.integer < was->as.integer))
        check_add(k, CAUSE_INVALID, PLACE(at, "collisionCount"),
                  "Invalid value: cannot be decremented");
}

static void check_balancer(struct check *k)
{
    const struct value *list =
        value_path(k->object, "status.loadBalancer.ingress");

    if (list && list->count &&
        !text_equal(value_text_at(k->object, "spec.type"), "LoadBalancer"))
        check_add(
            k, CAUSE_FORBIDDEN,
            PLACE(PLACE(PLACE(NULL, "status"), "loadBalancer"), "ingress"),
            "Forbidden: may only be used when `spec.type` is "
            "'LoadBalancer'");
}

/* A namespace ends when it is deleted, not before and not later. */
static void check_phase(struct check *k)
{
    bool deleted = value_path(k->object, "metadata.deletionTimestamp");
    const char *phase = value_text_at(k->object, "status.phase");

    if (phase && deleted == (strcmp(phase, "Active") == 0))
        check_add(k, CAUSE_INVALID, PLACE(PLACE(NULL, "status"), "Phase"),
                  "Invalid value: \"%s\": may only be '%s' if "
                  "`deletionTimestamp` is %sempty",
                  phase, deleted ? "Terminating" : "Active",
                  deleted ? "not " : "");
}

static void check_conditions(struct check *k)
{
    static const char *const own[] = {"PodScheduled", "Ready", "Initialized"};
    const struct value *list = value_path(k->object, "status.conditions");
    const struct place *at = PLACE(PLACE(NULL, "status"), "conditions");
    const struct value *item;

    for (size_t i = 0; (item = rules_item(list, i)); i++) {
        const char *type = value_text_at(item, "type");

        if (!text_equal(type, own[0]) && !text_equal(type, own[1]) &&
            !text_equal(type, own[2]))
            check_qualified(k, PLACE(PLACE_AT(at, i), "Type"), type ? type : "",
                            type ? type : "");
    }
}

void rules_check_status(struct check *k)
{
    const char *kind = k->c->kind->r.kind;

    if (rules_is(k->c->kind, "", "Service"))
        check_balancer(k);
    if (rules_is(k->c->kind, "", "Namespace"))
        check_phase(k);
    if (rules_is(k->c->kind, "", "Pod"))
        check_conditions(k);
    if (rules_is(k->c->kind, "batch", "Job"))
        rules_check_job_status(k);
    if (rules_is(k->c->kind, "", "ResourceQuota"))
        rules_check_quota_status(k);
    if (strcmp(k->c->kind->r.group, "apps") == 0 ||
        rules_is(k->c->kind, "", "ReplicationController"))
        check_revisions(k);
    for (size_t i = 0; i < sizeof COUNTED / sizeof COUNTED[0]; i++)
        if (strcmp(COUNTED[i].kind, kind) == 0)
            check_counts(k, COUNTED[i].counts, COUNTED[i].bounded);
}
