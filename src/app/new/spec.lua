--- @name@: what becomes of a @Kind@. Run by `tidelock test`.

local testing = require "tidelock.testing"

local operator = testing.operator()

local EXAMPLE = "examples/@name@.yaml"

describe("@name@", function()
  it("declares a Deployment and a Service", function()
    operator:plan(EXAMPLE):expect {
      changes = { "create Deployment @name@", "create Service @name@" },
      apply = { { kind = "Deployment", spec = { replicas = 2 } } },
      conditions = { Ready = { status = false, reason = "Starting" } },
    }
  end)

  it("runs the image that the object names", function()
    local @var@ = testing.object(EXAMPLE)
    @var@.spec.image = "example.com/other:1"

    local containers = { { name = "main", image = "example.com/other:1" } }
    operator:plan(@var@):expect {
      apply = { { kind = "Deployment", spec = { template = { spec = { containers = containers } } } } },
    }
  end)

  it("changes nothing when all is as declared", function()
    local first = operator:plan(EXAMPLE)
    local children = { first:find "Deployment", first:find "Service" }

    operator:plan { object = EXAMPLE, children = children }:expect { changes = {} }
  end)

  it("is ready when the pods are", function()
    local deployment = operator:plan(EXAMPLE):find "Deployment"
    deployment.status = { readyReplicas = 2 }

    operator:plan { object = EXAMPLE, children = { deployment } }:expect {
      conditions = { Ready = { status = true, message = "2 of 2 are ready" } },
      status = { readyReplicas = 2 },
    }
  end)
end)
