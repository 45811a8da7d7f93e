--- The run of one operator's specs: what script/spec.c starts.

local ask = require "tidelock.testing.ask"
local fixtures = require "tidelock.testing.fixtures"
local operator = require "tidelock.testing.operator"
local paint = require "tidelock.testing.paint"
local report = require "tidelock.testing.report"
local results = require "tidelock.testing.results"
local suite = require "tidelock.testing.suite"

local function files(suffix)
  return ask("list", { folder = "spec", suffix = suffix }).names
end

local function run_specs()
  if #files("_spec.lua") == 0 then
    return
  elseif not suite.is_there() then
    error("spec/*_spec.lua need busted, and it is not installed for Lua 5.4\n"
      .. "  hint: apt-get install lua-busted; specs in spec/*.yaml need nothing", 0)
  end
  suite.run()
end

return function(options)
  results.options = options
  paint.color = options.color and options.format == "text"
  local start = os.clock()
  operator.load()
  for _, name in ipairs(files(".yaml")) do
    fixtures.run(operator.load(), "spec/" .. name)
  end
  run_specs()
  return report.run(os.clock() - start)
end
