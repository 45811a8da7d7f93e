--- Names of objects: valid, short enough, and the same every time.
--
-- Nothing here is random: a name that changed from one run to the next would
-- make a new object every time.
--
-- @module tidelock.names

local _, host = ...

local names = {}

local MAX_LABEL = 63
local MAX_SUBDOMAIN = 253
local HASH_LENGTH = 8
-- What Kubernetes takes for generated names: no vowels, nothing that looks
-- like something else.
local ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

--- A hash for names: letters and digits that make no words. The same value
-- gives the same hash.
--
--     names.hash("blog")       --> "jdls8mst"
--     #names.hash("blog", 5)   --> 5
--
-- @tparam string value
-- @tparam[opt=8] integer length at most 32
-- @treturn string
function names.hash(value, length)
  local digits = host.sha256(value)

  return (digits:sub(1, 2 * (length or HASH_LENGTH)):gsub("%x%x", function(byte)
    local index = tonumber(byte, 16) % #ALPHABET + 1
    return ALPHABET:sub(index, index)
  end))
end

--- Is it a DNS label (RFC 1123): lower-case letters, digits and "-", at most 63?
--
--     names.is_label("web-1")   --> true
--     names.is_label("Web_1")   --> false
--
-- @tparam string|nil name
-- @treturn boolean
function names.is_label(name)
  return type(name) == "string" and #name <= MAX_LABEL and name:find("^[a-z0-9-]+$") ~= nil
    and not name:find("^%-") and not name:find("%-$")
end

--- Is it a DNS subdomain: labels with dots between them, at most 253?
--
--     names.is_subdomain("web.example.com")   --> true
--     names.is_subdomain("web..com")          --> false
--
-- @tparam string|nil name
-- @treturn boolean
function names.is_subdomain(name)
  if type(name) ~= "string" or #name > MAX_SUBDOMAIN then
    return false
  end
  for label in (name .. "."):gmatch("(.-)%.") do
    if not names.is_label(label) then
      return false
    end
  end
  return true
end

-- Lower case, everything else a "-", none at the ends.
local function clean(text)
  return (text:lower():gsub("[^a-z0-9]+", "-"):gsub("^%-+", ""):gsub("%-+$", ""))
end

--- Parts joined to a DNS label. A result that is too long is cut and gets a
-- hash of the whole; so does one with characters that had to be replaced, since
-- two different names could else become one.
--
--     names.join("blog", "index")        --> "blog-index"
--     #names.join(("x"):rep(60), "db")   --> 63
--     names.join("Blog", "v1.2")         --> "blog-v1-2-jdm5rc42"
--
-- @tparam string|number ... the parts
-- @treturn string
function names.join(...)
  local whole = table.concat({ ... }, "-")

  if names.is_label(whole) then
    return whole
  end
  local kept = clean(whole):sub(1, MAX_LABEL - HASH_LENGTH - 1)
  return clean(kept .. "-" .. names.hash(whole))
end

--- A name that belongs to one object and one purpose: the prefix and a hash of
-- the object's uid and of what is given besides.
--
--     local root = { metadata = { name = "blog", uid = "8c3e1f52" } }
--     names.unique(root, "backup") == names.unique(root, "backup")       --> true
--     names.unique(root, "backup", 1) == names.unique(root, "backup", 2) --> false
--
-- @tparam table object
-- @tparam string prefix
-- @tparam string|number ... what tells several of them apart
-- @treturn string
function names.unique(object, prefix, ...)
  local parts = { object.metadata.uid, prefix, ... }

  return names.join(prefix, names.hash(table.concat(parts, "\0")))
end

return names
