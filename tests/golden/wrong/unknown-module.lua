--- a module that is not there

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local ports = require "tidelock.quantites"
  plan:requeue(5)
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
