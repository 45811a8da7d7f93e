---@meta tidelock

--- Made by lua/types/generate.lua from lua/tidelock/init.lua.
---
--- The module that scripts require: `local tidelock = require "tidelock"`.
---
--- The modules of the library are its fields: `tidelock.quantity`,
--- `tidelock.cron` and so on are loaded when a script first looks at them, so a
--- run pays for nothing that it does not use.
---
--- What only the runtime can do is handed in as `host`; the rest is plain Lua.
---@class tidelock
---@field conditions tidelock.conditions
---@field quantity tidelock.quantity
---@field int_or_percent tidelock.int_or_percent
---@field time tidelock.time
---@field duration tidelock.duration
---@field zone tidelock.zone
---@field cron tidelock.cron
---@field semver tidelock.semver
---@field selector tidelock.selector
---@field tables tidelock.tables
---@field names tidelock.names
---@field random tidelock.random
---@field template tidelock.template
---@field json tidelock.json
---@field yaml tidelock.yaml
---@field base64 tidelock.base64
---@field hash tidelock.hash
---@field kube tidelock.kube
local tidelock = {}

--- Writes an explicit `null`, where an absent field would not do.
---@type any
tidelock.null = nil

--- Makes a table a JSON array, also when it is empty.
---
---     tidelock.json.encode { list = tidelock.array {} }   --> '{"list":[]}'
---@param list? table the items; the same table is returned
---@return table
function tidelock.array(list) end

--- The declaration: what `operator.lua` returns.
---@param declaration table see API.md beside this folder
---@return table # the declaration
function tidelock.operator(declaration) end

--- What a site changes of an operator that it did not write: what the file
--- of an overlay returns.
---@param overlay table see OVERLAYS.md beside this folder
---@return table # the overlay
function tidelock.overlay(overlay) end

--- SHA-256 as hexadecimal text: of a text's bytes, or of the canonical JSON
--- of any other value. Equal values give equal checksums.
---
---     tidelock.checksum("abc"):sub(1, 8)                      --> "ba7816bf"
---     tidelock.checksum { a = 1, b = 2 } == tidelock.checksum { b = 2, a = 1 }   --> true
---@param value any a text, or anything that can be part of an object
---@return string
function tidelock.checksum(value) end

--- The value at a path, or nil as soon as one part is absent.
---
---     local pod = { spec = { containers = { { image = "busybox" } } } }
---     tidelock.get(pod, "spec", "containers", 1, "image")   --> "busybox"
---     tidelock.get(pod, "status", "phase")                  --> nil
---@param object any a table or nil
---@param ... any keys and indexes
---@return any # the value or nil
function tidelock.get(object, ...) end

--- Has the object's own controller seen its newest generation?
---
---     tidelock.is_observed { metadata = { generation = 2 }, status = { observedGeneration = 2 } }   --> true
---     tidelock.is_observed(nil)   --> false
---@param object table|nil
---@return boolean # false also when the object is nil
function tidelock.is_observed(object) end

return tidelock
