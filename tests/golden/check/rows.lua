local tidelock = require "tidelock"

local rows = {
  { id = "ready", when = function() return true end, why = "always",
    plan = function(state, plan) plan:conditon("Ready", state.ok) end },
  { id = "paused", when = function(state) return state.paused end, why = "paused", hold = true },
}

return tidelock.operator {
  api = 1,
  name = "rows",
  resource = { "example.com/v1", "Website" },
  observe = function(site) return { ok = site.spec.image ~= nil, paused = site.spec.pause } end,
  desired = function(site, _, plan)
    plan:apply {
      apiVersion = "v1", kind = "ConfigMap", metadata = { name = site.metadata.name }, dat = {},
    }
  end,
  owns = { { "v1", "ConfigMap" } },
  rows = rows,
}
