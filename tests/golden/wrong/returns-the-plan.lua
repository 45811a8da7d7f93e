--- what should exist is returned instead of declared

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  return { apiVersion = "v1", kind = "ConfigMap", metadata = { name = "a" } }
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
