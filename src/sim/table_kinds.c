/*
 * table_kinds.c -- which columns `kubectl get` shows of which built-in kind.
 */
#include "table_impl.h"

#define NAME_COLUMN                                                            \
    {                                                                          \
        "Name", "string/name", 0, cell_name, NULL, NULL                        \
    }
#define AGE                                                                    \
    {                                                                          \
        "Age", "string", 0, cell_age, "metadata.creationTimestamp", NULL       \
    }
#define CREATED                                                                \
    {                                                                          \
        "Created At", "date", 0, cell_created, NULL, NULL                      \
    }
#define END                                                                    \
    {                                                                          \
        NULL, NULL, 0, NULL, NULL, NULL                                        \
    }
#define TEXT(name, path)                                                       \
    {                                                                          \
        name, "string", 0, cell_text, path, ""                                 \
    }
#define TEXT_OR(name, path, or)                                                \
    {                                                                          \
        name, "string", 0, cell_text, path, or                                 \
    }
#define INTEGER(name, path)                                                    \
    {                                                                          \
        name, "integer", 0, cell_integer, path, NULL                           \
    }
#define FLAG(name, path, or)                                                   \
    {                                                                          \
        name, "boolean", 0, cell_boolean, path, or                             \
    }
#define COUNT(name, path)                                                      \
    {                                                                          \
        name, "integer", 0, cell_count, path, NULL                             \
    }
#define CELL(name, fn)                                                         \
    {                                                                          \
        name, "string", 0, fn, NULL, NULL                                      \
    }
#define CELL_OF(name, fn, path)                                                \
    {                                                                          \
        name, "string", 0, fn, path, NULL                                      \
    }
#define WIDE(name, fn, path)                                                   \
    {                                                                          \
        name, "string", 1, fn, path, NULL                                      \
    }
#define WIDE_OR(name, path, or)                                                \
    {                                                                          \
        name, "string", 1, cell_text, path, or                                 \
    }
#define CONTAINERS(pod)                                                        \
    {"Containers", "string", 1, cell_join, pod ".spec.containers:name", ""},   \
    {                                                                          \
        "Images", "string", 1, cell_join, pod ".spec.containers:image", ""     \
    }
#define SELECTOR(path)                                                         \
    {                                                                          \
        "Selector", "string", 1, cell_selector, path, NULL                     \
    }

static const struct column plain[] = {NAME_COLUMN, CREATED, END};
static const struct column aged[] = {NAME_COLUMN, AGE, END};

static const struct column pod[] = {
    NAME_COLUMN,
    CELL("Ready", cell_pod_ready),
    CELL("Status", cell_pod_status),
    CELL("Restarts", cell_pod_restarts),
    AGE,
    {"IP", "string", 1, cell_first, "status.podIPs:ip", "<none>"},
    WIDE_OR("Node", "spec.nodeName", "<none>"),
    WIDE_OR("Nominated Node", "status.nominatedNodeName", "<none>"),
    WIDE("Readiness Gates", cell_pod_gates, NULL),
    END};
static const struct column pod_template[] = {
    NAME_COLUMN,
    {"Containers", "string", 0, cell_join, "template.spec.containers:name", ""},
    {"Images", "string", 0, cell_join, "template.spec.containers:image", ""},
    CELL_OF("Pod Labels", cell_labels, "template.metadata.labels"),
    END};
static const struct column replica_set[] = {
    NAME_COLUMN,
    INTEGER("Desired", "spec.replicas"),
    INTEGER("Current", "status.replicas"),
    INTEGER("Ready", "status.readyReplicas"),
    AGE,
    CONTAINERS("spec.template"),
    SELECTOR("spec.selector"),
    END};
static const struct column replication_controller[] = {
    NAME_COLUMN,
    INTEGER("Desired", "spec.replicas"),
    INTEGER("Current", "status.replicas"),
    INTEGER("Ready", "status.readyReplicas"),
    AGE,
    CONTAINERS("spec.template"),
    WIDE("Selector", cell_labels, "spec.selector"),
    END};
static const struct column deployment[] = {
    NAME_COLUMN,
    CELL_OF("Ready", cell_of, "status.readyReplicas|spec.replicas"),
    {"Up-to-date", "string", 0, cell_integer, "status.updatedReplicas", NULL},
    {"Available", "string", 0, cell_integer, "status.availableReplicas", NULL},
    AGE,
    CONTAINERS("spec.template"),
    WIDE("Selector", cell_selector_or_empty, "spec.selector"),
    END};
static const struct column stateful_set[] = {
    NAME_COLUMN,
    CELL_OF("Ready", cell_of, "status.readyReplicas|spec.replicas"), AGE,
    CONTAINERS("spec.template"), END};
static const struct column daemon_set[] = {
    NAME_COLUMN,
    INTEGER("Desired", "status.desiredNumberScheduled"),
    INTEGER("Current", "status.currentNumberScheduled"),
    INTEGER("Ready", "status.numberReady"),
    INTEGER("Up-to-date", "status.updatedNumberScheduled"),
    INTEGER("Available", "status.numberAvailable"),
    CELL_OF("Node Selector", cell_labels, "spec.template.spec.nodeSelector"),
    AGE,
    CONTAINERS("spec.template"),
    SELECTOR("spec.selector"),
    END};
static const struct column controller_revision[] = {
    NAME_COLUMN,
    CELL("Controller", cell_controller),
    {"Revision", "string", 0, cell_integer, "revision", NULL},
    AGE,
    END};
static const struct column job[] = {NAME_COLUMN,
                                    CELL("Status", cell_job_status),
                                    CELL("Completions", cell_job_completions),
                                    CELL("Duration", cell_job_duration),
                                    AGE,
                                    CONTAINERS("spec.template"),
                                    SELECTOR("spec.selector"),
                                    END};
static const struct column cron_job[] = {
    NAME_COLUMN,
    TEXT("Schedule", "spec.schedule"),
    TEXT_OR("Timezone", "spec.timeZone", "<none>"),
    {"Suspend", "boolean", 0, cell_text, "spec.suspend", "<unset>"},
    COUNT("Active", "status.active"),
    {"Last Schedule", "string", 0, cell_age, "status.lastScheduleTime",
     "<none>"},
    AGE,
    CONTAINERS("spec.jobTemplate.spec.template"),
    SELECTOR("spec.jobTemplate.spec.selector"),
    END};
static const struct column service[] = {
    NAME_COLUMN,
    TEXT("Type", "spec.type"),
    {"Cluster-IP", "string", 0, cell_first, "spec.clusterIPs", "<none>"},
    CELL("External-IP", cell_external_ip),
    CELL("Port(s)", cell_service_ports),
    AGE,
    WIDE("Selector", cell_labels, "spec.selector"),
    END};
static const struct column endpoints[] = {
    NAME_COLUMN, CELL("Endpoints", cell_endpoints), AGE, END};
static const struct column endpoint_slice[] = {
    NAME_COLUMN,
    TEXT("AddressType", "addressType"),
    CELL("Ports", cell_slice_ports),
    CELL("Endpoints", cell_slice_endpoints),
    AGE,
    END};
static const struct column ingress[] = {
    NAME_COLUMN,
    TEXT_OR("Class", "spec.ingressClassName", "<none>"),
    CELL("Hosts", cell_ingress_hosts),
    CELL("Address", cell_ingress_address),
    CELL("Ports", cell_ingress_ports),
    AGE,
    END};
static const struct column ingress_class[] = {
    {"Name", "string/name", 0, cell_default_name,
     "ingressclass.kubernetes.io/is-default-class", NULL},
    TEXT("Controller", "spec.controller"),
    {"Parameters", "string", 0, cell_reference, "spec.parameters", "<none>"},
    AGE,
    END};
static const struct column network_policy[] = {
    NAME_COLUMN, CELL_OF("Pod-Selector", cell_selector, "spec.podSelector"),
    AGE, END};
static const struct column node[] = {
    NAME_COLUMN,
    CELL("Status", cell_node_status),
    CELL("Roles", cell_node_roles),
    AGE,
    TEXT("Version", "status.nodeInfo.kubeletVersion"),
    WIDE("Internal-IP", cell_node_address, "InternalIP"),
    WIDE("External-IP", cell_node_address, "ExternalIP"),
    WIDE_OR("OS-Image", "status.nodeInfo.osImage", "<unknown>"),
    WIDE("Kernel-Version", cell_node_kernel, NULL),
    WIDE_OR("Container-Runtime", "status.nodeInfo.containerRuntimeVersion",
            "<unknown>"),
    END};
static const struct column namespace[] = {
    NAME_COLUMN, TEXT("Status", "status.phase"), AGE, END};
static const struct column event[] = {
    CELL("Last Seen", cell_event_last),
    TEXT("Type", "type"),
    TEXT("Reason", "reason"),
    CELL("Object", cell_event_object),
    WIDE_OR("Subobject", "involvedObject.fieldPath|regarding.fieldPath", ""),
    WIDE("Source", cell_event_source, NULL),
    CELL("Message", cell_event_message),
    WIDE("First Seen", cell_event_first, NULL),
    WIDE("Count", cell_event_count, NULL),
    {"Name", "string/name", 1, cell_name, NULL, NULL},
    END};
static const struct column secret[] = {
    NAME_COLUMN,
    TEXT("Type", "type"),
    {"Data", "string", 0, cell_count, "data", NULL},
    AGE,
    END};
static const struct column config_map[] = {
    NAME_COLUMN, CELL("Data", cell_data_count), AGE, END};
static const struct column claim[] = {
    NAME_COLUMN,
    CELL("Status", cell_phase),
    TEXT("Volume", "spec.volumeName"),
    CELL_OF("Capacity", cell_claim_capacity, "status.capacity.storage"),
    CELL_OF("Access Modes", cell_claim_modes, "status.accessModes"),
    CELL("StorageClass", cell_volume_class),
    TEXT_OR("VolumeAttributesClass", "spec.volumeAttributesClassName",
            "<unset>"),
    AGE,
    WIDE_OR("VolumeMode", "spec.volumeMode", "<unset>"),
    END};
static const struct column volume[] = {
    NAME_COLUMN,
    TEXT_OR("Capacity", "spec.capacity.storage", "0"),
    CELL_OF("Access Modes", cell_access_modes, "spec.accessModes"),
    TEXT("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    CELL("Status", cell_phase),
    CELL("Claim", cell_claim),
    CELL("StorageClass", cell_volume_class),
    TEXT_OR("VolumeAttributesClass", "spec.volumeAttributesClassName",
            "<unset>"),
    TEXT("Reason", "status.reason"),
    AGE,
    WIDE_OR("VolumeMode", "spec.volumeMode", "<unset>"),
    END};
static const struct column storage_class[] = {
    {"Name", "string/name", 0, cell_default_name,
     "storageclass.kubernetes.io/is-default-class", NULL},
    TEXT("Provisioner", "provisioner"),
    TEXT_OR("ReclaimPolicy", "reclaimPolicy", "Delete"),
    TEXT_OR("VolumeBindingMode", "volumeBindingMode", "Immediate"),
    {"AllowVolumeExpansion", "string", 0, cell_boolean, "allowVolumeExpansion",
     NULL},
    AGE,
    END};
static const struct column volume_attachment[] = {
    NAME_COLUMN,
    {"Attacher", "string/name", 0, cell_text, "spec.attacher", ""},
    TEXT("PV", "spec.source.persistentVolumeName"),
    TEXT("Node", "spec.nodeName"),
    FLAG("Attached", "status.attached", NULL),
    AGE,
    END};
static const struct column attributes_class[] = {
    NAME_COLUMN, TEXT("DriverName", "driverName"), AGE, END};
static const struct column csi_driver[] = {
    NAME_COLUMN,
    FLAG("AttachRequired", "spec.attachRequired", "true"),
    FLAG("PodInfoOnMount", "spec.podInfoOnMount", NULL),
    FLAG("StorageCapacity", "spec.storageCapacity", NULL),
    {"TokenRequests", "string", 0, cell_join, "spec.tokenRequests:audience",
     "<unset>"},
    FLAG("RequiresRepublish", "spec.requiresRepublish", NULL),
    {"Modes", "string", 0, cell_join, "spec.volumeLifecycleModes", "<none>"},
    AGE,
    END};
static const struct column csi_node[] = {
    NAME_COLUMN, COUNT("Drivers", "spec.drivers"), AGE, END};
static const struct column autoscaler[] = {
    NAME_COLUMN,
    CELL_OF("Reference", cell_reference, "spec.scaleTargetRef"),
    CELL("Targets", cell_metrics),
    TEXT_OR("MinPods", "spec.minReplicas", "<unset>"),
    {"MaxPods", "string", 0, cell_integer, "spec.maxReplicas", NULL},
    {"Replicas", "string", 0, cell_integer, "status.currentReplicas", NULL},
    AGE,
    END};
static const struct column disruption_budget[] = {
    NAME_COLUMN,
    TEXT_OR("Min Available", "spec.minAvailable", "N/A"),
    TEXT_OR("Max Unavailable", "spec.maxUnavailable", "N/A"),
    INTEGER("Allowed Disruptions", "status.disruptionsAllowed"),
    AGE,
    END};
static const struct column role_binding[] = {
    NAME_COLUMN,
    CELL_OF("Role", cell_reference, "roleRef"),
    AGE,
    WIDE("Users", cell_subjects, "User"),
    WIDE("Groups", cell_subjects, "Group"),
    WIDE("ServiceAccounts", cell_subjects, "ServiceAccount"),
    END};
static const struct column lease[] = {
    NAME_COLUMN, TEXT("Holder", "spec.holderIdentity"), AGE, END};
static const struct column priority_class[] = {
    NAME_COLUMN,
    INTEGER("Value", "value"),
    FLAG("Global-Default", "globalDefault", NULL),
    AGE,
    TEXT("PreemptionPolicy", "preemptionPolicy"),
    END};
static const struct column quota[] = {
    NAME_COLUMN, CELL_OF("Request", cell_quota, "requests"),
    CELL_OF("Limit", cell_quota, "limits"), AGE, END};
static const struct column runtime_class[] = {
    NAME_COLUMN, TEXT("Handler", "handler"), AGE, END};
static const struct column webhooks[] = {
    NAME_COLUMN, COUNT("Webhooks", "webhooks"), AGE, END};
static const struct column service_cidr[] = {
    NAME_COLUMN, {"CIDRs", "string", 0, cell_join, "spec.cidrs", ""}, AGE, END};

static const struct column api_service[] = {
    NAME_COLUMN, CELL("Service", cell_api_service),
    CELL("Available", cell_api_available), AGE, END};
static const struct column certificate_request[] = {
    NAME_COLUMN,
    AGE,
    TEXT_OR("SignerName", "spec.signerName", "<none>"),
    TEXT("Requestor", "spec.username"),
    CELL("RequestedDuration", cell_csr_duration),
    CELL("Condition", cell_csr_condition),
    END};
static const struct column mutating_policy[] = {
    NAME_COLUMN, COUNT("Mutations", "spec.mutations"),
    CELL("ParamKind", cell_param_kind), AGE, END};
static const struct column validating_policy[] = {
    NAME_COLUMN, COUNT("Validations", "spec.validations"),
    CELL("ParamKind", cell_param_kind), AGE, END};
static const struct column policy_binding[] = {
    NAME_COLUMN, TEXT("PolicyName", "spec.policyName"),
    CELL("ParamRef", cell_param_ref), AGE, END};
static const struct column flow_schema[] = {
    NAME_COLUMN,
    TEXT("PriorityLevel", "spec.priorityLevelConfiguration.name"),
    {"MatchingPrecedence", "string", 0, cell_integer, "spec.matchingPrecedence",
     NULL},
    TEXT_OR("DistinguisherMethod", "spec.distinguisherMethod.type", "<none>"),
    AGE,
    CELL("MissingPL", cell_flow_dangling),
    END};
#define LIMIT(name, path)                                                      \
    {                                                                          \
        name, "string", 0, cell_number_or, path, "<none>"                      \
    }
#define QUEUING "spec.limited.limitResponse.queuing."
static const struct column priority_level[] = {
    NAME_COLUMN,
    TEXT("Type", "spec.type"),
    LIMIT("NominalConcurrencyShares", "spec.limited.nominalConcurrencyShares"),
    LIMIT("Queues", QUEUING "queues"),
    LIMIT("HandSize", QUEUING "handSize"),
    LIMIT("QueueLengthLimit", QUEUING "queueLengthLimit"),
    AGE,
    END};
static const struct column ip_address[] = {NAME_COLUMN,
                                           CELL("ParentRef", cell_ip_parent),
                                           {"Age", "string", COLUMN_UNTOLD,
                                            cell_age,
                                            "metadata.creationTimestamp", NULL},
                                           END};
static const struct column resource_claim[] = {
    NAME_COLUMN, CELL("State", cell_claim_state), AGE, END};
static const struct column resource_slice[] = {NAME_COLUMN,
                                               TEXT("Node", "spec.nodeName"),
                                               TEXT("Driver", "spec.driver"),
                                               TEXT("Pool", "spec.pool.name"),
                                               AGE,
                                               END};
static const struct column component_status[] = {
    NAME_COLUMN, CELL("Status", cell_component_status),
    CELL_OF("Message", cell_component_text, "message"),
    CELL_OF("Error", cell_component_text, "error"), END};

static const struct table_kind all[] = {
    {"", "ComponentStatus", component_status},
    {"", "ConfigMap", config_map},
    {"", "Endpoints", endpoints},
    {"", "Event", event},
    {"", "Namespace", namespace},
    {"", "Node", node},
    {"", "PersistentVolume", volume},
    {"", "PersistentVolumeClaim", claim},
    {"", "Pod", pod},
    {"", "PodTemplate", pod_template},
    {"", "ReplicationController", replication_controller},
    {"", "ResourceQuota", quota},
    {"", "Secret", secret},
    {"", "Service", service},
    {"", "ServiceAccount", aged},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", webhooks},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration",
     webhooks},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy",
     mutating_policy},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding",
     policy_binding},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy",
     validating_policy},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding",
     policy_binding},
    {"apiregistration.k8s.io", "APIService", api_service},
    {"apps", "ControllerRevision", controller_revision},
    {"apps", "DaemonSet", daemon_set},
    {"apps", "Deployment", deployment},
    {"apps", "ReplicaSet", replica_set},
    {"apps", "StatefulSet", stateful_set},
    {"autoscaling", "HorizontalPodAutoscaler", autoscaler},
    {"batch", "CronJob", cron_job},
    {"batch", "Job", job},
    {"certificates.k8s.io", "CertificateSigningRequest", certificate_request},
    {"coordination.k8s.io", "Lease", lease},
    {"discovery.k8s.io", "EndpointSlice", endpoint_slice},
    {"events.k8s.io", "Event", event},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema", flow_schema},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration",
     priority_level},
    {"networking.k8s.io", "IPAddress", ip_address},
    {"networking.k8s.io", "Ingress", ingress},
    {"networking.k8s.io", "IngressClass", ingress_class},
    {"networking.k8s.io", "NetworkPolicy", network_policy},
    {"networking.k8s.io", "ServiceCIDR", service_cidr},
    {"node.k8s.io", "RuntimeClass", runtime_class},
    {"policy", "PodDisruptionBudget", disruption_budget},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", role_binding},
    {"rbac.authorization.k8s.io", "RoleBinding", role_binding},
    {"resource.k8s.io", "DeviceClass", aged},
    {"resource.k8s.io", "ResourceClaim", resource_claim},
    {"resource.k8s.io", "ResourceClaimTemplate", aged},
    {"resource.k8s.io", "ResourceSlice", resource_slice},
    {"scheduling.k8s.io", "PriorityClass", priority_class},
    {"storage.k8s.io", "CSIDriver", csi_driver},
    {"storage.k8s.io", "CSINode", csi_node},
    {"storage.k8s.io", "StorageClass", storage_class},
    {"storage.k8s.io", "VolumeAttachment", volume_attachment},
    {"storage.k8s.io", "VolumeAttributesClass", attributes_class},
};

const struct column *table_columns(const struct kind *k)
{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (text_equal(all[i].group, k->r.group) &&
            text_equal(all[i].kind, k->r.kind))
            return all[i].columns;
    return plain;
}
