--- What a spec gives, in the forms that are pleasant to write, as the host
--- takes it.

local ask = require "tidelock.testing.ask"

local given = {}

local FIELDS = {
  object = true, objects = true, children = true, at = true, params = true,
  unknown = true, absent = true,
}

local function names_of(t)
  local names = {}
  for name in pairs(t) do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function is_file_name(text)
  return not text:find("\n") and (text:match("%.ya?ml$") or text:match("%.json$"))
end

--- The documents of a YAML text, or of a file when it is the name of one.
function given.documents(text, name)
  if is_file_name(text) then
    return ask("yaml", { file = text }).documents
  end
  return ask("yaml", { text = text, name = name or "YAML" }).documents
end

--- An object: a table, YAML, or the name of a file that holds one.
function given.object(value)
  if type(value) ~= "string" then
    return value
  end
  local documents = given.documents(value)
  if #documents ~= 1 then
    error(("one object is expected, there are %d in %s"):format(#documents,
      is_file_name(value) and value or "the text"), 0)
  end
  return documents[1]
end

--- Objects: a list of them, or YAML (a text or a file) with any number.
function given.objects(value)
  if type(value) == "string" then
    return given.documents(value)
  end
  local out = {}
  for i, item in ipairs(value or {}) do
    out[i] = given.object(item)
  end
  return out
end

-- Days from 1970-01-01 to a date of the Gregorian calendar.
local function days_of(year, month, day)
  local y = month <= 2 and year - 1 or year
  local era = y // 400
  local of_era = y - era * 400
  local of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

--- Seconds since 1970 of "2026-03-29T01:59:00Z", an offset, or a number.
function given.seconds(time)
  if type(time) == "number" then
    return math.tointeger(time) or error("a time is a whole number of seconds", 0)
  end
  local y, mo, d, h, mi, s, zone =
    time:match("^(%d%d%d%d)-(%d%d)-(%d%d)[Tt ](%d%d):(%d%d):?(%d*)%.?%d*([Zz+-].*)$")
  local sign, oh, om = (zone or ""):match("^([+-])(%d%d):(%d%d)$")
  if not y or not (sign or zone:upper() == "Z") then
    error(("'%s' is not a time, as in 2026-03-29T01:59:00Z"):format(time), 0)
  end
  local seconds = days_of(math.tointeger(y), math.tointeger(mo), math.tointeger(d)) * 86400
    + math.tointeger(h) * 3600 + math.tointeger(mi) * 60 + (math.tointeger(s) or 0)
  local offset = sign and (math.tointeger(oh) * 3600 + math.tointeger(om) * 60) or 0
  return seconds - (sign == "-" and -offset or offset)
end

-- { "v1", "Secret" } is a kind, { { "v1", "Secret" }, ... } a list of them.
local function kinds(value)
  return value and type(value[1]) == "string" and { value } or value
end

--- The table that a spec writes, as a question to the host. An object by
--- itself is short for { object = ... }.
function given.question(what)
  if type(what) == "string" or (type(what) == "table" and what.apiVersion) then
    what = { object = what }
  end
  if type(what) ~= "table" then
    error("an object, or { object = ..., ... }, is expected, not " .. type(what), 0)
  end
  for name in pairs(what) do
    if not FIELDS[name] then
      error(("'%s' cannot be given\n  hint: there is %s"):format(tostring(name), names_of(FIELDS)), 0)
    end
  end
  return {
    object = given.object(what.object),
    objects = given.objects(what.objects),
    children = given.objects(what.children),
    now = given.seconds(what.at or given.NOW),
    params = what.params,
    unknown = kinds(what.unknown),
    absent = kinds(what.absent),
  }
end

--- When nothing else is said it is then.
given.NOW = "2026-01-02T03:04:05Z"

return given
