local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name .. "-" .. view.now }, data = {},
  }
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap", metadata = { generateName = "web-" }, data = {},
  }
end

return tidelock.operator {
  api = 1,
  name = "names",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
