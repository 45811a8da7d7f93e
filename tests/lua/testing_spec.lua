--- Those modules of lua/tidelock/testing that need no host, in a plain Lua 5.4.

package.path = "lua/?.lua;" .. package.path
package.loaded["tidelock.testing.ask"] = function()
  error("there is no host here")
end

local compare = require "tidelock.testing.compare"
local coverage = require "tidelock.testing.coverage"
local expect = require "tidelock.testing.expect"
local given = require "tidelock.testing.given"
local paint = require "tidelock.testing.paint"

-- "path: expected -> got", one a line.
local function differences(expected, got)
  local out = {}
  for i, d in ipairs(compare.differences(expected, got)) do
    out[i] = ("%s: %s -> %s"):format(d.path, table.concat(paint.lines(d.expected), " "),
      table.concat(paint.lines(d.got), " "))
  end
  return table.concat(out, "\n")
end

describe("what is expected and what is there", function()
  it("is compared by what is named", function()
    assert.equal("", differences({ a = 1 }, { a = 1, b = 2 }))
    assert.equal(".a: 1 -> 2", differences({ a = 1 }, { a = 2 }))
    assert.equal(".a.b: 1 -> (absent)", differences({ a = { b = 1 } }, { a = {} }))
    assert.equal('.a["x/y"]: 1 -> (absent)', differences({ a = { ["x/y"] = 1 } }, { a = {} }))
    assert.equal('.a: 1 -> "1"', differences({ a = 1 }, { a = "1" }))
  end)

  it("has items of lists by their name", function()
    local got = { { name = "a", port = 1 }, { name = "b", port = 2 } }

    assert.equal("", differences({ { name = "b", port = 2 } }, got))
    assert.equal("[name=b].port: 3 -> 2", differences({ { name = "b", port = 3 } }, got))
    assert.equal("[name=c]: name: c -> (absent)", differences({ { name = "c" } }, got))
  end)

  it("has other lists as a whole", function()
    assert.equal("", differences({ 1, 2 }, { 1, 2 }))
    assert.equal("[]: [1, 2] -> [2]", (differences({ 1, 2 }, { 2 }):gsub("^:", "[]:")))
    assert.equal("[2].x: 1 -> 2", differences({ { x = 1 }, { x = 1 } }, { { x = 1 }, { x = 2 } }))
    assert.equal("[2]: (absent) -> x: 2", differences({ { x = 1 } }, { { x = 1 }, { x = 2 } }))
    assert.equal("", differences({}, {}))
  end)

  it("may be exact, absent, a pattern or a function", function()
    assert.equal(".b: (absent) -> 2", differences(compare.exact { a = 1 }, { a = 1, b = 2 }))
    assert.equal("[name=b]: (absent) -> name: b",
      differences(compare.exact { { name = "a" } }, { { name = "a" }, { name = "b" } }))
    assert.equal("", differences({ a = compare.absent }, {}))
    assert.equal(".a: (absent) -> 1", differences({ a = compare.absent }, { a = 1 }))
    assert.equal("", differences({ a = compare.match "^x%d$" }, { a = "x1" }))
    assert.equal('.a: "a text with ^x" -> y', differences({ a = compare.match "^x" }, { a = "y" }))
    assert.equal("", differences({ a = function(n) return n > 1 end }, { a = 2 }))
    assert.equal(".a: what the function takes -> 1",
      differences({ a = function(n) return n > 1 end }, { a = 1 }))
  end)

  it("is no table where a list is expected, and the other way round", function()
    assert.equal(".a: [1] -> x: 1", differences({ a = { 1 } }, { a = { x = 1 } }))
    assert.equal(".a: x: 1 -> [1]", differences({ a = { x = 1 } }, { a = { 1 } }))
  end)
end)

describe("a diff", function()
  local function text(a, b)
    local out = {}
    for i, line in ipairs(paint.diff(a, b)) do
      out[i] = line.sign .. line.text
    end
    return table.concat(out, " ")
  end

  it("keeps what both have", function()
    assert.equal(" a -b +x  c", text({ "a", "b", "c" }, { "a", "x", "c" }))
    assert.equal("+a", text({}, { "a" }))
    assert.equal("-a", text({ "a" }, {}))
  end)

  it("leaves long runs of the same out", function()
    local a, b = {}, {}
    for i = 1, 9 do
      a[i], b[i] = "l" .. i, "l" .. i
    end
    b[9] = "new"
    assert.equal(" ...  l7  l8 -l9 +new", text(a, b))
  end)

  it("quotes texts that look like something else", function()
    assert.equal('"8080"', paint.scalar("8080"))
    assert.equal('"true"', paint.scalar("true"))
    assert.equal('"a\\nb"', paint.scalar("a\nb"))
    assert.equal("busybox:1.37", paint.scalar("busybox:1.37"))
  end)
end)

describe("times and durations", function()
  it("are read", function()
    assert.equal(0, given.seconds "1970-01-01T00:00:00Z")
    assert.equal(951782400, given.seconds "2000-02-29T00:00:00Z")
    assert.equal(1774749540, given.seconds "2026-03-29T01:59:00Z")
    assert.equal(1774749540, given.seconds "2026-03-29T03:59:00+02:00")
    assert.equal(1774749540, given.seconds "2026-03-28T20:29:00-05:30")
    assert.equal(7, given.seconds(7))
    assert.equal(90000, expect.milliseconds "1m30s")
    assert.equal(1500, expect.milliseconds(1.5))
    assert.equal(86400000, expect.milliseconds "1d")
  end)

  it("are refused when they are none", function()
    assert.is_nil(expect.milliseconds "soon")
    assert.is_nil(expect.milliseconds "1m30")
    for _, text in ipairs { "2026-03-29", "tomorrow", "2026-03-29T01:59:00", "" } do
      assert.has_error(function() given.seconds(text) end)
    end
  end)
end)

describe("the lines that can run", function()
  local function lines(source)
    local out = {}
    for line in pairs(coverage.lines_of(source, "x.lua")) do
      out[#out + 1] = line
    end
    table.sort(out)
    return table.concat(out, " ")
  end

  it("are those with code, in all functions", function()
    assert.equal("1 3", lines("local a = 1\n\nlocal b = a\n"))
    assert.equal("2 3 4", lines("local function f(x)\n  return x\nend\nf(1)\n"))
    assert.equal("1 2 3 5", lines("local x = ...\nif x then\n  x = 2\nend\nreturn x\n"))
    assert.equal("1 2 3", lines("return f {\n  a = g(),\n  b = 1,\n}\n"))
  end)

  it("are found behind a gap that no step covers", function()
    local source = "local a = 1" .. ("\n"):rep(1000) .. "a = 2" .. ("\n"):rep(200) .. "a = 3\n"
    assert.equal("1 1001 1201", lines(source))
  end)

  it("are those that Lua's own debug library knows, for the files here", function()
    for _, name in ipairs { "compare", "paint", "expect", "given" } do
      local file = assert(io.open("lua/tidelock/testing/" .. name .. ".lua"))
      local source = file:read("a")
      file:close()
      local known = debug.getinfo(assert(load(source)), "L").activelines
      local mine = coverage.lines_of(source, name)
      local last = select(2, source:gsub("\n", ""))
      for line in pairs(known) do
        assert.is_true(mine[line] or line >= last, name .. ":" .. line)
      end
    end
  end)
end)
