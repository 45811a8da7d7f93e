--- busted, driven from here: its runner with our own output handler.

local results = require "tidelock.testing.results"

local suite = {}

local function full_name(busted, element)
  local names = {}
  while element and element.descriptor ~= "file" and element.descriptor ~= "suite" do
    table.insert(names, 1, element.name or element.descriptor)
    element = busted.parent(element)
  end
  return table.concat(names, " ")
end

local function file_of(busted, element)
  while element and element.descriptor ~= "file" do
    element = busted.parent(element)
  end
  return element and element.name
end

local STATUS = { success = "passed", failure = "failed", error = "error", pending = "pending" }

-- Where in the spec: the innermost frame that is not one of our own modules.
local function spec_frame(trace)
  local lines = trace and trace.traceback or ""
  for file, line in lines:gmatch("\n%s*([^\n:]+):(%d+): ") do
    if not file:find("^tidelock%.testing") and file:find("%.lua$") then
      return file, math.tointeger(line)
    end
  end
end

-- File, line and text of a message of busted's, "spec/a_spec.lua:12: ...".
local function take_apart(message, trace, element)
  local own = results.last_failure
  if own and message:find(own.message, 1, true) then
    return own.file, own.line, own.message -- it knows its place and layout
  end
  local file, line = message:match("^([^\n:]+):(%d+): ")
  local text = results.message_of(message)
  if file and not file:find("^tidelock%.testing") then
    return file, math.tointeger(line), (message:gsub("^[^\n:]+:%d+: ", ""))
  end
  file, line = spec_frame(trace)
  if file then
    return file, line, text
  end
  return element.trace and element.trace.short_src, element.trace and element.trace.currentline, text
end

local function add(busted, element, status, message, trace)
  local file, line, text = take_apart(message and tostring(message) or "", trace, element)
  results.add {
    name = full_name(busted, element),
    status = STATUS[status],
    message = text ~= "" and text or nil,
    file = file or file_of(busted, element) or "spec",
    line = line,
    seconds = element.duration,
  }
end

-- What busted calls an output handler: it listens.
local function handler()
  local busted = require "busted"
  local found = {}

  local function start(element)
    results.current, results.last_failure = full_name(busted, element), nil
    results.is_cases = false
    return nil, true
  end

  -- A failure comes before the end of its test.
  local function fail(element, _, message, trace)
    if element.descriptor ~= "it" then
      add(busted, element, "error", message, trace)
    else
      found = { message = message, trace = trace }
    end
    return nil, true
  end

  local function finish(element, _, status)
    if not (results.is_cases and status == "success") then
      add(busted, element, status, found.message, found.trace)
    end
    found, results.current = {}, nil
    return nil, true
  end

  local function pending(_, _, message)
    found = { message = message }
    return nil, true
  end

  return {
    subscribe = function()
      busted.subscribe({ "test", "start" }, start)
      busted.subscribe({ "test", "end" }, finish)
      busted.subscribe({ "pending" }, pending)
      busted.subscribe({ "failure" }, fail)
      busted.subscribe({ "error" }, fail)
    end,
  }
end

local ended = {}

-- busted ends its process; here only the call of its runner ends.
local function call_runner(runner)
  local exit = os.exit
  os.exit = function(code)
    error(setmetatable({ code = code }, ended), 0)
  end
  local ok, raised = xpcall(runner, function(raised)
    return getmetatable(raised) == ended and raised or debug.traceback(tostring(raised), 2)
  end, { standalone = false, output = "tidelock" })
  os.exit = exit
  if not ok and getmetatable(raised) ~= ended then
    error(raised, 0)
  end
end

--- Is it installed?
function suite.is_there()
  return package.searchpath("busted.runner", package.path) ~= nil
end

--- Runs the spec files of the working folder.
function suite.run()
  package.preload["busted.outputHandlers.tidelock"] = function()
    return handler
  end
  arg = { [0] = "busted", "spec" } -- luacheck: ignore
  if results.options.filter then
    -- busted wants a pattern, and cases have names of their own
    table.insert(arg, "--filter=" .. results.options.filter:gsub("%p", "%%%0"))
    table.insert(arg, "--filter=#cases$")
  end
  results.in_busted = true
  call_runner(require "busted.runner")
  results.in_busted = false
end

return suite
