local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local spec = site.spec
  plan:apply {
    apiVersion = "v1", kind = "Service",
    metadata = { name = site.metadata.name },
    spec = {
      selectr = { app = site.metadata.name },
      type = "clusterIP",
      ports = { { port = "80", targetPort = spec.prt } },
    },
  }
  plan:status { ready = 2 }
end

return tidelock.operator {
  api = 1,
  name = "fields",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "Service" } },
  reconcile = reconcile,
}
