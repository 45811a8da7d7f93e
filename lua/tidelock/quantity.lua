--- Quantities of Kubernetes ("500m", "1.5", "2Gi", "1e3"): exact arithmetic.
--
-- Functions take texts, numbers or quantity objects and give canonical texts,
-- ready to be put into an object. The result has the suffix family of the
-- first operand, as with the API server: binary (Ki, Mi, ...), decimal
-- (m, k, M, ...) or exponents; no fraction is ever written, and nothing is
-- rounded (only what is finer than a billionth, upwards).
--
-- `tidelock.quantity(text)` makes an object that takes operators:
--
--     local request = tidelock.quantity("500m") + "1"
--     tostring(request)                            --> "1500m"
--     request * 3 > tidelock.quantity("4")         --> true
--     tidelock.quantity("8 apples")                --> error "'8 apples' is none"
--
-- @module tidelock.quantity

local _, host = ...

local quantity = {}
local object = {}

local function wrap(text)
  return setmetatable({ text = text }, object)
end

--- The sum of two or more quantities.
--
--     quantity.add("500m", "1")               --> "1500m"
--     quantity.add("1Gi", "512Mi")            --> "1536Mi"
--     quantity.add("1G", "1Gi")               --> "2073741824"
--     quantity.add("100m", "200m", "700m")    --> "1"
--
-- @param first
-- @param second
-- @param ... further ones
-- @treturn string
function quantity.add(first, second, ...)
  local sum = host.add(first, second)

  for i = 1, select("#", ...) do
    sum = host.add(sum, (select(i, ...)))
  end
  return sum
end

--- The sum of a list, "0" when it is empty.
--
--     quantity.sum { "250m", "250m", 1 }   --> "1500m"
--
-- @tparam table list
-- @treturn string
function quantity.sum(list)
  local sum = "0"

  for _, item in ipairs(list) do
    sum = host.add(sum, item)
  end
  return sum
end

--- The difference.
--
--     quantity.subtract("1Gi", "256Mi")   --> "768Mi"
--     quantity.subtract("1", "1500m")     --> "-500m"
--
-- @function subtract
-- @param from
-- @param what
-- @treturn string
quantity.subtract = host.subtract

--- A product; the second operand may be a number or a text like "0.5".
--
--     quantity.multiply("250m", 3)      --> "750m"
--     quantity.multiply("10Gi", "0.5")  --> "5Gi"
--
-- @function multiply
-- @param what
-- @param by
-- @treturn string
quantity.multiply = host.multiply

--- -1 when the first is less, 0 when both are the same amount, 1 otherwise.
--
--     quantity.compare("1024Mi", "1Gi")   --> 0
--     quantity.compare("1500m", "2")      --> -1
--
-- @function compare
-- @param first
-- @param second
-- @treturn integer
quantity.compare = host.compare

--- The same amount?
--
--     quantity.equal("0.5", "500m")   --> true
--
-- @param first
-- @param second
-- @treturn boolean
function quantity.equal(first, second)
  return host.compare(first, second) == 0
end

--- The smallest of its arguments, as it was given.
--
--     quantity.min("2", "1500m", "1.6")   --> "1500m"
--
-- @param first
-- @param ...
-- @return one of the arguments
function quantity.min(first, ...)
  for i = 1, select("#", ...) do
    local other = select(i, ...)

    if host.compare(other, first) < 0 then
      first = other
    end
  end
  return first
end

--- The largest of its arguments, as it was given.
--
--     quantity.max("1Gi", "1G")   --> "1Gi"
--
-- @param first
-- @param ...
-- @return one of the arguments
function quantity.max(first, ...)
  for i = 1, select("#", ...) do
    local other = select(i, ...)

    if host.compare(other, first) > 0 then
      first = other
    end
  end
  return first
end

--- As a whole number, rounded up.
--
--     quantity.value("1500m")   --> 2
--     quantity.value("1Ki")     --> 1024
--
-- @param what
-- @treturn integer
function quantity.value(what)
  return host.integer(what, 0)
end

--- In thousandths, rounded up: millicores.
--
--     quantity.milli("1.5")   --> 1500
--     quantity.milli("100u")  --> 1
--
-- @param what
-- @treturn integer
function quantity.milli(what)
  return host.integer(what, -3)
end

--- The spelling of the API server.
--
--     quantity.canonical("1024Mi")   --> "1Gi"
--     quantity.canonical("0.25")     --> "250m"
--
-- @param what
-- @treturn string
function quantity.canonical(what)
  return host.canonical(what) or host.add(what, 0)
end

--- A quantity object of a text that may be none.
--
--     tostring(quantity.parse("2Gi"))   --> "2Gi"
--     quantity.parse("many")            --> nil, "'many' is no quantity"
--
-- @param what
-- @treturn tidelock.Quantity|nil
-- @treturn string|nil why it is none
function quantity.parse(what)
  local text = host.canonical(what)

  if not text then
    return nil, ("'%s' is no quantity"):format(tostring(what))
  end
  return wrap(text)
end

function object.__add(a, b)
  return wrap(host.add(a, b))
end

function object.__sub(a, b)
  return wrap(host.subtract(a, b))
end

function object.__mul(a, b)
  return wrap(host.multiply(a, b))
end

function object.__unm(a)
  return wrap(host.subtract(0, a))
end

function object.__eq(a, b)
  return host.compare(a, b) == 0
end

function object.__lt(a, b)
  return host.compare(a, b) < 0
end

function object.__le(a, b)
  return host.compare(a, b) <= 0
end

function object.__tostring(a)
  return a.text
end

return setmetatable(quantity, {
  __call = function(_, what)
    return wrap(quantity.canonical(what))
  end,
})
