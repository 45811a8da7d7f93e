--- A cluster, an operator and a clock, moved on by hand.

local ask = require "tidelock.testing.ask"
local expect = require "tidelock.testing.expect"
local given = require "tidelock.testing.given"
local plan = require "tidelock.testing.plan"
local results = require "tidelock.testing.results"

local World = {}
World.__index = World

local world = {}

local MOST_PASSES = 100 -- until a world that does not settle is given up

-- controllers and pod_ready are not for passes.
local function split(what)
  if type(what) ~= "table" or what.apiVersion then
    return what, {}
  end
  local rest = {}
  for key, value in pairs(what) do
    if key ~= "controllers" and key ~= "pod_ready" then
      rest[key] = value
    end
  end
  return rest, what
end

local function milliseconds(duration)
  local ms = expect.milliseconds(duration)
  return ms or error(("'%s' is not a duration, as in 1m30s"):format(tostring(duration)), 0)
end

--- See Operator:world().
function world.new(operator, what)
  local rest, more = split(what)
  local question = given.question(rest)

  question.unit = operator.unit
  question.controllers = more.controllers
  question.podReadyMilliseconds = more.pod_ready and milliseconds(more.pod_ready)
  return setmetatable({
    operator = operator, object = question.object, world = ask("world", question).world,
  }, World)
end

--- One pass of the operator, carried out. nil when none is due.
function World:pass()
  local pass = ask("world.pass", { world = self.world })
  return pass and plan.new(self.operator, self:root_of(pass), pass)
end

function World:root_of(pass)
  return { kind = pass.kind, metadata = { name = pass.name, namespace = pass.namespace } }
end

--- Time goes by: "30s", or a number of seconds. What comes of it is seen by the
--- next pass.
function World:advance(duration)
  ask("world.advance", { world = self.world, milliseconds = milliseconds(duration) })
  return self
end

--- Passes and time until nothing changes any more, for at most that long
--- (an hour). Returns the list of passes.
function World:settle(limit)
  local left = milliseconds(limit or "1h")
  local passes = {}
  repeat
    local pass = self:pass()
    if pass then
      passes[#passes + 1] = pass
    end
    local step = { quiet = false, milliseconds = 0 }
    if not pass then
      step = ask("world.advance", { world = self.world, milliseconds = left, first = true })
    end
    left = left - step.milliseconds
    if #passes > MOST_PASSES then
      results.fail(("it does not settle: more than %d passes; the last one\n  %s"):format(MOST_PASSES,
        tostring(passes[#passes]):gsub("\n", "\n  ")), 2)
    end
  until step.quiet or (left <= 0 and not pass)
  return passes
end

-- An object, or (apiVersion, kind, name [, namespace]).
local function ref(a, kind, name, namespace)
  if type(a) == "table" then
    return a
  end
  return { apiVersion = a, kind = kind, metadata = { name = name, namespace = namespace } }
end

--- The object as it is now, nil when there is none: get(apiVersion, kind, name
--- [, namespace]).
function World:get(...)
  return ask("world.get", { world = self.world, object = ref(...) })
end

--- Somebody applies an object, with its status when it has one.
function World:apply(object)
  return ask("world.apply", { world = self.world, object = given.object(object) })
end

--- Somebody deletes an object: delete(apiVersion, kind, name [, namespace]).
function World:delete(...)
  ask("world.delete", { world = self.world, object = ref(...) })
  return self
end

return world
