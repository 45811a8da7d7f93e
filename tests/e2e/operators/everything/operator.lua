--- everything: one root becomes a child of each kind whose fields the API
-- server says in another way than they were given.
--
-- Nothing here is as the server would write it. What it does to each field
-- stands beside it; the test is that a second pass finds nothing to write.

local tidelock = require "tidelock"
local array, null = tidelock.array, tidelock.null

local children = {}

local function add(api_version, kind, body)
  body.apiVersion, body.kind = api_version, kind
  children[#children + 1] = body
end

-- A pod template that uses most of what is written in several ways.
local function pod_spec(extra)
  local spec = {
    restartPolicy = "Always",
    serviceAccountName = "everything",        -- .serviceAccount comes beside it
    automountServiceAccountToken = false,
    hostNetwork = false,                      -- dropped: the zero value
    securityContext = {},                     -- stays {}
    nodeSelector = {},                        -- dropped
    imagePullSecrets = array {},              -- dropped
    tolerations = {                           -- atomic: the order stays
      { key = "b", operator = "Exists", effect = "NoSchedule" },
      { key = "a", value = "", effect = "NoExecute", tolerationSeconds = 30 },
    },
    initContainers = {
      { name = "second", image = "busybox:1.37", command = { "true" } },
      { name = "first", image = "busybox:1.37", args = array {} },
    },
    containers = {
      {
        name = "main", image = "busybox",     -- imagePullPolicy: Always
        command = { "sleep", "1000" },
        env = {                               -- the order means something
          { name = "ZONE", value = "z" },
          { name = "EMPTY", value = "" },     -- value is dropped
          { name = "AREA", value = "$(ZONE)-a" },
          { name = "NODE", valueFrom = { fieldRef = { fieldPath = "spec.nodeName" } } },
          { name = "CPU", valueFrom = { resourceFieldRef = { resource = "limits.cpu" } } },
        },
        envFrom = {
          { configMapRef = { name = "everything", optional = false } },
          { prefix = "", secretRef = { name = "everything" } },
        },
        ports = {                             -- protocol: TCP
          { containerPort = 9090 },
          { containerPort = 8080, name = "http" },
          { containerPort = 8080, name = "http-udp", protocol = "UDP" },
        },
        resources = {
          requests = { cpu = "0.5", memory = "1024Mi" },         -- 500m, 1Gi
          limits = { cpu = 2, memory = "2147483648", ["ephemeral-storage"] = "1e9" },
        },
        readinessProbe = {
          httpGet = { path = "/", port = "http", httpHeaders = array {} },
          initialDelaySeconds = 0,            -- dropped
        },
        livenessProbe = { tcpSocket = { port = 8080 } },
        lifecycle = { preStop = { exec = { command = { "true" } } } },
        securityContext = { capabilities = { drop = { "ALL" }, add = array {} }, privileged = false },
        volumeMounts = {
          { name = "scratch", mountPath = "/scratch", readOnly = false },
          { name = "config", mountPath = "/config", subPath = "" },
        },
        stdin = false,
      },
      { name = "beside", image = "busybox:1.37", resources = {}, env = array {} },
    },
    volumes = {
      { name = "scratch", emptyDir = {} },    -- stays {}
      { name = "memory", emptyDir = { medium = "", sizeLimit = "0.5Gi" } },
      { name = "config", configMap = { name = "everything", items = array {}, optional = false } },
      { name = "secret", secret = { secretName = "everything", defaultMode = 256 } },
      { name = "all", projected = { sources = {
        { serviceAccountToken = { path = "token" } },
        { downwardAPI = { items = { { path = "labels", fieldRef = { fieldPath = "metadata.labels" } } } } },
      } } },
    },
    topologySpreadConstraints = {
      { maxSkew = 1, topologyKey = "zone", whenUnsatisfiable = "ScheduleAnyway",
        labelSelector = { matchLabels = { app = "everything" } } },
    },
    affinity = { podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution = {
      { weight = 1, podAffinityTerm = { topologyKey = "host", labelSelector = {} } },
    } } },
    hostAliases = { { ip = "10.1.2.3", hostnames = { "b", "a" } } },
    readinessGates = { { conditionType = "example.com/b" }, { conditionType = "example.com/a" } },
  }
  for key, value in pairs(extra or {}) do
    spec[key] = value
  end
  return spec
end

local function template(extra)
  return {
    metadata = { labels = { app = "everything" }, annotations = {}, creationTimestamp = null },
    spec = pod_spec(extra),
  }
end

local selector = { matchLabels = { app = "everything" }, matchExpressions = array {} }

add("v1", "ServiceAccount", {
  secrets = array {}, imagePullSecrets = { { name = "b" }, { name = "a" } },
  automountServiceAccountToken = false,
})
add("v1", "ConfigMap", {
  data = { number = "1", empty = "", text = "a\nb\n" },
  binaryData = { bytes = "AAEC/w==" },
  immutable = false,
})
add("v1", "Secret", {
  stringData = { password = "swordfish", both = "wins", lines = "a\n\tb\n" },
  data = { bytes = "AAEC/w==", both = "bG9zZXM=" },
  type = "",                                  -- Opaque
})
add("v1", "Service", {
  spec = {
    selector = { app = "everything" },
    ports = {                                 -- protocol and targetPort come
      { name = "zed", port = 80 },
      { name = "named", port = 81, targetPort = "http" },
      { name = "udp", port = 80, protocol = "UDP", targetPort = 8080 },
    },
    externalIPs = array {},
    publishNotReadyAddresses = false,
    sessionAffinity = "None",
  },
  status = {},                                -- not sent
})
add("v1", "PersistentVolumeClaim", {
  spec = {
    accessModes = { "ReadWriteOnce" },
    resources = { requests = { storage = "1024Mi" } },
    storageClassName = "",
    selector = { matchLabels = {} },
  },
})
add("v1", "Pod", { spec = pod_spec() })         -- admission adds tolerations, pull secrets
add("v1", "ResourceQuota", { spec = { hard = { services = "1e3", ["requests.storage"] = "2048Gi" } } })
add("v1", "LimitRange", { spec = { limits = { { type = "PersistentVolumeClaim", max = { storage = "0.5Ti" } } } } })
add("apps/v1", "Deployment", {
  spec = {
    selector = selector, template = template(),
    strategy = { type = "RollingUpdate", rollingUpdate = { maxSurge = "25%", maxUnavailable = 1 } },
    paused = false,
  },
})
add("apps/v1", "StatefulSet", {
  spec = {
    serviceName = "everything", replicas = 2, selector = selector, template = template(),
    volumeClaimTemplates = {                  -- apiVersion, kind and status come
      { metadata = { name = "data", creationTimestamp = null },
        spec = { accessModes = { "ReadWriteOnce" }, resources = { requests = { storage = "1024Mi" } } } },
      { metadata = { name = "cache", labels = { app = "everything" } },
        spec = { accessModes = { "ReadWriteOnce" }, resources = { requests = { storage = "0.5Gi" } } } },
    },
    updateStrategy = { rollingUpdate = { partition = 0 } },
  },
})
add("apps/v1", "DaemonSet", { spec = {
  selector = selector, template = template(), updateStrategy = { rollingUpdate = { maxUnavailable = "10%" } },
} })
add("batch/v1", "Job", { spec = {              -- selector and labels come
  template = { spec = pod_spec { restartPolicy = "Never" } }, backoffLimit = 0, suspend = true,
} })
add("batch/v1", "CronJob", { spec = {
  schedule = "0 0 1 1 *", suspend = false, startingDeadlineSeconds = 60, concurrencyPolicy = "Forbid",
  jobTemplate = { metadata = { creationTimestamp = null },
    spec = { template = template { restartPolicy = "OnFailure" } } },
} })
add("policy/v1", "PodDisruptionBudget", { spec = { maxUnavailable = "50%", selector = selector } })
add("autoscaling/v2", "HorizontalPodAutoscaler", { spec = {
  scaleTargetRef = { apiVersion = "apps/v1", kind = "Deployment", name = "everything" },
  maxReplicas = 3,
  metrics = {                                 -- sorted by nobody
    { type = "Resource", resource = { name = "memory", target = { type = "AverageValue", averageValue = "0.5Gi" } } },
    { type = "Pods", pods = { metric = { name = "requests" }, target = { type = "AverageValue", averageValue = "1.5" } } },
    { type = "Resource", resource = { name = "cpu", target = { type = "Utilization", averageUtilization = 80 } } },
  },
  behavior = { scaleDown = { stabilizationWindowSeconds = 0, policies = {
    { type = "Pods", value = 4, periodSeconds = 60 }, { type = "Percent", value = 10, periodSeconds = 60 },
  } } },
} })
add("networking.k8s.io/v1", "Ingress", { spec = {
  rules = {
    { host = "b.example.com", http = { paths = {
      { path = "/b", pathType = "Prefix", backend = { service = { name = "everything", port = { name = "zed" } } } },
      { path = "/a", pathType = "Exact", backend = { service = { name = "everything", port = { number = 80 } } } },
    } } },
    { http = { paths = { { pathType = "ImplementationSpecific",
      backend = { service = { name = "everything", port = { number = 80 } } } } } } },
  },
  tls = { { hosts = { "b.example.com", "a.example.com" }, secretName = "" } },
} })
add("networking.k8s.io/v1", "NetworkPolicy", { spec = {
  podSelector = {},                           -- stays {}
  policyTypes = { "Ingress", "Egress" },
  ingress = array {},                         -- dropped: nothing comes in
  egress = {
    {},                                       -- stays {}: everything goes out
    { to = { { ipBlock = { cidr = "10.0.0.0/8", except = { "10.2.0.0/16", "10.1.0.0/16" } } } },
      ports = { { port = 53, protocol = "UDP" }, { port = "http" }, { port = 80, endPort = 90 } } },
    { to = { { namespaceSelector = {}, podSelector = { matchLabels = {} } } } },
  },
} })
add("rbac.authorization.k8s.io/v1", "Role", { rules = {
  { apiGroups = { "" }, resources = { "secrets", "pods" }, verbs = { "list", "get" }, resourceNames = array {} },
  { apiGroups = { "apps" }, resources = { "deployments/scale" }, verbs = { "*" } },
} })
add("rbac.authorization.k8s.io/v1", "RoleBinding", {
  roleRef = { kind = "Role", name = "everything", apiGroup = "rbac.authorization.k8s.io" },
  subjects = {                                -- apiGroup comes for a User
    { kind = "User", name = "zoe" },
    { kind = "ServiceAccount", name = "everything" , namespace = "default" },
    { kind = "Group", name = "b", apiGroup = "rbac.authorization.k8s.io" },
  },
})
add("coordination.k8s.io/v1", "Lease", { spec = {
  holderIdentity = "nobody", leaseDurationSeconds = 15,
  acquireTime = "2026-01-02T03:04:05.000000Z",
  renewTime = "2026-01-02T05:04:05.500000+02:00", -- 2026-01-02T03:04:05.500000Z
} })
add("discovery.k8s.io/v1", "EndpointSlice", {
  addressType = "IPv4",
  endpoints = { { addresses = { "10.9.9.9" }, conditions = {} } },
  ports = { { port = 80 }, { name = "b", port = 81 } },
})
add("everything.example.com/v1", "Part", {
  spec = {
    half = 0.5, one = 1.0, big = 9007199254740993, text = "1",
    quantity = "0.5", port = 80, portName = "http",
    at = "2026-01-02T03:04:05Z",
    map = { { name = "b", value = 2 }, { name = "a" } },      -- a default comes
    set = { "b", "a" },
    atomic = { "b", "a" },
    nested = {},                              -- a default comes below
    anything = { deep = { list = { 1, "two", { three = {} } }, nothing = array {} } },
    nothing = array {}, object = {},
    nullable = null,                          -- stays null
  },
})

local function reconcile(root, _, plan)
  for _, child in ipairs(children) do
    child.metadata = { name = root.metadata.name, labels = {}, annotations = { note = root.spec.note } }
    plan:apply(child)
  end
  plan:status { children = #children }
  plan:condition("Ready", true, "Declared")
end

local owns = {}
for _, child in ipairs(children) do
  owns[#owns + 1] = { child.apiVersion, child.kind }
end

return tidelock.operator {
  api = 1,
  name = "everything",
  resource = { "everything.example.com/v1", "Everything" },
  owns = owns,
  reconcile = reconcile,
}
