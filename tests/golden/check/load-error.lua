local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
end

return tidelock.operator {
  api = 1,
  name = "load-error",
  resource = { "example.com/v1", "Website" },
  owned = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
