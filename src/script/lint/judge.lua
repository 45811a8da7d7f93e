--- What is wrong by the declaration, the verbs and the library: things that
-- need no schema.

local flow = require "flow"

local judge = {}

local function add(unit, out, node, what)
  local line, column = unit.place(node)
  what.file, what.line, what.column = unit.name, line, column
  out.findings[#out.findings + 1] = what
end

local function did_you_mean(known, word, list)
  local near = known.near(word, list)
  return near and ("did you mean %s?"):format(near)
    or ("there are: %s"):format(table.concat(list, ", "))
end

local function keys_of(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function has(list, word)
  for _, item in ipairs(list) do
    if item == word then
      return true
    end
  end
  return false
end

-- ---- verbs ----

local function judge_verb(unit, known, out, node)
  local role, path = unit.flow:resolve(node[1])
  local verb = node[2][1]
  if not role or #path > 0 then
    return
  end
  local list = role == "plan" and known.environment.plan
    or role == "view" and known.environment.view
  if list and not has(list, verb) then
    add(unit, out, node[2], { code = "unknown-verb",
      message = ("%s has no '%s'"):format(role, verb),
      hint = did_you_mean(known, verb, list) })
  end
end

-- ---- kinds ----

local READS = { get = true, list = true, owned = true }

-- view:get("v1", "Pod", ...), on the view or on what looks just like it.
local function read_kind(unit, node)
  local api, kind = flow.text(node[3]), flow.text(node[4])
  local role = unit.flow:resolve(node[1])
  if not READS[node[2][1]] or not api or not kind
    or (role and role ~= "view") or not kind:find("^%u%w*$")
    or not (api:find("^v%d") or api:find("/v%d")) then
    return nil
  end
  return api, kind
end

local function judge_read(unit, known, out, node)
  local declared = known.declared
  local api, kind = read_kind(unit, node)
  if not api then
    return
  end
  local name = api .. " " .. kind
  out.reads[name] = true
  if declared.owns[name] or (declared.reads[name] and node[2][1] ~= "owned") then
    return
  end
  local where = node[2][1] == "owned" and "owns" or "reads"
  add(unit, out, node, { code = "undeclared-read",
    message = ("view:%s: %s is not declared"):format(node[2][1], name),
    hint = ('add { "%s", "%s" } to %s'):format(api, kind, where) })
end

local function judge_child(unit, known, out, node)
  local object = node[3]
  if node[2][1] ~= "apply" or unit.flow:resolve(node[1]) ~= "plan"
    or not object or object.tag ~= "Table" then
    return
  end
  local fields = flow.fields(object)
  local api = fields.apiVersion and flow.text(fields.apiVersion[2])
  local kind = fields.kind and flow.text(fields.kind[2])
  if not api or not kind then
    return
  end
  local state = known.declared.owns[api .. " " .. kind]
  if state == "retired" then
    add(unit, out, node, { code = "retired-child",
      message = ("%s %s is retired: it is pruned, never applied"):format(api, kind),
      hint = "take retired = true away to apply it again" })
  elseif not state then
    add(unit, out, node, { code = "undeclared-child",
      message = ("plan:apply: %s %s is not declared"):format(api, kind),
      hint = ('add { "%s", "%s" } to owns'):format(api, kind) })
  end
end

-- ---- names and texts that differ from run to run ----

local function mentions_time(unit, node)
  local found = false
  flow.walk(node, function(inner)
    local role, path = unit.flow:resolve(inner)
    found = found or role == "view" and path[1] == "now"
  end)
  return found
end

local function judge_name(unit, out, node)
  if node.tag ~= "Pair" or node[1].tag ~= "String" then
    return
  end
  local key, value = node[1][1], node[2]
  if key == "generateName" then
    add(unit, out, node, { code = "generated-name",
      message = "a generated name is another one in each pass",
      hint = "make the name from metadata.name of the root" })
  elseif key == "metadata" and value.tag == "Table" then
    local name = flow.fields(value).name
    if name and mentions_time(unit, name[2]) then
      add(unit, out, name, { code = "time-in-name",
        message = "a name made from view.now is another one in each pass",
        hint = "make the name from what it stands for: a schedule's time, not now" })
    end
  end
end

-- tostring({}) is "table" and nothing else.
local function judge_text(unit, out, node)
  if node.tag ~= "Call" or node[1].tag ~= "Id" or node[1].var
    or node[1][1] ~= "tostring" or not node[2] then
    return
  end
  local value = node[2]
  if value.tag == "Id" and value.var and #value.var.values == 1 then
    value = value.var.values[1].node or value
  end
  if value.tag == "Table" or value.tag == "Function" then
    add(unit, out, node, { code = "text-of-table",
      message = ("tostring of a %s is \"%s\", whatever is in it"):format(
        value.tag:lower(), value.tag:lower()),
      hint = "tidelock.checksum(value) sums up what is in it" })
  end
end

-- ---- fields of the root, parameters, the library ----

local function judge_status(unit, known, out, node, path)
  if path[1] ~= "status" or #path < 2 then
    return
  end
  if unit.assigned[node] then
    add(unit, out, node, { code = "status-assignment",
      message = (".status.%s: this changes the script's own copy and nothing else"):format(path[2]),
      hint = ("plan:status { %s = ... }"):format(path[2]) })
    return
  end
  if has(known.declared.memory, path[2]) then
    return
  end
  add(unit, out, node, { code = "status-as-input",
    message = (".status.%s of the root is not an input: it reads as nil"):format(path[2]),
    hint = ('read what is there with view:get, or declare memory = { "%s" }'):format(path[2]) })
end

local function judge_parameter(unit, known, out, node, path)
  local name = path[2]
  if path[1] ~= "params" or not name or known.declared.parameters[name] then
    return
  end
  local list = keys_of(known.declared.parameters)
  add(unit, out, node, { code = "unknown-parameter",
    message = ("there is no parameter '%s': it reads as nil"):format(name),
    hint = #list > 0 and did_you_mean(known, name, list)
      or ('declare parameters = { %s = { type = "string" } }'):format(name) })
end

-- The fields of a module; those of `tidelock` are its modules, too.
local function fields_of(modules, name, at)
  local found = {}
  for key, value in pairs(at) do
    found[key] = value
  end
  for module, value in pairs(name == "tidelock" and modules or {}) do
    local key = module:match("^tidelock%.([%w_]+)$")
    if key then
      found[key] = value
    end
  end
  return found
end

local function judge_library(unit, known, out, node, role, path)
  local modules = known.environment.modules
  local walked = role:sub(#"module " + 1)
  local at = modules[walked]
  for _, key in ipairs(path) do
    if type(at) ~= "table" then
      return
    end
    local fields = fields_of(modules, walked, at)
    if fields[key] == nil then
      add(unit, out, node, { code = "unknown-function",
        message = ("%s has no '%s'"):format(walked, key),
        hint = did_you_mean(known, key, keys_of(fields)) })
      return
    end
    at, walked = fields[key], walked .. "." .. key
  end
end

local function judge_index(unit, known, out, node)
  local role, path = unit.flow:resolve(node)
  if not role then
    return
  end
  if role:sub(1, 7) == "module " then
    judge_library(unit, known, out, node, role, path)
  elseif known.declared and role == "root" then
    judge_status(unit, known, out, node, path)
  elseif known.declared and role == "view" then
    judge_parameter(unit, known, out, node, path)
  end
end

function judge.each(unit, known, out)
  unit.assigned = flow.assigned(unit.ast)
  flow.walk(unit.ast, function(node, parent)
    if node.tag == "Invoke" then
      judge_verb(unit, known, out, node)
      if known.declared then
        judge_read(unit, known, out, node)
        judge_child(unit, known, out, node)
      end
    elseif node.tag == "Index" and not (parent and parent.tag == "Index"
      and parent[1] == node) then
      judge_index(unit, known, out, node)
    end
    judge_name(unit, out, node)
    judge_text(unit, out, node)
  end)
end

-- ---- what is declared and never used ----

-- The parameters that are read by name; nil when view or view.params goes
-- where it cannot be followed.
local function used_parameters(units)
  local used, lost = {}, false
  for _, unit in ipairs(units) do
    flow.walk(unit.ast, function(node, parent)
      local role, path = unit.flow:resolve(node)
      local inner = parent and (parent.tag == "Index" or parent.tag == "Invoke")
        and parent[1] == node
      if role == "view" and path[1] == "params" and path[2] then
        used[path[2]] = true
      elseif role == "view" and path[1] == "params" and not inner
        and (node.tag == "Index" and parent and parent.tag ~= "Local"
          or parent and parent.tag == "Call") then
        lost = true
      elseif role == "view" and #path == 0 and parent and parent.tag == "Call"
        and parent[1] ~= node and not (parent[1].tag == "Id" and parent[1].var) then
        lost = true -- to another file
      end
    end)
  end
  return not lost and used or nil
end

local function declaration(units)
  for _, unit in ipairs(units) do
    if unit.flow.declaration then
      return unit, flow.fields(unit.flow.declaration)
    end
  end
  return nil
end

-- A row whose `when` always holds is the last that is asked.
local function always_holds(pair)
  local func = pair and flow.function_of(pair[2])
  local first = func and func[2][1]
  return first and first.tag == "Return" and first[1]
    and first[1].tag == "True"
end

local function judge_rows(unit, out, fields)
  local rows = fields.rows and flow.value(fields.rows[2])
  local closed
  for _, row in ipairs(rows and rows.tag == "Table" and rows or {}) do
    local own = row.tag == "Table" and flow.fields(row) or {}
    local id = own.id and flow.text(own.id[2]) or "?"
    if closed then
      add(unit, out, row, { code = "unreachable-row",
        message = ("row '%s' is never asked: row '%s' before it always holds"):format(
          id, closed),
        hint = "put the row that always holds last" })
    elseif always_holds(own.when) then
      closed = id
    end
  end
end

function judge.all(units, known, out)
  local unit, fields = declaration(units)
  if not unit or not known.declared then
    return
  end
  judge_rows(unit, out, fields)
  local used = used_parameters(units)
  local list = fields.parameters and fields.parameters[2]
  for _, name in ipairs(used and keys_of(known.declared.parameters) or {}) do
    local pair = list and list.tag == "Table" and flow.fields(list)[name]
    if pair and not used[name] then
      add(unit, out, pair, { code = "unused-parameter",
        message = ("parameter '%s' is never read"):format(name) })
    end
  end
  for _, field in ipairs { "owns", "reads" } do
    local kinds = fields[field] and fields[field][2]
    for _, entry in ipairs(kinds and kinds.tag == "Table" and kinds or {}) do
      local kind = entry.tag == "Table" and entry[2] and flow.text(entry[2])
      local name = kind and (flow.text(entry[1]) or "") .. " " .. kind
      local state = name and known.declared[field][name]
      if kind and not out.kinds[kind] and state ~= "retired" and state ~= "map" then
        add(unit, out, entry, { kind = name,
          code = field == "owns" and "unused-child" or "unused-read",
          message = ("%s is declared under %s and never %s"):format(name, field,
            field == "owns" and "applied" or "read") })
      end
    end
  end
end

return judge
