--- No member is forgotten on its way between the processes: what a struct with
-- a shape (src/script/shape.h) has must be named in its table, or here with the
-- reason why it does not travel.

local ctext = require "ctext"

local shapes = {}

-- Members of structs with a shape that do not travel.
local STAYS = {
  plan = {
    arena = "the reader's own",
    reads = "frame_answer.reads: it points into the view",
    read_count = "with reads", read_cap = "with reads",
  },
  operator_decl = { arena = "the reader's own" },
}

-- Structs that have no shape: which member of a message stands for each of
-- theirs, or "-" and the reason why none does.
local STANDS_FOR = {
  view = {
    root = "frame_call.object", kinds = "frame_call.kinds",
    count = "frame_call.kind_count", now = "frame_call.now",
    zones = "frame_call.zones", zone_count = "frame_call.zone_count",
    params = "frame_call.params",
    root_resource = "- only core/diff asks for it",
    host = "- the worker is its own",
  },
  view_kind = {
    gvk = "frame_kind.gvk", known = "frame_kind.known",
    unknown = "frame_kind.unknown", owned = "frame_kind.owned",
    resource = "frame_kind.scope", read = "frame_kind.read",
    items = "frame_kind.rows", count = "frame_kind.count",
    partial = "frame_kind.complete",
  },
  view_zone = {
    name = "frame_zone.name", zone = "frame_zone.bytes",
    why = "frame_zone.why",
  },
  view_read = {
    kind = "frame_read.kind", list = "frame_read.list",
    snapshot = "frame_read.found", item = "frame_read.item",
    ns = "frame_read.ns", name = "frame_read.name",
  },
}

-- The names that "const char *ns, *name" and the like declare.
local function members_of(body)
  local names = {}
  for declaration in body:gmatch("([^;]+);") do
    for part in declaration:gsub("%b[]", ""):gmatch("[^,]+") do
      names[#names + 1] = part:match("([%w_]+)%s*$")
    end
  end
  return names
end

-- { struct name = { path, line, members } } of the public headers.
local function structs_of(files)
  local structs = {}
  for _, file in ipairs(files) do
    if file.path:find("^include/.*%.h$") then
      local code = ctext.statements(file.text)
      for at, name, body in code:gmatch("()struct ([%w_]+)%s*(%b{})%s*;") do
        local _, before = code:sub(1, at):gsub("\n", "")
        structs[name] = { path = file.path, line = before + 1,
                          members = members_of(body:sub(2, -2)) }
      end
    end
  end
  return structs
end

-- { struct name = { member = true } }: what the tables name, and the structs
-- that have a table.
local function tables_of(files)
  local named, shaped = {}, {}
  for _, file in ipairs(files) do
    if file.path:find("^src/script/frame_.*%.c$") then
      local code = ctext.statements(file.text)
      for name in code:gmatch("SHAPE_OF%(%s*[%w_]+,%s*([%w_]+)%s*%)") do
        shaped[#shaped + 1] = name
        named[name] = named[name] or {}
      end
      for name, rest in code:gmatch("F_[%w_]+%(%s*([%w_]+),([^)]*)") do
        named[name] = named[name] or {}
        for word in rest:gmatch("[%w_]+") do
          named[name][word] = true
        end
      end
    end
  end
  return named, shaped
end

local function check_shaped(name, struct, named, found)
  local stays = STAYS[name] or {}
  local exists = {}
  for _, member in ipairs(struct.members) do
    exists[member] = true
    if not named[member] and not stays[member] then
      found[#found + 1] = ("%s:%d: struct %s: '%s' does not travel: name it "
        .. "in the shape"):format(struct.path, struct.line, name, member)
    end
  end
  for member in pairs(stays) do
    if not exists[member] or named[member] then
      found[#found + 1] = ("tests/lint/shapes.lua: struct %s: '%s' is not a "
        .. "member that stays"):format(name, member)
    end
  end
end

local function check_translated(name, struct, tables, found)
  local exists = {}
  for _, member in ipairs(struct.members) do
    local way = STANDS_FOR[name][member]
    local message, other = (way or ""):match("^([%w_]+)%.([%w_]+)$")
    exists[member] = true
    if not way then
      found[#found + 1] = ("%s:%d: struct %s: '%s' has no message that stands "
        .. "for it"):format(struct.path, struct.line, name, member)
    elseif message and not (tables[message] and tables[message][other]) then
      found[#found + 1] = ("%s:%d: struct %s: '%s' should travel as %s, which "
        .. "does not"):format(struct.path, struct.line, name, member, way)
    end
  end
  for member in pairs(STANDS_FOR[name]) do
    if not exists[member] then
      found[#found + 1] = ("tests/lint/shapes.lua: struct %s has no '%s'")
        :format(name, member)
    end
  end
end

function shapes.check(files)
  local found = {}
  local structs = structs_of(files)
  local tables, shaped = tables_of(files)
  for _, name in ipairs(shaped) do
    if structs[name] then
      check_shaped(name, structs[name], tables[name], found)
    else
      found[#found + 1] = ("struct %s has a shape and no public header")
        :format(name)
    end
  end
  for name in pairs(STANDS_FOR) do
    if structs[name] then
      check_translated(name, structs[name], tables, found)
    end
  end
  table.sort(found)
  return found
end

return shapes
