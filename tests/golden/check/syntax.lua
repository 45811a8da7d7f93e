local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local x =
end

return tidelock.operator {
  api = 1,
  name = "syntax",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
