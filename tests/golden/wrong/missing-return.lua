--- operator.lua returns nothing

local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  plan:nothing("waiting")
end

local declaration = { reconcile = reconcile }
