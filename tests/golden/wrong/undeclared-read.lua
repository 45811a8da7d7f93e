--- a kind that is under neither owns nor reads

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local secret = view:get("v1", "Secret", "password")
  plan:requeue(secret and 5 or 10)
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
