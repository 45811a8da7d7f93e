--- The module that scripts require: `local tidelock = require "tidelock"`.
--
-- What only the runtime can do (null, array, operator, checksum) is handed in
-- as `host`; the rest is plain Lua and works in any Lua 5.4.
--
-- @module tidelock

local _, host = ...
local conditions = require "tidelock.conditions"

local tidelock = {
  --- Writes an explicit `null`, where an absent field would not do.
  null = host.null,

  --- Makes a table a JSON array, also when it is empty.
  -- @function array
  -- @tparam[opt] table list the items; the same table is returned
  -- @treturn table
  array = host.array,

  --- The declaration: what `operator.lua` returns.
  -- @function operator
  -- @tparam table declaration see the README beside this folder
  -- @treturn table the declaration
  operator = host.operator,

  --- SHA-256 as hexadecimal text: of a text's bytes, or of the canonical JSON
  -- of any other value. Equal values give equal checksums.
  -- @function checksum
  -- @param value a text, or anything that can be part of an object
  -- @treturn string
  checksum = host.checksum,

  --- Base64, for the `data` of Secrets.
  -- @table base64
  -- @field encode text to base64
  -- @field decode base64 to text; raises when it is none
  base64 = { encode = host.base64_encode, decode = host.base64_decode },

  --- Reading the conditions of objects: see @{tidelock.conditions}.
  conditions = conditions,
}

--- The value at a path, or nil as soon as one part is absent.
--
--     tidelock.get(deployment, "status", "readyReplicas")
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
-- @tparam table|nil object
-- @treturn boolean false also when the object is nil
function tidelock.is_observed(object)
  local observed = tidelock.get(object, "status", "observedGeneration")
  return observed ~= nil and observed == object.metadata.generation
end

return tidelock
