--- a loop that waits for what cannot change

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local tries = 0
  while site.metadata.name ~= "ready" do tries = tries + 1 end
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
