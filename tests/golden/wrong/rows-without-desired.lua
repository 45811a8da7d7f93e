--- a table without desired and without hold

local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "wrong",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  observe = function(site) return { ready = site.spec.ready } end,
  rows = {
    { id = "ready", when = function(state) return state.ready end, why = "all is well",
      hold = true, plan = function(_, plan) plan:condition("Ready", true, "Ready") end },
    { id = "waiting", when = function() return true end, why = "not ready",
      plan = function(_, plan) plan:condition("Ready", false, "Waiting") end },
  },
}
