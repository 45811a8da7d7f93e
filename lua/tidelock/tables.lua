--- Working with tables: whole trees, and lists.
--
-- Functions that give a list give a new one; what is passed in stays as it is.
--
-- @module tidelock.tables

local _, host = ...

local tables = {}

--- A deep copy. Arrays stay arrays, objects stay objects.
--
--     local old = { spec = { replicas = 1 } }
--     local new = tables.copy(old)
--     new.spec.replicas = 2
--     old.spec.replicas   --> 1
--
-- @function copy
-- @param value
-- @return the copy
tables.copy = host.copy

--- The same, all the way down?
--
--     tables.equal({ a = { 1, 2 } }, { a = { 1, 2 } })   --> true
--     tables.equal({ a = 1 }, { a = 1, b = 2 })          --> false
--
-- @function equal
-- @param first
-- @param second
-- @treturn boolean
tables.equal = host.equal

--- The first table with the others laid upon it, in their order: objects are
-- merged all the way down, lists and plain values replace, `tidelock.null`
-- removes (a JSON merge patch, RFC 7386).
--
--     tables.merge({ a = 1, b = { c = 2 } }, { b = { d = 3 } })   --> { a = 1, b = { c = 2, d = 3 } }
--     tables.merge({ a = { 1, 2 } }, { a = { 3 } })               --> { a = { 3 } }
--     tables.merge({ a = 1, b = 2 }, { a = tidelock.null })       --> { b = 2 }
--
-- @function merge
-- @tparam table first
-- @tparam table|nil ... nil is passed over
-- @treturn table a new one
tables.merge = host.merge

--- Is the table a list, so that it is written as a JSON array? An empty table
-- is one when it came as an array, or from `tidelock.array`.
--
--     tables.is_list { 1, 2 }             --> true
--     tables.is_list { a = 1 }            --> false
--     tables.is_list(tidelock.array {})   --> true
--
-- @function is_list
-- @param value
-- @treturn boolean
tables.is_list = host.is_list

--- The result of a function for each item. A nil leaves the item out.
--
--     tables.map({ 1, 2, 3 }, function(n) return n * 10 end)   --> { 10, 20, 30 }
--
-- @tparam table list
-- @tparam function with called with item and index
-- @treturn table
function tables.map(list, with)
  local result = {}

  for index, item in ipairs(list) do
    result[#result + 1] = with(item, index)
  end
  return result
end

--- The items for which a function holds.
--
--     tables.filter({ 1, 2, 3, 4 }, function(n) return n % 2 == 0 end)   --> { 2, 4 }
--
-- @tparam table list
-- @tparam function holds called with item and index
-- @treturn table
function tables.filter(list, holds)
  local result = {}

  for index, item in ipairs(list) do
    if holds(item, index) then
      result[#result + 1] = item
    end
  end
  return result
end

--- The first item for which a function holds, and its index.
--
--     tables.find({ "a", "bb", "cc" }, function(text) return #text == 2 end)   --> "bb", 2
--     tables.find({}, function() return true end)                            --> nil
--
-- @tparam table list
-- @tparam function holds called with item and index
-- @return the item and its index, or nil
function tables.find(list, holds)
  for index, item in ipairs(list) do
    if holds(item, index) then
      return item, index
    end
  end
  return nil
end

--- Does the function hold for one item at least?
--
--     tables.any({ 1, 2 }, function(n) return n > 1 end)   --> true
--
-- @tparam table list
-- @tparam function holds
-- @treturn boolean
function tables.any(list, holds)
  return select("#", tables.find(list, holds)) == 2
end

--- Does the function hold for every item? So it is with an empty list.
--
--     tables.all({ 1, 2 }, function(n) return n > 1 end)   --> false
--     tables.all({}, function() return false end)          --> true
--
-- @tparam table list
-- @tparam function holds
-- @treturn boolean
function tables.all(list, holds)
  return not tables.any(list, function(item, index)
    return not holds(item, index)
  end)
end

--- Is the value one of the list's?
--
--     tables.contains({ "a", "b" }, "b")   --> true
--
-- @tparam table|nil list
-- @param value
-- @treturn boolean
function tables.contains(list, value)
  for _, item in ipairs(list or {}) do
    if item == value then
      return true
    end
  end
  return false
end

--- One value of a whole list: `with(with(with(initial, a), b), c)`.
--
--     tables.reduce({ 1, 2, 3 }, function(sum, n) return sum + n end, 0)   --> 6
--
-- @tparam table list
-- @tparam function with called with the value so far, item and index
-- @param initial
-- @return the last value
function tables.reduce(list, with, initial)
  for index, item in ipairs(list) do
    initial = with(initial, item, index)
  end
  return initial
end

--- The keys of a table, sorted: numbers first, then texts by their bytes.
--
--     tables.keys { b = 1, a = 2 }   --> { "a", "b" }
--
-- @tparam table|nil object
-- @treturn table
function tables.keys(object)
  local keys = {}

  for key in pairs(object or {}) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then
      return a < b
    end
    return type(a) == "number"
  end)
  return keys
end

--- The values of a table, in the order of its keys.
--
--     tables.values { b = 1, a = 2 }   --> { 2, 1 }
--
-- @tparam table|nil object
-- @treturn table
function tables.values(object)
  return tables.map(tables.keys(object), function(key)
    return object[key]
  end)
end

--- How many members a table has, of whatever keys.
--
--     tables.count { a = 1, b = 2 }   --> 2
--     tables.count(nil)               --> 0
--
-- @tparam table|nil object
-- @treturn integer
function tables.count(object)
  local count = 0

  for _ in pairs(object or {}) do
    count = count + 1
  end
  return count
end

-- What an item is sorted or grouped by: a field, or a function's answer.
local function reader(by)
  if type(by) == "function" then
    return by
  end
  return function(item)
    return item[by]
  end
end

--- The items by a key of theirs; of several with one key the last.
--
--     tables.index_by({ { name = "a", port = 1 }, { name = "b", port = 2 } }, "name").b.port   --> 2
--
-- @tparam table list
-- @tparam string|function by a field, or a function of the item
-- @treturn table from key to item
function tables.index_by(list, by)
  local key_of, result = reader(by), {}

  for _, item in ipairs(list) do
    local key = key_of(item)

    if key ~= nil then
      result[key] = item
    end
  end
  return result
end

--- Lists of items by a key of theirs.
--
--     tables.group_by({ "a", "bb", "cc" }, function(text) return #text end)   --> { { "a" }, { "bb", "cc" } }
--
-- @tparam table list
-- @tparam string|function by a field, or a function of the item
-- @treturn table from key to list
function tables.group_by(list, by)
  local key_of, result = reader(by), {}

  for _, item in ipairs(list) do
    local key = key_of(item)

    if key ~= nil then
      result[key] = result[key] or {}
      table.insert(result[key], item)
    end
  end
  return result
end

--- Sorted by a key of the items; items of one key keep their order.
--
--     tables.map(tables.sort_by({ { n = 2 }, { n = 1 } }, "n"), function(item) return item.n end)   --> { 1, 2 }
--
-- @tparam table list
-- @tparam string|function by a field, or a function of the item
-- @treturn table
function tables.sort_by(list, by)
  local key_of = reader(by)
  local entries = tables.map(list, function(item, index)
    return { key = key_of(item), index = index, item = item }
  end)

  table.sort(entries, function(a, b)
    if a.key == b.key then
      return a.index < b.index
    end
    return a.key < b.key
  end)
  return tables.map(entries, function(entry)
    return entry.item
  end)
end

--- Each value once, where it stood first.
--
--     tables.unique { "b", "a", "b" }   --> { "b", "a" }
--
-- @tparam table list
-- @treturn table
function tables.unique(list)
  local seen = {}

  return tables.filter(list, function(item)
    local fresh = not seen[item]
    seen[item] = true
    return fresh
  end)
end

--- Several lists in one; nil is passed over.
--
--     tables.concat({ 1, 2 }, nil, { 3 })   --> { 1, 2, 3 }
--
-- @tparam table|nil ...
-- @treturn table
function tables.concat(...)
  local result = {}

  for i = 1, select("#", ...) do
    for _, item in ipairs((select(i, ...)) or {}) do
      result[#result + 1] = item
    end
  end
  return result
end

return tables
