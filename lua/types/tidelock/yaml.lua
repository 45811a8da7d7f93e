---@meta tidelock.yaml

--- Made by lua/types/generate.lua from lua/tidelock/yaml.lua.
---
--- YAML, read and written as kubectl does: YAML 1.1 scalars, so that `yes` is
--- a boolean and `"yes"` a text; duplicate keys are errors.
---@class tidelock.yaml
local yaml = {}

--- A value as a YAML document: block style, sorted keys.
---
---     yaml.encode { name = "web", ports = { 80, 443 } }   --> "name: web\nports:\n- 80\n- 443\n"
---     yaml.encode { answer = "yes" }                      --> 'answer: "yes"\n'
---@param value any whatever can be part of an object
---@return string
function yaml.encode(value) end

--- The documents of a text, empty ones left out; raises when it is no YAML.
---
---     #yaml.decode_all("a: 1\n---\n---\nb: 2\n")   --> 2
---@param text string at most 1 MiB
---@return any[]
function yaml.decode_all(text) end

--- The only document of a text; raises when it is no YAML or has several.
---
---     yaml.decode("replicas: 3\nimage: nginx\n").replicas   --> 3
---     yaml.decode("")                                      --> nil
---     yaml.decode("a: [1")                                 --> error "text:2:1"
---     yaml.decode("a: 1\n---\nb: 2\n")                     --> error "2 documents"
---@param text string at most 1 MiB
---@return any # the value; nil when there is no document
function yaml.decode(text) end

return yaml
