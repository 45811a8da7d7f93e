---@meta tidelock.quantity

--- Made by lua/types/generate.lua from lua/tidelock/quantity.lua.
---
--- Quantities of Kubernetes ("500m", "1.5", "2Gi", "1e3"): exact arithmetic.
---
--- Functions take texts, numbers or quantity objects and give canonical texts,
--- ready to be put into an object. The result has the suffix family of the
--- first operand, as with the API server: binary (Ki, Mi, ...), decimal
--- (m, k, M, ...) or exponents; no fraction is ever written, and nothing is
--- rounded (only what is finer than a billionth, upwards).
---
--- `tidelock.quantity(text)` makes an object that takes operators:
---
---     local request = tidelock.quantity("500m") + "1"
---     tostring(request)                            --> "1500m"
---     request * 3 > tidelock.quantity("4")         --> true
---     tidelock.quantity("8 apples")                --> error "'8 apples' is none"
---@class tidelock.quantity
---@overload fun(what: string|number): tidelock.Quantity
local quantity = {}

--- The sum of two or more quantities.
---
---     quantity.add("500m", "1")               --> "1500m"
---     quantity.add("1Gi", "512Mi")            --> "1536Mi"
---     quantity.add("1G", "1Gi")               --> "2073741824"
---     quantity.add("100m", "200m", "700m")    --> "1"
---@param first any
---@param second any
---@param ... any further ones
---@return string
function quantity.add(first, second, ...) end

--- The sum of a list, "0" when it is empty.
---
---     quantity.sum { "250m", "250m", 1 }   --> "1500m"
---@param list table
---@return string
function quantity.sum(list) end

--- The difference.
---
---     quantity.subtract("1Gi", "256Mi")   --> "768Mi"
---     quantity.subtract("1", "1500m")     --> "-500m"
---@param from any
---@param what any
---@return string
function quantity.subtract(from, what) end

--- A product; the second operand may be a number or a text like "0.5".
---
---     quantity.multiply("250m", 3)      --> "750m"
---     quantity.multiply("10Gi", "0.5")  --> "5Gi"
---@param what any
---@param by any
---@return string
function quantity.multiply(what, by) end

--- -1 when the first is less, 0 when both are the same amount, 1 otherwise.
---
---     quantity.compare("1024Mi", "1Gi")   --> 0
---     quantity.compare("1500m", "2")      --> -1
---@param first any
---@param second any
---@return integer
function quantity.compare(first, second) end

--- The same amount?
---
---     quantity.equal("0.5", "500m")   --> true
---@param first any
---@param second any
---@return boolean
function quantity.equal(first, second) end

--- The smallest of its arguments, as it was given.
---
---     quantity.min("2", "1500m", "1.6")   --> "1500m"
---@param first any
---@param ... any
---@return any # one of the arguments
function quantity.min(first, ...) end

--- The largest of its arguments, as it was given.
---
---     quantity.max("1Gi", "1G")   --> "1Gi"
---@param first any
---@param ... any
---@return any # one of the arguments
function quantity.max(first, ...) end

--- As a whole number, rounded up.
---
---     quantity.value("1500m")   --> 2
---     quantity.value("1Ki")     --> 1024
---@param what any
---@return integer
function quantity.value(what) end

--- In thousandths, rounded up: millicores.
---
---     quantity.milli("1.5")   --> 1500
---     quantity.milli("100u")  --> 1
---@param what any
---@return integer
function quantity.milli(what) end

--- The spelling of the API server.
---
---     quantity.canonical("1024Mi")   --> "1Gi"
---     quantity.canonical("0.25")     --> "250m"
---@param what any
---@return string
function quantity.canonical(what) end

--- A quantity object of a text that may be none.
---
---     tostring(quantity.parse("2Gi"))   --> "2Gi"
---     quantity.parse("many")            --> nil, "'many' is no quantity"
---@param what any
---@return tidelock.Quantity|nil
---@return string|nil # why it is none
function quantity.parse(what) end

return quantity
