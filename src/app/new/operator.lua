--- @name@: one @Kind@ becomes a Deployment and a Service.

local tidelock = require "tidelock"

-- What the pods run. Change these first.
local IMAGE = "nginx:1.27"
local PORT = 80

local function labels_of(@var@)
  return {
    ["app.kubernetes.io/name"] = "@name@",
    ["app.kubernetes.io/instance"] = @var@.metadata.name,
  }
end

local function container(@var@, view)
  return {
    name = "main",
    image = @var@.spec.image or view.params.image,
    ports = { { name = "main", containerPort = PORT } },
    readinessProbe = { tcpSocket = { port = "main" } },
  }
end

local function deployment(@var@, view)
  return {
    apiVersion = "apps/v1",
    kind = "Deployment",
    metadata = { name = @var@.metadata.name, labels = labels_of(@var@) },
    spec = {
      replicas = @var@.spec.replicas,
      selector = { matchLabels = labels_of(@var@) },
      template = {
        metadata = { labels = labels_of(@var@) },
        spec = { containers = { container(@var@, view) } },
      },
    },
  }
end

local function service(@var@)
  return {
    apiVersion = "v1",
    kind = "Service",
    metadata = { name = @var@.metadata.name, labels = labels_of(@var@) },
    spec = {
      selector = labels_of(@var@),
      ports = { { name = "main", port = PORT, targetPort = "main" } },
    },
  }
end

-- Says what should be there, and reports what is: never the other way round.
local function reconcile(@var@, view, plan)
  plan:apply(deployment(@var@, view))
  plan:apply(service(@var@))

  local running = view:get("apps/v1", "Deployment", @var@.metadata.name)
  local ready = tidelock.get(running, "status", "readyReplicas") or 0
  local wanted = @var@.spec.replicas

  plan:status { readyReplicas = ready }
  plan:condition("Ready", ready >= wanted, ready >= wanted and "Running" or "Starting",
    ready .. " of " .. wanted .. " are ready")
end

return tidelock.operator {
  api = 1,
  name = "@name@",
  description = "Runs each @Kind@ as a Deployment with a Service.",
  resource = { "@group@/v1", "@Kind@" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "Service" } },
  parameters = {
    image = { type = "string", default = IMAGE, description = "for objects that name none" },
  },
  reconcile = reconcile,
}
