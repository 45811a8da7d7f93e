--- SHA-256 and HMAC, as hexadecimal text.
--
-- For values that are not texts, `tidelock.checksum` goes over their canonical
-- JSON; for short hashes in names, see @{tidelock.names}.
--
-- @module tidelock.hash

local _, host = ...

return {
  --- SHA-256 of some bytes.
  --
  --     hash.sha256(""):sub(1, 16)   --> "e3b0c44298fc1c14"
  --
  -- @function sha256
  -- @tparam string bytes
  -- @treturn string 64 hexadecimal digits
  sha256 = host.sha256,

  --- HMAC with SHA-256.
  --
  --     hash.hmac_sha256("key", "The quick brown fox jumps over the lazy dog"):sub(1, 16)   --> "f7bc83f430538424"
  --
  -- @function hmac_sha256
  -- @tparam string key
  -- @tparam string bytes
  -- @treturn string 64 hexadecimal digits
  hmac_sha256 = host.hmac_sha256,
}
