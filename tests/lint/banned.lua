--- Functions that may be called only in the module that wraps them. Looks at
-- src/ and include/; tests may print and allocate as they like.

local ctext = require "ctext"
local tree = require "tree"

local banned = {}

local MEMORY = { "^src/base/mem%.c$" }
local NUMBERS = { "^src/base/text%.c$" }
local TERMINAL = { "^src/cli/", "^src/worker/main%.c$" }
local NOWHERE = {}

local RULES = {
  { MEMORY, "base/mem", { "malloc", "calloc", "realloc", "free", "strdup",
    "strndup", "asprintf", "vasprintf", "reallocarray", "aligned_alloc",
    "posix_memalign" } },
  { NUMBERS, "base/text", { "atoi", "atol", "atoll", "atof", "strtol",
    "strtoul", "strtoll", "strtoull" } },
  { TERMINAL, "cli", { "printf", "fprintf", "vprintf", "vfprintf", "puts",
    "fputs", "putchar", "perror", "exit", "abort" } },
  { NOWHERE, "nobody", { "strcpy", "strcat", "sprintf", "vsprintf", "strtok",
    "gets", "alloca", "system", "popen", "setjmp", "longjmp" } },
}

local function allowed(path, patterns)
  for _, pattern in ipairs(patterns) do
    if path:find(pattern) then
      return true
    end
  end
  return false
end

-- Called by name: not a member (`sink->free(s)`), not part of a longer name.
local function calls(line, name)
  local from = 1
  while true do
    local at, last = line:find("%f[%w_]" .. name .. "%s*%(", from)
    if not at then
      return false
    end
    local before = line:sub(1, at - 1)
    if not before:find("%->%s*$") and not before:find("%.%s*$") then
      return true
    end
    from = last
  end
end

function banned.check(files)
  local found = {}
  for _, file in ipairs(files) do
    if file.path:find("^src/.*%.[ch]$") or file.path:find("^include/") then
      for number, line in tree.lines(ctext.code(file.text)) do
        for _, rule in ipairs(RULES) do
          for _, name in ipairs(rule[3]) do
            if calls(line, name) and not allowed(file.path, rule[1]) then
              found[#found + 1] = ("%s:%d: %s() is for %s only")
                :format(file.path, number, name, rule[2])
            end
          end
        end
      end
    end
  end
  return found
end

return banned
