--- C text without what is no code: comments, strings and preprocessor lines
-- become spaces, so that lines keep their numbers.

local ctext = {}

local function blank(text)
  return (text:gsub("[^\n]", " "))
end

-- The end of the literal that opens at `from`.
local function literal_end(text, from, quote)
  local at = from + 1
  while at <= #text do
    local c = text:sub(at, at)
    if c == "\\" then
      at = at + 1
    elseif c == quote or c == "\n" then
      return at
    end
    at = at + 1
  end
  return #text
end

-- The piece that starts at `at`: its end and whether it is code.
local function piece(text, at)
  local two = text:sub(at, at + 1)
  local c = two:sub(1, 1)
  if two == "/*" then
    local _, close = text:find("*/", at + 2, true)
    return close or #text, false
  elseif two == "//" then
    return (text:find("\n", at, true) or #text + 1) - 1, false
  elseif c == '"' or c == "'" then
    return literal_end(text, at, c), false
  end
  return (text:find("[/\"']", at + 1) or #text + 1) - 1, true
end

--- Without comments and the contents of literals.
function ctext.code(text)
  local out, at = {}, 1
  while at <= #text do
    local last, is_code = piece(text, at)
    local part = text:sub(at, last)
    out[#out + 1] = is_code and part or blank(part)
    at = last + 1
  end
  return table.concat(out)
end

--- Also without preprocessor lines and their continuations.
function ctext.statements(text)
  local out, directive = {}, false
  for line in (ctext.code(text) .. "\n"):gmatch("(.-)\n") do
    directive = directive or line:find("^%s*#") ~= nil
    out[#out + 1] = directive and "" or line
    directive = directive and line:find("\\%s*$") ~= nil
  end
  return table.concat(out, "\n")
end

--- The number of lines with a comment on them.
function ctext.comment_lines(text)
  local count, at, counted_until = 0, 1, 0
  while at <= #text do
    local last, is_code = piece(text, at)
    if not is_code and text:find("^/[/*]", at) then
      local _, breaks = text:sub(at, last):gsub("\n", "")
      -- two comments on one line are one line
      local shared = at <= counted_until and 1 or 0
      count = count + breaks + 1 - shared
      counted_until = text:find("\n", last, true) or #text
    end
    at = last + 1
  end
  return count
end

return ctext
