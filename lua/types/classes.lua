---@meta

-- What the runtime hands to scripts, and the objects that functions of the
-- library give. Written by hand; a spec holds it against the lists in C.

---@class tidelock.ObjectMeta
---@field name string
---@field namespace? string
---@field uid string
---@field generation? integer
---@field labels? table<string, string>
---@field annotations? table<string, string>
---@field creationTimestamp? string
---@field deletionTimestamp? string

---@class tidelock.Object
---@field apiVersion string
---@field kind string
---@field metadata tidelock.ObjectMeta
---@field spec? table<string, any>
---@field status? table<string, any>
---@field [string] any

---An object, or { apiVersion, kind, name [, namespace] }.
---@alias tidelock.Ref tidelock.Object|string[]

---@class tidelock.View
---@field now integer seconds since 1970, the same for the whole run
---@field params table<string, any>
local View = {}

---The object, or nil when it is known to be absent.
---@param api_version string
---@param kind string
---@param name string
---@param namespace? string
---@return tidelock.Object|nil
function View:get(api_version, kind, name, namespace) end

---Sorted by namespace and name.
---@param api_version string
---@param kind string
---@param options? { namespace?: string, labels?: string|table, fields?: string }
---@return tidelock.Object[]
function View:list(api_version, kind, options) end

---The root's children.
---@param api_version? string
---@param kind? string
---@return tidelock.Object[]
function View:owned(api_version, kind) end

---@class tidelock.Plan
local Plan = {}

---A child: it should exist as declared.
---@param object table
---@param options? { after?: tidelock.Ref|tidelock.Ref[], gate?: string|function, on_delete?: "orphan", immutable?: "recreate" }
function Plan:apply(object, options) end

---An object that is not a child.
---@param ref tidelock.Ref
---@param body table
---@param options? { type?: "apply"|"merge"|"json" }
function Plan:patch(ref, body, options) end

---@param ref tidelock.Ref
function Plan:delete(ref) end

---@param ref tidelock.Ref
---@param replicas integer
function Plan:scale(ref, replicas) end

---The whole status of this pass, once.
---@param fields table<string, any>
function Plan:status(fields) end

---@param type string
---@param status boolean|"True"|"False"|"Unknown"|nil
---@param reason? string one CamelCase word
---@param message? string
function Plan:condition(type, status, reason, message) end

---@param type "Normal"|"Warning"
---@param reason string
---@param note string
function Plan:event(type, reason, note) end

---Run again then; the earliest wins.
---@param delay string|number "30s" or seconds
function Plan:requeue(delay) end

---@param at integer seconds since 1970
function Plan:requeue_at(at) end

---This pass applies and prunes nothing.
---@param reason string
function Plan:nothing(reason) end

---Every child goes, on purpose.
---@param reason string
function Plan:prune_all(reason) end

---This pass may delete more than the limits of the blast radius.
---@param reason string
function Plan:allow_bulk(reason) end

---@class tidelock.Log
log = {}

---@param text string
function log.info(text) end

---@param text string
function log.warn(text) end

---@class tidelock.Zone
local Zone = {}

---What holds at an instant: offset, abbreviation, daylight saving time, the
---first second of that span and the first one behind it.
---@param at integer
---@return integer offset
---@return string abbreviation
---@return boolean dst
---@return integer|nil from
---@return integer|nil until_
function Zone:span(at) end

---The instant of a local time.
---@param local_seconds integer
---@param which? "first"|"last"
---@return integer at
---@return "unique"|"gap"|"overlap" kind
function Zone:instant(local_seconds, which) end

---@class tidelock.Selector
local Selector = {}

---@param labels table<string, string>|nil
---@return boolean
function Selector:matches(labels) end

---@class tidelock.Quantity
---@field text string
---@operator add(any): tidelock.Quantity
---@operator sub(any): tidelock.Quantity
---@operator mul(any): tidelock.Quantity
---@operator unm: tidelock.Quantity

---@class tidelock.Version
---@field major integer
---@field minor integer
---@field patch integer
---@field prerelease string[]
---@field build string[]
