local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local secret = view:get("v1", "Secret", site.spec.image)
  plan:apply {
    apiVersion = "batch/v1", kind = "Job",
    metadata = { name = site.metadata.name }, spec = {},
  }
  plan:apply {
    apiVersion = "v1", kind = "PersistentVolumeClaim",
    metadata = { name = site.metadata.name }, spec = {},
  }
  return secret
end

return tidelock.operator {
  api = 1,
  name = "kinds",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" }, { "v1", "PersistentVolumeClaim", retired = true } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
