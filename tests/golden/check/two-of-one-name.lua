local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  for _ = 1, 2 do
    plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
  end
end

return tidelock.operator {
  api = 1,
  name = "two-of-one-name",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
