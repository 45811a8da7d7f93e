--- The module that scripts require: `local tidelock = require "tidelock"`.
--
-- The modules of the library are its fields: `tidelock.quantity`,
-- `tidelock.cron` and so on are loaded when a script first looks at them, so a
-- run pays for nothing that it does not use.
--
-- What only the runtime can do is handed in as `host`; the rest is plain Lua.
--
-- @module tidelock

local _, host = ...

local tidelock = setmetatable({
  --- Writes an explicit `null`, where an absent field would not do.
  null = host.null,

  --- Makes a table a JSON array, also when it is empty.
  --
  --     tidelock.json.encode { list = tidelock.array {} }   --> '{"list":[]}'
  --
  -- @function array
  -- @tparam[opt] table list the items; the same table is returned
  -- @treturn table
  array = host.array,

  --- The declaration: what `operator.lua` returns.
  -- @function operator
  -- @tparam table declaration see API.md beside this folder
  -- @treturn table the declaration
  operator = host.operator,

  --- What a site changes of an operator that it did not write: what the file
  -- of an overlay returns.
  -- @function overlay
  -- @tparam table overlay see OVERLAYS.md beside this folder
  -- @treturn table the overlay
  overlay = host.overlay,

  --- SHA-256 as hexadecimal text: of a text's bytes, or of the canonical JSON
  -- of any other value. Equal values give equal checksums.
  --
  --     tidelock.checksum("abc"):sub(1, 8)                      --> "ba7816bf"
  --     tidelock.checksum { a = 1, b = 2 } == tidelock.checksum { b = 2, a = 1 }   --> true
  --
  -- @function checksum
  -- @param value a text, or anything that can be part of an object
  -- @treturn string
  checksum = host.checksum,
}, { __index = host.module })

--- The value at a path, or nil as soon as one part is absent.
--
--     local pod = { spec = { containers = { { image = "busybox" } } } }
--     tidelock.get(pod, "spec", "containers", 1, "image")   --> "busybox"
--     tidelock.get(pod, "status", "phase")                  --> nil
--
-- @param object a table or nil
-- @param ... keys and indexes
-- @return the value or nil
function tidelock.get(object, ...)
  for i = 1, select("#", ...) do
    if type(object) ~= "table" then
      return nil
    end
    object = object[select(i, ...)]
  end
  return object
end

--- Has the object's own controller seen its newest generation?
--
--     tidelock.is_observed { metadata = { generation = 2 }, status = { observedGeneration = 2 } }   --> true
--     tidelock.is_observed(nil)   --> false
--
-- @tparam table|nil object
-- @treturn boolean false also when the object is nil
function tidelock.is_observed(object)
  local observed = tidelock.get(object, "status", "observedGeneration")
  return observed ~= nil and observed == object.metadata.generation
end

return tidelock
