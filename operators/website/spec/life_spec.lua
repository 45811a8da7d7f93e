--- website: a site from its first pass to its end, on a cluster that is played.

local testing = require "tidelock.testing"

local website = testing.operator()

local SITE = "examples/blog.yaml"

describe("the life of a website", function()
  it("ends with pods that are ready", function()
    local world = website:world(SITE)

    world:pass():expect {
      changes = { "create ConfigMap blog", "create Deployment blog", "create Service blog" },
      conditions = { Ready = "Unknown" },
    }
    world:settle()

    local site = world:get("example.com/v1", "Website", "blog")
    assert.equal(2, site.status.readyReplicas)
    assert.is_nil(world:pass()) -- nothing is left to do
  end)

  it("comes back to what was declared when somebody changes it", function()
    local world = website:world(SITE)

    world:settle()
    world:apply [[
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: blog }
      spec: { replicas: 5 }
    ]]
    world:pass():expect { changes = { "change Deployment blog" } }
    world:settle()
    assert.equal(2, world:get("apps/v1", "Deployment", "blog").spec.replicas)

    world:delete("v1", "Service", "blog")
    world:pass():expect { changes = { "create Service blog" } }
  end)

  it("takes its children with it", function()
    local world = website:world(SITE)

    world:settle()
    world:delete("example.com/v1", "Website", "blog"):settle()
    assert.is_nil(world:get("apps/v1", "Deployment", "blog"))
    assert.is_nil(world:get("v1", "Service", "blog"))
  end)

  it("changes nothing when all was there before", function()
    local first = website:plan(SITE)
    local children = { first:find "ConfigMap", first:find "Deployment", first:find "Service" }
    local world = website:world { object = SITE, children = children, controllers = "none" }

    world:pass():expect { changes = {} }
    assert.is_nil(world:pass())
  end)
end)
