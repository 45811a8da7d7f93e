--- Specs of operators: what `tidelock test` gives to spec/*_spec.lua.
---
--- An object is given, one pass is run the way `tidelock run` would, and the
--- plan is looked at:
---
---   local testing = require "tidelock.testing"
---   local website = testing.operator()
---
---   describe("website", function()
---     it("serves what the site holds", function()
---       website:plan("examples/blog.yaml"):expect {
---         apply = { { kind = "Deployment", spec = { replicas = 2 } } },
---         conditions = { Ready = "Unknown" },
---       }
---     end)
---   end)

local compare = require "tidelock.testing.compare"
local given = require "tidelock.testing.given"
local operator = require "tidelock.testing.operator"

local testing = {}

--- The operator whose specs these are; with a path another one.
testing.operator = operator.load

--- An object from YAML, or from a file: a table of its own for each call.
testing.object = given.object

--- All objects of a YAML text or file.
testing.objects = given.objects

--- Seconds since 1970 of "2026-03-29T01:59:00Z".
testing.seconds = given.seconds

--- In expectations: must not be there.
testing.absent = compare.absent

--- In expectations: this and nothing beside it.
testing.exact = compare.exact

--- In expectations: a text with that Lua pattern in it.
testing.match = compare.match

return testing
