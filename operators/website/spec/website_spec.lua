--- website: what becomes of a Website.

local testing = require "tidelock.testing"

local website = testing.operator()

local function deployment(status)
  return {
    apiVersion = "apps/v1",
    kind = "Deployment",
    metadata = { name = "blog", generation = 2 },
    status = status,
  }
end

-- A Deployment of which the conditions are as given, seen by its controller.
local function running(replicas, conditions)
  local list = {}
  for name, c in pairs(conditions) do
    list[#list + 1] = { type = name, status = c[1], reason = c[2], message = c[3] or "" }
  end
  return deployment { observedGeneration = 2, readyReplicas = replicas, conditions = list }
end

local function site(spec)
  local object = testing.object "examples/blog.yaml"
  for key, value in pairs(spec or {}) do
    object.spec[key] = value
  end
  return object
end

describe("website", function()
  it("declares a ConfigMap, a Deployment and a Service", function()
    website:plan(site()):expect {
      steps = { "apply ConfigMap blog", "apply Deployment blog", "apply Service blog" },
      changes = { "create ConfigMap blog", "create Deployment blog", "create Service blog" },
    }
  end)

  it("serves the files of the site", function()
    website:plan(site { content = { ["index.html"] = "hello" } }):expect {
      apply = {
        { kind = "ConfigMap", data = { ["index.html"] = "hello" } },
        { kind = "Deployment", spec = { replicas = 2 } },
        { kind = "Service", spec = { ports = { { name = "http", port = 80 } } } },
      },
    }
  end)

  it("rolls the pods when a file changes, and only then", function()
    local function checksum(content)
      local plan = website:plan(site { content = content })
      return plan:find("Deployment").spec.template.metadata.annotations["example.com/content"]
    end

    assert.equal(checksum { a = "1" }, checksum { a = "1" })
    assert.not_equal(checksum { a = "1" }, checksum { a = "2" })
  end)

  it("takes the image of the site, else its parameter", function()
    local function image(given)
      return website:plan(given):find("Deployment").spec.template.spec.containers[1].image
    end

    assert.equal("busybox:1.37", image { object = site() })
    assert.equal("nginx:1", image { object = site(), params = { image = "nginx:1" } })
    assert.equal("httpd:2", image { object = site { image = "httpd:2" }, params = { image = "nginx:1" } })
  end)

  it("leaves the number of replicas to an autoscaler when the site has none", function()
    local object = site()
    object.spec.replicas = nil

    website:plan(object):expect {
      apply = { { kind = "Deployment", spec = { replicas = testing.absent } } },
    }
  end)

  it("is refused by its own definition without content", function()
    assert.has_error(function()
      website:plan { object = site { replicas = -1 } }
    end)
  end)

  website:cases("reports", {
    { "nothing yet", ready = "Unknown", reason = "Starting", progressing = "RollingOut", replicas = 0 },
    { "a rollout", children = { running(1, {
        Available = { "False", "MinimumReplicasUnavailable" },
        Progressing = { "True", "ReplicaSetUpdated" } }) },
      ready = false, reason = "Unavailable", progressing = "RollingOut", replicas = 1 },
    { "what serves", children = { running(2, {
        Available = { "True", "MinimumReplicasAvailable" },
        Progressing = { "True", "NewReplicaSetAvailable" } }) },
      ready = true, reason = "Serving", progressing = "RolledOut", replicas = 2 },
    { "what is stuck", children = { running(0, {
        Available = { "False", "MinimumReplicasUnavailable" },
        Progressing = { "False", "ProgressDeadlineExceeded", "no image" } }) },
      ready = false, reason = "Unavailable", progressing = "RolloutStuck", replicas = 0 },
  }, function(case)
    return { object = site(), children = case.children }, {
      status = { readyReplicas = case.replicas },
      conditions = {
        Ready = { status = case.ready, reason = case.reason },
        Progressing = { reason = case.progressing },
      },
    }
  end)
end)
