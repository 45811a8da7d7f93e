--- What a file says about objects, for those who have the schemas: which fields
-- of the root are read, which objects are written out as tables.

local flow = require "flow"

local facts = {}

local node_of

local function add_fields(unit, node, into)
  local fields, items = {}, {}
  for _, item in ipairs(node) do
    local key = item.tag == "Pair" and flow.text(item[1])
    if key then
      local line, column = unit.place(item)
      fields[#fields + 1] = { k = key, l = line, c = column,
                              n = node_of(unit, item[2]) }
    elseif item.tag ~= "Pair" then
      items[#items + 1] = node_of(unit, item)
    end
  end
  if #items > 0 and #fields == 0 then
    into.i = items
  else
    into.f = fields
  end
end

--- A table constructor as data: { l, c } and `v` (a literal), `f` (fields) or
-- `i` (items); none of these where the value is computed.
function node_of(unit, node)
  local line, column = unit.place(node)
  local made = { l = line, c = column }
  if node.tag == "Number" then
    made.v = tonumber(node[1])
  elseif node.tag == "String" then
    made.v = utf8.len(node[1]) and node[1]:sub(1, utf8.offset(node[1], 200)) or nil
  elseif node.tag == "True" or node.tag == "False" then
    made.v = node.tag == "True"
  elseif node.tag == "Table" then
    add_fields(unit, node, made)
  end
  return made
end

local function add(unit, list, node)
  local line, column = unit.place(node)
  list[#list + 1] = { file = unit.name, line = line, column = column,
                      node = node_of(unit, node) }
end

local function add_path(unit, out, node, path)
  local line, column = unit.place(node)
  out.paths[#out.paths + 1] = { file = unit.name, line = line, column = column,
                                path = path }
end

-- tidelock.get(site, "spec", "image")
local function got_path(unit, node)
  local role, path = unit.flow:resolve(node[1])
  if role ~= "module tidelock" or #path ~= 1 or path[1] ~= "get" or not node[2] then
    return nil
  end
  role, path = unit.flow:resolve(node[2])
  if role ~= "root" then
    return nil
  end
  for i = 3, #node do
    local key = flow.text(node[i])
    if not key then
      break
    end
    path[#path + 1] = key
  end
  return path
end

-- An object, not a reference to one: { "v1", "Secret", "x" } has no fields,
-- { apiVersion =, kind =, name = } has no metadata.
local function is_object(node)
  local fields = flow.fields(node)
  return fields.apiVersion and fields.kind and (fields.metadata or fields.spec)
end

local function visit(unit, out, node, parent)
  if node.tag == "Table" and is_object(node) then
    add(unit, out.objects, node)
  elseif node.tag == "Call" then
    local path = got_path(unit, node)
    if path then
      add_path(unit, out, node, path)
    end
  elseif node.tag == "Invoke" and node[2][1] == "status" and node[3]
    and node[3].tag == "Table" and unit.flow:resolve(node[1]) == "plan" then
    add(unit, out.status, node[3])
  elseif node.tag == "Index" and not (parent and parent.tag == "Index"
    and parent[1] == node) then
    local role, path = unit.flow:resolve(node)
    if role == "root" then
      add_path(unit, out, node, path)
    end
  end
end

-- Kinds that are named outside of the declaration: those that are used.
local function add_kinds(unit, out)
  flow.walk(unit.ast, function(node)
    if node.tag == "Table" and node == unit.flow.declaration then
      for _, name in ipairs { "owns", "reads", "resource" } do
        local pair = flow.fields(node)[name]
        if pair then
          pair.declares = true
        end
      end
    elseif node.tag == "Pair" and node.declares then
      return false
    elseif node.tag == "String" and node[1]:find("^%u%w+$") then
      out.kinds[node[1]] = true
    end
  end)
end

function facts.add(unit, out)
  local assigned = flow.assigned(unit.ast)
  flow.walk(unit.ast, function(node, parent)
    if not assigned[node] then
      visit(unit, out, node, parent)
    end
  end)
  add_kinds(unit, out)
end

return facts
