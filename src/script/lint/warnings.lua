--- luacheck's warnings under names and in words of our own. The globals that
-- there are come from the sandbox, not from luacheck's lists.

local warnings = {}

-- number -> { code, message }; {name} and so on are fields of the warning.
local TABLE = {
  ["211"] = { "unused-variable", "variable '{name}' is never used" },
  ["221"] = { "never-assigned", "variable '{name}' is used but never set" },
  ["231"] = { "unused-variable", "variable '{name}' is set but never used" },
  ["241"] = { "unused-variable", "table '{name}' is filled but never used" },
  ["311"] = { "unused-value", "the value given to '{name}' is never used" },
  ["312"] = { "unused-value", "the value of argument '{name}' is replaced before it is used" },
  ["313"] = { "unused-value", "the value of '{name}' is replaced before it is used" },
  ["314"] = { "duplicate-field", "the field '{field}' is set twice in this table" },
  ["321"] = { "never-assigned", "variable '{name}' has no value yet" },
  ["331"] = { "unused-value", "table '{name}' is filled but never used" },
  ["341"] = { "never-assigned", "variable '{name}' has no value yet" },
  ["411"] = { "shadowing", "variable '{name}' was defined in line {prev_line} already" },
  ["412"] = { "shadowing", "'{name}' is an argument of this function already" },
  ["413"] = { "shadowing", "'{name}' is the variable of this loop already" },
  ["421"] = { "shadowing", "'{name}' hides the variable of line {prev_line}" },
  ["422"] = { "shadowing", "'{name}' hides the argument of line {prev_line}" },
  ["423"] = { "shadowing", "'{name}' hides the loop variable of line {prev_line}" },
  ["431"] = { "shadowing", "'{name}' hides the variable of line {prev_line}" },
  ["432"] = { "shadowing", "'{name}' hides the argument of line {prev_line}" },
  ["433"] = { "shadowing", "'{name}' hides the loop variable of line {prev_line}" },
  ["511"] = { "unreachable-code", "this is never reached" },
  ["512"] = { "loop-runs-once", "the loop ends in its first round" },
  ["521"] = { "unused-variable", "label '{label}' is never used" },
  ["531"] = { "unbalanced-assignment", "there are more values than variables" },
  ["532"] = { "unbalanced-assignment", "there are fewer values than variables" },
  ["541"] = { "empty-block", "an empty do ... end" },
  ["542"] = { "empty-block", "an empty branch" },
  ["571"] = { "loop-never-runs", "the loop counts down without a negative step" },
  ["582"] = { "negated-comparison", "'not' binds stronger than the comparison" },
}

local HINTS = {
  ["unused-variable"] = "remove it, or name it _ when it has to stand there",
  ["negated-comparison"] = "write not (a == b)",
  ["loop-never-runs"] = "for i = #list, 1, -1 do",
}

-- The stock library has these, a script does not: what there is instead.
local INSTEAD = {
  os = "the only clock is view.now; a script knows nothing else of its host",
  io = "a script has no files: declare under reads what it has to see",
  print = "log.info(text) writes to the operator's log",
  load = "code comes from the operator's files: require them",
  loadstring = "code comes from the operator's files: require them",
  dofile = "code comes from the operator's files: require them",
  loadfile = "code comes from the operator's files: require them",
  coroutine = "a run is one call: declare, return, and plan:requeue",
  debug = "log.info(text) writes to the operator's log",
  package = "modules are the operator's own files and tidelock.*",
  collectgarbage = "memory is the runtime's: nothing outlives a run",
  unpack = "table.unpack in Lua 5.4",
  ["math.random"] = "the same object has to give the same plan: make names "
    .. "from metadata.name or metadata.uid",
  ["math.randomseed"] = "the same object has to give the same plan",
  ["string.dump"] = "code comes from the operator's files: require them",
  ["table.getn"] = "#list in Lua 5.4",
  ["math.pow"] = "x ^ y in Lua 5.4",
}
local STOCK = {
  warn = true, ["string.pack"] = true, ["string.unpack"] = true,
  ["string.packsize"] = true,
}

local function words_of(map)
  local words = {}
  for word in pairs(map) do
    words[#words + 1] = word
  end
  table.sort(words)
  return words
end

local function finding(unit, warning, code, message, hint)
  return { file = unit.name, line = warning.line, column = warning.column,
           code = code, message = message, hint = hint }
end

local function meant(known, word, map)
  local near = known.near(word, words_of(map))
  return near and ("did you mean %s?"):format(near) or nil
end

-- A name, or name.field, that the sandbox does not have; nil when it has.
local function missing_global(unit, known, warning)
  local globals = known.environment.globals
  local name, field = warning.name, warning.indexing and warning.indexing[1]
  local library = globals[name]

  if library == nil then
    if unit.globals[name] then
      return nil -- one of the script's own: where it is set, that is said
    end
    if INSTEAD[name] or STOCK[name] then
      local full = type(field) == "string" and name .. "." .. field or name
      return finding(unit, warning, "not-in-sandbox",
        ("'%s' does not exist in scripts"):format(full), INSTEAD[name])
    end
    return finding(unit, warning, "unknown-global",
      ("there is no global '%s'"):format(name), meant(known, name, globals))
  end
  if type(library) ~= "table" or type(field) ~= "string" or library[field] then
    return nil
  end
  local full = name .. "." .. field
  if INSTEAD[full] or STOCK[full] then
    return finding(unit, warning, "not-in-sandbox",
      ("'%s' does not exist in scripts"):format(full), INSTEAD[full])
  end
  return finding(unit, warning, "unknown-global",
    ("there is no '%s'"):format(full), meant(known, field, library))
end

local function from_global(unit, known, warning)
  if warning.code == "111" then
    return finding(unit, warning, "global-assignment",
      ("'%s' becomes a global"):format(warning.name),
      ("write: local %s = ..."):format(warning.name))
  elseif warning.code == "112" then
    if known.environment.globals[warning.name] then
      return finding(unit, warning, "library-change",
        ("this changes '%s' for the whole run"):format(warning.name),
        "put the function into a table of your own")
    end
  end
  return missing_global(unit, known, warning)
end

local function is_on_purpose(warning)
  local name = warning.name
  return warning.secondary or name == "_ENV"
    or type(name) == "string" and name:sub(1, 1) == "_"
end

--- The finding of one of luacheck's warnings, or nil.
function warnings.translate(unit, known, warning)
  if warning.code:sub(1, 2) == "11" then
    return from_global(unit, known, warning)
  end
  local row = TABLE[warning.code]
  if not row or is_on_purpose(warning) then
    return nil
  end
  local message = row[2]:gsub("{([%w_]+)}", function(field)
    return tostring(warning[field])
  end)
  return finding(unit, warning, row[1], message, HINTS[row[1]])
end

function warnings.add(unit, known, out)
  unit.globals = {}
  for _, warning in ipairs(unit.warnings) do
    if warning.code == "111" then
      unit.globals[warning.name] = true
    end
  end
  for _, warning in ipairs(unit.warnings) do
    out.findings[#out.findings + 1] = warnings.translate(unit, known, warning)
  end
end

return warnings
