--- an annotation is a text, and this one no number

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local half = site.metadata.annotations["example.com/replicas"] / 2
  plan:requeue(half)
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
