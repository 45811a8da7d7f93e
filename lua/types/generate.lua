--- Makes the reference and the editors' stubs of the library from its comments.
--
--     lua5.4 lua/types/generate.lua
--
-- writes lua/tidelock/README.md and lua/types/tidelock/NAME.lua; run it in the
-- root of the project after a change of lua/tidelock. A spec checks that what
-- is there is what it would write, and that no public function lacks a stub.
--
-- Comments are LDoc's: `--- text`, `-- @tparam type name text`,
-- `-- @treturn type text`, `-- @function name` where no function follows.

local generate = {}

-- In the order of the reference. `testing` has a page of its own.
generate.modules = {
  "init", "conditions", "quantity", "int_or_percent", "time", "duration", "zone", "cron", "semver",
  "selector", "tables", "names", "random", "template", "json", "yaml", "base64", "hash", "kube",
}

-- The classes of objects that functions give, by the local that has their
-- methods; those in classes.lua are written by hand.
local classes = { generator = "tidelock.Random", schedule = "tidelock.Schedule" }

-- ---- reading ----

local function read_file(path)
  local file = assert(io.open(path))
  local text = file:read("a")

  file:close()
  return text
end

-- "[opt="down"] string rounding text": what follows a @tparam.
local function read_tparam(text)
  local optional, rest = text:match("^(%b[])%s*(.*)$")
  local kind, name, description = (rest or text):match("^(%S+)%s+(%S+)%s*(.*)$")

  return { kind = kind, name = name, text = description, optional = optional ~= nil }
end

local function read_param(text)
  local optional, rest = text:match("^(%b[])%s*(.*)$")
  local name, description = (rest or text):match("^(%S+)%s*(.*)$")

  return { kind = "any", name = name, text = description, optional = optional ~= nil }
end

local tags = {
  tparam = function(entry, text, optional)
    table.insert(entry.params, read_tparam(optional .. text))
  end,
  param = function(entry, text, optional)
    table.insert(entry.params, read_param(optional .. text))
  end,
  treturn = function(entry, text)
    local kind, description = text:match("^(%S+)%s*(.*)$")
    table.insert(entry.returns, { kind = kind, text = description })
  end,
  ["return"] = function(entry, text)
    table.insert(entry.returns, { kind = "any", text = text })
  end,
  ["function"] = function(entry, text)
    entry.name = text
  end,
  module = function(entry, text)
    entry.module = text
  end,
}

-- A line of a comment that belongs to a tag goes on with it.
local function continue(entry, tag, line)
  local list = tag:find("param") and entry.params or tag:find("return") and entry.returns or {}
  local last = list[#list]

  if last then
    last.text = last.text .. " " .. line:match("^%s*(.-)%s*$")
  end
end

-- The lines of one comment, without their dashes.
local function read_comment(lines)
  local entry = { text = {}, params = {}, returns = {} }
  local tag

  for _, line in ipairs(lines) do
    local name, optional, rest = line:match("^@(%l+)(%b[]) ?(.*)$")

    if not name then
      name, rest = line:match("^@(%l+) ?(.*)$")
    end
    if tags[name] then -- a text may begin with "@yearly"
      tag = name
      tags[name](entry, rest, optional and optional .. " " or "")
    elseif tag then
      continue(entry, tag, line)
    else
      table.insert(entry.text, line)
    end
  end
  while entry.text[#entry.text] == "" do
    table.remove(entry.text)
  end
  return entry
end

-- What the line of code behind a comment declares: "quantity.add" or "null".
local function declared(line)
  return line:match("^function ([%w_.:]+)%(") or line:match("^([%w_]+%.[%w_]+) = ")
    or line:match("^  ([%w_]+) = ")
end

--- The documented things of a module: the module itself first.
function generate.read(name)
  local found, comment = {}, nil

  for line in (read_file("lua/tidelock/" .. name .. ".lua") .. "\n"):gmatch("(.-)\n") do
    local first = line:match("^%s*%-%-%-%s?(.*)$")
    local more = line:match("^%s*%-%-%s?(.*)$")

    if first then
      comment = { first }
    elseif comment and more then
      table.insert(comment, more)
    elseif comment then
      local entry = read_comment(comment)

      entry.name = entry.name or declared(line)
      comment = nil
      table.insert(found, entry)
    end
  end
  return found
end

-- "quantity.add" is "add" of the module itself; "schedule:next" is a method.
local function split(entry)
  local owner, separator, name = entry.name:match("^([%w_]+)([.:])([%w_]+)$")

  if separator == ":" then
    return classes[owner] or owner, name
  end
  return nil, name or entry.name
end

local function is_function(entry)
  return #entry.params > 0 or #entry.returns > 0
end

local function parameters(entry)
  local names = {}

  for _, param in ipairs(entry.params) do
    names[#names + 1] = param.name
  end
  return table.concat(names, ", ")
end

-- ---- stubs ----

local function add_text(out, text)
  for _, line in ipairs(text) do
    out[#out + 1] = "---" .. (line == "" and "" or " " .. line)
  end
end

-- LDoc's {string,...} is string[] here.
local function kind_of(kind)
  return (kind:gsub("{([%w_|]+),%.%.%.}", "%1[]"))
end

local function add_function(out, owner, entry)
  local class, name = split(entry)

  out[#out + 1] = ""
  add_text(out, entry.text)
  for _, param in ipairs(entry.params) do
    out[#out + 1] = ("---@param %s %s %s"):format(
      param.name == "..." and param.name or param.name .. (param.optional and "?" or ""),
      kind_of(param.kind), param.text):gsub("%s+$", "")
  end
  for _, result in ipairs(entry.returns) do
    out[#out + 1] = ("---@return %s # %s"):format(kind_of(result.kind), result.text)
      :gsub("%s*#?%s*$", "")
  end
  local place = class and class:match("[%w_]+$") .. ":" or owner .. "."
  out[#out + 1] = ("function %s%s(%s) end"):format(place, name, parameters(entry))
end

local function add_classes(out, entries)
  local seen = {}

  for _, entry in ipairs(entries) do
    local class = split(entry)

    if class and not seen[class] then
      seen[class] = true
      out[#out + 1] = ""
      out[#out + 1] = "---@class " .. class
      out[#out + 1] = ("local %s = {}"):format(class:match("[%w_]+$"))
    end
  end
end

--- The stub of a module.
function generate.stub(name)
  local entries = generate.read(name)
  local module = table.remove(entries, 1)
  local owner = name == "init" and "tidelock" or name
  local out = { "---@meta " .. module.module, "" }

  add_text(out, { "Made by lua/types/generate.lua from lua/tidelock/" .. name .. ".lua.", "" })
  add_text(out, module.text)
  out[#out + 1] = "---@class " .. module.module
  for _, other in ipairs(name == "init" and generate.modules or {}) do
    if other ~= "init" then
      out[#out + 1] = ("---@field %s tidelock.%s"):format(other, other)
    end
  end
  if name == "quantity" then
    out[#out + 1] = "---@overload fun(what: string|number): tidelock.Quantity"
  end
  out[#out + 1] = ("local %s = {}"):format(owner)
  add_classes(out, entries)
  for _, entry in ipairs(entries) do
    if is_function(entry) then
      add_function(out, owner, entry)
    else
      out[#out + 1] = ""
      add_text(out, entry.text)
      out[#out + 1] = "---@type any"
      out[#out + 1] = ("%s.%s = nil"):format(owner, entry.name)
    end
  end
  out[#out + 1] = ""
  out[#out + 1] = "return " .. owner
  return table.concat(out, "\n") .. "\n"
end

-- ---- the reference ----

-- Comments as Markdown: indented lines are code.
local function add_markdown(out, text)
  local code = false

  for _, line in ipairs(text) do
    local indented = line:match("^    (.*)$")

    if indented and not code then
      out[#out + 1] = "```lua"
    elseif not indented and code then
      out[#out + 1] = "```"
    end
    code = indented ~= nil
    out[#out + 1] = indented or (line:gsub("@{([%w_.]+)}", "`%1`"))
  end
  if code then
    out[#out + 1] = "```"
  end
end

local function results(entry)
  local texts = {}

  for _, result in ipairs(entry.returns) do
    local kind = result.kind ~= "any" and "`" .. result.kind:gsub("|", " or ") .. "`" or nil
    texts[#texts + 1] = (kind and result.text ~= "" and kind .. " " .. result.text)
      or kind or result.text
  end
  return table.concat(texts, ", ")
end

local function add_entry(out, owner, entry)
  local class, name = split(entry)
  local place = class and entry.name:match("^[%w_]+:") or owner .. "."
  local call = is_function(entry) and "(" .. parameters(entry) .. ")" or ""

  out[#out + 1] = ""
  out[#out + 1] = ("### %s%s%s"):format(place, name, call)
  out[#out + 1] = ""
  add_markdown(out, entry.text)
  if #entry.params > 0 then
    out[#out + 1] = ""
  end
  for _, param in ipairs(entry.params) do
    local kind = param.kind ~= "any" and ", " .. param.kind:gsub("|", " or ") or ""
    local text = param.text ~= "" and ": " .. param.text or ""
    out[#out + 1] = ("- `%s`%s%s%s"):format(param.name, kind, param.optional and ", optional" or "",
      text)
  end
  if #entry.returns > 0 then
    out[#out + 1] = ""
    out[#out + 1] = "Gives " .. results(entry) .. "."
  end
end

--- The page lua/tidelock/README.md.
function generate.reference()
  local out = {
    "# The library of scripts",
    "",
    "Made from the comments of the files here by `lua/types/generate.lua`; the examples are run by",
    "the tests. `-->` shows what a line gives.",
    "",
    "```lua",
    "local tidelock = require \"tidelock\"",
    "```",
    "",
    "Modules are fields of `tidelock` and are loaded when they are looked at. What is called `parse`",
    "or `find` gives nil and a message for a text that stands in somebody's object and is wrong;",
    "everything else raises, at the line of the operator.",
  }

  for _, name in ipairs(generate.modules) do
    local entries = generate.read(name)
    local module = table.remove(entries, 1)
    local owner = name == "init" and "tidelock" or name

    out[#out + 1] = ""
    out[#out + 1] = "## " .. module.module
    out[#out + 1] = ""
    add_markdown(out, module.text)
    for _, entry in ipairs(entries) do
      add_entry(out, owner, entry)
    end
  end
  return table.concat(out, "\n") .. "\n"
end

-- ---- writing ----

--- Every file that is made: path to text.
function generate.files()
  local files = { ["lua/tidelock/README.md"] = generate.reference() }

  for _, name in ipairs(generate.modules) do
    files["lua/types/tidelock/" .. name .. ".lua"] = generate.stub(name)
  end
  return files
end

if arg and arg[0] and arg[0]:find("generate%.lua$") then
  for path, text in pairs(generate.files()) do
    local file = assert(io.open(path, "w"))

    file:write(text)
    file:close()
  end
end

return generate
