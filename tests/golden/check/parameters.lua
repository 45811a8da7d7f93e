local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name }, data = { image = view.params.imge },
  }
end

return tidelock.operator {
  api = 1,
  name = "parameters",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  parameters = {
    image = { type = "string", default = "nginx" },
    colour = { type = "string", default = "blue" },
  },
  reconcile = reconcile,
}
