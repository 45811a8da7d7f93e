--- Durations as Go writes them: "1h30m", "250ms", "1.5s", "-2m".
--
-- A duration in a script is a number of seconds, as `view.now` and
-- `plan:requeue` have it: whole where it is whole, else with a fraction.
--
-- @module tidelock.duration

local _, host = ...

local duration = {}

local NANO = 1000000000
local units = {
  ns = 1, us = 1000, ["\u{B5}s"] = 1000, ["\u{3BC}s"] = 1000, ms = 1000000,
  s = NANO, m = 60 * NANO, h = 3600 * NANO,
}
-- Whole numbers of nanoseconds that 64 bits hold, in seconds: 292 years.
local MAX_SECONDS = math.maxinteger // NANO

-- The seconds of a number of nanoseconds.
local function seconds(nanoseconds)
  if nanoseconds % NANO == 0 then
    return nanoseconds // NANO
  end
  return nanoseconds / NANO
end

-- The nanoseconds of "1.5" with a unit; nil when it is too much. What is finer
-- than a nanosecond is dropped.
local function part(whole, fraction, unit)
  local size = units[unit]
  local count = math.tointeger(tonumber(whole == "" and "0" or whole))

  if not count or count > math.maxinteger // size then
    return nil
  end
  local value = count * size
  for digit in fraction:gmatch("%d") do
    size = size / 10
    value = value + tonumber(digit) * size
  end
  return math.tointeger(value) or math.floor(value)
end

local function nanoseconds(text)
  local total, at = 0, 1

  while at <= #text do
    local whole, fraction, unit, behind = text:match("^(%d*)%.?(%d*)([^%d.]+)()", at)

    if not whole or whole .. fraction == "" or not units[unit] then
      return nil
    end
    local value = part(whole, fraction, unit)
    if not value or value > math.maxinteger - total then
      return nil
    end
    total, at = total + value, behind
  end
  return total
end

--- The seconds of a text.
--
--     duration.parse("1h30m")   --> 5400
--     duration.parse("250ms")   --> 0.25
--     duration.parse("-1m")     --> -60
--     duration.parse("7d")      --> nil, "'7d' is no duration: write it as 1h30m, 45s or 250ms"
--
-- @tparam string text
-- @treturn number|nil
-- @treturn string|nil why it is no duration
function duration.parse(text)
  local sign, rest = tostring(text):match("^([+-]?)(.+)$")
  local value = rest == "0" and 0 or rest and nanoseconds(rest)

  if not value then
    return nil, ("'%s' is no duration: write it as 1h30m, 45s or 250ms"):format(tostring(text))
  end
  return seconds(sign == "-" and -value or value)
end

--- The seconds of a text, or of a number, which is taken for seconds. Raises
-- when it is neither.
--
--     duration.seconds("90s")   --> 90
--     duration.seconds(5)       --> 5
--     duration.seconds("soon")  --> error "'soon' is no duration"
--
-- @tparam string|number value
-- @treturn number
function duration.seconds(value)
  if type(value) == "number" then
    return value
  end
  local parsed, why = duration.parse(value)

  if not parsed then
    host.fail("duration.seconds: " .. why)
  end
  return parsed
end

-- "0.25" of a number below 60, without zeros at its end.
local function decimal(number)
  return (("%.9f"):format(number):gsub("%.?0+$", ""))
end

local function small(value)
  if value < 1e-6 then
    return decimal(value * 1e9) .. "ns"
  elseif value < 1e-3 then
    return decimal(value * 1e6) .. "\u{B5}s"
  end
  return decimal(value * 1e3) .. "ms"
end

--- A number of seconds as Go prints it.
--
--     duration.format(5400)    --> "1h30m0s"
--     duration.format(0.25)    --> "250ms"
--     duration.format(-61.5)   --> "-1m1.5s"
--     duration.format(0)       --> "0s"
--
-- @tparam number value
-- @treturn string
function duration.format(value)
  local size = math.abs(value)

  if size == 0 then
    return "0s"
  elseif size > MAX_SECONDS or size ~= size then
    host.fail("duration.format: more than 292 years")
  end
  local text = value < 0 and "-" or ""
  if size < 1 then
    return text .. small(size)
  end
  local hours, minutes = math.floor(size) // 3600, math.floor(size) // 60 % 60
  if hours > 0 then
    text = text .. hours .. "h"
  end
  if hours > 0 or minutes > 0 then
    text = text .. minutes .. "m"
  end
  return text .. (math.type(value) == "integer" and size % 60 .. "s" or decimal(size % 60) .. "s")
end

return duration
