--- The results as text, JUnit, TAP or JSON.
---
--- Each operator is one group { name, folder, seconds, results, rows, snapshots,
--- coverage }. Text is printed group by group; the other forms are one document,
--- so they wait for the last group.

local ask = require "tidelock.testing.ask"
local coverage = require "tidelock.testing.coverage"
local paint = require "tidelock.testing.paint"
local results = require "tidelock.testing.results"

local report = {}

local function write(text)
  ask("write", { text = text })
end

local function place(result)
  return result.line and ("%s:%d"):format(result.file, result.line) or result.file
end

-- ---- text ----

local WORDS = {
  passed = { "ok", "green" }, failed = { "FAIL", "red" },
  error = { "ERROR", "red" }, pending = { "skip", "yellow" },
}

local COLUMN = 62 -- where the place of a test stands

local function text_of(result, out)
  local word = WORDS[result.status]
  local head = ("  %s  %s"):format(paint.in_color(word[2], ("%-5s"):format(word[1])), result.name)
  local pad = math.max(2, COLUMN - #result.name)
  out[#out + 1] = head .. (" "):rep(pad) .. place(result)
  if result.message and result.status ~= "passed" then
    out[#out + 1] = "         " .. result.message:gsub("\n", "\n         ")
  end
end

local function rows_text(group, out)
  for _, row in ipairs(group.unreached) do
    out[#out + 1] = ("  row never reached: %s%s"):format(row.id,
      row.line and " (" .. row.line .. ")" or "")
  end
end

local function snapshots_text(group, out)
  for _, kind in ipairs { "written", "updated" } do
    local n = group.snapshots[kind]
    if n > 0 then
      out[#out + 1] = ("  %d snapshot%s %s"):format(n, n == 1 and "" or "s", kind)
    end
  end
end

local function group_text(group)
  local out = {}
  out[1] = paint.in_color("bold", group.name)
    .. ("  %d tests in %.0f ms"):format(#group.results, group.seconds * 1000)
  for _, result in ipairs(group.results) do
    if results.options.verbose or result.status ~= "passed" then
      text_of(result, out)
    end
  end
  if #group.results == 0 then
    out[#out + 1] = "  there is no test" .. (results.options.filter and " of that name" or "")
      .. ": spec/*_spec.lua, spec/*.yaml"
  end
  rows_text(group, out)
  snapshots_text(group, out)
  coverage.text(group.coverage, out)
  return table.concat(out, "\n") .. "\n"
end

local function sum_text(groups)
  local passed, failed, skipped = 0, 0, 0
  for _, group in ipairs(groups) do
    local sum = results.count(group.results)
    passed, failed = passed + sum.passed, failed + sum.failed + sum.error
    skipped = skipped + sum.pending
  end
  return ("%d passed, %d failed, %d skipped\n"):format(passed, failed, skipped)
end

-- ---- JUnit ----

local function xml(text)
  -- XML 1.0 has no way to write other control characters
  return (text:gsub("[%z\1-\8\11\12\14-\31]", "?"):gsub("[&<>\"]", {
    ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  }))
end

local function junit_case(group, r, out)
  local head = ('    <testcase classname="%s" name="%s" file="%s"%s time="%.6f"'):format(
    xml(group.name), xml(r.name), xml(r.file), r.line and (' line="%d"'):format(r.line) or "",
    r.seconds or 0)
  if r.status == "passed" then
    out[#out + 1] = head .. "/>"
    return
  end
  out[#out + 1] = head .. ">"
  if r.status == "pending" then
    out[#out + 1] = ('      <skipped message="%s"/>'):format(xml(r.message or ""))
  else
    local element = r.status == "failed" and "failure" or "error"
    local text = r.message or ""
    out[#out + 1] = ('      <%s message="%s">%s\n%s</%s>'):format(element,
      xml(text:match("[^\n]*")), xml(place(r)), xml(text), element)
  end
  out[#out + 1] = "    </testcase>"
end

local function junit(groups)
  local out = { '<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>" }
  for _, group in ipairs(groups) do
    local sum = results.count(group.results)
    out[#out + 1] = ('  <testsuite name="%s" tests="%d" failures="%d" errors="%d" skipped="%d" time="%.6f">')
      :format(xml(group.name), #group.results, sum.failed, sum.error, sum.pending, group.seconds)
    for _, r in ipairs(group.results) do
      junit_case(group, r, out)
    end
    out[#out + 1] = "  </testsuite>"
  end
  out[#out + 1] = "</testsuites>"
  return table.concat(out, "\n") .. "\n"
end

-- ---- TAP ----

-- TAP 13: '#' begins a directive.
local function tap_name(group, r)
  return (group.name .. ": " .. r.name):gsub("\n", " "):gsub("#", "\\#")
end

local function tap(groups)
  local out, n = { "TAP version 13" }, 0
  for _, group in ipairs(groups) do
    for _, r in ipairs(group.results) do
      n = n + 1
      local ok = (r.status == "passed" or r.status == "pending") and "ok" or "not ok"
      local skip = r.status == "pending" and " # SKIP " .. (r.message or ""):gsub("\n", " ") or ""
      out[#out + 1] = ("%s %d - %s%s"):format(ok, n, tap_name(group, r), skip)
      if ok == "not ok" then
        out[#out + 1] = "  ---\n  at: " .. place(r) .. "\n  message: |\n    "
          .. (r.message or ""):gsub("\n", "\n    ") .. "\n  ..."
      end
    end
  end
  table.insert(out, 2, "1.." .. n)
  return table.concat(out, "\n") .. "\n"
end

local function json(groups)
  local list = {}
  for i, group in ipairs(groups) do
    local sum = results.count(group.results)
    list[i] = {
      name = group.name, folder = group.folder, seconds = group.seconds, tests = group.results,
      passed = sum.passed, failed = sum.failed + sum.error, skipped = sum.pending,
      unreachedRows = group.unreached, coverage = group.coverage, snapshots = group.snapshots,
    }
  end
  local document = { apiVersion = "tidelock.dev/v1alpha1", kind = "TestReport", operators = list }
  return ask("print", { value = document, format = "pretty" }).text .. "\n"
end

local FORMATS = { junit = junit, tap = tap, json = json }

-- ---- the end of a run ----

local function unreached_rows()
  local out = {}
  for _, operator in ipairs(results.operators) do
    for _, row in ipairs(operator.rows or {}) do
      if not operator.seen[row.id] then
        out[#out + 1] = row
      end
    end
  end
  return out
end

local function has_passed(groups)
  for _, group in ipairs(groups) do
    local sum = results.count(group.results)
    if sum.failed + sum.error > 0 or #group.results == 0 then
      return false
    end
  end
  return true
end

--- Prints what there is to print after one operator. Returns what the host
--- hands to the next one.
function report.run(seconds)
  local options = results.options
  local groups = options.before and options.before.groups or {}
  local operator = results.operators[1]
  local group = {
    name = operator.name,
    folder = operator.folder,
    seconds = seconds,
    results = results.list,
    unreached = unreached_rows(),
    snapshots = results.snapshots,
    coverage = options.coverage and coverage.measure(operator) or nil,
  }
  groups[#groups + 1] = group
  if options.format == "text" then
    write(group_text(group))
    write(options.last and sum_text(groups) or "")
  elseif options.last then
    write(FORMATS[options.format](groups))
  end
  return { passed = has_passed(groups), groups = groups }
end

return report
