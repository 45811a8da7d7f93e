--- Random numbers that are the same in every run: seeded by an object's uid.
--
-- For jitter, for choosing among equals, for test data. Not for secrets:
-- whoever knows the uid knows the numbers.
--
--     local rng = random.new { metadata = { uid = "8c3e1f52" } }
--     rng:integer(1, 6) == random.new("8c3e1f52"):integer(1, 6)   --> true
--
-- @module tidelock.random

local _, host = ...

local random = {}
local generator = {}
generator.__index = generator

local function rotate(x, by)
  return x << by | x >> 64 - by
end

--- A generator. The same object or text, and the same stream, give the same
-- numbers.
--
--     random.new("u-1"):integer(1, 1000) == random.new("u-1", "jitter"):integer(1, 1000)   --> false
--
-- @tparam table|string seed an object (its uid counts) or a text
-- @tparam[opt=""] string stream several generators for one object
-- @treturn tidelock.Random
function random.new(seed, stream)
  if type(seed) == "table" then
    seed = seed.metadata.uid
  end
  local digits = host.sha256(seed .. "\0" .. (stream or ""))
  local state = {}

  for i = 1, 4 do
    local high = tonumber(digits:sub(16 * i - 15, 16 * i - 8), 16)
    local low = tonumber(digits:sub(16 * i - 7, 16 * i), 16)
    state[i] = high << 32 | low
  end
  return setmetatable(state, generator)
end

-- 64 random bits: xoshiro256**.
local function bits(s)
  local result = rotate(s[2] * 5, 7) * 9
  local kept = s[2] << 17

  s[3] = s[3] ~ s[1]
  s[4] = s[4] ~ s[2]
  s[2] = s[2] ~ s[3]
  s[1] = s[1] ~ s[4]
  s[3] = s[3] ~ kept
  s[4] = rotate(s[4], 45)
  return result
end

--- A whole number from `low` to `high`, each as likely.
--
--     local dice = random.new("u-1"):integer(1, 6)
--     dice >= 1 and dice <= 6          --> true
--     random.new("u-1"):integer(3, 1)  --> error "from 3 to 1"
--
-- @tparam integer low
-- @tparam integer high
-- @treturn integer
function generator:integer(low, high)
  local count = high - low + 1

  if count <= 0 then
    host.fail(("random: there is nothing from %d to %d"):format(low, high))
  end
  local last = math.maxinteger - math.maxinteger % count - 1
  local x
  repeat
    x = bits(self) >> 1
  until x <= last
  return low + x % count
end

--- A number from 0 on and below 1.
--
--     local n = random.new("u-1"):number()
--     n >= 0 and n < 1   --> true
--
-- @treturn number
function generator:number()
  return (bits(self) >> 11) * 2.0 ^ -53
end

--- One of a list's items; nil of an empty list.
--
--     tidelock.tables.contains({ "a", "b" }, random.new("u-1"):choice { "a", "b" })   --> true
--     random.new("u-1"):choice {}                                                    --> nil
--
-- @tparam table list
-- @return an item
function generator:choice(list)
  return #list > 0 and list[self:integer(1, #list)] or nil
end

--- The list in a random order, as a new list.
--
--     #random.new("u-1"):shuffle { 1, 2, 3 }   --> 3
--
-- @tparam table list
-- @treturn table
function generator:shuffle(list)
  local result = {}

  for i, item in ipairs(list) do
    local j = self:integer(1, i)

    result[i] = result[j]
    result[j] = item
  end
  return result
end

--- A delay with some luck in it, so that many objects do not all wake at once:
-- `seconds` plus up to `part` of it.
--
--     local delay = random.new("u-1"):jitter(60, 0.1)
--     delay >= 60 and delay < 66   --> true
--
-- @tparam number seconds
-- @tparam[opt=0.1] number part
-- @treturn number
function generator:jitter(seconds, part)
  return seconds * (1 + self:number() * (part or 0.1))
end

return random
