local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  -- tidelock: ignore unused-variable the name documents the unit
  local seconds = 30
  local minutes = 2 -- tidelock: ignore unused-variable
  -- tidelock: ignore shadowing nothing is shadowed here
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
end

return tidelock.operator {
  api = 1,
  name = "comments",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
