--- a status of a hundred levels

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local tree = {}
  local leaf = tree
  for i = 1, 100 do
    leaf.child = {}
    leaf = leaf.child
  end
  plan:status { tree = tree }
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
