--- the deployment is not there yet

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local running = view:get("apps/v1", "Deployment", site.metadata.name)
  plan:condition("Ready", running.status.readyReplicas == 2, "Rollout")
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
