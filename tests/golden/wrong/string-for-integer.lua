--- a text where a number belongs

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:apply {
    apiVersion = "apps/v1", kind = "Deployment",
    metadata = { name = site.metadata.name },
    spec = {
      replicas = "2",
      selector = { matchLabels = { app = "web" } },
      template = { metadata = { labels = { app = "web" } }, spec = {
        containers = { { name = "web", image = "nginx" } } } },
    },
  }
end

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" }, { "v1", "ConfigMap" }, { "v1", "Service" } },
  reads = { { "v1", "Node", namespace = "none" } },
  reconcile = reconcile,
}
