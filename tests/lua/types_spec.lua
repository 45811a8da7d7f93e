--- The stubs of lua/types and the reference of the library.

local library = dofile("tests/lua/library.lua")
local generate = dofile("lua/types/generate.lua")

local function read_file(path)
  local file = assert(io.open(path), path)
  local text = file:read("a")

  file:close()
  return text
end

-- Stands for whatever a module takes from the runtime.
local anything = setmetatable({}, {
  __index = function(_, name)
    return function()
      return name
    end
  end,
})

-- Names behind "function OWNER." or "function OWNER:" in a stub.
local function stubs_of(text, owner)
  local names = {}

  for name in text:gmatch("\nfunction " .. owner .. "[.:]([%w_]+)%(") do
    names[name] = true
  end
  return names
end

local function functions_of(module)
  local names = {}

  for name, value in pairs(module) do
    if type(value) == "function" then
      names[name] = true
    end
  end
  return names
end

-- {"get", l_view_get} in a file of C, for functions called l_PREFIX...
local function in_c(path, prefix)
  local names = {}

  for name, c_name in read_file(path):gmatch("{\"([%w_]+)\",%s*(l_[%w_]+)}") do
    if c_name:find("^l_" .. prefix) and not name:find("^__") then
      names[name] = true
    end
  end
  assert(next(names), "none found in " .. path)
  return names
end

describe("lua/types", function()
  setup(function()
    for _, name in ipairs { "time", "quantity", "duration" } do
      package.loaded["tidelock." .. name] = library(name, { compare = anything.compare })
    end
  end)

  teardown(function()
    for _, name in ipairs { "time", "quantity", "duration" } do
      package.loaded["tidelock." .. name] = nil
    end
  end)

  it("is what its generator makes of the comments", function()
    for path, text in pairs(generate.files()) do
      assert.is_true(text == read_file(path),
        path .. " is not up to date: run lua5.4 lua/types/generate.lua")
    end
  end)

  it("has a module for each file of the library", function()
    local listed = {}

    for _, name in ipairs(generate.modules) do
      listed[name] = true
    end
    for path in io.popen("ls lua/tidelock/*.lua"):lines() do
      local name = path:match("([%w_]+)%.lua$")
      assert.is_true(listed[name] or name == "testing", name .. " is in no list of generate.lua")
    end
  end)

  it("has a stub for every public function, and none for what is not there", function()
    for _, name in ipairs(generate.modules) do
      local module = assert(loadfile("lua/tidelock/" .. name .. ".lua"))(name, anything)
      local owner = name == "init" and "tidelock" or name

      assert.same(functions_of(module), (function()
        local stubs = stubs_of(generate.stub(name), owner)
        if name == "init" then
          stubs.null = true -- a value there, a function of `anything` here
        end
        return stubs
      end)(), name)
    end
  end)

  it("is Lua", function()
    for path, text in pairs(generate.files()) do
      if path:find("%.lua$") then
        assert.is_function(load(text, "@" .. path, "t"))
      end
    end
    assert.is_function(load(read_file("lua/types/classes.lua"), "@classes.lua", "t"))
  end)

  it("uses no annotation that the language server does not know", function()
    local known = { meta = true, class = true, field = true, param = true, ["return"] = true,
      type = true, overload = true, alias = true, operator = true }
    local texts = generate.files()

    texts["lua/tidelock/README.md"] = read_file("lua/types/classes.lua")
    for path, text in pairs(texts) do
      for tag in text:gmatch("%-%-%-@(%l+)") do
        assert.is_true(known[tag], path .. ": " .. tag)
      end
    end
  end)

  it("knows every class that it names", function()
    local all = read_file("lua/types/classes.lua")
    for path, text in pairs(generate.files()) do
      all = all .. (path:find("%.lua$") and text or "")
    end
    for name in all:gmatch("tidelock%.%u%w+") do
      assert.is_truthy(all:find("---@class " .. name .. "\n", 1, true)
        or all:find("---@alias " .. name .. " ", 1, true), name)
    end
  end)

  it("has the verbs of plan, view and log as they are in C", function()
    local classes = read_file("lua/types/classes.lua")

    assert.same(in_c("src/script/plan_api.c", "plan_"), stubs_of(classes, "Plan"))
    assert.same(in_c("src/script/view_api.c", "view_"), stubs_of(classes, "View"))
    assert.same(in_c("src/script/lib_tidelock.c", "log_"), stubs_of(classes, "log"))
    assert.same({ span = true, instant = true }, stubs_of(classes, "Zone"))
    assert.same({ matches = true }, stubs_of(classes, "Selector"))
  end)
end)
