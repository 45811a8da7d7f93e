---@meta tidelock.int_or_percent

--- Made by lua/types/generate.lua from lua/tidelock/int_or_percent.lua.
---
--- Fields that hold a number or a percentage: `maxSurge`, `maxUnavailable`.
---@class tidelock.int_or_percent
local int_or_percent = {}

--- How many that is of `total`: a number is itself, a percentage is rounded
--- up or down.
---
---     int_or_percent.resolve(3, 10)             --> 3
---     int_or_percent.resolve("25%", 10)         --> 2
---     int_or_percent.resolve("25%", 10, "up")   --> 3
---     int_or_percent.resolve("a few", 10)       --> error "'a few' is neither"
---
--- Kubernetes rounds `maxSurge` up and `maxUnavailable` down.
---@param value integer|string
---@param total integer what 100% is
---@param rounding? string "up" or "down"
---@return integer
function int_or_percent.resolve(value, total, rounding) end

--- Is it a whole number or a percentage?
---
---     int_or_percent.is_valid("25%")   --> true
---     int_or_percent.is_valid("25")    --> false
---@param value any
---@return boolean
function int_or_percent.is_valid(value) end

return int_or_percent
