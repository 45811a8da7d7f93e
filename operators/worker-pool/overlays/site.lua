--- What this site wants to be different of worker-pool.

local tidelock = require "tidelock"

return tidelock.overlay {
  api = 1,
  operator = "worker-pool",
  description = "No changes of large pools; what is scaling says so in words of our own.",
  rows = {
    { before = "stuck",
      id = "too-large",
      hold = true,
      when = function(state) return state.wanted > 50 end,
      why = function(state) return state.wanted .. " workers need somebody's consent" end },
    { change = "scaling",
      base = "31ab5f959fa2",
      why = function(state, base) return base(state) .. "; see the runbook of the data team" end },
  },
}
