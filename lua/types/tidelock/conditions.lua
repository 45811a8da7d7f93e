---@meta tidelock.conditions

--- Made by lua/types/generate.lua from lua/tidelock/conditions.lua.
---
--- Reading `.status.conditions` of any object.
---
--- An object or its status may be absent: every function takes that for "no
--- such condition", so a script needs no tests of its own.
---@class tidelock.conditions
local conditions = {}

--- The condition of that type.
---@param object table|nil
---@param type string "Ready", "Available", ...
---@return table|nil
function conditions.find(object, type) end

--- Its status as a truth value: true for "True", false for "False", nil when
--- it is "Unknown" or not there. `plan:condition` takes nil for "Unknown".
---@param object table|nil
---@param type string
---@return boolean|nil
function conditions.is_true(object, type) end

--- Its reason.
---@param object table|nil
---@param type string
---@return string|nil
function conditions.reason(object, type) end

--- Its message.
---@param object table|nil
---@param type string
---@return string|nil
function conditions.message(object, type) end

return conditions
