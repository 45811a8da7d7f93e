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
  name = "unused-kinds",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
