---@meta tidelock.json

--- Made by lua/types/generate.lua from lua/tidelock/json.lua.
---
--- JSON, for texts inside of objects: annotations, files of a ConfigMap.
---
--- Strict (RFC 8259): one document, no duplicate keys, UTF-8 only, integers of
--- 64 bits exact. Objects and arrays keep being what they are, also when empty;
--- `null` in an object reads as nil and is written again when left alone.
---@class tidelock.json
local json = {}

--- A value as text: sorted keys, no white space. Equal values give equal
--- texts.
---
---     json.encode { b = 1, a = { true, "x" } }   --> '{"a":[true,"x"],"b":1}'
---     json.encode({ a = 1 }, true)               --> '{\n  "a": 1\n}'
---     json.encode { f = tostring }               --> error ".f: a function"
---@param value any whatever can be part of an object
---@param indented? boolean over several lines, for people
---@return string
function json.encode(value, indented) end

--- The value of a text; raises when it is no JSON.
---
---     json.decode('{"a":[1,2.5,null]}').a[2]         --> 2.5
---     json.encode(json.decode('{"a":null,"b":[]}'))   --> '{"a":null,"b":[]}'
---     json.decode('{"a":1,"a":2}')                   --> error "a"
---@param text string at most 1 MiB
---@return any # the value; `tidelock.null` for the text `null`
function json.decode(text) end

return json
