--- Arrows between layers point down only: reads src/LAYERS and every
-- #include of src/, include/ and tests/unit/, and that CMakeLists.txt links
-- by the same table.

local ctext = require "ctext"
local tree = require "tree"

local layers = {}

-- First match wins; what matches nothing is the C library.
local EXTERNAL = {
  { "^uv%.h$", "uv" }, { "^uv/", "uv" }, { "^curl/", "curl" },
  { "^openssl/", "openssl" },
  { "^microhttpd%.h$", "microhttpd" }, { "^pcre2%.h$", "pcre2" }, { "^lua%.h$", "lua" },
  { "^lauxlib%.h$", "lua" }, { "^lualib%.h$", "lua" },
  { "^cJSON%.h$", "cjson" }, { "^cjson/", "cjson" }, { "^yaml%.h$", "yaml" },
  { "^nettle/", "nettle" }, { "^zstd%.h$", "zstd" },
  { "^zdict%.h$", "zstd" }, { "^zstd_errors%.h$", "zstd" },
  { "^sqlite3%.h$", "sqlite" }, { "^sys/socket%.h$", "socket" },
  { "^sys/un%.h$", "socket" }, { "^netdb%.h$", "socket" },
  { "^netinet/", "socket" }, { "^arpa/", "socket" },
}

-- Libraries with exactly one wrapper, whatever else the layer holds, apart
-- from the file that asks libraries for their version.
local WRAPPER = { yaml = "^src/kube/yaml[%w_]*%.[ch]$" }
local VERSIONS = "^src/%l+/libraries%.c$"

local function words(text)
  local set = {}
  for word in text:gmatch("[%w_]+") do
    set[word] = true
  end
  return set
end

--- { base = { uses = set, external = set }, ... } from the text of LAYERS.
function layers.parse(text)
  local table_ = {}
  for line in text:gmatch("[^\n]+") do
    local name, rest = line:match("^(%l+)%s+(.*)$")
    if name then
      local uses, external = rest:match("^(.-)%s%s+(.*)$")
      table_[name] = { uses = words(uses or rest),
                       external = words(external or "") }
    end
  end
  return table_
end

local function external_of(header)
  for _, row in ipairs(EXTERNAL) do
    if header:find(row[1]) then
      return row[2]
    end
  end
end

-- A problem with `#include "header"` in a file of `layer`, or nil.
local function check_own(known, layer, path, header, exists)
  local other = header:match("^(%l+)/")
  local dir = path:match("^(.*/)")
  if other == "support" and path:find("^tests/unit/") then
    if not exists["tests/unit/" .. header] then
      return ("'%s' is not there"):format(header)
    end
    return layer ~= "io" and not known[layer].uses.io
      and ("%s does not use io, which '%s' is for"):format(layer, header)
  end
  if not other then
    -- what lies in tests/unit itself is for the tests of every layer
    if path:find("^tests/unit/") and exists["tests/unit/" .. header] then
      return nil
    end
    return not exists[dir .. header]
      and ("'%s' is not beside the file that includes it"):format(header)
  end
  if not known[other] then
    return ("'%s' is of no layer"):format(header)
  end
  if other ~= layer and not known[layer].uses[other] then
    return ("%s may not include %s ('%s')"):format(layer, other, header)
  end
  if other ~= layer and not exists["include/" .. header] then
    return ("'%s' is private to %s"):format(header, other)
  end
end

local function check_external(known, layer, path, header)
  local external = external_of(header)
  if not external then
    return nil
  end
  if not known[layer].external[external] then
    return ("%s may not include <%s>: %s is not its library")
      :format(layer, header, external)
  end
  local wrapper = WRAPPER[external]
  if wrapper and path:find("^src/") and not path:find(wrapper)
     and not path:find(VERSIONS) then
    return ("<%s> is for its wrapper only"):format(header)
  end
end

local function layer_of(path)
  if not path:find("%.[ch]$") then
    return nil
  end
  -- what tests of io, and of the layers that use it, share
  if path:find("^tests/unit/support/") then
    return "io"
  end
  return path:match("^src/(%l+)/") or path:match("^include/(%l+)/")
    or path:match("^tests/unit/(%l+)/")
end

local function check_file(known, file, layer, exists, found)
  local code = ctext.code(file.text)
  local code_line = tree.lines(code)
  for number, line in tree.lines(file.text) do
    local _, visible = code_line()
    local open, header = line:match('^%s*#%s*include%s*(["<])([^">]+)[">]')
    local problem
    -- an #include inside a comment is none
    if header and visible:find("include") then
      problem = open == "<" and check_external(known, layer, file.path, header)
        or open == '"' and check_own(known, layer, file.path, header, exists)
    end
    if problem then
      found[#found + 1] = ("%s:%d: %s"):format(file.path, number, problem)
    end
  end
end

-- CMakeLists.txt says USES as LAYERS does.
local function check_cmake(known, text, found)
  for name, arguments in text:gmatch("\ntidelock_layer%((%l+)([^)]*)%)") do
    local uses = words(arguments:match("USES([%l%s]*)") or "")
    for other in pairs(known) do
      local declared = known[name] and known[name].uses[other]
      if (uses[other] or false) ~= (declared or false) then
        found[#found + 1] = ("CMakeLists.txt: layer %s and %s: not as in "
          .. "src/LAYERS"):format(name, other)
      end
    end
  end
end

function layers.check(files)
  local found, exists = {}, {}
  local list = tree.find(files, "src/LAYERS")
  local cmake = tree.find(files, "CMakeLists.txt")
  if not list then
    return { "src/LAYERS: missing" }
  end
  local known = layers.parse(list.text)
  for _, file in ipairs(files) do
    exists[file.path] = true
  end
  for _, file in ipairs(files) do
    local layer = layer_of(file.path)
    if layer and not known[layer] then
      found[#found + 1] = file.path .. ": layer not in src/LAYERS"
    elseif layer then
      check_file(known, file, layer, exists, found)
    end
  end
  if cmake then
    check_cmake(known, cmake.text, found)
  end
  return found
end

return layers
