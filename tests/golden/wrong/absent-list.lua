--- a list that the object need not have

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  for _, page in ipairs(site.spec.pages) do
    plan:event("Normal", "Page", page)
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
