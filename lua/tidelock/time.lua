--- Instants, dates, and RFC 3339, the way Kubernetes writes times.
--
-- An instant is a number of seconds since 1970 in UTC, as `view.now`. Where a
-- zone is wanted, a name, a zone of @{tidelock.zone} or nil for UTC is given.
--
-- @module tidelock.time

local _, host = ...

local time = {}

local DAY = 86400
local months = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- ---- the calendar: days since 1970-01-01 ----

--- The days from 1970-01-01 to a date of the Gregorian calendar. Years are
-- taken to begin in March, so that the leap day is their last; months from
-- March on have 153 days in every five.
--
--     time.days(2026, 1, 2)   --> 20455
--
-- @tparam integer year
-- @tparam integer month 1 to 12
-- @tparam integer day
-- @treturn integer
function time.days(year, month, day)
  local shifted = month <= 2 and year - 1 or year
  local era = shifted // 400
  local year_of_era = shifted - era * 400
  local day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1

  return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    - 719468
end

--- The date of a number of days: the inverse of `time.days`.
--
--     time.date(20455)   --> 2026, 1, 2
--
-- @tparam integer days
-- @treturn integer year
-- @treturn integer month
-- @treturn integer day
function time.date(days)
  local era = (days + 719468) // 146097
  local day = days + 719468 - era * 146097
  local year = (day - day // 1460 + day // 36524 - day // 146096) // 365
  local day_of_year = day - (365 * year + year // 4 - year // 100)
  local month = (5 * day_of_year + 2) // 153

  day = day_of_year - (153 * month + 2) // 5 + 1
  month = month < 10 and month + 3 or month - 9
  return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

--- How many days a month has.
--
--     time.days_in_month(2024, 2)   --> 29
--
-- @tparam integer year
-- @tparam integer month
-- @treturn integer
function time.days_in_month(year, month)
  local leap = year % 4 == 0 and year % 100 ~= 0 or year % 400 == 0

  return month == 2 and leap and 29 or months[month]
end

--- The day of the week: 0 is Sunday, as in cron.
--
--     time.weekday(time.days(2026, 1, 2))   --> 5
--
-- @tparam integer days
-- @treturn integer
function time.weekday(days)
  return (days + 4) % 7
end

-- ---- fields ----

local function zone_of(zone)
  if type(zone) == "string" then
    return require("tidelock.zone").get(zone)
  end
  return zone
end

--- What an instant is called in a zone.
--
--     time.fields(0).year                          --> 1970
--     time.fields(1774746000, "Europe/Berlin").hour         --> 3
--     time.fields(1774746000, "Europe/Berlin").abbreviation --> "CEST"
--
-- @tparam integer at
-- @param[opt] zone
-- @treturn table { year, month, day, hour, minute, second, weekday, offset,
-- abbreviation }
function time.fields(at, zone)
  local offset, abbreviation = 0, "UTC"

  zone = zone_of(zone)
  if zone then
    offset, abbreviation = zone:span(at)
  end
  local days, second = (at + offset) // DAY, (at + offset) % DAY
  local year, month, day = time.date(days)
  return {
    year = year, month = month, day = day,
    hour = second // 3600, minute = second // 60 % 60, second = second % 60,
    weekday = time.weekday(days), offset = offset, abbreviation = abbreviation,
  }
end

--- The instant of a local time. Fields that are absent are zero, days and
-- hours beyond their range go on counting: day 32 of January is 1 February.
--
--     time.instant { year = 2026, month = 1, day = 2 }   --> 1767312000, "unique"
--     time.instant({ year = 2026, month = 3, day = 29, hour = 2, minute = 30 }, "Europe/Berlin")   --> 1774747800, "gap"
--
-- @tparam table fields { year, month, day, hour, minute, second }
-- @param[opt] zone
-- @tparam[opt="first"] string which "first" or "last", in an overlap
-- @treturn integer
-- @treturn string "unique", "gap" or "overlap": see @{tidelock.zone}
function time.instant(fields, zone, which)
  local local_time = time.days(fields.year, fields.month, fields.day) * DAY
    + (fields.hour or 0) * 3600 + (fields.minute or 0) * 60 + (fields.second or 0)

  zone = zone_of(zone)
  if zone then
    return zone:instant(local_time, which)
  end
  return local_time, "unique"
end

-- ---- RFC 3339 ----

-- Seconds east of UTC of "Z" or "+01:00"; nil when it is neither.
local function read_offset(text)
  if text == "Z" or text == "z" then
    return 0
  end
  local sign, hours, minutes = text:match("^([+-])(%d%d):(%d%d)$")

  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    return nil
  end
  return (tonumber(hours) * 3600 + tonumber(minutes) * 60) * (sign == "-" and -1 or 1)
end

-- Nine digits of ".25"; nil when it is no fraction.
local function read_fraction(text)
  if text == "" then
    return 0
  end
  local digits = text:match("^%.(%d+)$")

  return digits and tonumber((digits .. ("0"):rep(9)):sub(1, 9))
end

local function in_range(year, month, day, hour, minute, second)
  return month >= 1 and month <= 12 and day >= 1 and day <= time.days_in_month(year, month)
    and hour <= 23 and minute <= 59 and second <= 59
end

--- The instant of an RFC 3339 text, what is behind its full seconds, and the
-- offset that it was written with.
--
--     time.parse("2026-01-02T03:04:05Z")               --> 1767323045, 0, 0
--     time.parse("2026-01-02T03:04:05.25+01:00")       --> 1767319445, 250000000, 3600
--     time.parse("2026-02-30T00:00:00Z")               --> nil, "'2026-02-30T00:00:00Z' is no RFC 3339 time"
--
-- @tparam string text
-- @treturn integer|nil seconds
-- @treturn integer|string nanoseconds, or why it is no time
-- @treturn integer|nil offset
function time.parse(text)
  local year, month, day, hour, minute, second, fraction, zone =
    tostring(text):match("^(%d%d%d%d)-(%d%d)-(%d%d)[Tt](%d%d):(%d%d):(%d%d)([.%d]*)([Zz+-].*)$")
  local offset, nanoseconds = zone and read_offset(zone), fraction and read_fraction(fraction)

  if offset and nanoseconds then
    local y, mo, d = math.tointeger(tonumber(year)), tonumber(month), tonumber(day)
    local h, mi, s = tonumber(hour), tonumber(minute), tonumber(second)

    if in_range(y, mo, d, h, mi, s) then
      return time.days(y, mo, d) * DAY + h * 3600 + mi * 60 + s - offset, nanoseconds, offset
    end
  end
  return nil, ("'%s' is no RFC 3339 time"):format(tostring(text))
end

local function offset_text(offset)
  local minutes = math.abs(offset) // 60

  if offset == 0 then
    return "Z"
  end
  return ("%s%02d:%02d"):format(offset < 0 and "-" or "+", minutes // 60, minutes % 60)
end

--- An instant as RFC 3339 text: in UTC with full seconds, as Kubernetes writes
-- `metav1.Time`, unless the options say otherwise.
--
--     time.format(1767323045)                                  --> "2026-01-02T03:04:05Z"
--     time.format(1767323045, { nanoseconds = 250000000, digits = 6 })   --> "2026-01-02T03:04:05.250000Z"
--     time.format(1767323045, { zone = "Europe/Berlin" })      --> "2026-01-02T04:04:05+01:00"
--
-- @tparam integer at
-- @tparam[opt] table options `zone`, or `offset` in seconds; `digits` of the
-- fraction (6: `metav1.MicroTime`) and `nanoseconds` to take them from
-- @treturn string
function time.format(at, options)
  local o = options or {}
  local fields = time.fields(at + (o.offset or 0), o.zone)
  local fraction = ""

  if fields.year < 0 or fields.year > 9999 then
    host.fail("time.format: the year " .. fields.year .. " has no RFC 3339 text")
  end
  if (o.digits or 0) > 0 then
    fraction = "." .. ("%09d"):format(o.nanoseconds or 0):sub(1, o.digits)
  end
  return ("%04d-%02d-%02dT%02d:%02d:%02d%s%s"):format(fields.year, fields.month, fields.day,
    fields.hour, fields.minute, fields.second, fraction, offset_text(o.offset or fields.offset))
end

return time
