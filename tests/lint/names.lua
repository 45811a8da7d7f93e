--- No two functions of src/ that the linker sees have one name: of two static
-- libraries it would take the first, and say nothing.

local size = require "size"

local names = {}

function names.check(files)
  local seen, found = {}, {}
  for _, file in ipairs(files) do
    local program = file.path:find("/main%.c$")
    if file.path:find("^src/.*%.c$") and not program then
      for _, f in ipairs(size.functions(file.text)) do
        local place = ("%s:%d"):format(file.path, f.line)
        if f.linked and seen[f.name] then
          found[#found + 1] = ("%s: %s() is also in %s"):format(place, f.name,
            seen[f.name])
        elseif f.linked then
          seen[f.name] = place
        end
      end
    end
  end
  return found
end

return names
