--- a list that grows for ever

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local text = {}
  for i = 1, 1e9 do text[i] = "line " .. i end
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
