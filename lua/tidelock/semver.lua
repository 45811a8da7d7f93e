--- Versions, by Semantic Versioning 2.0.0, and ranges of them.
--
-- Versions compare with the operators; build metadata does not count:
--
--     semver.parse("1.2.10") > semver.parse("1.2.9")        --> true
--     semver.parse("1.0.0-rc.2") < semver.parse("1.0.0")    --> true
--     tostring(semver.parse("v1.2.3-rc.1+build.5"))         --> "1.2.3-rc.1+build.5"
--
-- @module tidelock.semver

local _, host = ...

local semver = {}
local version = {}
version.__index = version

-- ---- parsing ----

local function is_number(text)
  return text:find("^%d+$") ~= nil
end

-- "rc.1" to { "rc", "1" }; nil when one part is empty or has other characters.
-- Numbers of a pre-release have no zeros in front.
local function identifiers(text, strict_numbers)
  local parts = {}

  for part in (text .. "."):gmatch("(.-)%.") do
    if not part:find("^[%w-]+$") or strict_numbers and part:find("^0%d+$") then
      return nil
    end
    parts[#parts + 1] = part
  end
  return parts
end

local function core_number(text)
  if is_number(text) and not text:find("^0%d") then
    return math.tointeger(tonumber(text))
  end
  return nil
end

-- What stands behind a mark: {} without it, nil when it is not right.
local function suffix(text, mark, part, strict_numbers)
  if not text:find(mark, 1, true) then
    return {}
  end
  return identifiers(part, strict_numbers)
end

local function read(text)
  local rest, build = text:match("^v?([^+]*)%+?(.*)$")
  local numbers, prerelease = rest:match("^([%d.]+)%-?(.*)$")
  local major, minor, patch = (numbers or ""):match("^(%d+)%.(%d+)%.(%d+)$")

  if not major then
    return nil
  end
  local found = {
    major = core_number(major), minor = core_number(minor), patch = core_number(patch),
    prerelease = suffix(rest, "-", prerelease, true), build = suffix(text, "+", build, false),
  }
  local complete = found.major and found.minor and found.patch and found.prerelease and found.build
  return complete and setmetatable(found, version) or nil
end

--- The version of a text; a leading "v" is allowed.
--
--     semver.parse("1.2.3-rc.1").prerelease   --> { "rc", "1" }
--     semver.parse("v1.30.2").minor           --> 30
--     semver.parse("1.2")                     --> nil, "'1.2' is no version like 1.2.3 or 1.2.3-rc.1"
--
-- @tparam string text
-- @treturn tidelock.Version|nil { major, minor, patch, prerelease, build }
-- @treturn string|nil why it is no version
function semver.parse(text)
  local found = read(tostring(text))

  if not found then
    return nil, ("'%s' is no version like 1.2.3 or 1.2.3-rc.1"):format(tostring(text))
  end
  return found
end

local function check(value)
  if type(value) == "table" then
    return value
  end
  local found, why = semver.parse(value)

  if not found then
    host.fail("semver: " .. why)
  end
  return found
end

-- ---- order ----

local function order(a, b)
  return a < b and -1 or a > b and 1 or 0
end

-- Numbers are below texts; numbers by value (of any length), texts by bytes.
local function order_identifiers(a, b)
  local a_number, b_number = is_number(a), is_number(b)

  if a_number ~= b_number then
    return a_number and -1 or 1
  elseif a_number and #a ~= #b then
    return order(#a, #b)
  end
  return order(a, b)
end

local function order_prereleases(a, b)
  if #a == 0 or #b == 0 then
    return order(#b, #a) -- without one it is the release itself, which is above
  end
  for i = 1, math.min(#a, #b) do
    local result = order_identifiers(a[i], b[i])

    if result ~= 0 then
      return result
    end
  end
  return order(#a, #b)
end

--- -1 when the first comes before the second, 0 when neither, 1 otherwise.
--
--     semver.compare("1.0.0-alpha.2", "1.0.0-alpha.10")   --> -1
--     semver.compare("1.0.0", "1.0.0+linux")              --> 0
--
-- @param first a text or a version
-- @param second
-- @treturn integer
function semver.compare(first, second)
  local a, b = check(first), check(second)

  for _, field in ipairs { "major", "minor", "patch" } do
    local result = order(a[field], b[field])

    if result ~= 0 then
      return result
    end
  end
  return order_prereleases(a.prerelease, b.prerelease)
end

version.__eq = function(a, b)
  return semver.compare(a, b) == 0
end

version.__lt = function(a, b)
  return semver.compare(a, b) < 0
end

version.__le = function(a, b)
  return semver.compare(a, b) <= 0
end

version.__tostring = function(v)
  local text = ("%d.%d.%d"):format(v.major, v.minor, v.patch)

  if #v.prerelease > 0 then
    text = text .. "-" .. table.concat(v.prerelease, ".")
  end
  if #v.build > 0 then
    text = text .. "+" .. table.concat(v.build, ".")
  end
  return text
end

-- ---- ranges ----

local function release(major, minor, patch)
  return setmetatable({ major = major, minor = minor, patch = patch, prerelease = {}, build = {} },
    version)
end

-- The first version behind all that begin with the given numbers.
local function above(numbers, count)
  if count == 3 then
    return release(numbers[1], numbers[2], numbers[3] + 1)
  elseif count == 2 then
    return release(numbers[1], numbers[2] + 1, 0)
  end
  return release(numbers[1] + 1, 0, 0)
end

-- "1.2.x" to { 1, 2 } and the version 1.2.0; nil when it is no such thing.
local function partial(text)
  local full = read(text)

  if full then
    return { full.major, full.minor, full.patch }, full
  end
  local numbers = {}
  for part in (text:gsub("^v", "") .. "."):gmatch("(.-)%.") do
    local number = core_number(part)

    if not number and part ~= "x" and part ~= "X" and part ~= "*" then
      return nil
    end
    numbers[#numbers + 1] = number
    if not number then
      break
    end
  end
  if #numbers > 2 then
    return nil
  end
  return numbers, release(numbers[1] or 0, numbers[2] or 0, 0)
end

-- How many of the numbers of ^1.2.3 stay as they are: up to the first that is
-- not zero.
local function caret_count(numbers)
  for i = 1, #numbers do
    if numbers[i] ~= 0 then
      return i
    end
  end
  return #numbers
end

-- For each operator the versions from `low` on and below `high`; nil is open.
local bounds = {
  [">="] = function(_, low) return low, nil end,
  ["<"] = function(_, low) return nil, low end,
  [">"] = function(numbers, low)
    return #numbers < 3 and above(numbers, #numbers) or low, nil, #numbers == 3
  end,
  ["<="] = function(numbers, low)
    return nil, #numbers < 3 and above(numbers, #numbers) or low, false, #numbers == 3
  end,
  ["="] = function(numbers, low)
    if #numbers == 3 then
      return low, low, false, true
    end
    return low, above(numbers, #numbers)
  end,
  ["~"] = function(numbers, low)
    return low, above(numbers, math.min(#numbers, 2))
  end,
  ["^"] = function(numbers, low)
    return low, above(numbers, caret_count(numbers))
  end,
}
bounds["=="] = bounds["="]
bounds[""] = bounds["="]

local function read_term(text)
  local operator, rest = text:match("^([<>=~^]*)(.+)$")
  local numbers, low

  if operator and bounds[operator] then
    numbers, low = partial(rest)
  end
  if not numbers then
    return nil
  elseif #numbers == 0 then
    return {} -- "*": any release
  end
  local term = { prerelease = #low.prerelease > 0 and low }
  term.low, term.high, term.low_open, term.high_closed = bounds[operator](numbers, low)
  return term
end

local function fits(term, v)
  local below = term.low and semver.compare(v, term.low)
  local behind = term.high and semver.compare(v, term.high)

  return not (below and (below < 0 or below == 0 and term.low_open))
    and not (behind and (behind > 0 or behind == 0 and not term.high_closed))
end

-- "1.2 - 2.0" to ">=1.2 <=2.0"; operators stand next to their versions.
local function normalize(text)
  text = text:gsub("(%S+)%s+%-%s+(%S+)", ">=%1 <=%2")
  text = text:gsub("([<>=~^])%s+", "%1"):gsub(",", " ")
  return text
end

local function read_all_of(text)
  local terms = {}

  for word in normalize(text):gmatch("%S+") do
    terms[#terms + 1] = read_term(word)
    if not terms[#terms] or #terms > 50 then
      return nil, word
    end
  end
  return terms
end

-- A pre-release is only meant where the range names one of the same version.
local function asks_for(terms, v)
  for _, term in ipairs(terms) do
    local named = term.prerelease

    if named and named.major == v.major and named.minor == v.minor and named.patch == v.patch then
      return true
    end
  end
  return #v.prerelease == 0
end

local function all_fit(terms, v)
  for _, term in ipairs(terms) do
    if not fits(term, v) then
      return false
    end
  end
  return asks_for(terms, v)
end

--- Is the version in the range? A range is a list of terms that all must hold,
-- ">=1.2 <2.0"; "||" stands between alternatives. Terms are =, <, >, <=, >=,
-- "~1.2" (the same minor version), "^1.2" (compatible), "1.2.x", "1.2 - 1.4".
-- Pre-releases are only in a range that names one of the same version.
--
--     semver.satisfies("1.4.2", ">=1.2 <2.0.0")   --> true
--     semver.satisfies("1.4.2", "~1.3 || ^1.4")   --> true
--     semver.satisfies("0.3.0", "^0.2.5")         --> false
--     semver.satisfies("2.0.0-rc.1", ">=1.0.0")   --> false
--     semver.satisfies("1.0.0", ">=")             --> error "'>=' is no range"
--
-- @param what a text or a version
-- @tparam string range
-- @treturn boolean
function semver.satisfies(what, range)
  local v = check(what)
  local found = false

  for alternative in (range .. "||"):gmatch("(.-)||") do
    local terms, word = read_all_of(alternative)

    if not terms then
      host.fail(("semver.satisfies: '%s' is no range"):format(word),
        "ranges look like >=1.2 <2.0.0, ~1.2, ^1.2 or 1.x")
    end
    found = found or all_fit(terms, v)
  end
  return found
end

--- The highest version of a list, as it was given; nil when it is empty. With
-- a range, the highest of those that satisfy it.
--
--     semver.highest({ "1.2.0", "1.10.0", "2.0.0" }, "^1.0.0")   --> "1.10.0"
--
-- @tparam table list
-- @tparam[opt] string range
-- @return an item of the list, or nil
function semver.highest(list, range)
  local highest

  for _, item in ipairs(list) do
    if (not range or semver.satisfies(item, range))
        and (not highest or semver.compare(item, highest) > 0) then
      highest = item
    end
  end
  return highest
end

return semver
