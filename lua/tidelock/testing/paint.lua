--- Values and differences as text for people.

local compare = require "tidelock.testing.compare"

local paint = { color = false }

local CODES = { red = 31, green = 32, yellow = 33, cyan = 36, bold = 1, dim = 2 }

--- `text` in a colour, where there are colours.
function paint.in_color(name, text)
  if not paint.color then
    return text
  end
  return ("\27[%dm%s\27[0m"):format(CODES[name], text)
end

local function quoted(text)
  local plain = text:match("^[%w%-_./:<>=+ ]+$") and not text:match("^%s") and not text:match("%s$")
  if plain and not tonumber(text) and text ~= "true" and text ~= "false" and text ~= "null" then
    return text
  end
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"'
end

--- One line: a scalar as YAML would have it.
function paint.scalar(value)
  if value == nil or value == compare.absent then
    return "(absent)"
  elseif type(value) == "string" then
    return quoted(value)
  elseif type(value) == "userdata" then
    return "null"
  end
  return tostring(value)
end

local function keys_of(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function is_scalar(value)
  return type(value) ~= "table" or value == compare.absent
end

local add_value

local function add_member(out, indent, lead, value)
  if is_scalar(value) then
    out[#out + 1] = indent .. lead .. " " .. paint.scalar(value)
  elseif next(value) == nil then
    out[#out + 1] = indent .. lead .. " {}"
  else
    out[#out + 1] = indent .. lead
    add_value(out, indent .. "  ", value)
  end
end

function add_value(out, indent, value)
  if is_scalar(value) then
    for line in (type(value) == "string" and value:find("\n") and value or paint.scalar(value))
      :gmatch("[^\n]+") do
      out[#out + 1] = indent .. line
    end
  elseif #value > 0 then
    for _, item in ipairs(value) do
      add_member(out, indent, "-", item)
    end
  else
    for _, key in ipairs(keys_of(value)) do
      add_member(out, indent, tostring(key) .. ":", value[key])
    end
  end
end

local WIDTH = 60 -- of a short list in one line

-- "[--maxmemory, 64mb]": a list of texts and numbers that fits a line.
local function short_list(value)
  local words = {}
  for i, item in ipairs(value) do
    if not is_scalar(item) then
      return nil
    end
    words[i] = paint.scalar(item)
  end
  local text = "[" .. table.concat(words, ", ") .. "]"
  return #words > 0 and #text <= WIDTH and text or nil
end

--- The lines of a value in block style.
function paint.lines(value)
  local out = {}
  if not is_scalar(value) and short_list(value) then
    return { short_list(value) }
  end
  add_value(out, "", value)
  return out
end

-- Longest common subsequence: how long it is from i, j on.
local function common_lengths(a, b)
  local length = {}
  for i = #a + 1, 1, -1 do
    length[i] = {}
    for j = #b + 1, 1, -1 do
      if i > #a or j > #b then
        length[i][j] = 0
      elseif a[i] == b[j] then
        length[i][j] = length[i + 1][j + 1] + 1
      else
        length[i][j] = math.max(length[i + 1][j], length[i][j + 1])
      end
    end
  end
  return length
end

local CONTEXT = 2 -- unchanged lines shown around a change

-- Leaves out long runs of unchanged lines.
local function fold(lines)
  local out, shown = {}, {}
  for i, line in ipairs(lines) do
    for k = line.sign ~= " " and i - CONTEXT or i + 1, line.sign ~= " " and i + CONTEXT or i do
      shown[k] = true
    end
  end
  for i, line in ipairs(lines) do
    if shown[i] then
      out[#out + 1] = line
    elseif shown[i - 1] or i == 1 then
      out[#out + 1] = { sign = " ", text = "..." }
    end
  end
  return out
end

--- Two lists of lines as { sign = "-" | "+" | " ", text }.
function paint.diff(a, b)
  local length, out = common_lengths(a, b), {}
  local i, j = 1, 1
  while i <= #a or j <= #b do
    if i <= #a and j <= #b and a[i] == b[j] then
      out[#out + 1] = { sign = " ", text = a[i] }
      i, j = i + 1, j + 1
    elseif i <= #a and (j > #b or length[i + 1][j] >= length[i][j + 1]) then
      out[#out + 1] = { sign = "-", text = a[i] }
      i = i + 1
    else
      out[#out + 1] = { sign = "+", text = b[j] }
      j = j + 1
    end
  end
  return fold(out)
end

--- Two lists of lines as the lines of a diff, each with its sign: - expected,
--- + got.
function paint.diff_lines(indent, expected, got)
  local out = {}
  for _, line in ipairs(paint.diff(expected, got)) do
    local text = indent .. line.sign .. " " .. line.text
    out[#out + 1] = line.sign == "-" and paint.in_color("green", text)
      or line.sign == "+" and paint.in_color("red", text) or text
  end
  return out
end

--- What differs, as compare.differences() has it.
function paint.differences(indent, list)
  local out = {}
  for _, d in ipairs(list) do
    out[#out + 1] = indent .. (d.path == "" and "(all of it)" or d.path)
    for _, line in ipairs(paint.diff_lines(indent .. "  ", paint.lines(d.expected), paint.lines(d.got))) do
      out[#out + 1] = line
    end
  end
  return table.concat(out, "\n")
end

return paint
