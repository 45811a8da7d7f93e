--- Modules of the library that are Lua alone: versions, durations, times,
-- templates, names, random numbers.

local library = dofile("tests/lua/library.lua")

-- Stands for SHA-256 where only the spread matters, not the digest.
local function digest(text)
  local state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a }

  for round = 1, 4 do
    for i = 1, #text do
      local at = (i + round) % 4 + 1
      state[at] = (state[at] ~ text:byte(i)) * 0x9E3779B97F4A7C15
      state[at % 4 + 1] = state[at % 4 + 1] ~ state[at] >> 29
    end
  end
  return ("%016x%016x%016x%016x"):format(table.unpack(state))
end

describe("tidelock.semver", function()
  local semver = library("semver")

  it("orders versions as the specification does", function()
    local rising = {
      "0.0.1", "0.1.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
      "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0-rc.99999999999999999999", "1.0.0",
      "1.0.1", "1.9.0", "1.10.0", "2.0.0",
    }

    for i, a in ipairs(rising) do
      for j, b in ipairs(rising) do
        assert.equal(i < j and -1 or i > j and 1 or 0, semver.compare(a, b), a .. " " .. b)
      end
    end
  end)

  it("refuses what is no version", function()
    for _, text in ipairs { "", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b",
      "1.2.3+", "1.2.x", "vv1.2.3", "1.2.3-a_b", "a.b.c" } do
      assert.is_nil(semver.parse(text), text)
    end
    for _, text in ipairs { "1.2.3", "v1.2.3", "1.2.3-0", "1.2.3-0a.1+001.x-y", "1.2.3+a-b" } do
      assert.equal((text:gsub("^v", "")), tostring(semver.parse(text)))
    end
  end)

  it("knows ranges", function()
    local holds = {
      ["1.2.3"] = { "1.2.3", "=1.2.3", "1.2", "1", "*", "1.2.x", "1.x", "~1.2.0", "~1", "^1.0.0",
        ">=1.2.3", "<=1.2.3", ">1.2.2", "<1.2.4", ">= 1.2, < 2", "1.0 - 1.2", "2.x || 1.x",
        "<=1.2", "^1.2.3-rc.1" },
      ["0.2.3"] = { "^0.2.1", "~0.2", "^0.2" },
      ["0.0.3"] = { "^0.0.3", "0.0.x" },
      ["1.2.3-rc.2"] = { ">=1.2.3-rc.1", "~1.2.3-rc.1 <1.2.3" },
    }
    local fails = {
      ["1.2.3"] = { "1.2.4", "~1.3", "^2", ">1.2.3", "<1.2.3", ">1.2", "<1.2", "1.3 - 2", "2 || 3" },
      ["0.2.3"] = { "^0.3", "^0.1.9", "~0.1" },
      ["0.0.3"] = { "^0.0.2" },
      ["1.2.3-rc.2"] = { "1.x", ">=1.0.0", "*", ">=1.2.2-rc.1" },
    }

    for version, ranges in pairs(holds) do
      for _, range in ipairs(ranges) do
        assert.is_true(semver.satisfies(version, range), version .. " in " .. range)
      end
    end
    for version, ranges in pairs(fails) do
      for _, range in ipairs(ranges) do
        assert.is_false(semver.satisfies(version, range), version .. " not in " .. range)
      end
    end
  end)
end)

describe("tidelock.duration", function()
  local duration = library("duration")

  it("reads what Go reads, and nothing else", function()
    assert.equal(0, duration.parse("0"))
    assert.equal(3723, duration.parse("1h2m3s"))
    assert.equal(5400, duration.parse("1.5h"))
    assert.equal(0.001001, duration.parse("1ms1us"))
    assert.equal(0.5, duration.parse("+.5s"))
    assert.equal("integer", math.type(duration.parse("1.5m")))
    for _, text in ipairs { "", "s", "1", "1d", "1h 2m", ".s", "--1s", "9999999999h", "1.2.3s" } do
      assert.is_nil(duration.parse(text), text)
    end
  end)

  it("reads again what it has written", function()
    for _ = 1, 1000 do
      local seconds = math.random(0, 10000000)

      assert.equal(seconds, duration.parse(duration.format(seconds)))
      assert.equal(-seconds, duration.parse(duration.format(-seconds)))
      assert.equal(seconds + 0.25, duration.parse(duration.format(seconds + 0.25)))
    end
  end)
end)

describe("tidelock.time", function()
  local time = library("time")

  it("agrees with the C library about dates", function()
    for _ = 1, 2000 do
      local at = math.random(-30000000000, 250000000000)

      assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", at), (time.format(at)))
      assert.equal(at, (time.parse(time.format(at))))
      assert.equal(at, (time.instant(time.fields(at))))
      assert.equal(tonumber(os.date("!%w", at)), time.fields(at).weekday)
    end
  end)

  it("goes on counting beyond the end of a month", function()
    assert.equal(time.instant { year = 2026, month = 3, day = 1 },
      time.instant { year = 2026, month = 2, day = 29 })
    assert.equal(time.instant { year = 2026, month = 1, day = 1, hour = 24 },
      time.instant { year = 2026, month = 1, day = 2 })
  end)

  it("refuses what is no time", function()
    for _, text in ipairs { "", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z",
      "2026-02-29T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:04:60Z",
      "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+1:00", "2026-01-02T03:04:05+24:00",
      "2026-01-02 03:04:05Z" } do
      assert.is_nil(time.parse(text), text)
    end
  end)
end)

describe("tidelock.template", function()
  local template = library("template")

  it("puts values where their paths stand", function()
    assert.equal("a=1 b=true c=x d.e=2", template.render("a={{a}} b={{ b }} c={{  c.1 }} d.e={{d.e}}",
      { a = 1, b = true, c = { "x" }, d = { e = 2 } }))
    assert.equal("no places", template.render("no places", {}))
    assert.equal("}} {", template.render("}} {", {}))
    assert.equal("false", template.render("{{ a }}", { a = false }))
  end)

  it("says which value is missing, and in which line", function()
    local function fails(text, values, message)
      local ok, got = pcall(template.render, text, values)

      assert.is_false(ok)
      assert.equal(message, got:sub(1, #message))
    end

    fails("a\nb {{ x.y }}", { x = {} }, "template: line 2: there is no value for 'x.y'")
    fails("{{ x }}", { x = {} }, "template: line 1: the value of 'x' is a table")
    fails("{{ x y }}", {}, "template: line 1: not a path between '{{' and '}}'")
    fails("\n\n{{ x", {}, "template: line 3: '{{' is never closed")
  end)
end)

describe("tidelock.names", function()
  local names = library("names", { sha256 = digest })

  it("makes labels of whatever it gets, others for other parts", function()
    local seen = {}

    for i = 1, 2000 do
      local part = {}
      for k = 1, math.random(0, 80) do
        part[k] = string.char(math.random(32, 126))
      end
      local name = names.join("web", table.concat(part), i)

      assert.is_true(names.is_label(name), name)
      assert.is_nil(seen[name])
      seen[name] = true
    end
  end)

  it("tells labels and subdomains from other texts", function()
    for _, text in ipairs { "a", "a-b", "0", ("a"):rep(63) } do
      assert.is_true(names.is_label(text))
      assert.is_true(names.is_subdomain(text .. ".x"))
    end
    for _, text in ipairs { "", "-a", "a-", "a.b", "A", "a_b", ("a"):rep(64) } do
      assert.is_false(names.is_label(text), text)
    end
    assert.is_false(names.is_label(nil))
    assert.is_false(names.is_subdomain(("a."):rep(127) .. "aa"))
  end)
end)

describe("tidelock.random", function()
  local random = library("random", { sha256 = digest })

  it("gives the same numbers for one uid, and others for another", function()
    local a, b, c = random.new("u-1"), random.new { metadata = { uid = "u-1" } }, random.new("u-2")
    local same, different = true, false

    for _ = 1, 100 do
      local x = a:integer(1, 1000000)
      same = same and x == b:integer(1, 1000000)
      different = different or x ~= c:integer(1, 1000000)
    end
    assert.is_true(same)
    assert.is_true(different)
  end)

  it("gives every number of a range about as often", function()
    local rng, count = random.new("u-1"), {}

    for _ = 1, 6000 do
      local n = rng:integer(1, 6)
      count[n] = (count[n] or 0) + 1
    end
    for n = 1, 6 do
      assert.is_true(count[n] > 850 and count[n] < 1150, n .. ": " .. count[n])
    end
    assert.is_nil(count[0] or count[7])
  end)

  it("keeps what it shuffles", function()
    local list = random.new("u-1"):shuffle { 5, 3, 1, 4, 2 }

    table.sort(list)
    assert.same({ 1, 2, 3, 4, 5 }, list)
  end)

  it("takes the whole range of integers", function()
    local rng = random.new("u-1")

    for _ = 1, 100 do
      assert.is_true(rng:integer(0, math.maxinteger - 1) >= 0)
    end
  end)
end)
