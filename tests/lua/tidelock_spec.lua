--- lua/tidelock/init.lua in a plain Lua 5.4, with a host that only answers.

local host = {
  null = {},
  array = function() end,
  operator = function() end,
  checksum = function() end,
  module = function(_, name) return "module " .. name end,
}

describe("tidelock", function()
  local tidelock

  setup(function()
    tidelock = dofile("tests/lua/library.lua")("init", host)
  end)

  it("passes on what only the host can do", function()
    assert.equal(host.null, tidelock.null)
    assert.equal(host.array, tidelock.array)
    assert.equal(host.operator, tidelock.operator)
    assert.equal(host.checksum, tidelock.checksum)
  end)

  it("looks for its modules when they are asked for", function()
    assert.equal("module quantity", tidelock.quantity)
  end)

  it("gets a value at a path, or nil as soon as a part is absent", function()
    local pod = { spec = { containers = { { image = "busybox" } } } }

    assert.equal("busybox", tidelock.get(pod, "spec", "containers", 1, "image"))
    assert.equal(pod, tidelock.get(pod))
    assert.is_nil(tidelock.get(pod, "status", "phase"))
    assert.is_nil(tidelock.get(pod, "spec", "containers", 1, "image", "x"))
    assert.is_nil(tidelock.get(nil, "spec"))
  end)

  it("keeps false apart from absent", function()
    assert.is_false(tidelock.get({ a = { b = false } }, "a", "b"))
  end)

  it("says whether the newest generation was observed", function()
    local function at(generation, observed)
      return { metadata = { generation = generation }, status = { observedGeneration = observed } }
    end

    assert.is_true(tidelock.is_observed(at(2, 2)))
    assert.is_false(tidelock.is_observed(at(2, 1)))
    assert.is_false(tidelock.is_observed(at(2, nil)))
    assert.is_false(tidelock.is_observed({ metadata = { generation = 1 } }))
    assert.is_false(tidelock.is_observed(nil))
  end)
end)
