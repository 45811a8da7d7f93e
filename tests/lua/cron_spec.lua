--- lua/tidelock/cron.lua in a plain Lua 5.4, against an oracle that looks at
-- every instant.

local library = dofile("tests/lua/library.lua")

-- A zone of a table of changes: { from, offset }, the first of them since ever.
local function zone_of(changes)
  local zone = {}

  function zone:span(at)
    local index = 1
    while changes[index + 1] and changes[index + 1][1] <= at do
      index = index + 1
    end
    local following = changes[index + 1]
    return changes[index][2], "X", false, index > 1 and changes[index][1] or nil,
      following and following[1]
  end

  return zone
end

local HOUR = 3600
-- Clocks that are put forward by an hour, back by an hour, forward over
-- midnight, back by half an hour; a day is left out.
local changes = {
  { -math.huge, 2 * HOUR }, { 10 * 86400 + HOUR, 3 * HOUR }, { 20 * 86400, 2 * HOUR },
  { 30 * 86400 - 3 * HOUR, 4 * HOUR }, { 40 * 86400 + 1800, 3 * HOUR + 1800 },
  { 50 * 86400, 27 * HOUR },
}

describe("tidelock.cron", function()
  local cron
  local zone = zone_of(changes)

  setup(function()
    package.loaded["tidelock.time"] = library("time")
    package.loaded["tidelock.duration"] = library("duration")
    cron = library("cron")
  end)

  teardown(function()
    package.loaded["tidelock.time"] = nil
    package.loaded["tidelock.duration"] = nil
  end)

  -- ---- the oracle ----

  -- Does a field's text hold for a value? Lists, ranges and steps of numbers.
  local function holds(text, value, low, high)
    for element in text:gmatch("[^,]+") do
      local range, step = element:match("^([^/]+)/(%d+)$")
      local first, last = (range or element):match("^(%d+)%-(%d+)$")

      first = tonumber(first or range or element) or low
      last = tonumber(last) or (range or element):find("%*") and high or step and high or first
      if value >= first and value <= last and (value - first) % (tonumber(step) or 1) == 0 then
        return true
      end
    end
    return false
  end

  local function fires(words, at)
    local d = os.date("!*t", at + (zone:span(at)))
    local day, week = holds(words[3], d.day, 1, 31), holds(words[5], d.wday - 1, 0, 6)
    local either = words[3] ~= "*" and words[5] ~= "*"

    return d.sec == 0 and holds(words[1], d.min, 0, 59) and holds(words[2], d.hour, 0, 23)
      and holds(words[4], d.month, 1, 12)
      and (either and (day or week) or not either and day and week)
  end

  local function oracle(words, at, direction)
    at = at - at % 60 + (direction > 0 and 60 or at % 60 == 0 and -60 or 0)
    for _ = 1, 3 * 1440 do
      if fires(words, at) then
        return at
      end
      at = at + 60 * direction
    end
    return nil
  end

  local function any(...)
    return (select(math.random(select("#", ...)), ...))
  end

  local function any_words()
    return {
      any("0", "30", "*/20", "15,45", "7-9", "59"),
      any("*", "*", "0", "2", "3", "1-3", "*/6", "23", "22/1"),
      any("*", "*", "*", "1-31/2", "1,11,21,31", "10"),
      any("*", "*", "*", "1-2"),
      any("*", "*", "*", "0", "1-5", "6"),
    }
  end

  it("finds what an eye on every minute finds, forwards and backwards", function()
    local seed = tonumber(os.getenv("TIDELOCK_TEST_SEED")) or os.time()
    math.randomseed(seed)
    for _ = 1, 120 do
      local words = any_words()
      local text = table.concat(words, " ")
      local near = changes[math.random(2, #changes)][1]
      local at = near + math.random(-26 * HOUR, 26 * HOUR)
      local schedule = assert(cron.parse(text, { zone = zone }))

      for direction = -1, 1, 2 do
        local want = oracle(words, at, direction)
        local got = direction > 0 and schedule:next(at) or direction < 0 and schedule:prev(at)

        if want then
          assert.equal(want, got, ("%s from %d, %+d, seed %d"):format(text, at, direction, seed))
        else
          assert.is_true(not got or math.abs(got - at) > 2 * 86400)
        end
      end
    end
  end)

  it("walks the same runs in both directions", function()
    for _ = 1, 100 do
      local text = any("5", "*/7", "30-40") .. " " .. table.concat(any_words(), " ")
      local schedule = assert(cron.parse(text, { zone = zone }))
      local at = math.random(0, 60 * 86400)
      local following = schedule:next(at)
      local last = following and schedule:prev(following)

      if following then
        assert.equal(following, schedule:next(following - 1))
        assert.is_true(schedule:matches(following))
        assert.is_true(last == nil or last <= at)
        assert.equal(following, last and schedule:next(last) or following)
      end
    end
  end)

  -- ---- expressions ----

  local function bits(text, field)
    local schedule, why = cron.parse(text)

    assert.is_not_nil(schedule, why)
    local list = {}
    for value = 0, 59 do
      if schedule[field] >> value & 1 == 1 then
        list[#list + 1] = value
      end
    end
    return list
  end

  it("reads values, lists, ranges, steps and names", function()
    assert.same({ 5 }, bits("5 * * * *", "minute"))
    assert.same({ 5, 7, 9 }, bits("9,5,7 * * * *", "minute"))
    assert.same({ 0, 20, 40 }, bits("*/20 * * * *", "minute"))
    assert.same({ 5, 25, 45 }, bits("5/20 * * * *", "minute"))
    assert.same({ 8, 11 }, bits("0 8-13/3 * * *", "hour"))
    assert.same({ 1, 2, 3, 5 }, bits("0 0 * * MON-wed,Fri", "weekday"))
    assert.same({ 12 }, bits("0 0 1 dec ?", "month"))
    assert.same({ 30 }, bits("30 0 0 * * *", "second"))
    assert.same({ 0 }, bits("0 0 * * *", "second"))
    assert.same({ 0 }, bits("@weekly", "weekday"))
  end)

  it("takes either day where both are restricted, and a step above 1 restricts", function()
    local sunday, monday = 3 * 86400, 4 * 86400 -- 1970-01-04 and 05

    assert.is_true(cron.parse("0 0 15 * 0"):matches(sunday))
    assert.is_true(cron.parse("0 0 */10 * 0"):matches(sunday))
    assert.is_false(cron.parse("0 0 */1 * 0"):matches(monday))
    assert.is_false(cron.parse("0 0 * * 0"):matches(monday))
    assert.is_false(cron.parse("0 0 15 * *"):matches(sunday))
  end)

  it("says what is wrong with an expression", function()
    local bad = {
      [""] = "it is empty",
      ["* * *"] = "it has 3 fields, expected 5, or 6 with seconds",
      ["60 * * * *"] = "minute '60' is not from 0 to 59",
      ["* 24 * * *"] = "hour '24' is not from 0 to 23",
      ["* * 0 * *"] = "day '0' is not from 1 to 31",
      ["* * * 13 *"] = "month '13' is not from 1 to 12",
      ["* * * foo *"] = "month 'foo' is not from 1 to 12",
      ["* * * * 7"] = "weekday '7' is not from 0 to 6: Sunday is 0",
      ["5-2 * * * *"] = "minute '5-2' goes backwards",
      ["*/0 * * * *"] = "minute '*/0' has no step like /5",
      ["*/x * * * *"] = "minute '*/x' has no step like /5",
      ["1/2/3 * * * *"] = "minute '1/2/3' is not from 0 to 59",
      [", * * * *"] = "minute ',' is empty",
      ["1-2-3 * * * *"] = "minute '1-2-3' is not from 0 to 59",
      ["-1 * * * *"] = "minute '-1' is not from 0 to 59",
      ["@fortnightly"] = "it is none of @yearly @monthly @weekly @daily @hourly @every @date",
      ["@daily 5"] = "it is none of @yearly @monthly @weekly @daily @hourly @every @date",
      ["@every 0s"] = "@every takes whole seconds, one at least",
      ["@every 500ms"] = "@every takes whole seconds, one at least",
      ["@every now"] = "'now' is no duration: write it as 1h30m, 45s or 250ms",
      ["@date tomorrow"] = "@date takes a time like 2026-01-02 03:04:05",
      ["@date 2026-02-30 00:00:00"] = "@date takes a time like 2026-01-02 03:04:05",
      ["TZ=UTC 0 0 * * *"] = "the time zone is not part of the expression",
    }

    for text, why in pairs(bad) do
      local schedule, message = cron.parse(text)

      assert.is_nil(schedule, text)
      assert.equal(("'%s': %s"):format(text, why), message)
    end
  end)

  it("knows days that never come, and those that come after eight years", function()
    assert.is_nil(cron.parse("0 0 31 4 *"):next(0))
    assert.is_nil(cron.parse("0 0 30 2 *"):prev(0))
    -- from 2096 the next leap year is 2104
    assert.equal("2104-02-29", os.date("!%F", cron.parse("0 0 29 2 *"):next(3981312000)))
    assert.equal("2096-02-29", os.date("!%F", cron.parse("0 0 29 2 *"):prev(4233600000)))
  end)

  it("counts @every from its anchor", function()
    local schedule = cron.parse("@every 7m", { anchor = 100 })

    assert.equal(100, schedule:next(99))
    assert.equal(520, schedule:next(100))
    assert.equal(100, schedule:prev(520))
    assert.equal(-320, schedule:prev(100))
  end)

  it("has one run of a date", function()
    local schedule = cron.parse("@date 1970-01-02 00:00")

    assert.equal(86400, schedule:next(86399))
    assert.is_nil(schedule:next(86400))
    assert.is_nil(schedule:prev(86400))
    assert.equal(86400, schedule:prev(86401))
    assert.same({ 86400 }, schedule:between(0, 1000000))
  end)
end)
