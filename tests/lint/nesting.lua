--- How deep control statements stand inside each other in a function body.
-- A small parser of C statements: braces alone would not see
--
--     for (...)
--         if (...)
--             if (...)
--
-- `else if` continues its `if`; a `switch` counts once, its labels do not.

local nesting = {}

-- Words and single characters, in order.
local function tokens_of(body)
  local list, at = {}, 1
  while true do
    local from, last = body:find("[%a_][%w_]*", at)
    local mark = body:find("[^%s%w_]", at)
    if not from and not mark then
      return list
    end
    if from and (not mark or from < mark) then
      list[#list + 1] = body:sub(from, last)
      at = last + 1
    else
      list[#list + 1] = body:sub(mark, mark)
      at = mark + 1
    end
  end
end

local OPEN = { ["("] = ")", ["{"] = "}", ["["] = "]" }

-- The position after the bracket that closes the one at `at`.
local function skip_brackets(tokens, at)
  local depth = 0
  repeat
    local token = tokens[at]
    if OPEN[token] then
      depth = depth + 1
    elseif token == ")" or token == "}" or token == "]" then
      depth = depth - 1
    end
    at = at + 1
  until depth == 0 or at > #tokens
  return at
end

local function skip_to_semicolon(tokens, at)
  while at <= #tokens and tokens[at] ~= ";" do
    at = OPEN[tokens[at]] and skip_brackets(tokens, at) or at + 1
  end
  return at + 1
end

local statement

local function block(tokens, at, depth)
  local deepest = depth
  at = at + 1
  while at <= #tokens and tokens[at] ~= "}" do
    local inner
    at, inner = statement(tokens, at, depth)
    deepest = math.max(deepest, inner)
  end
  return at + 1, deepest
end

local function if_statement(tokens, at, depth)
  local deepest, inner
  at, deepest = statement(tokens, skip_brackets(tokens, at + 1), depth + 1)
  if tokens[at] == "else" then
    if tokens[at + 1] == "if" then
      at, inner = if_statement(tokens, at + 1, depth)
    else
      at, inner = statement(tokens, at + 1, depth + 1)
    end
    deepest = math.max(deepest, inner)
  end
  return at, deepest
end

-- The position after the statement at `at`, and the deepest level in it.
statement = function(tokens, at, depth)
  local token = tokens[at]
  if token == "{" then
    return block(tokens, at, depth)
  elseif token == "if" then
    return if_statement(tokens, at, depth)
  elseif token == "for" or token == "while" or token == "switch" then
    return statement(tokens, skip_brackets(tokens, at + 1), depth + 1)
  elseif token == "do" then
    local after, deepest = statement(tokens, at + 1, depth + 1)
    return skip_to_semicolon(tokens, after), deepest
  elseif token == "case" or token == "default" then
    while at <= #tokens and tokens[at] ~= ":" do
      at = at + 1
    end
    return at + 1, depth
  end
  return skip_to_semicolon(tokens, at), depth
end

--- `body` is C code without comments and literals, with its outer braces.
function nesting.depth(body)
  local _, deepest = block(tokens_of(body), 1, 0)
  return deepest
end

return nesting
