--- a root that has no status yet

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local n = site.status.replicas + 1
  plan:requeue(n)
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
