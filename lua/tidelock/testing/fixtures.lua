--- Specs without a line of Lua: the documents of spec/*.yaml, one a test.
---
---   name: serves what the site holds
---   given:
---     object: examples/blog.yaml        # or the object itself
---     at: 2026-01-02T03:04:05Z
---   expect:
---     apply:
---       - kind: Deployment
---         spec: { replicas: 2 }
---     conditions: { Ready: Unknown }
---   ---
---   name: ...
---
--- `given` is what Operator:plan() takes, `expect` what Plan:expect() takes.
--- null in an expectation: must not be there.

local ask = require "tidelock.testing.ask"
local compare = require "tidelock.testing.compare"
local results = require "tidelock.testing.results"

local fixtures = {}

local FIELDS = { name = true, given = true, expect = true, pending = true }

-- null in YAML is a value of its own here (userdata).
local function with_absent(value)
  if type(value) == "userdata" then
    return compare.absent
  elseif type(value) ~= "table" then
    return value
  end
  local out = {}
  for key, item in pairs(value) do
    out[key] = with_absent(item)
  end
  return out
end

local function check(document)
  for key in pairs(document) do
    if not FIELDS[key] then
      error(("'%s' is no part of a test\n  hint: there is name, given, expect, pending"):format(key), 0)
    end
  end
  if type(document.name) ~= "string" then
    error("a test needs a name", 0)
  elseif type(document.given) ~= "table" then
    error("a test needs given: { object: ... }", 0)
  elseif type(document.expect) ~= "table" or next(document.expect) == nil then
    error("a test that expects nothing cannot fail: say what to expect", 0)
  end
end

local function run_document(operator, document)
  check(document)
  operator:plan(document.given):expect(with_absent(document.expect))
end

local function run_one(operator, result, document)
  local start = os.clock()
  results.current = result.name
  local ok, raised = pcall(run_document, operator, document)
  results.current = nil
  result.seconds = os.clock() - start
  if not ok then
    result.status = results.failure_of(raised) and "failed" or "error"
    result.message = results.message_of(raised)
  end
end

local function is_wanted(name)
  local filter = results.options.filter
  return not filter or name:find(filter, 1, true) ~= nil
end

--- Runs the tests of one file.
function fixtures.run(operator, file)
  local ok, read = pcall(ask, "yaml", { file = file })
  if not ok then
    local text = results.message_of(read)
    return results.add { file = file, line = math.tointeger(text:match("^[^:]+:(%d+):")),
      name = file, status = "error", message = text }
  end
  for i, document in ipairs(read.documents) do
    local is_object = type(document) == "table"
    local name = is_object and type(document.name) == "string" and document.name
      or ("document %d"):format(i)
    local result = { file = file, line = read.lines[i], name = name, status = "passed" }
    if is_wanted(name) then
      if is_object and document.pending then
        result.status, result.message = "pending", tostring(document.pending)
      else
        run_one(operator, result, is_object and document or {})
      end
      results.add(result)
    end
  end
end

return fixtures
