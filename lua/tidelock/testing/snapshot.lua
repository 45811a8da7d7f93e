--- Snapshots: what a plan was when somebody looked at it, in a file.

local ask = require "tidelock.testing.ask"
local expect = require "tidelock.testing.expect"
local paint = require "tidelock.testing.paint"
local results = require "tidelock.testing.results"

local snapshot = {}

local FOLDER = "spec/snapshots"

-- Lines of the script move with every edit; they are no part of what it does.
local function without_lines(list)
  local out = {}
  for i, item in ipairs(list or {}) do
    out[i] = {}
    for key, value in pairs(item) do
      if key ~= "line" then
        out[i][key] = value
      end
    end
  end
  return #out > 0 and out or nil
end

local function changes_of(plan)
  local out = {}
  for _, change in ipairs(plan.changes or {}) do
    if change.child then
      out[#out + 1] = expect.change_text(change)
    end
  end
  return #out > 0 and out or nil
end

--- The text of a snapshot: what was declared, what is done, no lines.
function snapshot.of_plan(plan)
  local value = {
    changes = changes_of(plan),
    conditions = without_lines(plan.conditions),
    error = plan.error and plan.error.message,
    events = without_lines(plan.events),
    nothing = plan.nothing,
    requeueMilliseconds = plan.requeueMilliseconds,
    row = plan.row,
    status = plan.status,
    steps = without_lines(plan.steps),
    why = plan.why,
  }
  return ask("print", { value = value, format = "yaml" }).text
end

--- "a new site, twice" to "a-new-site-twice".
function snapshot.file_name(name)
  local slug = name:lower():gsub("[^%w]+", "-"):gsub("^-+", ""):gsub("-+$", "")
  if slug == "" then
    error(("'%s' cannot name a file"):format(name), 3)
  end
  return ("%s/%s.yaml"):format(FOLDER, slug:sub(1, 100))
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then
    file:close()
  end
  return text
end

local function write(path, text)
  local file, why = io.open(path, "wb")
  if not file then
    require("lfs").mkdir("spec")
    require("lfs").mkdir(FOLDER)
    file, why = io.open(path, "wb")
  end
  if not file then
    error(why, 0)
  end
  file:write(text)
  file:close()
end

local function lines_of(text)
  local out = {}
  for line in text:gmatch("[^\n]+") do
    out[#out + 1] = line
  end
  return out
end

local function diff_text(old, new)
  return table.concat(paint.diff_lines("", lines_of(old), lines_of(new)), "\n")
end

--- nil when the file has that text, or was written; else what is wrong.
function snapshot.check(name, text)
  local path = snapshot.file_name(name)
  local old = read(path)
  local update = results.options.update

  if old == text then
    return nil
  elseif not old and not update and os.getenv("CI") == "true" then
    return ("there is no snapshot %s\n  hint: run the specs once by hand, and commit it"):format(path)
  elseif old and not update then
    return ("%s differs\n%s\n  hint: --update writes it anew"):format(path, diff_text(old, text))
  end
  write(path, text)
  local count = old and "updated" or "written"
  results.snapshots[count] = results.snapshots[count] + 1
end

return snapshot
