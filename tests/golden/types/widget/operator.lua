local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "widget",
  resource = { "shop.example.com/v1beta1", "Widget" },
  owns = { { "apps/v1", "Deployment" } },
  reads = {
    { "apiextensions.k8s.io/v1", "CustomResourceDefinition", namespace = "none" },
    { "other.example.com/v1", "Unheard" },
  },
  parameters = {
    image = { type = "string", default = "nginx", description = "what runs" },
    ["max-size"] = { type = "integer", default = 3 },
  },
  memory = { "lastRun" },
  reconcile = function(_, _, plan)
    plan:requeue("1h")
  end,
}
