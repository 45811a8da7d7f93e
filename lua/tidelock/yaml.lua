--- YAML, read and written as kubectl does: YAML 1.1 scalars, so that `yes` is
-- a boolean and `"yes"` a text; duplicate keys are errors.
--
-- @module tidelock.yaml

local _, host = ...

local yaml = {}

--- A value as a YAML document: block style, sorted keys.
--
--     yaml.encode { name = "web", ports = { 80, 443 } }   --> "name: web\nports:\n- 80\n- 443\n"
--     yaml.encode { answer = "yes" }                      --> 'answer: "yes"\n'
--
-- @function encode
-- @param value whatever can be part of an object
-- @treturn string
yaml.encode = host.encode

--- The documents of a text, empty ones left out; raises when it is no YAML.
--
--     #yaml.decode_all("a: 1\n---\n---\nb: 2\n")   --> 2
--
-- @function decode_all
-- @tparam string text at most 1 MiB
-- @treturn {any,...}
yaml.decode_all = host.decode_all

--- The only document of a text; raises when it is no YAML or has several.
--
--     yaml.decode("replicas: 3\nimage: nginx\n").replicas   --> 3
--     yaml.decode("")                                      --> nil
--     yaml.decode("a: [1")                                 --> error "text:2:1"
--     yaml.decode("a: 1\n---\nb: 2\n")                     --> error "2 documents"
--
-- @tparam string text at most 1 MiB
-- @return the value; nil when there is no document
function yaml.decode(text)
  local documents = host.decode_all(text)

  if #documents > 1 then
    host.fail("yaml.decode: " .. #documents .. " documents, expected one", "use yaml.decode_all")
  end
  return documents[1]
end

return yaml
