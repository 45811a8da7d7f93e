---@meta tidelock.semver

--- Made by lua/types/generate.lua from lua/tidelock/semver.lua.
---
--- Versions, by Semantic Versioning 2.0.0, and ranges of them.
---
--- Versions compare with the operators; build metadata does not count:
---
---     semver.parse("1.2.10") > semver.parse("1.2.9")        --> true
---     semver.parse("1.0.0-rc.2") < semver.parse("1.0.0")    --> true
---     tostring(semver.parse("v1.2.3-rc.1+build.5"))         --> "1.2.3-rc.1+build.5"
---@class tidelock.semver
local semver = {}

--- The version of a text; a leading "v" is allowed.
---
---     semver.parse("1.2.3-rc.1").prerelease   --> { "rc", "1" }
---     semver.parse("v1.30.2").minor           --> 30
---     semver.parse("1.2")                     --> nil, "'1.2' is no version like 1.2.3 or 1.2.3-rc.1"
---@param text string
---@return tidelock.Version|nil # { major, minor, patch, prerelease, build }
---@return string|nil # why it is no version
function semver.parse(text) end

--- -1 when the first comes before the second, 0 when neither, 1 otherwise.
---
---     semver.compare("1.0.0-alpha.2", "1.0.0-alpha.10")   --> -1
---     semver.compare("1.0.0", "1.0.0+linux")              --> 0
---@param first any a text or a version
---@param second any
---@return integer
function semver.compare(first, second) end

--- Is the version in the range? A range is a list of terms that all must hold,
--- ">=1.2 <2.0"; "||" stands between alternatives. Terms are =, <, >, <=, >=,
--- "~1.2" (the same minor version), "^1.2" (compatible), "1.2.x", "1.2 - 1.4".
--- Pre-releases are only in a range that names one of the same version.
---
---     semver.satisfies("1.4.2", ">=1.2 <2.0.0")   --> true
---     semver.satisfies("1.4.2", "~1.3 || ^1.4")   --> true
---     semver.satisfies("0.3.0", "^0.2.5")         --> false
---     semver.satisfies("2.0.0-rc.1", ">=1.0.0")   --> false
---     semver.satisfies("1.0.0", ">=")             --> error "'>=' is no range"
---@param what any a text or a version
---@param range string
---@return boolean
function semver.satisfies(what, range) end

--- The highest version of a list, as it was given; nil when it is empty. With
--- a range, the highest of those that satisfy it.
---
---     semver.highest({ "1.2.0", "1.10.0", "2.0.0" }, "^1.0.0")   --> "1.10.0"
---@param list table
---@param range? string
---@return any # an item of the list, or nil
function semver.highest(list, range) end

return semver
