--- the frames say how it got there

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local function port_of(service)
    return service.spec.ports[1].port
  end
  plan:requeue(port_of({ spec = {} }))
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
