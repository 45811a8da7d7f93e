local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  if view:get("v1", "ConfigMap", site.metadata.name) then
    return
  end
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
end

return tidelock.operator {
  api = 1,
  name = "empty-by-accident",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
