local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  while true do
    plan:requeue("30s")
  end
end

return tidelock.operator {
  api = 1,
  name = "endless-loop",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
