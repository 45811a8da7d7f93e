--- Fields that hold a number or a percentage: `maxSurge`, `maxUnavailable`.
--
-- @module tidelock.int_or_percent

local _, host = ...

local int_or_percent = {}

local function percentage(text)
  return tonumber(text:match("^(%d+)%%$"))
end

--- How many that is of `total`: a number is itself, a percentage is rounded
-- up or down.
--
--     int_or_percent.resolve(3, 10)             --> 3
--     int_or_percent.resolve("25%", 10)         --> 2
--     int_or_percent.resolve("25%", 10, "up")   --> 3
--     int_or_percent.resolve("a few", 10)       --> error "'a few' is neither"
--
-- Kubernetes rounds `maxSurge` up and `maxUnavailable` down.
--
-- @tparam integer|string value
-- @tparam integer total what 100% is
-- @tparam[opt="down"] string rounding "up" or "down"
-- @treturn integer
function int_or_percent.resolve(value, total, rounding)
  local percent = type(value) == "string" and percentage(value)

  if math.type(value) == "integer" then
    return value
  elseif not percent then
    host.fail(("int_or_percent.resolve: '%s' is neither a whole number nor a percentage")
      :format(tostring(value)), "write 3 or \"25%\"")
  end
  if rounding == "up" then
    return (percent * total + 99) // 100
  end
  return percent * total // 100
end

--- Is it a whole number or a percentage?
--
--     int_or_percent.is_valid("25%")   --> true
--     int_or_percent.is_valid("25")    --> false
--
-- @param value
-- @treturn boolean
function int_or_percent.is_valid(value)
  return math.type(value) == "integer"
    or type(value) == "string" and percentage(value) ~= nil
end

return int_or_percent
