--- status is written, and only what memory names is read

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:status { step = site.status.step + 1 }
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
