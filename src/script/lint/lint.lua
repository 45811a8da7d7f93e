--- The entry: `lint(files, known)` parses each file with luacheck's parser and
-- runs the passes over it. See include/script/lint.h for what comes in and
-- what goes out.
--
-- A pass gets a `unit`: { name, ast, warnings, place(node) } and adds findings
-- or facts to `out`. Nothing here runs the operator's code.

local check_state = require "luacheck.check_state"
local utils = require "luacheck.utils"
local flow = require "flow"
local facts = require "facts"
local judge = require "judge"
local warnings = require "warnings"

-- luacheck's own list has more: layout, line length, inline options.
local STAGES = {
  "parse", "unwrap_parens", "linearize", "name_functions", "resolve_locals",
  "detect_empty_blocks", "detect_globals", "detect_reversed_fornum_loops",
  "detect_unbalanced_assignments", "detect_uninit_accesses",
  "detect_unreachable_code", "detect_unused_fields", "detect_unused_locals",
}

local function parse(file)
  local state = check_state.new(file.text)
  local ok, failure = utils.try(function()
    for _, name in ipairs(STAGES) do
      require("luacheck.stages." .. name).run(state)
    end
  end)
  if ok then
    return state
  end
  local err = failure.err
  if type(err) ~= "table" or not err.offset then
    error(tostring(err), 0)
  end
  return nil, {
    file = file.name, line = err.line, code = "syntax",
    column = state:offset_to_column(err.line, err.offset), message = err.msg,
  }
end

local function unit_of(file, state)
  return {
    name = file.name,
    ast = state.ast,
    warnings = state.warnings,
    place = function(node)
      return node.line, state:offset_to_column(node.line, node.offset)
    end,
  }
end

return function(files, known)
  local out = {
    findings = {}, paths = {}, objects = {}, status = {}, kinds = {}, reads = {},
  }
  local units = {}

  for _, file in ipairs(files) do
    local state, failure = parse(file)
    if state then
      units[#units + 1] = unit_of(file, state)
    else
      out.findings[#out.findings + 1] = failure
    end
  end
  for _, unit in ipairs(units) do
    unit.flow = flow.of(unit)
    warnings.add(unit, known, out)
    facts.add(unit, out)
    judge.each(unit, known, out)
  end
  judge.all(units, known, out)
  return out
end
