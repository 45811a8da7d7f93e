local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
  plan:condition("Ready", view:get("v1", "ConfigMap", site.metadata.name) ~= nil, "Written")
end

return tidelock.operator {
  api = 1,
  name = "right",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
