---@meta tidelock.names

--- Made by lua/types/generate.lua from lua/tidelock/names.lua.
---
--- Names of objects: valid, short enough, and the same every time.
---
--- Nothing here is random: a name that changed from one run to the next would
--- make a new object every time.
---@class tidelock.names
local names = {}

--- A hash for names: letters and digits that make no words. The same value
--- gives the same hash.
---
---     names.hash("blog")       --> "jdls8mst"
---     #names.hash("blog", 5)   --> 5
---@param value string
---@param length? integer at most 32
---@return string
function names.hash(value, length) end

--- Is it a DNS label (RFC 1123): lower-case letters, digits and "-", at most 63?
---
---     names.is_label("web-1")   --> true
---     names.is_label("Web_1")   --> false
---@param name string|nil
---@return boolean
function names.is_label(name) end

--- Is it a DNS subdomain: labels with dots between them, at most 253?
---
---     names.is_subdomain("web.example.com")   --> true
---     names.is_subdomain("web..com")          --> false
---@param name string|nil
---@return boolean
function names.is_subdomain(name) end

--- Parts joined to a DNS label. A result that is too long is cut and gets a
--- hash of the whole; so does one with characters that had to be replaced, since
--- two different names could else become one.
---
---     names.join("blog", "index")        --> "blog-index"
---     #names.join(("x"):rep(60), "db")   --> 63
---     names.join("Blog", "v1.2")         --> "blog-v1-2-jdm5rc42"
---@param ... string|number the parts
---@return string
function names.join(...) end

--- A name that belongs to one object and one purpose: the prefix and a hash of
--- the object's uid and of what is given besides.
---
---     local root = { metadata = { name = "blog", uid = "8c3e1f52" } }
---     names.unique(root, "backup") == names.unique(root, "backup")       --> true
---     names.unique(root, "backup", 1) == names.unique(root, "backup", 2) --> false
---@param object table
---@param prefix string
---@param ... string|number what tells several of them apart
---@return string
function names.unique(object, prefix, ...) end

return names
