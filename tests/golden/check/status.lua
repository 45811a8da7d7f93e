local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  if site.status.readyReplicas then
    site.status.readyReplicas = 0
  end
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
end

return tidelock.operator {
  api = 1,
  name = "status",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
