---@meta tidelock.selector

--- Made by lua/types/generate.lua from lua/tidelock/selector.lua.
---
--- Label selectors: as kubectl writes them, and as objects have them.
---@class tidelock.selector
local selector = {}

--- A selector of a text ("app=web,tier in (a,b),!canary"), of a
--- `metav1.LabelSelector` (matchLabels, matchExpressions), or of a plain table
--- of labels. An empty one matches everything.
---
---     local web = selector.parse("app=web,tier notin (cache)")
---     web:matches { app = "web", tier = "front" }   --> true
---     web:matches { app = "web", tier = "cache" }   --> false
---     web:matches(nil)                              --> false
---     tostring(selector.parse { b = "2", a = "1" }) --> "a=1,b=2"
---     select("#", selector.parse("a in (b"))        --> 2
---@param what string|table
---@return tidelock.Selector|nil # an object with `matches(labels)`
---@return string|nil # why it is no selector
function selector.parse(what) end

--- Do these labels match? For one look; parse once when there are many.
---
---     local spec = { matchExpressions = { { key = "app", operator = "In", values = { "web" } } } }
---     selector.matches(spec, { app = "web" })   --> true
---     selector.matches("a in (b", {})           --> error "selector.matches"
---@param what string|table see `parse`
---@param labels table|nil of an object: `object.metadata.labels`
---@return boolean
function selector.matches(what, labels) end

return selector
