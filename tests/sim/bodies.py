"""Objects of every kind, made from a random source: mostly valid, rich in the
fields that an API server defaults, merges or judges.

A function here takes `r` (random.Random) and returns a part of an object. The
same state of `r` gives the same part, for ever: seeds are kept in reports.
"""

LABELS = {"app": ("web", "db"), "tier": ("front", "back"), "env": ("test",)}
IMAGES = ("nginx", "nginx:1.25", "nginx:latest", "registry.example.com:5000/team/app:v2",
          "busybox@sha256:" + "0123456789abcdef" * 4)
QUANTITIES = ("100m", "0.5", "1", "2", "1500m", "1.5")
SIZES = ("64Mi", "1Gi", "1000M", "0.5Gi", "134217728", "1e3", "128Ki")


def chance(r, p):
    return r.random() < p


def labels(r):
    return {key: r.choice(values) for key, values in LABELS.items() if chance(r, 0.5)}


def some(r, p=0.4, **parts):
    """Each part with that probability; a part is a value or a function of r."""
    return {name.rstrip("_"): part(r) if callable(part) else part
            for name, part in parts.items() if chance(r, p)}


def selector(r):
    found = {"matchLabels": {"app": r.choice(("web", "db"))}}
    if chance(r, 0.2):
        found["matchExpressions"] = [
            {"key": "tier", "operator": r.choice(("In", "NotIn")), "values": ["front", "back"]},
            {"key": "env", "operator": r.choice(("Exists", "DoesNotExist"))}][:r.randint(1, 2)]
    return found


# ---- Pods ----

def probe(r):
    action = r.choice((
        {"httpGet": {"path": "/healthz", "port": r.choice((8080, "http"))}},
        {"httpGet": {"port": 80}}, {"tcpSocket": {"port": 80}},
        {"exec": {"command": ["true"]}}, {"grpc": {"port": 9000}}))
    return {**action, **some(r, 0.3, initialDelaySeconds=5, periodSeconds=7,
                             timeoutSeconds=2, failureThreshold=4)}


def env(r):
    return r.sample((
        {"name": "PLAIN", "value": r.choice(("x", "", "$(OTHER)"))},
        {"name": "FIELD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k"}}},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "a", "key": "k",
                                                          "optional": True}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "EMPTY"}), r.randint(1, 3))


def ports(r):
    return r.sample((
        {"containerPort": 80}, {"containerPort": 8080, "name": "http"},
        {"containerPort": 53, "protocol": "UDP", "name": "dns"},
        {"containerPort": 443, "protocol": "TCP"}), r.randint(1, 3))


def resources(r):
    found = {}
    for part in ("requests", "limits"):
        if chance(r, 0.6):
            found[part] = {"cpu": r.choice(QUANTITIES[:2] if part == "requests" else QUANTITIES[2:]),
                           **some(r, 0.5, memory="64Mi" if part == "requests" else r.choice(SIZES[1:5]))}
    return found


def container(r, name):
    return {"name": name, "image": r.choice(IMAGES), **some(
        r, 0.2, ports=ports, env=env, resources=resources, livenessProbe=probe,
        readinessProbe=probe, command=["/bin/sh", "-c"], args=["sleep 1"],
        imagePullPolicy="IfNotPresent", workingDir="/srv", tty=True, stdin=True,
        terminationMessagePolicy="FallbackToLogsOnError",
        volumeMounts=[{"name": "v1", "mountPath": "/data"}],
        securityContext={"runAsUser": 1000, "readOnlyRootFilesystem": True},
        lifecycle={"preStop": {"exec": {"command": ["sleep", "1"]}}},
        envFrom=[{"configMapRef": {"name": "a"}}])}


def volume(r, name):
    return {"name": name, **r.choice((
        {"emptyDir": {}}, {"emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
        {"configMap": {"name": "a"}}, {"secret": {"secretName": "a"}},
        {"configMap": {"name": "a", "items": [{"key": "k", "path": "k"}]}},
        {"hostPath": {"path": "/tmp"}}, {"persistentVolumeClaim": {"claimName": "a"}},
        {"downwardAPI": {"items": [{"path": "labels",
                                    "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"projected": {"sources": [{"configMap": {"name": "a"}},
                                   {"serviceAccountToken": {"path": "token"}}]}}))}


def affinity(r):
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector(r)}
    return r.choice((
        {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 10, "podAffinityTerm": term}]}},
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [
                {"key": "zone", "operator": "In", "values": ["a"]}]}]}}}))


def pod_spec(r, restart=None):
    spec = {"containers": [container(r, f"c{i}") for i in range(1, r.choice((2, 2, 3)))]}
    if chance(r, 0.2):
        spec["initContainers"] = [container(r, "init")]
    everyone = spec["containers"] + spec.get("initContainers", [])
    if any("volumeMounts" in c for c in everyone) or chance(r, 0.2):
        spec["volumes"] = [volume(r, "v1")]
        if chance(r, 0.3):
            spec["volumes"].append(volume(r, "v2"))
    if restart:
        spec["restartPolicy"] = restart
    spec.update(some(
        r, 0.1, terminationGracePeriodSeconds=lambda r: r.choice((0, 5, 60)),
        nodeSelector={"disk": "ssd"}, dnsPolicy="Default", affinity=affinity,
        serviceAccountName="default", automountServiceAccountToken=False,
        securityContext={"runAsNonRoot": True, "fsGroup": 2000},
        tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
                     {"key": "x", "value": "y"}],
        topologySpreadConstraints=[{"maxSkew": 1, "topologyKey": "zone",
                                    "whenUnsatisfiable": "ScheduleAnyway",
                                    "labelSelector": selector(r)}],
        imagePullSecrets=[{"name": "pull"}], hostNetwork=True, enableServiceLinks=False,
        shareProcessNamespace=True, hostname="host", priorityClassName="system-node-critical",
        hostAliases=[{"ip": "10.1.2.3", "hostnames": ["one.example.com"]}]))
    return spec


def pod(r):
    spec = pod_spec(r, r.choice((None, None, "Never", "OnFailure")))
    if chance(r, 0.3):
        spec["nodeName"] = "node-1"
    return {"spec": spec}


def template(r, chosen, restart=None):
    return {"metadata": {"labels": {**labels(r), **chosen["matchLabels"],
                                    **({"tier": "front"} if "matchExpressions" in chosen else {})}},
            "spec": pod_spec(r, restart)}


# ---- Workloads ----

def deployment(r):
    chosen = {"matchLabels": {"app": r.choice(("web", "db"))}}
    strategy = r.choice((
        {"type": "Recreate"}, {"type": "RollingUpdate"}, {},
        {"rollingUpdate": {"maxSurge": r.choice((1, "50%"))}},
        {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%", "maxSurge": 2}}))
    return {"spec": {"selector": chosen, "template": template(r, chosen), **some(
        r, 0.3, replicas=lambda r: r.randint(0, 5), strategy=strategy, minReadySeconds=3,
        revisionHistoryLimit=2, progressDeadlineSeconds=99, paused=True)}}


def replicaset(r):
    chosen = {"matchLabels": {"app": r.choice(("web", "db"))}}
    return {"spec": {"selector": chosen, "template": template(r, chosen),
                     **some(r, 0.4, replicas=lambda r: r.randint(0, 5), minReadySeconds=3)}}


def statefulset(r):
    chosen = {"matchLabels": {"app": r.choice(("web", "db"))}}
    strategy = r.choice(({"type": "OnDelete"}, {"rollingUpdate": {"partition": 2}},
                         {"type": "RollingUpdate"}))
    return {"spec": {"selector": chosen, "template": template(r, chosen),
                     "serviceName": "web", **some(
        r, 0.3, replicas=lambda r: r.randint(0, 5), updateStrategy=strategy,
        podManagementPolicy="Parallel", minReadySeconds=3, ordinals={"start": 1},
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"},
        volumeClaimTemplates=[{"metadata": {"name": "data"}, "spec": claim_spec(r)}])}}


def daemonset(r):
    chosen = {"matchLabels": {"app": r.choice(("web", "db"))}}
    strategy = r.choice(({"type": "OnDelete"}, {"rollingUpdate": {"maxUnavailable": "20%"}},
                         {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}))
    return {"spec": {"selector": chosen, "template": template(r, chosen),
                     **some(r, 0.3, updateStrategy=strategy, minReadySeconds=3)}}


def job_spec(r):
    return {"template": {"metadata": {"labels": labels(r)},
                         "spec": pod_spec(r, r.choice(("Never", "OnFailure")))},
            **some(r, 0.25, parallelism=2, completions=3, backoffLimit=1, suspend=True,
                   activeDeadlineSeconds=60, ttlSecondsAfterFinished=100,
                   podReplacementPolicy="Failed")}


def job(r):
    spec = job_spec(r)
    if chance(r, 0.2):
        spec.update(completions=3, completionMode="Indexed")
    return {"spec": spec}


def cronjob(r):
    return {"spec": {"schedule": r.choice(("*/5 * * * *", "@hourly", "0 0 1 1 *")),
                     "jobTemplate": {"spec": job_spec(r)}, **some(
        r, 0.3, concurrencyPolicy="Forbid", suspend=True, timeZone="Europe/Berlin",
        startingDeadlineSeconds=30, successfulJobsHistoryLimit=1, failedJobsHistoryLimit=0)}}


def disruption_budget(r):
    how = r.choice(({"minAvailable": 1}, {"maxUnavailable": "50%"}, {"minAvailable": "20%"}, {}))
    return {"spec": {**how, **some(r, 0.8, selector=selector),
                     **some(r, 0.2, unhealthyPodEvictionPolicy="AlwaysAllow")}}


def autoscaler(r):
    metric = r.choice((
        {"type": "Resource", "resource": {"name": "cpu", "target": {
            "type": "Utilization", "averageUtilization": 60}}},
        {"type": "Resource", "resource": {"name": "memory", "target": {
            "type": "AverageValue", "averageValue": "500Mi"}}},
        {"type": "Pods", "pods": {"metric": {"name": "rate"}, "target": {
            "type": "AverageValue", "averageValue": "1k"}}}))
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60, "policies": [
        {"type": "Percent", "value": 50, "periodSeconds": 30}]}}
    return {"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
                     "maxReplicas": r.randint(3, 9),
                     **some(r, 0.4, minReplicas=2, metrics=[metric], behavior=behavior)}}


def autoscaler_v1(r):
    return {"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
                     "maxReplicas": r.randint(3, 9),
                     **some(r, 0.5, minReplicas=2, targetCPUUtilizationPercentage=70)}}


# ---- Core ----

def configmap(r):
    return some(r, 0.6, data={"k": r.choice(("v", "", "two\nlines")), "é.x"[1:]: "1"},
                binaryData={"b": "AAEC"}) | some(r, 0.1, immutable=r.choice((True, False)))


def secret(r):
    found = some(r, 0.5, data={"k": "dmFsdWU="}, stringData={"k": "text", "other": "t"})
    return found | r.choice(({}, {}, {"type": "Opaque"}, {"type": "example.com/own"},
                             {"immutable": True})) | (
        {"type": "kubernetes.io/basic-auth", "stringData": {"username": "u"}}
        if chance(r, 0.1) else {})


def service(r):
    chosen = r.sample((
        {"port": 80, "name": "http"}, {"port": 443, "targetPort": "https", "name": "https"},
        {"port": 53, "protocol": "UDP", "name": "dns"},
        {"port": 8080, "targetPort": 80, "name": "alt", "appProtocol": "http"}), r.randint(1, 3))
    if len(chosen) == 1 and chance(r, 0.5):
        chosen[0] = {k: v for k, v in chosen[0].items() if k != "name"}
    kind = r.choice(({}, {}, {"type": "ClusterIP"}, {"clusterIP": "None"}, {"type": "NodePort"},
                     {"type": "LoadBalancer"}, {"type": "ExternalName", "externalName": "a.example.com"}))
    return {"spec": {"ports": chosen, **kind, **some(r, 0.7, selector={"app": "web"}), **some(
        r, 0.1, sessionAffinity="ClientIP", ipFamilyPolicy="PreferDualStack",
        internalTrafficPolicy="Local", publishNotReadyAddresses=True,
        externalIPs=["192.0.2.7"])}}


def serviceaccount(r):
    return some(r, 0.4, automountServiceAccountToken=False, secrets=[{"name": "s"}],
                imagePullSecrets=[{"name": "a"}, {"name": "b"}])


def claim_spec(r):
    return {"accessModes": [r.choice(("ReadWriteOnce", "ReadWriteMany"))],
            "resources": {"requests": {"storage": r.choice(SIZES)}},
            **some(r, 0.2, storageClassName="fast", volumeMode="Block", selector=selector,
                   volumeName="vol")}


def claim(r):
    return {"spec": claim_spec(r)}


def limitrange(r):
    return {"spec": {"limits": r.sample((
        {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "0.5"}},
        {"type": "Container", "max": {"memory": "1Gi"}, "min": {"memory": "1Mi"}},
        {"type": "Pod", "max": {"cpu": "4"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "10Gi"}}), r.randint(1, 3))}}


def resourcequota(r):       # of things that no sequence makes: it must not get in the way
    return {"spec": {"hard": {"count/things.nobody.example.com": "3"}}}


def event(r):
    return {"involvedObject": {"kind": "Pod", "namespace": "$ns", "name": "a", "apiVersion": "v1"},
            "reason": r.choice(("Started", "Killed")), "message": "it happened",
            "type": r.choice(("Normal", "Warning")),
            **some(r, 0.3, count=3, source={"component": "tests"},
                   firstTimestamp="2024-05-06T07:08:09Z", lastTimestamp="2024-05-06T07:08:10Z")}


def event_new(r):
    return {"regarding": {"kind": "Pod", "namespace": "$ns", "name": "a", "apiVersion": "v1"},
            "reason": "Started", "note": "it happened", "type": "Normal", "action": "Start",
            "eventTime": "2024-05-06T07:08:09.123456Z", "reportingController": "tests.example.com/x",
            "reportingInstance": "x-1"}


def endpointslice(r):
    return {"addressType": "IPv4",
            "endpoints": [{"addresses": ["10.1.0.1"], **some(
                r, 0.4, conditions={"ready": True}, nodeName="node-1", hostname="h",
                targetRef={"kind": "Pod", "name": "a", "namespace": "$ns"})}],
            "ports": [{"port": 80, **some(r, 0.4, name="http", protocol="TCP", appProtocol="http")}]}


def lease(r):
    return {"spec": some(r, 0.5, holderIdentity="me", leaseDurationSeconds=15, leaseTransitions=2,
                         acquireTime="2024-05-06T07:08:09.000000Z",
                         renewTime="2024-05-06T07:08:09.123456Z")}


def namespace(r):
    return {}


# ---- Others ----

def role(r):
    return {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
                      {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"],
                       "resourceNames": ["a"]}][:r.randint(0, 2)]}


def rolebinding(r):
    return {"roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                        "kind": r.choice(("Role", "ClusterRole")), "name": "a"},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "$ns"},
                         {"kind": "User", "name": "jane"}, {"kind": "Group", "name": "staff",
                          "apiGroup": "rbac.authorization.k8s.io"}][:r.randint(0, 3)]}


def ingress(r):
    backend = {"service": {"name": "web", "port": r.choice(({"number": 80}, {"name": "http"}))}}
    rule = {"host": r.choice(("a.example.com", "*.example.com")), "http": {"paths": [
        {"path": "/", "pathType": r.choice(("Prefix", "Exact", "ImplementationSpecific")),
         "backend": backend}]}}
    return {"spec": {**(some(r, 0.5, defaultBackend=backend) or {"rules": [rule]}), **some(
        r, 0.3, rules=[rule], tls=[{"hosts": ["a.example.com"], "secretName": "t"}],
        ingressClassName="nginx")}}


def networkpolicy(r):
    peer = r.choice(({"podSelector": {"matchLabels": {"app": "web"}}}, {"namespaceSelector": {}},
                     {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}))
    return {"spec": {"podSelector": r.choice(({}, {"matchLabels": {"app": "db"}})), **some(
        r, 0.5, ingress=[{"from": [peer], "ports": [{"port": 80}]}],
        egress=[{"to": [peer], "ports": [{"protocol": "UDP", "port": 53}]}],
        policyTypes=["Ingress", "Egress"])}}


def priorityclass(r):
    return {"value": r.randint(1, 1000), **some(r, 0.3, description="d", globalDefault=False,
                                                preemptionPolicy="Never")}


def storageclass(r):
    return {"provisioner": "example.com/disks", **some(
        r, 0.4, reclaimPolicy="Retain", volumeBindingMode="WaitForFirstConsumer",
        allowVolumeExpansion=True, parameters={"kind": "ssd"}, mountOptions=["ro"])}


# ---- Custom resources: see crds.py ----

def widget(r):
    return {"spec": {"size": r.choice(("small", "large")), **some(
        r, 0.35, replicas=lambda r: r.randint(0, 9), port=r.choice((80, "http")), ratio=r.choice((1, 0.5, 2.25)),
        tags=r.sample(("x", "y", "z"), 2), title="Title", since="2024-05-06T07:08:09Z",
        items_=[{"name": "one", "value": 1}, {"name": "two", "proto": "UDP"}][:r.randint(1, 2)],
        rules=[{"allow": True}, {"allow": False, "extra": {"deep": 1}}],
        config={"any": {"thing": [1, "two", None]}, "n": 1.50}, limits={"cpu": "100m", "mem": 5},
        env={"A": "1", "B": "2"}, nested={"level": 3}, unknown={"x": 1}, maybe=None,
        template={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "t"}, "data": {"a": "b"}})}}


def gadget(r):
    return {"spec": some(r, 0.6, text="t", more={"a": [1, 2]}, deep={"x": {"y": 1}}),
            **some(r, 0.3, status={"seen": True}, extra={"free": 1})}


# ---- Status ----

def condition(r, kind):
    return {"type": kind, "status": r.choice(("True", "False", "Unknown")),
            "reason": "Because", "message": "it is so",
            "lastTransitionTime": "2024-05-06T07:08:09Z"}


def workload_status(r):
    total = r.randint(0, 5)
    return {"replicas": total, **some(
        r, 0.5, readyReplicas=total, availableReplicas=total, observedGeneration=1,
        conditions=[condition(r, "Available"), condition(r, "Progressing")][:r.randint(1, 2)])}


def statefulset_status(r):
    return {"replicas": 2, **some(r, 0.5, readyReplicas=1, currentReplicas=1, observedGeneration=1,
                                  currentRevision="a-1", updateRevision="a-1")}


def daemonset_status(r):
    return {"currentNumberScheduled": 1, "numberMisscheduled": 0, "desiredNumberScheduled": 2,
            "numberReady": 1, **some(r, 0.5, observedGeneration=1, updatedNumberScheduled=1)}


def pod_status(r):
    return {"phase": r.choice(("Running", "Pending", "Succeeded")), **some(
        r, 0.5, podIP="10.1.0.9", hostIP="10.2.0.1", message="m",
        conditions=[condition(r, "Ready"), condition(r, "PodScheduled")][:r.randint(1, 2)])}


def job_status(r):
    return some(r, 0.5, active=1, startTime="2024-05-06T07:08:09Z", ready=0)


def service_status(r):
    return some(r, 0.5, conditions=[condition(r, "Ready")])


def ingress_status(r):
    return {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def claim_status(r):
    return {"phase": r.choice(("Pending", "Bound")), **some(
        r, 0.4, accessModes=["ReadWriteOnce"], capacity={"storage": "1Gi"})}


def budget_status(r):
    return {"disruptionsAllowed": r.randint(0, 1), "currentHealthy": 2, "desiredHealthy": 1,
            "expectedPods": 2, "observedGeneration": 1}


def autoscaler_status(r):
    return {"desiredReplicas": 3, **some(r, 0.5, currentReplicas=2, observedGeneration=1)}


def cronjob_status(r):
    return some(r, 0.5, lastScheduleTime="2024-05-06T07:00:00Z")


def widget_status(r):
    return {"replicas": r.randint(0, 5), "selector": "app=web", **some(
        r, 0.5, phase="Ready", conditions=[condition(r, "Ready"), condition(r, "Fine")][:r.randint(1, 2)],
        unknown=1)}
