--- it owned ConfigMaps before, with objects that are still there

local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "Secret" } },
  reconcile = function(site, _, plan)
    plan:apply { apiVersion = "v1", kind = "Secret", metadata = { name = site.metadata.name } }
  end,
}
