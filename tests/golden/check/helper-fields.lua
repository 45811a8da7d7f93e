local tidelock = require "tidelock"

-- The kind comes from elsewhere: only a run shows what this becomes.
local function child(site, api_version, kind, body)
  body.apiVersion, body.kind = api_version, kind
  body.metadata = { name = site.metadata.name }
  return body
end

local function reconcile(site, _, plan)
  plan:apply(child(site, "apps/v1", "Deployment", { spec = {
    replica = 2,
    template = { spec = { containers = { { name = "a", image = 3 } } } },
  } }))
end

return tidelock.operator {
  api = 1,
  name = "helper-fields",
  resource = { "example.com/v1", "Website" },
  owns = { { "apps/v1", "Deployment" } },
  reconcile = reconcile,
}
