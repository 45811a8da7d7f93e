local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
  plan:aply {}
  view:all()
  tidelock.condition.is_true(site, "Ready")
end

return tidelock.operator {
  api = 1,
  name = "verbs",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
