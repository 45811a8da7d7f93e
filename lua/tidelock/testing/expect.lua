--- Does a plan hold what a spec expects? Each field of the expectation has a
--- check here; what does not hold becomes one entry of a list of texts.

local compare = require "tidelock.testing.compare"
local paint = require "tidelock.testing.paint"

local expect = {}

local checks = {}

-- ---- names of steps ----

local function ref_text(step)
  return step.kind .. " " .. step.name
end

local function long_ref(ref)
  return ref.kind .. " " .. (ref.namespace and ref.namespace .. "/" or "") .. ref.name
end

--- "apply Deployment blog": the line of a step in `steps`.
function expect.step_text(step)
  local text = step.verb .. " " .. ref_text(step)
  return step.verb == "scale" and text .. " to " .. step.replicas or text
end

--- "create Deployment blog": the line of a change in `changes`.
function expect.change_text(change)
  return change.action .. " " .. ref_text(change)
end

local function at(line)
  return line and " at " .. line or ""
end

-- ---- telling ----

local function add(out, head, differences)
  if not differences then
    out[#out + 1] = head
  elseif #differences > 0 then
    out[#out + 1] = head .. "\n" .. paint.differences("  ", differences)
  end
end

local function list_of(texts)
  return #texts > 0 and table.concat(texts, ", ") or "none"
end

-- Two lists of lines, as a whole.
local function check_lines(out, what, expected, got)
  local same = #expected == #got
  for i, line in ipairs(expected) do
    same = same and line == got[i]
  end
  if not same then
    local none = { "(none)" }
    local lines = paint.diff_lines("  ", #expected > 0 and expected or none, #got > 0 and got or none)
    out[#out + 1] = what .. "\n" .. table.concat(lines, "\n")
  end
end

-- ---- steps ----

local function steps_with(plan, verb)
  local found = {}
  for _, step in ipairs(plan.steps or {}) do
    if step.verb == verb then
      found[#found + 1] = step
    end
  end
  return found
end

local function name_of(expected)
  return expected.name or (type(expected.metadata) == "table" and expected.metadata.name)
end

local function matches(step, expected)
  local name = name_of(expected)
  return step.kind == expected.kind
    and (not expected.apiVersion or step.apiVersion == expected.apiVersion)
    and (type(name) ~= "string" or step.name == name)
end

local function find_step(steps, expected)
  local found
  for _, step in ipairs(steps) do
    if matches(step, expected) then
      if found then
        return nil, "there are several: give its name"
      end
      found = step
    end
  end
  return found
end

local function check_steps(verb, compare_step)
  return function(out, plan, expected_list)
    local steps = steps_with(plan, verb)
    if #expected_list == 0 and #steps > 0 then
      check_lines(out, "steps that " .. verb, {}, expect.texts(steps, expect.step_text))
    end
    for _, expected in ipairs(expected_list) do
      local step, why = find_step(steps, expected)
      if step then
        compare_step(out, step, expected)
      else
        add(out, ("%s of %s%s: %s\n  there is: %s"):format(verb, expected.kind or "(no kind)",
          name_of(expected) and " " .. tostring(name_of(expected)) or "", why or "not in the plan",
          list_of(expect.texts(steps, ref_text))))
      end
    end
  end
end

--- Each item through `f`.
function expect.texts(list, f)
  local out = {}
  for i, item in ipairs(list or {}) do
    out[i] = f(item)
  end
  return out
end

checks.apply = check_steps("apply", function(out, step, expected)
  add(out, long_ref(step) .. ", applied" .. at(step.line), compare.differences(expected, step.body))
end)

checks.patch = check_steps("patch", function(out, step, expected)
  add(out, long_ref(step) .. ", patched" .. at(step.line), compare.differences(expected, step))
end)

checks.scale = check_steps("scale", function(out, step, expected)
  add(out, long_ref(step) .. ", scaled" .. at(step.line), compare.differences(expected, step))
end)

checks.delete = check_steps("delete", function() end)

function checks.steps(out, plan, expected)
  check_lines(out, "steps", expected, expect.texts(plan.steps, expect.step_text))
end

function checks.without(out, plan, expected)
  for _, text in ipairs(expected) do
    for _, step in ipairs(plan.steps or {}) do
      if text == step.kind or text == ref_text(step) then
        add(out, ("%s is in the plan: %s%s"):format(text, expect.step_text(step), at(step.line)))
      end
    end
  end
end

-- Only children and foreign objects: the status has its own checks.
function checks.changes(out, plan, expected)
  local got = {}
  for _, change in ipairs(plan.changes or {}) do
    if change.child then
      got[#got + 1] = expect.change_text(change)
    end
  end
  check_lines(out, "changes", expected, got)
end

-- ---- status ----

local WORDS = { [true] = "True", [false] = "False" }

local function condition_of(plan, name)
  for _, c in ipairs(plan.conditions or {}) do
    if c.type == name then
      return c
    end
  end
end

-- true, "Unknown" or { status =, reason =, message = }, as a condition.
local function condition_from(want)
  if type(want) == "table" and want ~= compare.absent and type(want.status) == "boolean" then
    local copy = {}
    for key, value in pairs(want) do
      copy[key] = value
    end
    copy.status = WORDS[want.status]
    return copy
  elseif type(want) == "boolean" or type(want) == "string" then
    return { status = WORDS[want] or want }
  end
  return want
end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

function checks.conditions(out, plan, expected)
  for _, name in ipairs(sorted_names(expected)) do
    local got = condition_of(plan, name)
    add(out, "condition " .. name .. (got and ", set" .. at(got.line) or ""),
      compare.differences(condition_from(expected[name]), got))
  end
end

function checks.status(out, plan, expected)
  add(out, "status" .. (plan.statusLine and ", set" .. at(plan.statusLine) or ""),
    compare.differences(expected, plan.status))
end

-- ---- events, log, requeue ----

local function event_text(event)
  return event.type .. " " .. event.reason
end

local function has_event(plan, want)
  for _, event in ipairs(plan.events or {}) do
    local same = type(want) == "string" and event_text(event) == want
      or type(want) == "table" and #compare.differences(want, event) == 0
    if same then
      return true
    end
  end
end

function checks.events(out, plan, expected)
  local got = list_of(expect.texts(plan.events, function(e)
    return ("%s (%s)"):format(event_text(e), e.note or "")
  end))
  if #expected == 0 and #(plan.events or {}) > 0 then
    add(out, "events: none are expected\n  there is: " .. got)
  end
  for _, want in ipairs(expected) do
    if not has_event(plan, want) then
      local text = type(want) == "string" and want or table.concat(paint.lines(want), ", ")
      add(out, ("event %s: not in the plan\n  there is: %s"):format(text, got))
    end
  end
end

function checks.log(out, plan, expected)
  for _, line in ipairs(plan.logs or {}) do
    if line.text:find(expected, 1, true) then
      return
    end
  end
  add(out, ("log: no line has '%s'\n  there is: %s"):format(expected,
    list_of(expect.texts(plan.logs, function(l) return l.text end))))
end

local UNITS = { ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000 }

--- Milliseconds of "1m30s" or of a number of seconds; nil when it is neither.
function expect.milliseconds(duration)
  if type(duration) == "number" then
    return math.floor(duration * 1000)
  end
  local sum, rest = 0, duration
  while rest ~= "" do
    local number, unit, behind = rest:match("^(%d+%.?%d*)(%a+)(.*)$")
    if not UNITS[unit] then
      return nil
    end
    sum, rest = sum + tonumber(number) * UNITS[unit], behind
  end
  return math.floor(sum)
end

function checks.requeue(out, plan, expected)
  local want = expected and expect.milliseconds(expected)
  local got = plan.requeueMilliseconds
  if want ~= got and (expected or got) then
    local function text(ms)
      return ms and ms / 1000 .. " s" or compare.absent
    end
    add(out, "requeue", compare.differences(text(want), text(got)))
  end
end

-- ---- the whole pass ----

local function check_reason(name, field)
  checks[name] = function(out, plan, expected)
    local got = plan[field]
    local fine
    if type(expected) == "boolean" then
      fine = (got ~= nil) == expected
    else
      fine = got ~= nil and got:find(expected, 1, true) ~= nil
    end
    if not fine then
      add(out, ("%s: expected %s, got %s"):format(name, paint.scalar(expected), paint.scalar(got)))
    end
  end
end

check_reason("nothing", "nothing")
check_reason("prune_all", "pruneAll")
check_reason("allow_bulk", "allowBulk")

function checks.finalized(out, plan, expected)
  add(out, "finalized", compare.differences(expected, plan.finalized or false))
end

function checks.row(out, plan, expected)
  local why = plan.why and (" (" .. plan.why .. ")") or ""
  if plan.row ~= expected then
    add(out, ("row: expected %s, got %s%s"):format(paint.scalar(expected), paint.scalar(plan.row), why))
  end
end

function checks.why(out, plan, expected)
  add(out, "why of row " .. paint.scalar(plan.row), compare.differences(expected, plan.why))
end

function checks.error(out, plan, expected)
  local got = plan.error
  local text = got and got.message .. "\n" .. (got.hint or "") .. "\n" .. got.code
  if not got then
    add(out, "error: expected " .. paint.scalar(expected) .. ", but the pass went well")
  elseif type(expected) == "string" and not text:find(expected, 1, true) then
    add(out, ("error: expected one with '%s'\n  got: %s"):format(expected, got.message))
  end
end

local function error_text(e)
  local out = "the pass failed: " .. e.message
  if e.hint then
    out = out .. "\n  hint: " .. e.hint
  end
  return e.trace and out .. "\n  " .. e.trace:gsub("\n", "\n  ") or out
end

--- A list of texts: what does not hold. Raises when a field of `expected` does
--- not exist.
function expect.failures(plan, expected)
  local out, names = {}, sorted_names(expected)
  for _, name in ipairs(names) do
    if not checks[name] then
      error(("nothing of a plan is called '%s'\n  hint: there is %s"):format(tostring(name),
        table.concat(sorted_names(checks), ", ")), 0)
    end
  end
  if plan.error and expected.error == nil then
    return { error_text(plan.error) }
  end
  for _, name in ipairs(names) do
    checks[name](out, plan, expected[name])
  end
  return out
end

return expect
