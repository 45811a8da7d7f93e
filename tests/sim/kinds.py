"""The kinds that sequences are about, and where they are served."""

import dataclasses
from typing import Callable, Optional

import bodies as b
import crds


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str                   # of the generator's own: "HorizontalPodAutoscaler/v1"
    api_version: str
    plural: str
    make: Callable              # random source -> the object without its metadata
    namespaced: bool = True
    status: Optional[Callable] = None
    scale: bool = False
    builtin: bool = True
    weight: float = 1

    @property
    def kind(self):
        return self.name.partition("/")[0]

    def path(self, ns, name=None, subresource=None):
        group = "/api" if "/" not in self.api_version else "/apis"
        parts = [group, self.api_version]
        if self.namespaced:
            parts += ["namespaces", ns]
        parts += [self.plural, name, subresource]
        return "/".join(part for part in parts if part)


_ALL = (
    Kind("ConfigMap", "v1", "configmaps", b.configmap, weight=3),
    Kind("Secret", "v1", "secrets", b.secret, weight=1.5),
    Kind("Service", "v1", "services", b.service, status=b.service_status, weight=2),
    Kind("ServiceAccount", "v1", "serviceaccounts", b.serviceaccount),
    Kind("Pod", "v1", "pods", b.pod, status=b.pod_status, weight=2),
    Kind("Deployment", "apps/v1", "deployments", b.deployment, status=b.workload_status,
         scale=True, weight=3),
    Kind("ReplicaSet", "apps/v1", "replicasets", b.replicaset, status=b.workload_status, scale=True),
    Kind("StatefulSet", "apps/v1", "statefulsets", b.statefulset, status=b.statefulset_status,
         scale=True, weight=1.5),
    Kind("DaemonSet", "apps/v1", "daemonsets", b.daemonset, status=b.daemonset_status),
    Kind("Job", "batch/v1", "jobs", b.job, status=b.job_status),
    Kind("CronJob", "batch/v1", "cronjobs", b.cronjob, status=b.cronjob_status),
    Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims", b.claim, status=b.claim_status),
    Kind("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets", b.disruption_budget,
         status=b.budget_status),
    Kind("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers", b.autoscaler,
         status=b.autoscaler_status),
    Kind("HorizontalPodAutoscaler/v1", "autoscaling/v1", "horizontalpodautoscalers",
         b.autoscaler_v1, weight=0.3),
    Kind("Ingress", "networking.k8s.io/v1", "ingresses", b.ingress, status=b.ingress_status),
    Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", b.networkpolicy),
    Kind("Role", "rbac.authorization.k8s.io/v1", "roles", b.role),
    Kind("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings", b.rolebinding),
    Kind("Lease", "coordination.k8s.io/v1", "leases", b.lease),
    Kind("Event", "v1", "events", b.event, weight=0.5),
    Kind("Event/new", "events.k8s.io/v1", "events", b.event_new, weight=0.3),
    Kind("EndpointSlice", "discovery.k8s.io/v1", "endpointslices", b.endpointslice),
    Kind("LimitRange", "v1", "limitranges", b.limitrange, weight=0.5),
    Kind("ResourceQuota", "v1", "resourcequotas", b.resourcequota, weight=0.2),
    Kind("Namespace", "v1", "namespaces", b.namespace, namespaced=False, weight=0.5),
    Kind("PriorityClass", "scheduling.k8s.io/v1", "priorityclasses", b.priorityclass,
         namespaced=False, weight=0.5),
    Kind("StorageClass", "storage.k8s.io/v1", "storageclasses", b.storageclass,
         namespaced=False, weight=0.5),
    Kind("Widget", f"{crds.GROUP}/v1", "widgets", b.widget, status=b.widget_status, scale=True,
         builtin=False, weight=4),
    Kind("Widget/v1beta1", f"{crds.GROUP}/v1beta1", "widgets", b.widget, status=b.widget_status,
         scale=True, builtin=False, weight=0.7),
    Kind("Gadget", f"{crds.GROUP}/v1", "gadgets", b.gadget, namespaced=False, builtin=False,
         weight=1.5),
)

KINDS = {kind.name: kind for kind in _ALL}

# Admission reads these through caches that lag behind: what follows a write
# within milliseconds is decided by chance, so they are not put together.
APART = {"LimitRange": ("Pod", "PersistentVolumeClaim"),
         "Pod": ("LimitRange",), "PersistentVolumeClaim": ("LimitRange",)}
