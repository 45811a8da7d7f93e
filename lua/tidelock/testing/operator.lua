--- An operator under test.

local ask = require "tidelock.testing.ask"
local cases = require "tidelock.testing.cases"
local given = require "tidelock.testing.given"
local plan = require "tidelock.testing.plan"
local results = require "tidelock.testing.results"
local world = require "tidelock.testing.world"

local Operator = {}
Operator.__index = Operator

local operator = {}

local loaded = {}

--- The operator at `path`; without one that whose specs these are.
function operator.load(path)
  local key = path or results.options.path
  if not loaded[key] then
    loaded[key] = setmetatable(ask("load", { path = key }), Operator)
    results.add_operator(loaded[key])
  end
  return loaded[key]
end

--- One pass over what is given: an object, or a table with
---
---   object    the root: a table, YAML, or the name of a file
---   children  objects that belong to it
---   objects   whatever else there is in the cluster
---   at        the time, "2026-03-29T01:59:00Z" or seconds since 1970
---   params    parameters of the operator
---   unknown   kinds that cannot be seen now: { "v1", "Secret" } or a list
---   absent    kinds that the server does not have
function Operator:plan(what)
  local question = given.question(what)
  question.unit = self.unit
  return plan.new(self, question.object, ask("plan", question))
end

--- A cluster with what is given, and the operator at work on it: for what
--- takes more than one pass. Beside what a pass takes:
---
---   controllers  which controllers of the cluster there are, "none" for none
---   pod_ready    how long a pod takes to be ready, "1s"
function Operator:world(what)
  return world.new(self, what)
end

--- A table of cases, each with a name and what it gives and expects:
---
---   website:cases("replicas", { { "two", object = ..., expect = { ... } } })
---   website:cases("replicas", list, function(case) return given, expected end)
---
--- All of them run, whatever fails, and each has a line of its own in the
--- report; they cost much less than an `it` each.
function Operator:cases(name, list, make)
  local info = debug.getinfo(2, "Sl")
  cases.run(self, name, list, { make = make, file = info.short_src, line = info.currentline })
end

return operator
