--- Runs the self-test of the lints and then each of them over the repository:
-- lua5.4 tests/lint/run.lua, from its root. Ends like every test program here.

package.path = "tests/lint/?.lua;" .. package.path

local tree = require "tree"
local selftest = require "selftest"

local passed, failed = 0, 0

local function report(name, found, note)
  if #found == 0 then
    passed = passed + 1
    print(("ok   %s%s"):format(name, note and ": " .. note or ""))
    return
  end
  failed = failed + 1
  print(("FAIL %s%s"):format(name, note and ": " .. note or ""))
  for _, line in ipairs(found) do
    print("  " .. line)
  end
end

local missed, cases = selftest.run()
report("selftest", missed, cases .. " planted trees")

local files = tree.load()
for _, name in ipairs { "layers", "banned", "words", "size", "shapes" } do
  report(name, require(name).check(files))
end

print(("%d passed, %d failed, 0 skipped"):format(passed, failed))
os.exit(failed == 0)
