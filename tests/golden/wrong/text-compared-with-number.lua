--- a text compared with a number

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  if site.metadata.name > 3 then
    plan:requeue(5)
  end
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
