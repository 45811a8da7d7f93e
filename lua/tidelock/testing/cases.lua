--- Tables of cases: one function call for each, no machinery around it.

local results = require "tidelock.testing.results"

local cases = {}

-- What a case says by itself, when there is no function to make it.
local function split(case)
  local given = {}
  for key, value in pairs(case) do
    if type(key) ~= "number" and key ~= "name" and key ~= "expect" then
      given[key] = value
    end
  end
  return given, case.expect
end

-- The line on which a case begins: where its name stands, behind the line on
-- which the list was given. Read only when something failed.
local function line_of(where, name)
  local file = io.open(where.file)
  local line, found = 0, where.line
  for text in file and file:lines() or function() end do
    line = line + 1
    if line >= where.line and text:find('"' .. name .. '"', 1, true) then
      found = line
      break
    end
  end
  if file then
    file:close()
  end
  return found
end

local function run_case(operator, case, make)
  local given, expected = (make or split)(case)
  operator:plan(given):expect(expected or {})
end

local function add_failure(result, where, case, raised)
  result.status = results.failure_of(raised) and "failed" or "error"
  result.message = results.message_of(raised)
  result.file, result.line = where.file, line_of(where, case)
end

-- Does --filter leave it in?
local function is_wanted(name)
  local filter = results.options.filter
  return not filter or name:find(filter, 1, true) ~= nil
end

local function run_all(operator, prefix, list, how)
  for i, case in ipairs(list) do
    local name = case.name or case[1] or ("case %d"):format(i)
    local result = { name = prefix .. " " .. name, status = "passed", file = how.file, line = how.line }
    if is_wanted(result.name) then
      local start = os.clock()
      results.current = result.name
      local ok, raised = pcall(run_case, operator, case, how.make)
      result.seconds = os.clock() - start
      if not ok then
        add_failure(result, how, name, raised)
      end
      results.add(result)
    end
  end
end

--- See Operator:cases(); `how` is { make, file, line }. Inside of busted the
--- list is one `it`, which has no result of its own.
function cases.run(operator, name, list, how)
  if not results.in_busted then
    return run_all(operator, name, list, how)
  end
  require("busted").it(name .. " #cases", function()
    local prefix = results.current:gsub(" #cases$", "")
    results.in_busted, results.is_cases = false, true
    run_all(operator, prefix, list, how)
    results.in_busted = true
  end)
end

return cases
