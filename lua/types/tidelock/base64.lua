---@meta tidelock.base64

--- Made by lua/types/generate.lua from lua/tidelock/base64.lua.
---
--- Base64, as in the `data` of Secrets.
---@class tidelock.base64
local base64 = {}

--- Bytes to base64, with padding.
---
---     base64.encode("hello")   --> "aGVsbG8="
---@param bytes string
---@return string
function base64.encode(bytes) end

--- Base64 to bytes. Strict: padding is required, white space is refused.
---
---     base64.decode("aGVsbG8=")   --> "hello"
---     base64.decode("aGVsbG8")    --> error "base64"
---@param text string
---@return string
function base64.decode(text) end

return base64
