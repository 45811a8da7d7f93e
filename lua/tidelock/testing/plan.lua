--- What one pass came to: the plan that the script declared, and the changes
--- that the runtime makes of it.

local expect = require "tidelock.testing.expect"
local paint = require "tidelock.testing.paint"
local results = require "tidelock.testing.results"
local snapshot = require "tidelock.testing.snapshot"

local Plan = {}
Plan.__index = Plan

local plan = {}

--- A pass as the host tells it. `of` is the operator, `object` the root.
function plan.new(of, object, pass)
  results.saw_row(of, pass)
  pass.operator, pass.object = of, object
  return setmetatable(pass, Plan)
end

-- (kind [, name]) or (apiVersion, kind, name), as with view:get.
local function wanted(a, b, c)
  if c or (type(a) == "string" and a:match("^[%w./-]*v%d")) then
    return a, b, c
  end
  return nil, a, b
end

--- The declared object: find("Deployment"), find("Deployment", "blog") or
--- find("apps/v1", "Deployment", "blog"). nil when it is not applied.
function Plan:find(...)
  local api_version, kind, name = wanted(...)
  for _, step in ipairs(self.steps or {}) do
    if step.verb == "apply" and step.kind == kind and (not name or step.name == name)
      and (not api_version or step.apiVersion == api_version) then
      return step.body
    end
  end
end

--- The declared condition of that type, or nil.
function Plan:condition(name)
  for _, c in ipairs(self.conditions or {}) do
    if c.type == name then
      return c
    end
  end
end

--- The plan in short, as `tidelock plan` would begin its lines.
function Plan:__tostring()
  local out = {}
  for _, c in ipairs(self.changes or {}) do
    if c.action ~= "status" then
      out[#out + 1] = ("%s %s %s%s"):format(c.sign, c.kind,
        c.namespace and c.namespace .. "/" or "", c.name)
    end
  end
  if self.error then
    out[#out + 1] = "! " .. self.error.message
  end
  return #out > 0 and table.concat(out, "\n") or "(no changes)"
end

function Plan:title()
  local o = self.object
  local meta = o and o.metadata or {}
  return ("%s %s/%s"):format(o and o.kind or self.kind or "object",
    meta.namespace or self.namespace or "default", meta.name or self.name or "?")
end

--- Fails with all that is not as expected. The fields: apply, patch, scale,
--- delete, steps, without, changes, conditions, status, events, log, requeue,
--- row, why, nothing, prune_all, allow_bulk, finalized, error. Returns the
--- plan.
function Plan:expect(expected)
  local found = expect.failures(self, expected)
  if #found > 0 then
    local text = self:title() .. "\n" .. table.concat(found, "\n")
    results.fail((text:gsub("\n", "\n  ")), 2)
  end
  return self
end

--- Compares the plan with the file of that name beside the specs.
function Plan:snapshot(name)
  local text = snapshot.of_plan(self)
  local failure = snapshot.check(name or results.test_name(), text)
  if failure then
    results.fail(self:title() .. "\n  " .. failure:gsub("\n", "\n  "), 2)
  end
  return self
end

--- For messages: the lines of a value.
Plan.lines = paint.lines

return plan
