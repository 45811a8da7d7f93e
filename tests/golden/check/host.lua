local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  print(os.time(), math.random(9), io)
  log.inf("x")
  counter = (counter or 0) + 1
  string.trim = function(text) return text:match("%S+") end
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
end

return tidelock.operator {
  api = 1,
  name = "host",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
