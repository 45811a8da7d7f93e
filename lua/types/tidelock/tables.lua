---@meta tidelock.tables

--- Made by lua/types/generate.lua from lua/tidelock/tables.lua.
---
--- Working with tables: whole trees, and lists.
---
--- Functions that give a list give a new one; what is passed in stays as it is.
---@class tidelock.tables
local tables = {}

--- A deep copy. Arrays stay arrays, objects stay objects.
---
---     local old = { spec = { replicas = 1 } }
---     local new = tables.copy(old)
---     new.spec.replicas = 2
---     old.spec.replicas   --> 1
---@param value any
---@return any # the copy
function tables.copy(value) end

--- The same, all the way down?
---
---     tables.equal({ a = { 1, 2 } }, { a = { 1, 2 } })   --> true
---     tables.equal({ a = 1 }, { a = 1, b = 2 })          --> false
---@param first any
---@param second any
---@return boolean
function tables.equal(first, second) end

--- The first table with the others laid upon it, in their order: objects are
--- merged all the way down, lists and plain values replace, `tidelock.null`
--- removes (a JSON merge patch, RFC 7386).
---
---     tables.merge({ a = 1, b = { c = 2 } }, { b = { d = 3 } })   --> { a = 1, b = { c = 2, d = 3 } }
---     tables.merge({ a = { 1, 2 } }, { a = { 3 } })               --> { a = { 3 } }
---     tables.merge({ a = 1, b = 2 }, { a = tidelock.null })       --> { b = 2 }
---@param first table
---@param ... table|nil nil is passed over
---@return table # a new one
function tables.merge(first, ...) end

--- Is the table a list, so that it is written as a JSON array? An empty table
--- is one when it came as an array, or from `tidelock.array`.
---
---     tables.is_list { 1, 2 }             --> true
---     tables.is_list { a = 1 }            --> false
---     tables.is_list(tidelock.array {})   --> true
---@param value any
---@return boolean
function tables.is_list(value) end

--- The result of a function for each item. A nil leaves the item out.
---
---     tables.map({ 1, 2, 3 }, function(n) return n * 10 end)   --> { 10, 20, 30 }
---@param list table
---@param with function called with item and index
---@return table
function tables.map(list, with) end

--- The items for which a function holds.
---
---     tables.filter({ 1, 2, 3, 4 }, function(n) return n % 2 == 0 end)   --> { 2, 4 }
---@param list table
---@param holds function called with item and index
---@return table
function tables.filter(list, holds) end

--- The first item for which a function holds, and its index.
---
---     tables.find({ "a", "bb", "cc" }, function(text) return #text == 2 end)   --> "bb", 2
---     tables.find({}, function() return true end)                            --> nil
---@param list table
---@param holds function called with item and index
---@return any # the item and its index, or nil
function tables.find(list, holds) end

--- Does the function hold for one item at least?
---
---     tables.any({ 1, 2 }, function(n) return n > 1 end)   --> true
---@param list table
---@param holds function
---@return boolean
function tables.any(list, holds) end

--- Does the function hold for every item? So it is with an empty list.
---
---     tables.all({ 1, 2 }, function(n) return n > 1 end)   --> false
---     tables.all({}, function() return false end)          --> true
---@param list table
---@param holds function
---@return boolean
function tables.all(list, holds) end

--- Is the value one of the list's?
---
---     tables.contains({ "a", "b" }, "b")   --> true
---@param list table|nil
---@param value any
---@return boolean
function tables.contains(list, value) end

--- One value of a whole list: `with(with(with(initial, a), b), c)`.
---
---     tables.reduce({ 1, 2, 3 }, function(sum, n) return sum + n end, 0)   --> 6
---@param list table
---@param with function called with the value so far, item and index
---@param initial any
---@return any # the last value
function tables.reduce(list, with, initial) end

--- The keys of a table, sorted: numbers first, then texts by their bytes.
---
---     tables.keys { b = 1, a = 2 }   --> { "a", "b" }
---@param object table|nil
---@return table
function tables.keys(object) end

--- The values of a table, in the order of its keys.
---
---     tables.values { b = 1, a = 2 }   --> { 2, 1 }
---@param object table|nil
---@return table
function tables.values(object) end

--- How many members a table has, of whatever keys.
---
---     tables.count { a = 1, b = 2 }   --> 2
---     tables.count(nil)               --> 0
---@param object table|nil
---@return integer
function tables.count(object) end

--- The items by a key of theirs; of several with one key the last.
---
---     tables.index_by({ { name = "a", port = 1 }, { name = "b", port = 2 } }, "name").b.port   --> 2
---@param list table
---@param by string|function a field, or a function of the item
---@return table # from key to item
function tables.index_by(list, by) end

--- Lists of items by a key of theirs.
---
---     tables.group_by({ "a", "bb", "cc" }, function(text) return #text end)   --> { { "a" }, { "bb", "cc" } }
---@param list table
---@param by string|function a field, or a function of the item
---@return table # from key to list
function tables.group_by(list, by) end

--- Sorted by a key of the items; items of one key keep their order.
---
---     tables.map(tables.sort_by({ { n = 2 }, { n = 1 } }, "n"), function(item) return item.n end)   --> { 1, 2 }
---@param list table
---@param by string|function a field, or a function of the item
---@return table
function tables.sort_by(list, by) end

--- Each value once, where it stood first.
---
---     tables.unique { "b", "a", "b" }   --> { "b", "a" }
---@param list table
---@return table
function tables.unique(list) end

--- Several lists in one; nil is passed over.
---
---     tables.concat({ 1, 2 }, nil, { 3 })   --> { 1, 2, 3 }
---@param ... table|nil
---@return table
function tables.concat(...) end

return tables
