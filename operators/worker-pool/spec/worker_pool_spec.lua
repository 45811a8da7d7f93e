--- worker-pool: which row of the table is chosen, and what comes of it.

local testing = require "tidelock.testing"

local pool = testing.operator()

local function object(spec)
  local out = {
    apiVersion = "example.com/v1",
    kind = "WorkerPool",
    metadata = { name = "resize" },
    spec = { image = "busybox:1.37", replicas = 3 },
  }
  for key, value in pairs(spec or {}) do
    out.spec[key] = value
  end
  return out
end

local CONFIG = { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "settings" } }

-- The Deployment that the pool has by then, with this status.
local function running(spec, ready, reason)
  local deployment = pool:plan { object = object(spec), objects = { CONFIG } }:find "Deployment"
  local progressing = { type = "Progressing", status = reason and "False" or "True",
    reason = reason or "NewReplicaSetAvailable" }

  deployment.status = { readyReplicas = ready, conditions = { progressing } }
  return deployment
end

describe("worker-pool", function()
  pool:cases("chooses", {
    { "scaling for a new pool", row = "scaling", why = "0 of 3 workers are ready" },
    { "scaling when one is missing", ready = 2, row = "scaling", ready_is = false, reason = "Scaling" },
    { "working when all are there", ready = 3, row = "working", ready_is = true, reason = "Working" },
    { "stuck when the Deployment gave up", ready = 1, gave_up = "ProgressDeadlineExceeded",
      row = "stuck", ready_is = false, reason = "RolloutStuck" },
    { "waiting for its ConfigMap", spec = { configRef = "settings" }, row = "waiting",
      why = "there is no ConfigMap 'settings'", ready_is = "Unknown", reason = "NoConfiguration" },
    { "scaling once the ConfigMap is there", spec = { configRef = "settings" }, objects = { CONFIG },
      row = "scaling" },
    { "frozen before all others", ready = 1, spec = { frozen = true, configRef = "settings" },
      row = "frozen" },
  }, function(case)
    local spec = case.spec and case.spec.frozen and {} or case.spec
    return {
      object = object(case.spec),
      objects = case.objects,
      children = case.ready and { running(spec, case.ready, case.gave_up) },
    }, {
      row = case.row,
      why = case.why,
      conditions = case.reason and { Ready = { status = case.ready_is, reason = case.reason } },
    }
  end)

  it("leaves everything as it is while it is frozen", function()
    local deployment = running({}, 3)
    deployment.spec.replicas = 7

    pool:plan { object = object { frozen = true }, children = { deployment } }:expect {
      row = "frozen", changes = {},
    }
  end)

  it("goes from scaling to working", function()
    local world = pool:world(object())

    world:pass():expect { row = "scaling", changes = { "create Deployment resize" } }
    local passes = world:settle()
    passes[#passes]:expect { row = "working", status = { readyReplicas = 3 } }
  end)
end)
