--- Label selectors: as kubectl writes them, and as objects have them.
--
-- @module tidelock.selector

local _, host = ...

local selector = {}

--- A selector of a text ("app=web,tier in (a,b),!canary"), of a
-- `metav1.LabelSelector` (matchLabels, matchExpressions), or of a plain table
-- of labels. An empty one matches everything.
--
--     local web = selector.parse("app=web,tier notin (cache)")
--     web:matches { app = "web", tier = "front" }   --> true
--     web:matches { app = "web", tier = "cache" }   --> false
--     web:matches(nil)                              --> false
--     tostring(selector.parse { b = "2", a = "1" }) --> "a=1,b=2"
--     select("#", selector.parse("a in (b"))        --> 2
--
-- @function parse
-- @tparam string|table what
-- @treturn tidelock.Selector|nil an object with `matches(labels)`
-- @treturn string|nil why it is no selector
selector.parse = host.parse

--- Do these labels match? For one look; parse once when there are many.
--
--     local spec = { matchExpressions = { { key = "app", operator = "In", values = { "web" } } } }
--     selector.matches(spec, { app = "web" })   --> true
--     selector.matches("a in (b", {})           --> error "selector.matches"
--
-- @tparam string|table what see `parse`
-- @tparam table|nil labels of an object: `object.metadata.labels`
-- @treturn boolean
function selector.matches(what, labels)
  local parsed, why = host.parse(what)

  if not parsed then
    host.fail("selector.matches: " .. why)
  end
  return parsed:matches(labels)
end

return selector
