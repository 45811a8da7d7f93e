/*
 * attacks.h -- what scripts have done to hosts, as one table: the attack list
 *              of the design notes and the published advisories.
 *
 * Each row is the body of reconcile(site, view, plan), in line 1 of
 * operator.lua, with `tidelock` at hand. Every way of running a script has to
 * give these ends: tests/unit/script runs them inline, tests/unit/app in worker
 * processes.
 *
 * Rows of the list that need more than a body are elsewhere: 55, 58, 61 to 63
 * and 112 (sources), 103 and 106 in tests/unit/script/test_load.c, 100 and 101
 * (dates, which only eval has) also in test_eval.c.
 */
#ifndef TIDELOCK_TESTS_UNIT_ATTACKS_H
#define TIDELOCK_TESTS_UNIT_ATTACKS_H

#include <stddef.h>

enum attack_end {
    ATTACK_GIVES,   /* a plan; `want` is its text, as of kit_plan() */
    ATTACK_RAISES,  /* -ERR_SCRIPT: an error that it could have caught */
    ATTACK_KILLED,  /* -ERR_BUDGET, whatever it caught */
    ATTACK_REFUSED, /* -ERR_PLAN: what it declared is refused */
    ATTACK_FAILS,   /* -ERR_SCRIPT when it is loaded */
    ATTACK_ENDS,    /* one of these, soon */
};

/* A message begins with "operator.lua:1: " (an unfinished text ends at the end
 * of the file) and has `want` in it; NULL: any. */
struct attack {
    const char *id; /* number in the list, or the advisory; "": one more */
    enum attack_end end;
    const char *body;
    const char *want;
};

static const struct attack attacks[] = {
    /* ---- capabilities ---- */
    {"1", ATTACK_GIVES, "log.info(type(os))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(io))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(package))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(debug))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(dofile))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(loadfile))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(load))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(loadstring))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(collectgarbage))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(coroutine))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(string.dump))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(string.pack))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(string.unpack))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(string.packsize))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(newproxy))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(getfenv))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(setfenv))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(module))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(warn))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(print))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(math.random))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(math.randomseed))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(jit))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(ffi))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(unpack))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(bit32))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(_G.load))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(_ENV.load))", "info: nil\n"},
    {"1", ATTACK_GIVES, "log.info(type(_G.package))", "info: nil\n"},
    {"1", ATTACK_RAISES, "log.info(type(os.execute))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(os.getenv))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(os.exit))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(os.remove))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(os.rename))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(os.tmpname))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(os.setlocale))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(package.loadlib))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(io.open))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "log.info(type(debug.getregistry))",
     "attempt to index a nil value"},
    {"1", ATTACK_RAISES, "require 'io'", "require: there is no module"},
    {"1", ATTACK_RAISES, "require 'package'", "require: there is no module"},
    {"1", ATTACK_RAISES, "require 'debug'", "require: there is no module"},
    {"1", ATTACK_RAISES, "require 'os'", "require: there is no module"},
    {"1", ATTACK_RAISES, "require 'operator'", "require: there is no module"},
    {"1", ATTACK_RAISES, "require ''", "require: there is no module"},
    {"1", ATTACK_RAISES, "require '../operator'",
     "require: there is no module"},
    {"1", ATTACK_RAISES, "require '/etc/passwd'",
     "require: there is no module"},
    {"1", ATTACK_RAISES, "require 'lib\\0x'", "require: there is no module"},
    {"1", ATTACK_GIVES,
     "local n = {} for k in pairs(_G) do n[#n + 1] = k end "
     "log.info(table.concat(n, ' '))",
     "info: _G _VERSION assert error getmetatable ipairs log math next pairs "
     "pcall rawequal rawget rawlen rawset require select setmetatable string "
     "table tonumber tostring type utf8 xpcall\n"},
    {"4", ATTACK_GIVES,
     "string.format = function() return 'pwned' end log.info(('%d'):format(3))",
     "info: 3\n"},
    {"4", ATTACK_GIVES, "string = nil log.info(('x'):rep(2))", "info: xx\n"},
    {"4", ATTACK_GIVES, "log.info(tostring(getmetatable('')))", "info: nil\n"},
    {"7", ATTACK_GIVES,
     "local function f() return _ENV end log.info(type(f().load))",
     "info: nil\n"},
    {"7", ATTACK_GIVES,
     "local t = require 'tidelock' for _, m in pairs(t) do if type(m) == "
     "'table' and m.load then log.info('found') end end",
     ""},
    {"10", ATTACK_RAISES, "string.format('%p', {})",
     "string.format: %p does not exist here"},
    {"10", ATTACK_RAISES, "string.format('%5p', {})",
     "string.format: %p does not exist here"},
    {"10", ATTACK_GIVES,
     "log.info(tostring({}) .. tostring(pairs) .. tostring(plan))",
     "info: tablefunctionuserdata\n"},
    {"10", ATTACK_GIVES, "log.info(string.format('%s %s', {}, pairs))",
     "info: table function\n"},
    {"10", ATTACK_GIVES,
     "log.info(tostring(setmetatable({}, { __name = 'x' })))", "info: table\n"},
    {"10", ATTACK_GIVES,
     "log.info(select(2, pcall(error, {})) ~= nil and 'a table')",
     "info: a table\n"},
    /* ---- CPU ---- */
    {"", ATTACK_KILLED, "while true do end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"13", ATTACK_KILLED,
     "while true do pcall(function() while true do end end) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"13", ATTACK_KILLED, "while true do pcall(error) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"13", ATTACK_KILLED,
     "pcall(pcall, pcall, function() while true do end end) plan:requeue(5)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"16", ATTACK_KILLED,
     "local function h(e) return xpcall(error, h, e) end for i = 1, 1e9 do "
     "xpcall(error, h, 'x') end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"16", ATTACK_KILLED,
     "xpcall(function() while true do end end, function() while true do end "
     "end)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"16", ATTACK_KILLED,
     "while true do xpcall(error, function() while true do end end) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"19", ATTACK_KILLED,
     "('x'):rep(100000):gsub('.', function() for i = 1, 1e6 do end end)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"22", ATTACK_KILLED, "string.find(('a'):rep(5000), '.-.-.-.-b')",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"22", ATTACK_KILLED, "string.find(('a'):rep(40), ('a*'):rep(12) .. 'b')",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"22", ATTACK_KILLED,
     "while true do string.match(('('):rep(400000), '%b()') end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"22", ATTACK_KILLED,
     "while true do string.find(('a'):rep(500000), ('a'):rep(100000) .. 'b', "
     "1, true) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"25", ATTACK_KILLED, "for _ in ('a'):rep(3000):gmatch('.-.-.-b') do end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"28", ATTACK_ENDS, "string.find(('a'):rep(200000), '%f[%w].-%f[%W]b')",
     NULL},
    {"31", ATTACK_GIVES, "log.info(#string.rep('', math.maxinteger, ''))",
     "info: 0\n"},
    {"34", ATTACK_KILLED,
     "table.remove(setmetatable({}, { __len = function() return 1 << 60 end, "
     "__index = rawlen, __newindex = type }), 1)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"34", ATTACK_KILLED,
     "table.insert(setmetatable({}, { __len = function() return 1 << 60 end, "
     "__index = rawlen, __newindex = type }), 1, 1)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"34", ATTACK_KILLED,
     "table.move(setmetatable({}, { __index = rawlen, __newindex = type }), 1, "
     "1 << 60, 2, setmetatable({}, { __newindex = type }))",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"34", ATTACK_KILLED,
     "table.concat(setmetatable({}, { __index = table.concat }), '', 1, "
     "math.maxinteger)",
     NULL},
    {"34", ATTACK_RAISES,
     "table.sort(setmetatable({}, { __len = function() return 1 << 40 end, "
     "__index = rawlen, __newindex = type }))",
     "table.sort: the table has a metatable"},
    {"34", ATTACK_RAISES,
     "table.unpack(setmetatable({}, { __len = function() return 1 << 60 end "
     "}))",
     "too many results to unpack"},
    {"37", ATTACK_RAISES,
     "local t = {} for i = 1, 2000 do t[i] = i % 7 end table.sort(t, "
     "function() return true end)",
     "invalid order function"},
    {"40", ATTACK_RAISES,
     "local mt = { __gc = true } setmetatable({}, mt) mt.__gc = function() "
     "while true do end end for i = 1, 1e5 do local x = {} end",
     "setmetatable: __gc is not allowed here"},
    {"40", ATTACK_RAISES, "setmetatable({}, { __mode = 'k' })",
     "setmetatable: __mode is not allowed here"},
    {"40", ATTACK_RAISES, "setmetatable({}, { __close = pairs })",
     "setmetatable: __close is not allowed here"},
    {"40", ATTACK_GIVES,
     "local mt = {} setmetatable({}, mt) mt.__gc = function() while true do "
     "end end for i = 1, 1e5 do local x = {} end log.info('done')",
     "info: done\n"},
    {"43", ATTACK_RAISES,
     "error(setmetatable({}, { __tostring = function() while true do end end "
     "}))",
     "the script raised a table value as its error"},
    {"46", ATTACK_RAISES,
     "local mt mt = { __eq = function(a, b) return setmetatable({}, mt) == "
     "setmetatable({}, mt) end } local x = setmetatable({}, mt) == "
     "setmetatable({}, mt)",
     "stack overflow"},
    {"49", ATTACK_GIVES, "log.info(tonumber(('9'):rep(1000000)) and 1 or 0)",
     "info: 1\n"},
    {"52", ATTACK_KILLED,
     "local a = ('x'):rep(3000000) while true do local c = a .. 'y' end", NULL},
    {"", ATTACK_KILLED,
     "local t = {} for i = 1, 1000 do t[i] = i end while true do next(t) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "local s = ('x'):rep(1000000) local t = {} for i = 1, 1000 do t[i] = s "
     "end while true do table.sort(t) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "while true do tidelock.checksum(('x'):rep(100000)) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED, "while true do plan:requeue(1) end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED, "while true do view:get('v1', 'Node', 'x') end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED, "local function f() return f() end f()",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED, "goto x ::x:: goto x",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "local mt = {} local t = setmetatable({}, mt) mt.__close = function() "
     "while true do end end local x <close> = t while true do end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "local mt = {} local t = setmetatable({}, mt) mt.__close = function() "
     "while true do end end pcall(function() local x <close> = t error() end)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "setmetatable({}, { __index = function() while true do end end }).x = "
     "pcall(function() return setmetatable({}, { __index = function() while "
     "true do end end }).y end)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "table.sort({ 3, 2, 1 }, function() while true do end end)",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED, "for _ in function() while true do end end do end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "for _ in pairs(setmetatable({}, { __pairs = function() while true do end "
     "end })) do end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "tostring(setmetatable({}, { __tostring = function() while true do end "
     "end }))",
     "the script ran longer than its budget of 5,000,000 instructions"},
    {"", ATTACK_KILLED,
     "pcall(string.format, '%s', setmetatable({}, { __tostring = function() "
     "while true do end end })) while true do end",
     "the script ran longer than its budget of 5,000,000 instructions"},
    /* ---- memory ---- */
    {"64", ATTACK_KILLED, "local x = #('x'):rep(1 << 40)",
     "the script used more than its budget of 16 MiB of memory"},
    {"64", ATTACK_KILLED, "local x = ('x'):rep(1 << 62, 'y')",
     "the script used more than its budget of 16 MiB of memory"},
    {"70", ATTACK_KILLED,
     "while true do pcall(function() local s = ('x'):rep(1 << 30) end) end",
     "the script used more than its budget of 16 MiB of memory"},
    {"70", ATTACK_KILLED, "while true do pcall(string.rep, 'x', 1 << 30) end",
     "the script used more than its budget of 16 MiB of memory"},
    {"73", ATTACK_GIVES, "log.info(#string.format('%99s', 'x'))", "info: 99\n"},
    {"73", ATTACK_RAISES, "string.format('%100s', 'x')", "invalid conversion"},
    {"76", ATTACK_RAISES, "log.info(select('#', table.unpack({}, 1, 999999)))",
     "too many results to unpack"},
    {"79", ATTACK_ENDS, "local function g() return pcall(g) end g()", NULL},
    {"82", ATTACK_KILLED,
     "local t = {} for i = 1, 1e8 do t[i] = ('k' .. i) end",
     "the script used more than its budget of 16 MiB of memory"},
    {"", ATTACK_KILLED, "local s = 'x' while true do s = s .. s end",
     "the script used more than its budget of 16 MiB of memory"},
    {"", ATTACK_KILLED,
     "local t = {} while true do t[#t + 1] = ('x'):rep(100000) end",
     "the script used more than its budget of 16 MiB of memory"},
    {"", ATTACK_KILLED,
     "local s, t = ('x'):rep(100000), {} local a = {} for i = 1, 100 do a[i] = "
     "s end while true do t[#t + 1] = ('%s'):rep(100):format(table.unpack(a)) "
     "end",
     "the script used more than its budget of 16 MiB of memory"},
    {"", ATTACK_KILLED,
     "local t = {} for i = 1, 1e6 do t[i] = 'some text ' .. i end "
     "table.concat(t)",
     "the script used more than its budget of 16 MiB of memory"},
    {"", ATTACK_KILLED,
     "local s = ('x'):rep(1000000) while true do s = s:gsub('x', 'xx') end",
     NULL},
    {"", ATTACK_KILLED,
     "local m2 = {} local mt = setmetatable({ __newindex = {} }, m2) m2.__mode "
     "= 'v' local t = setmetatable({}, mt) local i = 0 while true do i = i + 1 "
     "t['k' .. i] = {} end",
     NULL},
    /* ---- the C stack ---- */
    {"85", ATTACK_RAISES,
     "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(x) "
     "return tostring(x) end tostring(t)",
     "stack overflow"},
    {"85", ATTACK_RAISES,
     "local t = setmetatable({}, {}) getmetatable(t).__index = function(x, k) "
     "return x[k] end local y = t.x",
     "stack overflow"},
    {"88", ATTACK_ENDS, "local function r() return pcall(r) end r()", NULL},
    {"88", ATTACK_ENDS, "local function f() f() end f()", NULL},
    {"88", ATTACK_ENDS, "local function s() table.sort({ 1, 2, 3 }, s) end s()",
     NULL},
    {"88", ATTACK_ENDS,
     "('x'):gsub('x', function(c) return (c:gsub('x', c)) end)", NULL},
    {"88", ATTACK_RAISES, "('a'):rep(300000):find(('.-'):rep(300) .. 'b')",
     "pattern too complex"},
    {"88", ATTACK_ENDS, "string.rep('(', 300):find(('('):rep(300))", NULL},
    {"88", ATTACK_ENDS,
     "string.find(('a'):rep(220), ('a?'):rep(220) .. ('a'):rep(220))", NULL},
    {"91", ATTACK_REFUSED,
     "local t = {} local r = t for i = 1, 200000 do t.x = {} t = t.x end "
     "plan:status(r)",
     "deeper than 64 levels"},
    {"91", ATTACK_REFUSED, "local t = {} t.t = t plan:status(t)",
     "deeper than 64 levels"},
    /* ---- plan and determinism ---- */
    {"94", ATTACK_GIVES, "plan:status { v = 'a\\0b' }",
     "status @operator.lua:1 {\"v\":\"a\\u0000b\"}\n"},
    {"95", ATTACK_REFUSED,
     "local t = {} for i = 1, 200000 do t[i] = i end plan:status { v = t }",
     "more than 100,000 values"},
    {"95", ATTACK_REFUSED, "plan:status { v = ('x'):rep(300000) }",
     "a text of more than 256 KiB"},
    {"95", ATTACK_REFUSED,
     "local s, t = ('x'):rep(250000), {} for i = 1, 5 do t[i] = s end "
     "plan:status { v = t }",
     "larger than 1 MiB"},
    {"95", ATTACK_REFUSED,
     "for i = 1, 600 do plan:apply { apiVersion = 'v1', kind = 'ConfigMap', "
     "metadata = { name = 'n' .. i } } end",
     "500"},
    {"100", ATTACK_RAISES, "os.date('%Q')", "attempt to index a nil value"},
    {"101", ATTACK_RAISES, "os.time { year = 1 << 40, month = 1, day = 1 }",
     "attempt to index a nil value"},
    {"109", ATTACK_REFUSED,
     "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { name = "
     "'a' } } plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { "
     "name = 'a' } }",
     "declared"},
    {"109", ATTACK_REFUSED,
     "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = {} }",
     ".metadata.name"},
    {"109", ATTACK_REFUSED,
     "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { name = "
     "('x'):rep(300) } }",
     ".metadata.name"},
    {"109", ATTACK_REFUSED,
     "plan:apply { apiVersion = 'v1', kind = 'ConfigMap', metadata = { name = "
     "'../x' } }",
     ".metadata.name"},
    {"", ATTACK_RAISES, "pairs(setmetatable({}, { __pairs = error })) ", ""},
    {"", ATTACK_RAISES, "for k in pairs { [{}] = 1, [{}] = 2 } do end",
     "pairs: several table keys have no order"},
};
#define ATTACKS (sizeof attacks / sizeof *attacks)

/* What each advisory would do here. */
static const struct attack advisories[] = {
    {"CVE-2022-0543", ATTACK_RAISES,
     "package.loadlib('liblua5.4.so.0', 'luaopen_io')",
     "attempt to index a nil value"},
    {"CVE-2022-0543", ATTACK_RAISES,
     "require('package').loadlib('liblua5.4.so.0', 'luaopen_io')",
     "require: there is no module 'package'"},
    {"CVE-2022-24735", ATTACK_GIVES,
     "log.info(tostring(require('tidelock').stolen)) "
     "require('tidelock').stolen = 1 pairs = nil log = log log.info('left')",
     "info: nil\ninfo: left\n"},
    {"CVE-2022-24736", ATTACK_GIVES,
     "tostring = nil _G.type = nil log.info('x')", "info: x\n"},
    {"CVE-2025-46818", ATTACK_RAISES, "getmetatable('').__index = {}",
     "attempt to index a nil value"},
    {"CVE-2025-46818", ATTACK_GIVES,
     "log.info(tostring(getmetatable(1)) .. tostring(getmetatable(true)) .. "
     "tostring(getmetatable(pairs)) .. tostring(getmetatable(site)))",
     "info: nilnilnilnil\n"},
    {"CVE-2025-46818", ATTACK_RAISES, "setmetatable('', {})",
     "table expected, got string"},
    {"CVE-2025-49844", ATTACK_GIVES,
     "log.info(tostring(load) .. tostring(loadstring) .. "
     "tostring(collectgarbage))",
     "info: nilnilnil\n"},
    {"CVE-2024-46981", ATTACK_RAISES,
     "setmetatable({}, { __gc = function() end })", "__gc is not allowed here"},
    {"CVE-2025-46817", ATTACK_RAISES,
     "table.unpack({}, math.mininteger, math.maxinteger)",
     "too many results to unpack"},
    {"CVE-2025-46817", ATTACK_RAISES, "table.unpack({}, 0, math.maxinteger)",
     "too many results to unpack"},
    {"CVE-2025-46817", ATTACK_RAISES, "table.unpack({}, -1, 0x7fffffff)",
     "too many results to unpack"},
    {"CVE-2025-46819", ATTACK_FAILS, "local s = [==[ ]=]",
     "unfinished long string"},
    {"CVE-2025-46819", ATTACK_FAILS, "--[==[ ]=]", "unfinished long comment"},
    {"CVE-2025-46819", ATTACK_FAILS,
     "local s = [====", "invalid long string delimiter"},
    {"CVE-2024-31449", ATTACK_GIVES,
     "log.info(tostring(bit) .. tostring(bit32) .. tostring(cjson) .. "
     "tostring(cmsgpack) .. tostring(struct))",
     "info: nilnilnilnilnil\n"},
    {"CVE-2021-32626", ATTACK_ENDS,
     "local t = {} for i = 1, 60 do t = { t, t } end local ok = "
     "pcall(plan.status, plan, { t = t })",
     NULL},
    {"CVE-2021-32626", ATTACK_RAISES, "string.byte(('x'):rep(10000000), 1, -1)",
     "string slice too long"},
    {"CVE-2022-28805", ATTACK_FAILS, "local _ENV <const> = {} x = 1 _ENV = 2",
     "attempt to assign to const variable '_ENV'"},
    {"CVE-2022-33099", ATTACK_ENDS,
     "local function f() return f() + 1 end xpcall(f, function(e) return f() "
     "end)",
     NULL},
    {"mesecons-380", ATTACK_KILLED, "local x = ('x'):rep(1 << 40)",
     "the script used more than its budget of 16 MiB of memory"},
    {"mesecons-255", ATTACK_KILLED, "string.find(('a'):rep(5000), '.-.-.-.-b')",
     "the script ran longer than its budget of 5,000,000 instructions"},
};
#define ADVISORIES (sizeof advisories / sizeof *advisories)

#endif
