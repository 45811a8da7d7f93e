/*
 * rules_validate.c -- which checks a kind has; see rules.h.
 */
#include <string.h>

#include "rules_kinds.h"
#include "sim/crd.h"

static const struct kind_check CHECKS[] = {
    {"", "ConfigMap", NULL, rules_check_config_map,
     rules_check_config_map_update, 4},
    {"", "Endpoints", NULL, rules_check_endpoints, NULL, 4},
    {"", "Event", NULL, rules_check_event, NULL, 2},
    {"events.k8s.io", "Event", NULL, rules_check_event_v1,
     rules_check_event_v1_update, 0},
    {"", "LimitRange", NULL, rules_check_limit_range, NULL, 0},
    {"", "Namespace", wrong_dns_label, NULL, NULL, 4},
    {"", "Node", NULL, rules_check_node, NULL, 4},
    {"", "PersistentVolume", NULL, rules_check_volume,
     rules_check_volume_update, 4},
    {"", "PersistentVolumeClaim", NULL, rules_check_claim,
     rules_check_claim_update, 4},
    {"", "Pod", NULL, rules_check_pod, rules_check_pod_update, 4},
    {"", "PodTemplate", NULL, rules_check_pod_template, NULL, 0},
    {"", "ReplicationController", NULL, rules_check_controller, NULL, 0},
    {"", "ResourceQuota", NULL, rules_check_quota, rules_check_quota_update, 0},
    {"", "Secret", NULL, rules_check_secret, rules_check_secret_update, 4},
    {"", "ServiceAccount", NULL, NULL, NULL, 4},
    {"", "Service", wrong_dns_label, rules_check_service,
     rules_check_service_update, 0},
    {"apps", "ControllerRevision", NULL, NULL, rules_check_revision_update, 4},
    {"apps", "DaemonSet", NULL, rules_check_daemon_set,
     rules_check_selector_update, 0},
    {"apps", "Deployment", NULL, rules_check_deployment,
     rules_check_selector_update, 0},
    {"apps", "ReplicaSet", NULL, rules_check_replica_set,
     rules_check_selector_update, 0},
    {"apps", "StatefulSet", wrong_dns_label, rules_check_stateful_set,
     rules_check_stateful_set_update, 0},
    {"autoscaling", "HorizontalPodAutoscaler", NULL, rules_check_autoscaler,
     NULL, 0},
    {"batch", "CronJob", NULL, rules_check_cron_job, NULL, 0},
    {"batch", "Job", NULL, rules_check_job, rules_check_job_update, 4},
    {"coordination.k8s.io", "Lease", NULL, rules_check_lease, NULL, 0},
    {"discovery.k8s.io", "EndpointSlice", NULL, rules_check_endpoint_slice,
     NULL, 0},
    {"networking.k8s.io", "Ingress", NULL, rules_check_ingress, NULL, 4},
    {"networking.k8s.io", "IngressClass", NULL, rules_check_ingress_class,
     rules_check_ingress_class_update, 0},
    {"networking.k8s.io", "NetworkPolicy", NULL, rules_check_network_policy,
     NULL, 0},
    {"policy", "PodDisruptionBudget", wrong_path_segment,
     rules_check_disruption_budget, NULL, 2},
    {"rbac.authorization.k8s.io", "ClusterRole", wrong_path_segment,
     rules_check_cluster_role, NULL, 4},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", wrong_path_segment,
     rules_check_role_binding, rules_check_role_ref_update, 4},
    {"rbac.authorization.k8s.io", "Role", wrong_path_segment, rules_check_role,
     NULL, 4},
    {"rbac.authorization.k8s.io", "RoleBinding", wrong_path_segment,
     rules_check_role_binding, rules_check_role_ref_update, 4},
    {"scheduling.k8s.io", "PriorityClass", NULL, rules_check_priority_class,
     rules_check_priority_class_update, 0},
    {"storage.k8s.io", "StorageClass", NULL, rules_check_storage_class,
     rules_check_storage_class_update, 4},
};

const struct kind_check *rules_find_check(const struct kind *k)
{
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++)
        if (rules_is(k, CHECKS[i].group, CHECKS[i].kind))
            return &CHECKS[i];
    return NULL;
}

static int validate_custom(struct check *k)
{
    check_meta(k, wrong_dns_subdomain, k->old ? 3 : 1);
    if (k->f->code)
        return -1;
    if (strcmp(k->c->subresource, "status") == 0)
        return crd_check_status(k->c->kind->crd, k->c->kind->r.version,
                                k->object, k->old, k->f);
    return crd_check(k->c->kind->crd, k->c->kind->r.version, k->object, k->old,
                     k->f);
}

/* Events of the first group have no rules for names of their own: what is right
 * otherwise is asked for what is asked of everything. */
static int validate_new_event(struct check *k)
{
    rules_check_event(k);
    if (!k->f->cause_count)
        check_meta(k, wrong_path_segment, 1);
    return k->f->code ? -1 : 0;
}

int rules_validate(const struct rules_call *c, const struct value *object,
                   const struct value *old, struct failure *f)
{
    struct check k = {c, f, object, old};
    const struct kind_check *own = rules_find_check(c->kind);
    unsigned passes = !old ? 1 : own && own->passes ? own->passes : 3;

    if (c->kind->crd)
        return validate_custom(&k);
    if (!old && rules_is(c->kind, "", "Event"))
        return validate_new_event(&k);
    check_meta(&k,
               own && own->wrong_name ? own->wrong_name : wrong_dns_subdomain,
               passes);
    if (strcmp(c->subresource, "status") == 0)
        rules_check_status(&k);
    if (own && own->create && *c->subresource == '\0')
        own->create(&k);
    if (own && own->update && old && *c->subresource == '\0')
        own->update(&k);
    if (rules_is(c->kind, "apiextensions.k8s.io", "CustomResourceDefinition") &&
        crd_validate(c->a, object, old, f) < 0)
        return -1;
    return f->code ? -1 : 0;
}
