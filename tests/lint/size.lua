--- The numbers the house holds: length, parameters and nesting of functions,
-- length of files and headers, share of comments. Caps apply to every C file,
-- tests too (apart from parameters: a fake server has to take the callbacks of
-- its library), and the file cap to Lua, Python and shell as well. There is no
-- list of exceptions. The table is about src/ and include/.
--
-- A trailing `struct err *` (in sim: `struct failure *`) is not counted as a
-- parameter: every function that can fail has it, so it says nothing about this
-- one.

local ctext = require "ctext"
local nesting = require "nesting"
local tree = require "tree"

local size = {}

local CAP = { lines = 80, parameters = 5, nesting = 3, file = 600,
              header = 150 }
local GOAL = { median = 15, p95 = 45 }

-- "name(a, b)" over its lines: the name and the number of parameters.
local function read_signature(text)
  local flat = text:gsub("__attribute__%s*%b()%s*%b()", "")
    :gsub("__attribute__%s*%b()", "")
  local name, list = flat:match("([%w_]+)%s*(%b())%s*$")
  if not name then
    return nil
  end
  list = list:sub(2, -2):gsub("%b()", ""):gsub(",%s*struct err %*[%w_]+$", "")
    :gsub(",%s*struct failure %*[%w_]+$", "")
  if list:match("^%s*$") or list:match("^%s*void%s*$") then
    return name, 0
  end
  local _, commas = list:gsub(",", "")
  return name, commas + 1
end

--- Functions of one C text: { name, line, lines, parameters, nesting }. A
-- function starts at the margin, its braces stand alone at the margin too.
function size.functions(text)
  local found, signature, start, body = {}, {}, nil, nil
  for number, line in tree.lines(ctext.statements(text)) do
    if body then
      body[#body + 1] = line
      if line:find("^}") then
        local name, parameters = read_signature(table.concat(signature, " "))
        if name and line:find("^}%s*$") then
          found[#found + 1] = { name = name, line = start,
            lines = number - start + 1, parameters = parameters,
            nesting = nesting.depth(table.concat(body, "\n")) }
        end
        signature, start, body = {}, nil, nil
      end
    elseif line:find("^{%s*$") then
      body = { line }
    elseif line:find("[;}]%s*$") or not line:find("%S") then
      signature, start = {}, nil
    else
      start = start or number
      signature[#signature + 1] = line
    end
  end
  return found
end

local function check_functions(file, found, lengths)
  for _, f in ipairs(size.functions(file.text)) do
    for _, what in ipairs { "lines", "parameters", "nesting" } do
      if f[what] > CAP[what] and (lengths or what ~= "parameters") then
        found[#found + 1] = ("%s:%d: %s(): %d %s, at most %d"):format(
          file.path, f.line, f.name, f[what],
          what == "nesting" and "levels" or what, CAP[what])
      end
    end
    if lengths then
      lengths[#lengths + 1] = f.lines
    end
  end
end

local function count_lines(text)
  local _, count = text:gsub("\n", "")
  return count
end

local function percentile(sorted, share)
  return sorted[math.max(1, math.ceil(#sorted * share))] or 0
end

local function is_ours(path)
  return path:find("^src/") or path:find("^include/")
end

local function measure(files, found)
  local lengths = {}
  local total = { files = 0, lines = 0, filled = 0, comments = 0 }
  for _, file in ipairs(files) do
    local ext = file.path:match("%.(%w+)$")
    local lines = count_lines(file.text)
    local cap = ext == "h" and CAP.header or CAP.file
    local is_c = ext == "c" or ext == "h"
    if (is_c or ext == "lua" or ext == "py" or ext == "sh") and lines > cap
    then
      found[#found + 1] = ("%s: %d lines, at most %d"):format(file.path, lines,
                                                              cap)
    end
    if is_c then
      check_functions(file, found, is_ours(file.path) and lengths)
    end
    if is_c and is_ours(file.path) then
      local _, filled = ("\n" .. file.text):gsub("\n[ ]*[^%s]", "")
      total.files = total.files + 1
      total.lines = total.lines + lines
      total.filled = total.filled + filled
      total.comments = total.comments + ctext.comment_lines(file.text)
    end
  end
  table.sort(lengths)
  return lengths, total
end

function size.check(files)
  local found = {}
  local lengths, total = measure(files, found)
  local median, p95 = percentile(lengths, 0.5), percentile(lengths, 0.95)
  if median > GOAL.median or p95 > GOAL.p95 then
    found[#found + 1] = ("functions: median %d, p95 %d, at most %d and %d")
      :format(median, p95, GOAL.median, GOAL.p95)
  end
  local table_ = ("%d files, %d lines, %d functions: median %d, p95 %d, "
    .. "longest %d; comments %.1f %% (15 to 25 wanted)"):format(total.files,
    total.lines, #lengths, median, p95, lengths[#lengths] or 0,
    100 * total.comments / math.max(1, total.filled))
  return found, table_
end

return size
