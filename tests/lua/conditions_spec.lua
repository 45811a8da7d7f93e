--- lua/tidelock/conditions.lua in a plain Lua 5.4.

local conditions = dofile("lua/tidelock/conditions.lua")

local function object(...)
  return { status = { conditions = { ... } } }
end

describe("tidelock.conditions", function()
  it("finds a condition by its type", function()
    local ready = { type = "Ready", status = "True" }

    assert.equal(ready, conditions.find(object({ type = "Other" }, ready), "Ready"))
    assert.is_nil(conditions.find(object(ready), "Other"))
  end)

  it("takes whatever is absent for no condition", function()
    assert.is_nil(conditions.find(nil, "Ready"))
    assert.is_nil(conditions.find({}, "Ready"))
    assert.is_nil(conditions.find({ status = {} }, "Ready"))
    assert.is_nil(conditions.is_true(nil, "Ready"))
    assert.is_nil(conditions.reason(nil, "Ready"))
    assert.is_nil(conditions.message({}, "Ready"))
  end)

  it("tells True, False and everything else apart", function()
    assert.is_true(conditions.is_true(object({ type = "A", status = "True" }), "A"))
    assert.is_false(conditions.is_true(object({ type = "A", status = "False" }), "A"))
    assert.is_nil(conditions.is_true(object({ type = "A", status = "Unknown" }), "A"))
    assert.is_nil(conditions.is_true(object({ type = "A" }), "A"))
  end)

  it("gives reason and message", function()
    local failed = object({ type = "A", status = "False", reason = "Broken", message = "no disk" })

    assert.equal("Broken", conditions.reason(failed, "A"))
    assert.equal("no disk", conditions.message(failed, "A"))
  end)
end)
