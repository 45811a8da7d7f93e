--- @name@: what becomes of a @Kind@. Run by `tidelock test`.

local testing = require "tidelock.testing"

local operator = testing.operator()

local EXAMPLE = "examples/@name@.yaml"

-- The example with other fields, and so many pods ready.
local function given(case)
  local @var@ = testing.object(EXAMPLE)
  local deployment = operator:plan(@var@):find "Deployment"

  deployment.status = { readyReplicas = case.ready }
  @var@.spec.paused = case.paused
  return { object = @var@, children = { deployment } }, { row = case.row, why = case.why }
end

describe("@name@", function()
  it("declares a Deployment and a Service", function()
    operator:plan(EXAMPLE):expect {
      changes = { "create Deployment @name@", "create Service @name@" },
      apply = { { kind = "Deployment", spec = { replicas = 2 } } },
      row = "starting",
    }
  end)

  operator:cases("decides", {
    { "to wait for pods", ready = 1, row = "starting", why = "1 of 2 are ready" },
    { "that all is well", ready = 2, row = "running" },
    { "to do nothing when it is paused", ready = 1, paused = true, row = "paused" },
  }, given)

  it("changes nothing while it is paused", function()
    local case = given { ready = 2, paused = true }
    case.children[1].spec.replicas = 5

    operator:plan(case):expect { row = "paused", changes = {} }
  end)

  it("changes nothing when all is as declared", function()
    local first = operator:plan(EXAMPLE)
    local children = { first:find "Deployment", first:find "Service" }

    operator:plan { object = EXAMPLE, children = children }:expect { changes = {} }
  end)
end)
