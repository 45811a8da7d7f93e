--- worker-pool: one WorkerPool becomes a Deployment, by a decision table.

local tidelock = require "tidelock"

local function observe(pool, view)
  local running = view:get("apps/v1", "Deployment", pool.metadata.name)
  local config = pool.spec.configRef
  return {
    frozen = pool.spec.frozen,
    config = config,
    config_is_there = not config or view:get("v1", "ConfigMap", config) ~= nil,
    wanted = pool.spec.replicas,
    ready = tidelock.get(running, "status", "readyReplicas") or 0,
    stuck = tidelock.conditions.reason(running, "Progressing") == "ProgressDeadlineExceeded",
  }
end

local function desired(pool, view, plan)
  local labels = { ["app.kubernetes.io/instance"] = pool.metadata.name }
  local worker = { name = "worker", image = pool.spec.image, command = pool.spec.command }
  if pool.spec.configRef then
    worker.envFrom = { { configMapRef = { name = pool.spec.configRef } } }
  end
  plan:apply {
    apiVersion = "apps/v1", kind = "Deployment",
    metadata = { name = pool.metadata.name, labels = labels },
    spec = {
      replicas = pool.spec.replicas,
      selector = { matchLabels = labels },
      template = { metadata = { labels = labels }, spec = { containers = { worker } } },
    },
  }
end

local function report(ready, reason)
  return function(state, plan)
    plan:status { readyReplicas = state.ready }
    plan:condition("Ready", ready, reason, state.ready .. " of " .. state.wanted .. " are ready")
  end
end

local function count(state)
  return state.ready .. " of " .. state.wanted .. " workers are ready"
end

local rows = {
  { id = "frozen",
    description = "Somebody stopped all changes. Ends when spec.frozen is taken away.",
    hold = true,
    when = function(state) return state.frozen end,
    why = "spec.frozen is set" },

  { id = "waiting",
    description = "The workers could not start without their configuration.",
    hold = true,
    when = function(state) return not state.config_is_there end,
    why = function(state) return "there is no ConfigMap '" .. state.config .. "'" end,
    plan = function(_, plan) plan:condition("Ready", nil, "NoConfiguration") end },

  { id = "stuck",
    description = "The Deployment gave up: look at the events of its newest pods.",
    when = function(state) return state.stuck end,
    why = count,
    plan = report(false, "RolloutStuck") },

  { id = "scaling",
    when = function(state) return state.ready ~= state.wanted end,
    why = count,
    plan = report(false, "Scaling") },

  { id = "working",
    when = function() return true end,
    why = count,
    plan = report(true, "Working") },
}

return tidelock.operator {
  api = 1,
  name = "worker-pool",
  description = "Keeps a number of workers running, and can be frozen.",
  resource = { "example.com/v1", "WorkerPool" },
  owns = { { "apps/v1", "Deployment" } },
  reads = { { "v1", "ConfigMap", names = function(pool) return { pool.spec.configRef } end } },
  observe = observe,
  desired = desired,
  rows = rows,
}
