---@meta tidelock.hash

--- Made by lua/types/generate.lua from lua/tidelock/hash.lua.
---
--- SHA-256 and HMAC, as hexadecimal text.
---
--- For values that are not texts, `tidelock.checksum` goes over their canonical
--- JSON; for short hashes in names, see @{tidelock.names}.
---@class tidelock.hash
local hash = {}

--- SHA-256 of some bytes.
---
---     hash.sha256(""):sub(1, 16)   --> "e3b0c44298fc1c14"
---@param bytes string
---@return string # 64 hexadecimal digits
function hash.sha256(bytes) end

--- HMAC with SHA-256.
---
---     hash.hmac_sha256("key", "The quick brown fox jumps over the lazy dog"):sub(1, 16)   --> "f7bc83f430538424"
---@param key string
---@param bytes string
---@return string # 64 hexadecimal digits
function hash.hmac_sha256(key, bytes) end

return hash
