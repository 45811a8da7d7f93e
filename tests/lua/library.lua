--- Loads modules of the library into a plain Lua 5.4, for specs.
--
-- What a module takes from the runtime is handed in by the spec. Functions that
-- do their work in C are tested in tests/unit/script instead.

--- @tparam string name "semver"
-- @tparam[opt] table functions what the module finds in `host`
-- @return the module
return function(name, functions)
  local host = {
    fail = function(message, hint)
      error(hint and message .. " (" .. hint .. ")" or message, 0)
    end,
  }

  for key, value in pairs(functions or {}) do
    host[key] = value
  end
  return assert(loadfile("lua/tidelock/" .. name .. ".lua"))("tidelock." .. name, host)
end
