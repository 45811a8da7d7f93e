--- Where an expected value and the one that is there differ.
--
-- Partial by default: what is not named is not looked at, as in a merge patch.
-- Items of lists that have a name (or type) are found by it, other lists are
-- compared item by item.

local compare = {}

local ITEM_KEYS = { "name", "type", "key" }

--- Stands for "must not be there".
compare.absent = setmetatable({}, { __tostring = function() return "(absent)" end })

local exact_mark = {}

--- All of `value` is expected, and nothing beside it.
function compare.exact(value)
  return setmetatable({ value = value }, exact_mark)
end

local match_mark = {}

--- A text that has the Lua pattern in it.
function compare.match(pattern)
  return setmetatable({ pattern = pattern }, match_mark)
end

local function is_marked(value, mark)
  return type(value) == "table" and getmetatable(value) == mark
end

--- Is it a list? An empty table is taken for what the other side is.
local function is_list(value)
  return type(value) == "table" and #value > 0
end

local function is_empty(value)
  return type(value) == "table" and next(value) == nil
end

-- The field by which items are told apart, when all of them have one.
local function item_key(list)
  for _, key in ipairs(ITEM_KEYS) do
    local all = #list > 0
    for _, item in ipairs(list) do
      all = all and type(item) == "table" and type(item[key]) == "string"
    end
    if all then
      return key
    end
  end
end

local function field(path, key)
  if type(key) == "string" and key:match("^[%a_][%w_-]*$") then
    return path .. "." .. key
  end
  return ('%s["%s"]'):format(path, tostring(key))
end

local function sorted_keys(...)
  local keys, seen = {}, {}
  for _, t in ipairs { ... } do
    for key in pairs(t) do
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end

local walk

local function walk_named(out, path, expected, got, key, exact)
  local by_name = {}
  for _, item in ipairs(got) do
    by_name[item[key]] = item
  end
  for _, item in ipairs(expected) do
    local name = item[key]
    walk(out, ("%s[%s=%s]"):format(path, key, name), item, by_name[name], exact)
    by_name[name] = nil
  end
  for _, item in ipairs(got) do
    if exact and by_name[item[key]] then
      walk(out, ("%s[%s=%s]"):format(path, key, item[key]), nil, item, exact)
    end
  end
end

local function is_plain(list)
  for _, item in ipairs(list) do
    if type(item) == "table" or type(item) == "function" then
      return false
    end
  end
  return true
end

-- Texts and numbers are shown as a whole: one that is missing would shift all
-- behind it.
local function walk_plain(out, path, expected, got)
  local same = #expected == #got
  for i, item in ipairs(expected) do
    same = same and item == got[i]
  end
  if not same then
    out[#out + 1] = { path = path, expected = expected, got = got }
  end
end

local function walk_list(out, path, expected, got, exact)
  if is_plain(expected) and is_plain(got) then
    return walk_plain(out, path, expected, got)
  end
  local key = item_key(expected)
  if key and (#got == 0 or item_key(got) == key) then
    return walk_named(out, path, expected, got, key, exact)
  end
  for i = 1, math.max(#expected, #got) do
    walk(out, ("%s[%d]"):format(path, i), expected[i], got[i], exact, true)
  end
end

local function walk_object(out, path, expected, got, exact)
  for _, key in ipairs(exact and sorted_keys(expected, got) or sorted_keys(expected)) do
    walk(out, field(path, key), expected[key], got[key], exact, exact)
  end
end

local function add(out, path, expected, got)
  out[#out + 1] = { path = path, expected = expected, got = got }
end

local function walk_table(out, path, expected, got, exact)
  if is_empty(expected) and is_empty(got) then
    return
  elseif is_list(expected) or (is_empty(expected) and is_list(got)) then
    if is_list(got) or is_empty(got) then
      return walk_list(out, path, expected, got, exact)
    end
    return add(out, path, expected, got)
  elseif is_list(got) then
    return add(out, path, expected, got)
  end
  walk_object(out, path, expected, got, exact)
end

-- `strict`: a nil on the expected side means that nothing may be there.
function walk(out, path, expected, got, exact, strict)
  if is_marked(expected, exact_mark) then
    return walk(out, path, expected.value, got, true, true)
  elseif expected == compare.absent then
    return got ~= nil and add(out, path, expected, got)
  elseif is_marked(expected, match_mark) then
    local found = type(got) == "string" and got:find(expected.pattern)
    return not found and add(out, path, "a text with " .. expected.pattern, got)
  elseif type(expected) == "function" then
    return not expected(got) and add(out, path, "what the function takes", got)
  elseif expected == nil then
    return (strict or exact) and got ~= nil and add(out, path, compare.absent, got)
  elseif type(expected) ~= "table" or type(got) ~= "table" then
    return expected ~= got and add(out, path, expected, got)
  end
  walk_table(out, path, expected, got, exact)
end

--- A list of { path, expected, got }, empty when all is as expected.
function compare.differences(expected, got, path)
  local out = {}
  walk(out, path or "", expected, got, false, false)
  return out
end

return compare
