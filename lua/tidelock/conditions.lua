--- Reading `.status.conditions` of any object.
--
-- An object or its status may be absent: every function takes that for "no
-- such condition", so a script needs no tests of its own.
--
-- @module tidelock.conditions

local conditions = {}

--- The condition of that type.
-- @tparam table|nil object
-- @tparam string type "Ready", "Available", ...
-- @treturn table|nil
function conditions.find(object, type)
  local status = object and object.status
  for _, condition in ipairs(status and status.conditions or {}) do
    if condition.type == type then
      return condition
    end
  end
  return nil
end

--- Its status as a truth value: true for "True", false for "False", nil when
-- it is "Unknown" or not there. `plan:condition` takes nil for "Unknown".
-- @tparam table|nil object
-- @tparam string type
-- @treturn boolean|nil
function conditions.is_true(object, type)
  local condition = conditions.find(object, type)
  if condition and condition.status == "True" then
    return true
  elseif condition and condition.status == "False" then
    return false
  end
  return nil
end

--- Its reason.
-- @tparam table|nil object
-- @tparam string type
-- @treturn string|nil
function conditions.reason(object, type)
  local condition = conditions.find(object, type)
  return condition and condition.reason
end

--- Its message.
-- @tparam table|nil object
-- @tparam string type
-- @treturn string|nil
function conditions.message(object, type)
  local condition = conditions.find(object, type)
  return condition and condition.message
end

return conditions
