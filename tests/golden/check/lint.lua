local tidelock = require "tidelock"

local function reconcile(site, view, plan)
  local unused = 1
  local later
  local twice = { a = 1, a = 2 }
  local text = tostring({})
  local value = 1
  value = 2
  if not site.metadata.name == text then
    return later, twice, value
  end
  if view.now == 0 then
  end
  for _, plan in ipairs {} do
    do
      return plan
    end
  end
  local a, b
  a, b = 1, 2, 3
  for i = #twice, 1 do
    a = a + i
  end
  plan:apply {
    apiVersion = "v1", kind = "ConfigMap",
    metadata = { name = site.metadata.name },
    data = { replicas = tostring(site.spec.replicas) },
  }
  do return a, b end
  plan:requeue(1)
end

return tidelock.operator {
  api = 1,
  name = "lint",
  resource = { "example.com/v1", "Website" },
  owns = { { "v1", "ConfigMap" } },
  reconcile = reconcile,
}
