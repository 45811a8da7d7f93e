--- What the tests of a run came to, whoever ran them.
---
--- A result is { file, line, name, status, seconds, message }, with status
--- "passed", "failed", "error" or "pending".

local results = {
  options = {},
  list = {},
  operators = {}, -- in the order in which they were loaded
  current = nil,  -- the name of the test that runs
  snapshots = { written = 0, updated = 0 },
}

local failure_mark = {
  __tostring = function(failure) return failure.message end,
}

--- Ends the test that runs with a message that has its own layout. Under
--- busted that is a failure, as of an assertion.
function results.fail(message, level)
  local where = debug.getinfo((level or 1) + 1, "Sl")
  local failure = {
    message = message,
    file = where and where.short_src,
    line = where and where.currentline,
  }
  results.last_failure = failure
  local busted = package.loaded["busted"]
  if busted and results.in_busted then
    busted.fail(message, (level or 1) + 1)
  end
  error(setmetatable(failure, failure_mark), 0)
end

--- The failure that was raised, or nil when it is some other error.
function results.failure_of(raised)
  return getmetatable(raised) == failure_mark and raised or nil
end

-- Our own modules are no place that a reader of a spec looks for.
local function without_modules(message)
  local text, n = message:gsub("^tidelock%.testing[%w.]*:%d+: ", "")
  return n > 0 and without_modules(text) or text
end

--- The text of a raised value, without places inside of these modules.
function results.message_of(raised)
  local failure = results.failure_of(raised)
  return failure and failure.message or without_modules(tostring(raised))
end

function results.add(result)
  results.list[#results.list + 1] = result
end

--- The full name of the test that runs: of snapshots without a name.
function results.test_name()
  return results.current or error("a snapshot outside of a test needs a name", 3)
end

-- ---- operators and their rows ----

function results.add_operator(operator)
  operator.seen = {}
  results.operators[#results.operators + 1] = operator
end

--- Remembers which row of a decision table a pass reached.
function results.saw_row(operator, pass)
  if pass.row then
    operator.seen[pass.row] = (operator.seen[pass.row] or 0) + 1
  end
end

-- ---- sums ----

function results.count(list)
  local sum = { passed = 0, failed = 0, error = 0, pending = 0, seconds = 0 }
  for _, r in ipairs(list) do
    sum[r.status] = sum[r.status] + 1
    sum.seconds = sum.seconds + (r.seconds or 0)
  end
  return sum
end

return results
