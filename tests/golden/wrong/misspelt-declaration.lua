--- reconsile for reconcile

local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconsile = function(site, view, plan) plan:nothing("waiting") end,
}
