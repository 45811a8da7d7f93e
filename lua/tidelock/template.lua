--- Texts with places for values: `{{ path.to.value }}`.
--
-- A value that is not there is an error that names it, so a configuration
-- with a hole never reaches the cluster.
--
-- @module tidelock.template

local _, host = ...

local template = {}

-- The line that a position is in.
local function line_of(text, position)
  local _, breaks = text:sub(1, position):gsub("\n", "")
  return breaks + 1
end

local function fail(text, position, message, hint)
  host.fail(("template: line %d: %s"):format(line_of(text, position), message), hint)
end

-- The value at "spec.ports.1"; a key may be a text or an index.
local function look_up(values, path)
  local value = values

  for key in path:gmatch("[^.]+") do
    if type(value) ~= "table" then
      return nil
    end
    local item = value[key]
    value = item == nil and math.tointeger(tonumber(key)) and value[math.tointeger(tonumber(key))]
      or item
  end
  return value
end

local function text_of(text, position, path, values)
  local value = look_up(values, path)
  local kind = type(value)

  if value == nil then
    fail(text, position, ("there is no value for '%s'"):format(path))
  elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    fail(text, position, ("the value of '%s' is a %s"):format(path, kind),
      "put its text there, such as tidelock.json.encode(value)")
  end
  return tostring(value)
end

--- The text with every `{{ path }}` replaced by the value at that path: names
-- and list indexes with dots between them. `{{"{{"}}` gives two braces.
--
--     template.render("listen {{ port }};", { port = 80 })               --> "listen 80;"
--     template.render("{{ spec.hosts.1 }}", { spec = { hosts = { "a" } } })   --> "a"
--     template.render('{{"{{"}} x }}', {})                               --> "{{ x }}"
--     template.render("a\n{{ user }}", {})   --> error "line 2: there is no value for 'user'"
--     template.render("{{ a", { a = 1 })     --> error "line 1: '{{' is never closed"
--
-- @tparam string text
-- @tparam table values
-- @treturn string
function template.render(text, values)
  local parts, at = {}, 1

  while true do
    local open = text:find("{{", at, true)

    parts[#parts + 1] = text:sub(at, (open or 0) - 1)
    if not open then
      return table.concat(parts)
    end
    local inner, behind = text:match("^%s*\"{{\"%s*}}()", open + 2), nil
    if inner then
      parts[#parts + 1], at = "{{", inner
    else
      inner, behind = text:match("^%s*([%w_.%-/]+)%s*}}()", open + 2)
      if not inner then
        fail(text, open, text:find("}}", open, true) and "not a path between '{{' and '}}'"
          or "'{{' is never closed", "a literal '{{' is written {{\"{{\"}}")
      end
      parts[#parts + 1], at = text_of(text, open, inner, values), behind
    end
  end
end

return template
