--- Which lines of an operator's scripts ran.
---
--- The host counts lines while jobs run. Which lines there are to run is in the
--- bytecode of the files, and nowhere else: a blank line and an `end` are none.

local ask = require "tidelock.testing.ask"

local coverage = {}

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  local b = self.text:byte(self.at)
  self.at = self.at + 1
  return b
end

-- 7 bits a byte, the highest first; the last one has the high bit set.
function Reader:size()
  local n = 0
  repeat
    local b = self:byte()
    n = n << 7 | b & 0x7f
  until b >= 0x80
  return n
end

function Reader:skip(n)
  self.at = self.at + n
end

function Reader:string()
  local n = self:size()
  if n > 1 then
    self:skip(n - 1)
  end
end

local INSTRUCTION = 4 -- bytes
local TAILCALL = 69 -- what is behind it in the code never runs
local VARARGPREP = 81 -- stands at the head of vararg functions

function Reader:constants()
  for _ = 1, self:size() do
    local kind = self:byte()
    if kind == 0x03 or kind == 0x13 then
      self:skip(8) -- integer, number
    elseif kind == 0x04 or kind == 0x14 then
      self:string()
    end
  end
end

-- The operation of each instruction.
function Reader:operations()
  local out = {}
  for i = 1, self:size() do
    out[i] = self.text:byte(self.at) & 0x7f
    self:skip(INSTRUCTION)
  end
  return out
end

-- Can the i-th instruction run? The last one is the return that the compiler
-- adds, behind a return of one's own.
local function can_run(operations, i)
  return i < #operations and operations[i] ~= VARARGPREP and operations[i - 1] ~= TAILCALL
end

-- The line of each instruction: steps from one to the next, and where a step
-- is too far for a byte the line itself.
function Reader:lines(first, operations, out)
  local steps, absolute = {}, {}
  for i = 1, self:size() do
    local b = self:byte()
    steps[i] = b >= 0x80 and b - 0x100 or b
  end
  for _ = 1, self:size() do
    absolute[self:size()] = self:size()
  end
  local line = first
  for i, step in ipairs(steps) do
    line = step == -128 and absolute[i - 1] or line + step
    if can_run(operations, i) then
      out[line] = true
    end
  end
end

function Reader:debug_names()
  for _ = 1, self:size() do
    self:string() -- a local variable and where it lives
    self:size()
    self:size()
  end
  for _ = 1, self:size() do
    self:string()
  end
end

function Reader:closure(out)
  self:string()
  local first = self:size()
  self:size()
  self:skip(3) -- parameters, vararg, stack
  local operations = self:operations()
  self:constants()
  self:skip(self:size() * 3) -- upvalues
  for _ = 1, self:size() do
    self:closure(out)
  end
  self:lines(first, operations, out)
  self:debug_names()
end

local HEADER = 4 + 1 + 1 + 6 + 3 + 8 + 8 -- signature to the sample number

--- The set of lines of a source text on which something can run.
function coverage.lines_of(source, name)
  local chunk = assert(load(source, "@" .. name, "t"))
  local reader = setmetatable({ text = string.dump(chunk), at = HEADER + 2 }, Reader)
  local out = {}
  reader:closure(out)
  return out
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text:gsub("^#[^\n]*", "")
end

-- "12, 14-17"
local function ranges(lines)
  local out, i = {}, 1
  while i <= #lines do
    local k = i
    while lines[k + 1] == lines[k] + 1 do
      k = k + 1
    end
    out[#out + 1] = k > i and lines[i] .. "-" .. lines[k] or tostring(lines[i])
    i = k + 1
  end
  return table.concat(out, ", ")
end

local function measure_file(file)
  local hit, missed, ran = {}, {}, 0
  for _, line in ipairs(file.lines) do
    hit[line] = true
  end
  local there = 0
  for line in pairs(coverage.lines_of(read(file.path), file.name)) do
    there = there + 1
    if hit[line] then
      ran = ran + 1
    else
      missed[#missed + 1] = line
    end
  end
  table.sort(missed)
  return { name = file.name, lines = there, ran = ran, missed = ranges(missed) }
end

--- A list of { name, lines, ran, missed = "12, 14-17" }.
function coverage.measure(operator)
  local out = {}
  for i, file in ipairs(ask("lines", { unit = operator.unit }).files) do
    out[i] = measure_file(file)
  end
  return out
end

--- The same for people.
function coverage.text(list, out)
  for _, file in ipairs(list or {}) do
    local percent = file.lines > 0 and 100 * file.ran / file.lines or 100
    out[#out + 1] = ("  %-32s %4d of %d lines, %.0f %%%s"):format(file.name, file.ran, file.lines,
      percent, file.missed ~= "" and "; not " .. file.missed or "")
  end
end

return coverage
