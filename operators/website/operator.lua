--- website: one Website becomes a ConfigMap, a Deployment and a Service.

local tidelock = require "tidelock"
local conditions = tidelock.conditions

local function labels_of(site)
  return {
    ["app.kubernetes.io/name"] = "website",
    ["app.kubernetes.io/instance"] = site.metadata.name,
  }
end

-- Every child has the name and the labels of its site.
local function child(site, api_version, kind, body)
  body.apiVersion, body.kind = api_version, kind
  body.metadata = { name = site.metadata.name, labels = labels_of(site) }
  return body
end

local function deployment(site, image)
  local pod = {
    containers = { {
      name = "httpd",
      image = image,
      command = { "httpd", "-f", "-p", "8080", "-h", "/www" },
      ports = { { name = "http", containerPort = 8080 } },
      readinessProbe = { tcpSocket = { port = "http" } },
      volumeMounts = { { name = "content", mountPath = "/www" } },
    } },
    volumes = { { name = "content", configMap = { name = site.metadata.name } } },
  }
  -- Pods do not notice a changed ConfigMap; a changed template rolls them out.
  local checksum = { ["example.com/content"] = tidelock.checksum(site.spec.content) }
  return child(site, "apps/v1", "Deployment", { spec = {
    replicas = site.spec.replicas, -- nil: left to an autoscaler, 1 at first
    selector = { matchLabels = labels_of(site) },
    template = { metadata = { labels = labels_of(site), annotations = checksum }, spec = pod },
  } })
end

local function service(site)
  return child(site, "v1", "Service", { spec = {
    selector = labels_of(site),
    ports = { { name = "http", port = site.spec.port or 80, targetPort = "http" } },
  } })
end

-- Reports what is there, not what was just declared. A Deployment that is new
-- and one that is not there yet look the same, so creating it changes nothing.
local function report(plan, running)
  local ready = tidelock.get(running, "status", "readyReplicas") or 0
  local available = conditions.is_true(running, "Available")
  local reason = available and "Serving" or available == false and "Unavailable" or "Starting"
  local stage = tidelock.is_observed(running) and conditions.reason(running, "Progressing")
  local stages = { NewReplicaSetAvailable = "RolledOut", ProgressDeadlineExceeded = "RolloutStuck" }

  plan:status { readyReplicas = ready }
  plan:condition("Ready", available, reason, ready .. " replicas are ready")
  plan:condition("Progressing", not stages[stage], stages[stage] or "RollingOut",
    stages[stage] and conditions.message(running, "Progressing") or "waiting for the Deployment")
end

local function reconcile(site, view, plan)
  plan:apply(child(site, "v1", "ConfigMap", { data = site.spec.content }))
  plan:apply(deployment(site, site.spec.image or view.params.image))
  plan:apply(service(site))
  report(plan, view:get("apps/v1", "Deployment", site.metadata.name))
end

return tidelock.operator {
  api = 1,
  name = "website",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" }, { "apps/v1", "Deployment" }, { "v1", "Service" } },
  parameters = {
    image = { type = "string", default = "busybox:1.37", description = "has busybox's httpd" },
  },
  reconcile = reconcile,
}
