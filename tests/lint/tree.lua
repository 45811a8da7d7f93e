--- The files of the repository as a list of { path, text }, sorted by path.
-- A lint sees nothing but such a list, so that its self-test can hand it a
-- tree with planted faults.

local tree = {}

-- What git knows or would add; in an unpacked tarball, what is there.
local LIST = "git ls-files --cached --others --exclude-standard 2>/dev/null"
  .. " || find . -path ./build -prune -o -type f -print"

local function read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

function tree.load()
  local files = {}
  local list = io.popen(LIST)
  for line in list:lines() do
    local path = line:gsub("^%./", "")
    local text = read(path)
    if text then
      files[#files + 1] = { path = path, text = text }
    end
  end
  list:close()
  table.sort(files, function(a, b) return a.path < b.path end)
  return files
end

--- A tree from { ["src/base/x.c"] = "text", ... }.
function tree.from(texts)
  local files = {}
  for path, text in pairs(texts) do
    files[#files + 1] = { path = path, text = text }
  end
  table.sort(files, function(a, b) return a.path < b.path end)
  return files
end

function tree.find(files, path)
  for _, file in ipairs(files) do
    if file.path == path then
      return file
    end
  end
end

--- for number, line in tree.lines(text)
function tree.lines(text)
  local number = 0
  local next_line = (text:gsub("\n$", "") .. "\n"):gmatch("(.-)\n")
  return function()
    local line = next_line()
    number = number + 1
    if line then
      return number, line
    end
  end
end

return tree
