---@meta tidelock.random

--- Made by lua/types/generate.lua from lua/tidelock/random.lua.
---
--- Random numbers that are the same in every run: seeded by an object's uid.
---
--- For jitter, for choosing among equals, for test data. Not for secrets:
--- whoever knows the uid knows the numbers.
---
---     local rng = random.new { metadata = { uid = "8c3e1f52" } }
---     rng:integer(1, 6) == random.new("8c3e1f52"):integer(1, 6)   --> true
---@class tidelock.random
local random = {}

---@class tidelock.Random
local Random = {}

--- A generator. The same object or text, and the same stream, give the same
--- numbers.
---
---     random.new("u-1"):integer(1, 1000) == random.new("u-1", "jitter"):integer(1, 1000)   --> false
---@param seed table|string an object (its uid counts) or a text
---@param stream? string several generators for one object
---@return tidelock.Random
function random.new(seed, stream) end

--- A whole number from `low` to `high`, each as likely.
---
---     local dice = random.new("u-1"):integer(1, 6)
---     dice >= 1 and dice <= 6          --> true
---     random.new("u-1"):integer(3, 1)  --> error "from 3 to 1"
---@param low integer
---@param high integer
---@return integer
function Random:integer(low, high) end

--- A number from 0 on and below 1.
---
---     local n = random.new("u-1"):number()
---     n >= 0 and n < 1   --> true
---@return number
function Random:number() end

--- One of a list's items; nil of an empty list.
---
---     tidelock.tables.contains({ "a", "b" }, random.new("u-1"):choice { "a", "b" })   --> true
---     random.new("u-1"):choice {}                                                    --> nil
---@param list table
---@return any # an item
function Random:choice(list) end

--- The list in a random order, as a new list.
---
---     #random.new("u-1"):shuffle { 1, 2, 3 }   --> 3
---@param list table
---@return table
function Random:shuffle(list) end

--- A delay with some luck in it, so that many objects do not all wake at once:
--- `seconds` plus up to `part` of it.
---
---     local delay = random.new("u-1"):jitter(60, 0.1)
---     delay >= 60 and delay < 66   --> true
---@param seconds number
---@param part? number
---@return number
function Random:jitter(seconds, part) end

return random
