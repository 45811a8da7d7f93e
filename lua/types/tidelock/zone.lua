---@meta tidelock.zone

--- Made by lua/types/generate.lua from lua/tidelock/zone.lua.
---
--- Time zones: what an instant is called locally, and back.
---
--- Instants are seconds since 1970 in UTC, as `view.now`. Names are those of the
--- tz database. Zones are known where there is a view: in `reconcile`,
--- `finalize` and the functions of a decision table.
---
---     local berlin = zone.get "Europe/Berlin"
---     berlin:span(1774746000)              --> 7200, "CEST", true, 1774746000, 1792890000
---     tostring(berlin)                     --> "Europe/Berlin"
---
--- A zone has two methods. `zone:span(at)` gives what holds at an instant: the
--- offset in seconds (east is positive), the abbreviation, whether it is
--- daylight saving time, the first second of the span and the first one behind
--- it (nil: since ever, for ever). `zone:instant(local [, "first" | "last"])`
--- gives the instant of a local time in seconds and "unique", "gap" or
--- "overlap". In an overlap, where the clock is put back, the local time comes
--- twice: the first is taken, or the last. In a gap, where the clock is put
--- forward, there is no such time: it is as far behind the change as the local
--- time is behind the gap's start, so 02:30 is what the clock shows as 03:30.
---@class tidelock.zone
local zone = {}

--- The zone of a name that may be none: it stands in somebody's object.
---
---     zone.find("UTC") ~= nil    --> true
---     zone.find("Middle/Earth")  --> nil, "there is no time zone 'Middle/Earth'"
---     zone.find("../etc")        --> nil, "'../etc' is no name of a time zone"
---@param name string "Europe/Berlin"
---@return tidelock.Zone|nil
---@return string|nil # why there is none
function zone.find(name) end

--- The zone of a name; raises when there is none.
---
---     zone.get("Middle/Earth")   --> error "there is no time zone 'Middle/Earth'"
---@param name string
---@return tidelock.Zone
function zone.get(name) end

return zone
