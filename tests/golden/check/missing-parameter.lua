local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name }, data = { image = view.params.image },
  }
end

return tidelock.operator {
  api = 1,
  name = "missing-parameter",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  parameters = { image = { type = "string" } },
  reconcile = reconcile,
}
