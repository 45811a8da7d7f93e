--- Schedules: cron expressions, with time zones.
--
-- An expression has five fields (minute, hour, day of the month, month, day of
-- the week), or six with seconds in front. A field is a list of values, ranges
-- "1-5" and steps "*/15", "8-18/2", "5/10" (from 5 on); months and days of the
-- week have names; "?" is "*". Where both day fields are restricted, a day that
-- fits one of them will do; a step above 1 restricts. Sunday is 0. Besides:
-- @yearly @annually @monthly @weekly @daily @midnight @hourly, "@every 90m"
-- (whole seconds, counted from 1970 or from `anchor`), and "@date 2026-01-02
-- 03:04:05", which is once.
--
--     local noon = cron.parse("0 12 * * mon-fri", { zone = "America/New_York" })
--     tidelock.time.format(noon:next(1767323045))   --> "2026-01-02T17:00:00Z"
--     cron.parse("0 25 * * *")   --> nil, "'0 25 * * *': hour '25' is not from 0 to 23"
--
-- **When the clock is changed.** A schedule fires at every instant whose local
-- time fits its fields, as Kubernetes' CronJobs do (robfig/cron): a time that
-- the clock skips is skipped ("30 2 * * *" has no run on the day when 02:00 is
-- followed by 03:00), a time that comes twice fires twice, an hour apart.
-- Intervals of @every are of real time. Only "@date" is put right, since it has
-- one chance: in a gap it is as far behind the change, in an overlap the first.
--
-- @module tidelock.cron

local time = require "tidelock.time"

local cron = {}
local schedule = {}
schedule.__index = schedule

local DAY = 86400
-- 29 February comes at least every eight years: what does not fire in nine
-- never does.
local HORIZON = 9 * 366 * DAY

local fields = {
  { name = "second", low = 0, high = 59 },
  { name = "minute", low = 0, high = 59 },
  { name = "hour", low = 0, high = 23 },
  { name = "day", low = 1, high = 31 },
  { name = "month", low = 1, high = 12, names = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
    "aug", "sep", "oct", "nov", "dec" } },
  { name = "weekday", low = 0, high = 6, names = { "sun", "mon", "tue", "wed", "thu", "fri",
    "sat" } },
}

local shorthands = {
  ["@yearly"] = "0 0 0 1 1 *", ["@annually"] = "0 0 0 1 1 *", ["@monthly"] = "0 0 0 1 * *",
  ["@weekly"] = "0 0 0 * * 0", ["@daily"] = "0 0 0 * * *", ["@midnight"] = "0 0 0 * * *",
  ["@hourly"] = "0 0 * * * *",
}

-- ---- parsing ----

-- A number or a name; nil and why.
local function read_value(field, text)
  for index, name in ipairs(field.names or {}) do
    if text:lower() == name then
      return field.low + index - 1
    end
  end
  local value = text:find("^%d+$") and math.tointeger(tonumber(text))

  if not value or value < field.low or value > field.high then
    local hint = field.name == "weekday" and text == "7" and ": Sunday is 0" or ""
    return nil, ("%s '%s' is not from %d to %d%s"):format(field.name, text, field.low, field.high,
      hint)
  end
  return value
end

-- "*", "5", "1-5": where it begins and ends, and whether it is a star.
local function read_range(field, text, has_step)
  if text == "*" or text == "?" then
    return field.low, field.high, true
  end
  local first, last = text:match("^([^-]+)%-([^-]+)$")
  local low, why = read_value(field, first or text)
  local high = low

  if low and last then
    high, why = read_value(field, last)
  elseif low and has_step then
    high = field.high
  end
  if not low or not high then
    return nil, why
  elseif high < low then
    return nil, ("%s '%s' goes backwards"):format(field.name, text)
  end
  return low, high, false
end

-- One element of a list: its bits and whether it restricts nothing.
local function read_element(field, text)
  local range, step_text = text:match("^([^/]*)/([^/]*)$")
  local low, high, star = read_range(field, range or text, range ~= nil)
  local step = 1

  if not low then
    return nil, high
  end
  if step_text then
    step = step_text:find("^%d+$") and math.tointeger(tonumber(step_text)) or 0
  end
  if step < 1 then
    return nil, ("%s '%s' has no step like /5"):format(field.name, text)
  end
  local bits = 0
  for value = low, high, step do
    bits = bits | 1 << value
  end
  return bits, star and step == 1
end

local function read_field(field, text)
  local bits, star = 0, false

  for element in text:gmatch("[^,]+") do
    local more, free = read_element(field, element)

    if not more then
      return nil, free
    end
    bits, star = bits | more, star or free
  end
  if bits == 0 then
    return nil, ("%s '%s' is empty"):format(field.name, text)
  end
  return bits, star
end

local function read_fields(text)
  local words, result = {}, {}

  for word in text:gmatch("%S+") do
    words[#words + 1] = word
  end
  if #words == 5 then
    table.insert(words, 1, "0")
  end
  if #words ~= 6 then
    return nil, ("it has %d fields, expected 5, or 6 with seconds"):format(#words)
  end
  for index, field in ipairs(fields) do
    local bits, star = read_field(field, words[index])

    if not bits then
      return nil, star
    end
    result[field.name], result["any_" .. field.name] = bits, star
  end
  return result
end

local function read_every(text, options)
  local seconds, why = require("tidelock.duration").parse(text)

  if not seconds then
    return nil, why
  elseif math.type(seconds) ~= "integer" or seconds < 1 then
    return nil, "@every takes whole seconds, one at least"
  end
  return { every = seconds, anchor = options.anchor or 0 }
end

local function read_date(text, zone)
  local year, month, day, hour, minute, second =
    text:match("^(%d%d%d%d)%-(%d%d?)%-(%d%d?)[ T](%d%d?):(%d%d):?(%d*)$")
  local at = year and time.parse(("%s-%02d-%02dT%02d:%s:%02dZ"):format(year, tonumber(month),
    tonumber(day), tonumber(hour), minute, tonumber(second) or 0))

  if not at then
    return nil, "@date takes a time like 2026-01-02 03:04:05"
  end
  return { once = zone and zone:instant(at) or at }
end

-- The zone of the options, or nil and why there is none.
local function find_zone(options)
  if type(options.zone) == "string" then
    return require("tidelock.zone").find(options.zone)
  end
  return options.zone
end

local function read(text, options, zone)
  local word, rest = text:match("^%s*(%S+)%s*(.-)%s*$")

  if not word then
    return nil, "it is empty"
  elseif word:find("^TZ=") or word:find("^CRON_TZ=") then
    return nil, "the time zone is not part of the expression"
  elseif word == "@every" then
    return read_every(rest, options)
  elseif word == "@date" then
    return read_date(rest, zone)
  elseif word:sub(1, 1) ~= "@" then
    return read_fields(text)
  elseif rest ~= "" or not shorthands[word] then
    return nil, "it is none of @yearly @monthly @weekly @daily @hourly @every @date"
  end
  return read_fields(shorthands[word])
end

--- The schedule of an expression that may be none: it stands in somebody's
-- object.
--
--     cron.parse("@every 90m"):next(0)   --> 5400
--     cron.parse("0 0 * * 7")            --> nil, "'0 0 * * 7': weekday '7' is not from 0 to 6: Sunday is 0"
--     cron.parse("@daily", { zone = "Middle/Earth" })   --> nil, "there is no time zone 'Middle/Earth'"
--
-- @tparam string text
-- @tparam[opt] table options `zone`, a name or a zone, default UTC; `anchor`,
-- the instant that @every counts from
-- @treturn tidelock.Schedule|nil
-- @treturn string|nil why it is none
function cron.parse(text, options)
  options = options or {}
  local zone, no_zone = find_zone(options)

  if no_zone then
    return nil, no_zone
  end
  local found, why = read(text, options, zone)
  if not found then
    return nil, ("'%s': %s"):format(text, why)
  end
  found.text, found.zone = text, zone
  return setmetatable(found, schedule)
end

-- ---- searching ----

-- The first bit that is set, from n on upwards or downwards.
local function nearest(bits, n, direction)
  while n >= 0 and n <= 59 do
    if bits >> n & 1 == 1 then
      return n
    end
    n = n + direction
  end
  return nil
end

-- The first time of a day that fits, from a second on; nil: none is left.
local function nearest_time(s, from, direction)
  local edge = direction > 0 and 0 or 59
  local hour, minute, second = from // 3600, from // 60 % 60, from % 60
  local h = nearest(s.hour, hour, direction)
  local m, x

  if h == hour then
    m = nearest(s.minute, minute, direction)
    x = m == minute and nearest(s.second, second, direction)
    if m == minute and not x then
      m = nearest(s.minute, minute + direction, direction)
    end
    if not m then
      h = nearest(s.hour, hour + direction, direction)
    end
  end
  if not h then
    return nil
  end
  m = m or nearest(s.minute, edge, direction)
  x = x or nearest(s.second, edge, direction)
  return h * 3600 + m * 60 + x
end

local function day_fits(s, day, days)
  local in_month = s.day >> day & 1 == 1
  local in_week = s.weekday >> time.weekday(days) & 1 == 1

  if s.any_day or s.any_weekday then
    return in_month and in_week
  end
  return in_month or in_week
end

-- The first day that fits, from one on; nil when there is none up to `last`.
local function nearest_day(s, days, direction, last)
  while (last - days) * direction >= 0 do
    local year, month, day = time.date(days)

    if s.month >> month & 1 == 0 then
      days = direction > 0 and days - day + 1 + time.days_in_month(year, month) or days - day
    elseif day_fits(s, day, days) then
      return days
    else
      days = days + direction
    end
  end
  return nil
end

-- The same for local seconds, `from` and `last` included.
local function nearest_local(s, from, direction, last)
  local days = nearest_day(s, from // DAY, direction, last // DAY)
  local edge = direction > 0 and 0 or DAY - 1
  local second = days and nearest_time(s, days == from // DAY and from % DAY or edge, direction)

  if days and not second then
    days = nearest_day(s, days + direction, direction, last // DAY)
    second = days and nearest_time(s, edge, direction)
  end
  local found = days and days * DAY + second
  return found and (last - found) * direction >= 0 and found or nil
end

-- Instants are local times of one offset from one change of the clock to the
-- next; so each such span is searched as if there were no other.
local function search(s, from, direction)
  local last = from + direction * HORIZON

  while true do
    local offset, first, behind = 0, nil, nil

    if s.zone then
      local _
      offset, _, _, first, behind = s.zone:span(from)
    end
    local edge = direction > 0 and behind and behind - 1 or direction < 0 and first or last
    if (edge - last) * direction > 0 then
      edge = last
    end
    local found = nearest_local(s, from + offset, direction, edge + offset)
    if found then
      return found - offset
    elseif edge == last then
      return nil
    end
    from = edge + direction
  end
end

--- The first run after an instant; nil when there is none (30 February, a
-- @date that is over).
--
--     cron.parse("30 4 * * *"):next(0)              --> 16200
--     cron.parse("0 0 30 2 *"):next(0)              --> nil
--     cron.parse("@date 1970-01-02 00:00:00"):next(0)   --> 86400
--
-- @function schedule:next
-- @tparam integer after
-- @treturn integer|nil
function schedule:next(after)
  if self.once then
    return self.once > after and self.once or nil
  elseif self.every then
    return after + self.every - (after - self.anchor) % self.every
  end
  return search(self, after + 1, 1)
end

--- The last run before an instant; nil when there is none.
--
--     cron.parse("30 4 * * *"):prev(16200)   --> -70200
--     cron.parse("@every 1h"):prev(3601)     --> 3600
--
-- @function schedule:prev
-- @tparam integer before
-- @treturn integer|nil
function schedule:prev(before)
  if self.once then
    return self.once < before and self.once or nil
  elseif self.every then
    return before - 1 - (before - 1 - self.anchor) % self.every
  end
  return search(self, before - 1, -1)
end

--- Does it run at that instant?
--
--     cron.parse("*/15 * * * *"):matches(900)   --> true
--
-- @function schedule:matches
-- @tparam integer at
-- @treturn boolean
function schedule:matches(at)
  return self:next(at - 1) == at
end

--- The runs of a stretch of time, the first instant included, the last not.
--
--     cron.parse("0 * * * *"):between(0, 7201)      --> { 0, 3600, 7200 }
--     cron.parse("0 * * * *"):between(0, 86400, 2)  --> { 0, 3600 }
--
-- @function schedule:between
-- @tparam integer from
-- @tparam integer to
-- @tparam[opt=100] integer limit of how many
-- @treturn {integer,...}
function schedule:between(from, to, limit)
  local runs = {}
  local at = self:next(from - 1)

  while at and at < to and #runs < (limit or 100) do
    runs[#runs + 1] = at
    at = self:next(at)
  end
  return runs
end

schedule.__tostring = function(s)
  return s.text
end

return cron
