/*
 * rules_strategy.c -- what is special about a kind's storage, as a table; see
 *                     rules.h.
 */
#include <string.h>

#include "rules_impl.h"

/* Flags of a kind. */
enum {
    UPSERT = 1,      /* PUT creates */
    CONDITIONAL = 2, /* PUT needs a resourceVersion */
    COUNTS = 4,      /* has a generation */
    NAMED = 8,       /* by a uid if by nothing else */
};

/* `counted`: what a change of counts the generation up: paths with a blank
 * between them; NULL: nothing does. */
static const struct strategy {
    const char *group, *kind;
    unsigned flags;
    const char *counted;
} STRATEGIES[] = {
    {"", "Endpoints", UPSERT, NULL},
    {"", "Event", UPSERT, NULL},
    {"events.k8s.io", "Event", UPSERT, NULL},
    {"", "LimitRange", UPSERT | NAMED, NULL},
    {"", "Service", UPSERT, NULL},
    {"", "Pod", COUNTS, "spec"},
    {"", "PodTemplate", COUNTS, "template"},
    {"", "ReplicationController", COUNTS, "spec"},
    {"apps", "DaemonSet", COUNTS, "spec"},
    {"apps", "Deployment", COUNTS, "spec metadata.annotations"},
    {"apps", "ReplicaSet", COUNTS, "spec"},
    {"apps", "StatefulSet", COUNTS, "spec"},
    {"batch", "CronJob", COUNTS, "spec"},
    {"batch", "Job", COUNTS, "spec"},
    {"coordination.k8s.io", "Lease", UPSERT | CONDITIONAL, NULL},
    {"coordination.k8s.io", "LeaseCandidate", UPSERT | CONDITIONAL, NULL},
    {"discovery.k8s.io", "EndpointSlice", COUNTS,
     "addressType endpoints ports metadata.labels"},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema", COUNTS, "spec"},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", COUNTS,
     "spec"},
    {"networking.k8s.io", "Ingress", COUNTS, "spec"},
    {"networking.k8s.io", "IngressClass", COUNTS, "spec"},
    {"networking.k8s.io", "NetworkPolicy", COUNTS, "spec"},
    {"node.k8s.io", "RuntimeClass", UPSERT | CONDITIONAL, NULL},
    {"policy", "PodDisruptionBudget", COUNTS | CONDITIONAL, "spec"},
    {"rbac.authorization.k8s.io", "ClusterRole", UPSERT, NULL},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", UPSERT, NULL},
    {"rbac.authorization.k8s.io", "Role", UPSERT, NULL},
    {"rbac.authorization.k8s.io", "RoleBinding", UPSERT, NULL},
    {"resource.k8s.io", "DeviceClass", COUNTS, "spec"},
    {"resource.k8s.io", "ResourceSlice", COUNTS, "spec"},
    {"scheduling.k8s.io", "PriorityClass", COUNTS, NULL},
    {"storage.k8s.io", "CSIDriver", CONDITIONAL, "spec"},
    {"storage.k8s.io", "CSINode", CONDITIONAL, NULL},
    {"storage.k8s.io", "CSIStorageCapacity", CONDITIONAL, NULL},
    {"storage.k8s.io", "VolumeAttachment", CONDITIONAL, NULL},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy",
     COUNTS | CONDITIONAL, "spec"},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding",
     COUNTS | CONDITIONAL, "spec"},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration",
     COUNTS | CONDITIONAL, "webhooks"},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy",
     COUNTS | CONDITIONAL, "spec"},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding",
     COUNTS | CONDITIONAL, "spec"},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration",
     COUNTS | CONDITIONAL, "webhooks"},
    {"apiextensions.k8s.io", "CustomResourceDefinition", COUNTS | CONDITIONAL,
     "spec"},
};

static const struct strategy *find(const struct kind *k)
{
    static const struct strategy custom = {"", "", COUNTS | CONDITIONAL,
                                           "spec"};
    static const struct strategy other = {"", "", 0, NULL};

    if (k->crd)
        return &custom;
    for (size_t i = 0; i < sizeof STRATEGIES / sizeof STRATEGIES[0]; i++)
        if (rules_is(k, STRATEGIES[i].group, STRATEGIES[i].kind))
            return &STRATEGIES[i];
    return &other;
}

bool rules_names_by_uid(const struct kind *k)
{
    return find(k)->flags & NAMED;
}

const char *rules_counted(const struct kind *k)
{
    return find(k)->counted;
}

bool rules_has_generation(const struct kind *k)
{
    return find(k)->flags & COUNTS;
}

bool rules_allows_unconditional_update(const struct kind *k)
{
    return !(find(k)->flags & CONDITIONAL);
}

bool rules_allows_create_on_update(const struct kind *k)
{
    return find(k)->flags & UPSERT;
}

/* ---- what writes never own ---- */

/* Kinds whose status writes change no metadata, as custom resources. */
static bool status_keeps_metadata(const struct kind *k)
{
    static const char *const groups[] = {"admissionregistration.k8s.io",
                                         "flowcontrol.apiserver.k8s.io",
                                         "resource.k8s.io",
                                         "storagemigration.k8s.io",
                                         "apiextensions.k8s.io",
                                         "apiregistration.k8s.io"};

    if (k->crd || rules_is(k, "storage.k8s.io", "VolumeAttachment") ||
        rules_is(k, "networking.k8s.io", "ServiceCIDR"))
        return true;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (strcmp(k->r.group, groups[i]) == 0)
            return true;
    return false;
}

const char *const *rules_reset_fields(const struct kind *k,
                                      const char *subresource)
{
    static const char *const none[] = {NULL};
    static const char *const status[] = {"status", NULL};
    static const char *const spec[] = {"spec", NULL};
    static const char *const spec_meta[] = {"spec", "metadata", NULL};
    static const char *const deployment[] = {"spec", "metadata.labels", NULL};
    static const char *const pod[] = {"spec", "metadata.deletionTimestamp",
                                      "metadata.ownerReferences", NULL};

    if (!k->r.has_status)
        return none;
    if (strcmp(subresource, "status") != 0)
        return *subresource == '\0' || strcmp(subresource, "finalize") == 0
                   ? status
                   : none;
    if (rules_is(k, "apps", "Deployment"))
        return deployment;
    if (rules_is(k, "", "Pod"))
        return pod;
    return status_keeps_metadata(k) ? spec_meta : spec;
}

/* ---- deleting ---- */

int64_t rules_grace_period(const struct kind *k, const struct value *object)
{
    const char *phase = value_text_at(object, "status.phase");

    if (!rules_is(k, "", "Pod"))
        return 0;
    /* A pod that no node has, or that is over, is gone at once. */
    if (rules_is_absent(value_path(object, "spec.nodeName")) ||
        (phase &&
         (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)))
        return 0;
    return value_int_at(object, "spec.terminationGracePeriodSeconds", 30);
}

const char *rules_default_propagation(const struct kind *k)
{
    return rules_is(k, "", "ReplicationController") ||
                   rules_is(k, "batch", "Job")
               ? "orphan"
               : "background";
}
