local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  view:list("shop.example.com/v1", "Order")
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
end

return tidelock.operator {
  api = 1,
  name = "unknown-kind",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reads = { { "shop.example.com/v1", "Order" } },
  reconcile = reconcile,
}
