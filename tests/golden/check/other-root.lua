local tidelock = require "tidelock"

return tidelock.operator {
  api = 1,
  name = "other-root",
  resource = { "example.com/v1", "Shop" },
  reconcile = function(shop, _, plan)
    plan:condition("Ready", shop.spec.open, "Open")
  end,
}
