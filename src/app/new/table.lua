--- @name@: one @Kind@ becomes a Deployment and a Service, by a decision table.

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

-- What the rows decide by, and nothing else.
local function observe(@var@, view)
  local running = view:get("apps/v1", "Deployment", @var@.metadata.name)
  return {
    paused = @var@.spec.paused,
    wanted = @var@.spec.replicas,
    ready = tidelock.get(running, "status", "readyReplicas") or 0,
  }
end

-- What is always there, whatever row holds (but for one with `hold`).
local function desired(@var@, view, plan)
  plan:apply(deployment(@var@, view))
  plan:apply(service(@var@))
end

local function count(state)
  return state.ready .. " of " .. state.wanted .. " are ready"
end

local function report(ready, reason)
  return function(state, plan)
    plan:status { readyReplicas = state.ready }
    plan:condition("Ready", ready, reason, count(state))
  end
end

-- The first row that holds is the one. Its id and reason are in the plan, the
-- condition, the log and the runbook.
local rows = {
  { id = "paused",
    description = "Somebody stopped all changes. Ends when spec.paused is taken away.",
    hold = true,
    when = function(state) return state.paused end,
    why = "spec.paused is set" },

  { id = "starting",
    description = "Too few pods are ready. Ends by itself; when it does not, look at the pods.",
    when = function(state) return state.ready < state.wanted end,
    why = count,
    plan = report(false, "Starting") },

  { id = "running",
    description = "All is well.",
    when = function() return true end,
    why = count,
    plan = report(true, "Running") },
}

return tidelock.operator {
  api = 1,
  name = "@name@",
  description = "Runs each @Kind@ as a Deployment with a Service.",
  resource = { "@group@/v1", "@Kind@" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "Service" } },
  parameters = {
    image = { type = "string", default = IMAGE, description = "for objects that name none" },
  },
  observe = observe,
  desired = desired,
  rows = rows,
}
