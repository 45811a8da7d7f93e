local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local map = view:get("v1", "ConfigMap", site.metadata.name)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { old = map.data.old },
  }
end

return tidelock.operator {
  api = 1,
  name = "nil-index",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
