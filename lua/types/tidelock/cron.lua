---@meta tidelock.cron

--- Made by lua/types/generate.lua from lua/tidelock/cron.lua.
---
--- Schedules: cron expressions, with time zones.
---
--- An expression has five fields (minute, hour, day of the month, month, day of
--- the week), or six with seconds in front. A field is a list of values, ranges
--- "1-5" and steps "*/15", "8-18/2", "5/10" (from 5 on); months and days of the
--- week have names; "?" is "*". Where both day fields are restricted, a day that
--- fits one of them will do; a step above 1 restricts. Sunday is 0. Besides:
--- @yearly @annually @monthly @weekly @daily @midnight @hourly, "@every 90m"
--- (whole seconds, counted from 1970 or from `anchor`), and "@date 2026-01-02
--- 03:04:05", which is once.
---
---     local noon = cron.parse("0 12 * * mon-fri", { zone = "America/New_York" })
---     tidelock.time.format(noon:next(1767323045))   --> "2026-01-02T17:00:00Z"
---     cron.parse("0 25 * * *")   --> nil, "'0 25 * * *': hour '25' is not from 0 to 23"
---
--- **When the clock is changed.** A schedule fires at every instant whose local
--- time fits its fields, as Kubernetes' CronJobs do (robfig/cron): a time that
--- the clock skips is skipped ("30 2 * * *" has no run on the day when 02:00 is
--- followed by 03:00), a time that comes twice fires twice, an hour apart.
--- Intervals of @every are of real time. Only "@date" is put right, since it has
--- one chance: in a gap it is as far behind the change, in an overlap the first.
---@class tidelock.cron
local cron = {}

---@class tidelock.Schedule
local Schedule = {}

--- The schedule of an expression that may be none: it stands in somebody's
--- object.
---
---     cron.parse("@every 90m"):next(0)   --> 5400
---     cron.parse("0 0 * * 7")            --> nil, "'0 0 * * 7': weekday '7' is not from 0 to 6: Sunday is 0"
---     cron.parse("@daily", { zone = "Middle/Earth" })   --> nil, "there is no time zone 'Middle/Earth'"
---@param text string
---@param options? table `zone`, a name or a zone, default UTC; `anchor`, the instant that @every counts from
---@return tidelock.Schedule|nil
---@return string|nil # why it is none
function cron.parse(text, options) end

--- The first run after an instant; nil when there is none (30 February, a
--- @date that is over).
---
---     cron.parse("30 4 * * *"):next(0)              --> 16200
---     cron.parse("0 0 30 2 *"):next(0)              --> nil
---     cron.parse("@date 1970-01-02 00:00:00"):next(0)   --> 86400
---@param after integer
---@return integer|nil
function Schedule:next(after) end

--- The last run before an instant; nil when there is none.
---
---     cron.parse("30 4 * * *"):prev(16200)   --> -70200
---     cron.parse("@every 1h"):prev(3601)     --> 3600
---@param before integer
---@return integer|nil
function Schedule:prev(before) end

--- Does it run at that instant?
---
---     cron.parse("*/15 * * * *"):matches(900)   --> true
---@param at integer
---@return boolean
function Schedule:matches(at) end

--- The runs of a stretch of time, the first instant included, the last not.
---
---     cron.parse("0 * * * *"):between(0, 7201)      --> { 0, 3600, 7200 }
---     cron.parse("0 * * * *"):between(0, 86400, 2)  --> { 0, 3600 }
---@param from integer
---@param to integer
---@param limit? integer of how many
---@return integer[]
function Schedule:between(from, to, limit) end

return cron
