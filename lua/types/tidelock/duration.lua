---@meta tidelock.duration

--- Made by lua/types/generate.lua from lua/tidelock/duration.lua.
---
--- Durations as Go writes them: "1h30m", "250ms", "1.5s", "-2m".
---
--- A duration in a script is a number of seconds, as `view.now` and
--- `plan:requeue` have it: whole where it is whole, else with a fraction.
---@class tidelock.duration
local duration = {}

--- The seconds of a text.
---
---     duration.parse("1h30m")   --> 5400
---     duration.parse("250ms")   --> 0.25
---     duration.parse("-1m")     --> -60
---     duration.parse("7d")      --> nil, "'7d' is no duration: write it as 1h30m, 45s or 250ms"
---@param text string
---@return number|nil
---@return string|nil # why it is no duration
function duration.parse(text) end

--- The seconds of a text, or of a number, which is taken for seconds. Raises
--- when it is neither.
---
---     duration.seconds("90s")   --> 90
---     duration.seconds(5)       --> 5
---     duration.seconds("soon")  --> error "'soon' is no duration"
---@param value string|number
---@return number
function duration.seconds(value) end

--- A number of seconds as Go prints it.
---
---     duration.format(5400)    --> "1h30m0s"
---     duration.format(0.25)    --> "250ms"
---     duration.format(-61.5)   --> "-1m1.5s"
---     duration.format(0)       --> "0s"
---@param value number
---@return string
function duration.format(value) end

return duration
