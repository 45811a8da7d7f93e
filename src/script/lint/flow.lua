--- What a name stands for: the root object, the view, the plan, a module, or a
-- field of one of these, followed through locals and through calls of the
-- file's own functions.
--
--     local spec = site.spec       -- spec.replicas is root, { "spec", "replicas" }
--
-- Only what is certain is followed: a variable that is assigned once, a key
-- that is written as a text. All else resolves to nothing.

local flow = {}

-- Parameters of the functions that an operator declares.
local ROLES = {
  reconcile = { "root", "view", "plan" },
  finalize = { "root", "view", "plan" },
  desired = { "root", "view", "plan" },
  observe = { "root", "view" },
  names = { "root" },
}

--- Calls visit(node, parent) for each node below; a visit that returns false
-- keeps the walk out of the node.
function flow.walk(node, visit, parent)
  if node.tag and visit(node, parent) == false then
    return
  end
  for _, child in ipairs(node) do
    if type(child) == "table" then
      flow.walk(child, visit, node.tag and node or parent)
    end
  end
end

--- The one value that a variable ever has, as a node.
local function only_value(var)
  local values = var.values
  return values and #values == 1 and values[1].node or nil
end

--- The text of a literal, also through a local that is set once.
function flow.text(node)
  if node and node.tag == "Id" and node.var then
    node = only_value(node.var)
  end
  return node and node.tag == "String" and node[1] or nil
end

--- The value that is meant: that of a local that is set once, else the node.
function flow.value(node)
  return node.tag == "Id" and node.var and only_value(node.var) or node
end

function flow.function_of(node)
  node = flow.value(node)
  return node.tag == "Function" and node or nil
end

--- The pairs of a table constructor whose key is a text: key -> Pair.
function flow.fields(node)
  local found = {}
  for _, item in ipairs(node) do
    if item.tag == "Pair" and item[1].tag == "String" then
      found[item[1][1]] = item
    end
  end
  return found
end

--- The nodes that are assigned to: site.spec in site.spec = {}.
function flow.assigned(ast)
  local found = {}
  flow.walk(ast, function(node)
    for _, left in ipairs(node.tag == "Set" and node[1] or {}) do
      found[left] = true
    end
  end)
  return found
end

--- The table that is given to tidelock.operator, also when it has a name.
local function declaration_of(ast)
  local found
  flow.walk(ast, function(node)
    local callee = node.tag == "Call" and node[1]
    if callee and callee.tag == "Index" and callee[2].tag == "String"
      and callee[2][1] == "operator" and node[2] then
      local argument = flow.value(node[2])
      found = argument.tag == "Table" and argument or found
    end
  end)
  return found
end

local function take_roles(roles, func, names)
  local changed = false
  for i, param in ipairs(func[1]) do
    local role = names[i]
    if role and param.var and not roles[param.var] then
      roles[param.var] = role
      changed = true
    end
  end
  return changed
end

-- The declared functions, wherever below the declaration they stand: rows and
-- reads are tables in tables.
local function seed(roles, declaration)
  flow.walk(declaration, function(node)
    if node.tag ~= "Pair" or node[1].tag ~= "String" then
      return
    end
    local func = flow.function_of(node[2])
    local names = ROLES[node[1][1]]
    if node[1][1] == "rows" and node[2].tag == "Id" then
      seed(roles, flow.value(node[2]))
    end
    if node[1][1] == "plan" then
      names = { false, "plan" } -- of a row: plan(state, plan)
    end
    if func and names then
      take_roles(roles, func, names)
    end
  end)
end

-- f(site, plan): the parameters of f are what the arguments are.
local function spread(self, ast)
  local changed = false
  flow.walk(ast, function(node)
    local func = node.tag == "Call" and flow.function_of(node[1])
    if not func then
      return
    end
    local names = {}
    for i = 2, #node do
      local role, path = self:resolve(node[i])
      names[i - 1] = role and #path == 0 and role or false
    end
    changed = take_roles(self.roles, func, names) or changed
  end)
  return changed
end

--- A flow of one file; `flow.declaration` is the operator's table or nil.
function flow.of(unit)
  local self = setmetatable({ roles = {}, memo = {} }, { __index = flow })

  self.declaration = declaration_of(unit.ast)
  if self.declaration then
    seed(self.roles, self.declaration)
  end
  local changed = true
  for _ = 1, 8 do
    self.memo = {} -- what resolved to nothing may be a field of a new role
    changed = changed and spread(self, unit.ast)
  end
  return self
end

local function resolve_variable(self, var)
  local role = self.roles[var]
  if role then
    return role, {}
  end
  if self.memo[var] == nil then
    local value = only_value(var)
    self.memo[var] = false -- a variable may be made of itself
    if value and value.tag ~= "Function" then
      local found, path = self:resolve(value)
      self.memo[var] = found and { found, path } or false
    end
  end
  local known = self.memo[var]
  if known then
    return known[1], { table.unpack(known[2]) }
  end
  return nil
end

--- What a node stands for: "root", "view", "plan" or "module NAME", and the
-- keys below it.
function flow:resolve(node)
  if node.tag == "Id" and node.var then
    return resolve_variable(self, node.var)
  end
  if node.tag == "Call" and node[1].tag == "Id" and not node[1].var
    and node[1][1] == "require" and node[2] and node[2].tag == "String" then
    return "module " .. node[2][1], {}
  end
  if node.tag == "Index" and node[2].tag == "String" then
    local role, path = self:resolve(node[1])
    if role then
      path[#path + 1] = node[2][1]
    end
    return role, path
  end
  return nil
end

return flow
