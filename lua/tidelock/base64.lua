--- Base64, as in the `data` of Secrets.
--
-- @module tidelock.base64

local _, host = ...

return {
  --- Bytes to base64, with padding.
  --
  --     base64.encode("hello")   --> "aGVsbG8="
  --
  -- @function encode
  -- @tparam string bytes
  -- @treturn string
  encode = host.encode,

  --- Base64 to bytes. Strict: padding is required, white space is refused.
  --
  --     base64.decode("aGVsbG8=")   --> "hello"
  --     base64.decode("aGVsbG8")    --> error "base64"
  --
  -- @function decode
  -- @tparam string text
  -- @treturn string
  decode = host.decode,
}
