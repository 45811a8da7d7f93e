/*
 * rules_kinds.h -- the validations of single kinds. Private to
 *                  src/sim/rules*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_KINDS_H
#define TIDELOCK_SRC_SIM_RULES_KINDS_H

#include "rules_check.h"

typedef void (*check_fn)(struct check *k);
void rules_check_pod(struct check *k);
void rules_check_pod_update(struct check *k);
void rules_check_deployment(struct check *k);
void rules_check_selector_update(struct check *k);
void rules_check_replica_set(struct check *k);
void rules_check_controller(struct check *k);
void rules_check_daemon_set(struct check *k);
void rules_check_stateful_set(struct check *k);
void rules_check_stateful_set_update(struct check *k);
void rules_check_job(struct check *k);
void rules_check_job_update(struct check *k);
void rules_check_job_status(struct check *k);
void rules_check_cron_job(struct check *k);
void rules_check_service(struct check *k);
void rules_check_service_update(struct check *k);
void rules_check_config_map(struct check *k);
void rules_check_config_map_update(struct check *k);
void rules_check_secret(struct check *k);
void rules_check_secret_update(struct check *k);
void rules_check_claim(struct check *k);
void rules_check_claim_update(struct check *k);
void rules_check_volume(struct check *k);
void rules_check_volume_update(struct check *k);
/* The name of a resource that containers have. */
void rules_check_resource(struct check *k, const struct place *at,
                          const char *name);
void rules_check_limit_range(struct check *k);
void rules_check_quota(struct check *k);
void rules_check_quota_update(struct check *k);
void rules_check_quota_status(struct check *k);
void rules_check_endpoints(struct check *k);
void rules_check_event(struct check *k);
void rules_check_event_v1(struct check *k);
void rules_check_event_v1_update(struct check *k);
void rules_check_node(struct check *k);
void rules_check_ingress(struct check *k);
void rules_check_ingress_class(struct check *k);
void rules_check_ingress_class_update(struct check *k);
void rules_check_network_policy(struct check *k);
void rules_check_endpoint_slice(struct check *k);
void rules_check_role(struct check *k);
void rules_check_cluster_role(struct check *k);
void rules_check_role_binding(struct check *k);
void rules_check_role_ref_update(struct check *k);
void rules_check_autoscaler(struct check *k);
void rules_check_disruption_budget(struct check *k);
void rules_check_lease(struct check *k);
void rules_check_storage_class(struct check *k);
void rules_check_storage_class_update(struct check *k);
void rules_check_priority_class(struct check *k);
void rules_check_priority_class_update(struct check *k);
void rules_check_pod_template(struct check *k);
void rules_check_revision_update(struct check *k);
/* Counts of replicas and the like in what is written to status. */
void rules_check_status(struct check *k);
struct kind_check {
    const char *group, *kind;
    wrong_name_fn wrong_name;
    check_fn create; /* also the common part of updates; may be NULL */
    check_fn update; /* what only updates are asked; may be NULL */
    /* How often the server says on update what is wrong with labels and the
     * like; 0: three times. */
    unsigned passes;
};
/* NULL: the kind has no rules of its own. */
const struct kind_check *rules_find_check(const struct kind *k);

#endif
