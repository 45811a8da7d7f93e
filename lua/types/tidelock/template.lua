---@meta tidelock.template

--- Made by lua/types/generate.lua from lua/tidelock/template.lua.
---
--- Texts with places for values: `{{ path.to.value }}`.
---
--- A value that is not there is an error that names it, so a configuration
--- with a hole never reaches the cluster.
---@class tidelock.template
local template = {}

--- The text with every `{{ path }}` replaced by the value at that path: names
--- and list indexes with dots between them. `{{"{{"}}` gives two braces.
---
---     template.render("listen {{ port }};", { port = 80 })               --> "listen 80;"
---     template.render("{{ spec.hosts.1 }}", { spec = { hosts = { "a" } } })   --> "a"
---     template.render('{{"{{"}} x }}', {})                               --> "{{ x }}"
---     template.render("a\n{{ user }}", {})   --> error "line 2: there is no value for 'user'"
---     template.render("{{ a", { a = 1 })     --> error "line 1: '{{' is never closed"
---@param text string
---@param values table
---@return string
function template.render(text, values) end

return template
