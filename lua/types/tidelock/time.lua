---@meta tidelock.time

--- Made by lua/types/generate.lua from lua/tidelock/time.lua.
---
--- Instants, dates, and RFC 3339, the way Kubernetes writes times.
---
--- An instant is a number of seconds since 1970 in UTC, as `view.now`. Where a
--- zone is wanted, a name, a zone of @{tidelock.zone} or nil for UTC is given.
---@class tidelock.time
local time = {}

--- The days from 1970-01-01 to a date of the Gregorian calendar. Years are
--- taken to begin in March, so that the leap day is their last; months from
--- March on have 153 days in every five.
---
---     time.days(2026, 1, 2)   --> 20455
---@param year integer
---@param month integer 1 to 12
---@param day integer
---@return integer
function time.days(year, month, day) end

--- The date of a number of days: the inverse of `time.days`.
---
---     time.date(20455)   --> 2026, 1, 2
---@param days integer
---@return integer # year
---@return integer # month
---@return integer # day
function time.date(days) end

--- How many days a month has.
---
---     time.days_in_month(2024, 2)   --> 29
---@param year integer
---@param month integer
---@return integer
function time.days_in_month(year, month) end

--- The day of the week: 0 is Sunday, as in cron.
---
---     time.weekday(time.days(2026, 1, 2))   --> 5
---@param days integer
---@return integer
function time.weekday(days) end

--- What an instant is called in a zone.
---
---     time.fields(0).year                          --> 1970
---     time.fields(1774746000, "Europe/Berlin").hour         --> 3
---     time.fields(1774746000, "Europe/Berlin").abbreviation --> "CEST"
---@param at integer
---@param zone? any
---@return table # { year, month, day, hour, minute, second, weekday, offset, abbreviation }
function time.fields(at, zone) end

--- The instant of a local time. Fields that are absent are zero, days and
--- hours beyond their range go on counting: day 32 of January is 1 February.
---
---     time.instant { year = 2026, month = 1, day = 2 }   --> 1767312000, "unique"
---     time.instant({ year = 2026, month = 3, day = 29, hour = 2, minute = 30 }, "Europe/Berlin")   --> 1774747800, "gap"
---@param fields table { year, month, day, hour, minute, second }
---@param zone? any
---@param which? string "first" or "last", in an overlap
---@return integer
---@return string # "unique", "gap" or "overlap": see @{tidelock.zone}
function time.instant(fields, zone, which) end

--- The instant of an RFC 3339 text, what is behind its full seconds, and the
--- offset that it was written with.
---
---     time.parse("2026-01-02T03:04:05Z")               --> 1767323045, 0, 0
---     time.parse("2026-01-02T03:04:05.25+01:00")       --> 1767319445, 250000000, 3600
---     time.parse("2026-02-30T00:00:00Z")               --> nil, "'2026-02-30T00:00:00Z' is no RFC 3339 time"
---@param text string
---@return integer|nil # seconds
---@return integer|string # nanoseconds, or why it is no time
---@return integer|nil # offset
function time.parse(text) end

--- An instant as RFC 3339 text: in UTC with full seconds, as Kubernetes writes
--- `metav1.Time`, unless the options say otherwise.
---
---     time.format(1767323045)                                  --> "2026-01-02T03:04:05Z"
---     time.format(1767323045, { nanoseconds = 250000000, digits = 6 })   --> "2026-01-02T03:04:05.250000Z"
---     time.format(1767323045, { zone = "Europe/Berlin" })      --> "2026-01-02T04:04:05+01:00"
---@param at integer
---@param options? table `zone`, or `offset` in seconds; `digits` of the fraction (6: `metav1.MicroTime`) and `nanoseconds` to take them from
---@return string
function time.format(at, options) end

return time
