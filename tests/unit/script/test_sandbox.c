/*
 * test_sandbox.c -- the attack list of the design notes; numbers are its own.
 *
 * A script that must give something writes it to the log; one that must be
 * stopped has to end with a verdict whatever it does to catch it.
 */
#include "kit.h"

#include <string.h>

#include "test.h"

struct example {
    const char *body;
    const char *want;
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void all_give(const struct example *e, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        kit_gives(&k, e[i].body, e[i].want);
        kit_release(&k);
    }
}

/* Fails with ERR_SCRIPT and a message that contains `want`. */
static void all_raise(const struct example *e, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        if (!check_int(kit_run(&k, e[i].body), -ERR_SCRIPT))
            check_str(e[i].body, "");
        check_has(k.err.msg, e[i].want);
        kit_release(&k);
    }
}

/* Ends with ERR_BUDGET. */
static void all_are_killed(const char *const *bodies, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        k.limits.cpu_ms = 3000;
        if (!check_int(kit_run(&k, bodies[i]), -ERR_BUDGET))
            check_str(bodies[i], "");
        kit_release(&k);
    }
}

/* Ends somehow, soon, without harm. */
static void all_end(const char *const *bodies, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        kit_run(&k, bodies[i]);
        kit_release(&k);
    }
}

/* ---- capabilities ---- */

/* 1, 7. */
TEST(only_what_is_listed_exists)
{
    static const char *const names[] = {
        "os",
        "io",
        "package",
        "debug",
        "dofile",
        "loadfile",
        "load",
        "loadstring",
        "collectgarbage",
        "coroutine",
        "string.dump",
        "string.pack",
        "string.unpack",
        "string.packsize",
        "newproxy",
        "getfenv",
        "setfenv",
        "module",
        "warn",
        "print",
        "math.random",
        "math.randomseed",
        "jit",
        "ffi",
        "unpack",
        "bit32",
        "_ENV.load",
        "_G.load",
    };
    struct kit k;

    for (size_t i = 0; i < COUNT(names); i++) {
        kit_init(&k);
        kit_gives(&k, arena_printf(&k.arena, "log.info(type(%s))", names[i]),
                  "info: nil\n");
        kit_release(&k);
    }
}

TEST(what_is_listed_exists)
{
    static const struct example e[] = {
        {"local n = {} for k in pairs(_G) do n[#n + 1] = k end "
         "log.info(table.concat(n, ' '))",
         "info: _G _VERSION assert error getmetatable ipairs log math next "
         "pairs pcall rawequal rawget rawlen rawset require select "
         "setmetatable string table tonumber tostring type utf8 xpcall\n"},
        {"log.info(math.pi > 3 and math.huge > 1e308 and math.maxinteger + 1 "
         "== math.mininteger)",
         "info: true\n"},
        {"log.info(math.type(3) .. math.floor(2.5) .. math.tointeger(3.0))",
         "info: integer23\n"},
        {"log.info(('\\u{e4}b'):match(utf8.charpattern) .. "
         "utf8.len('\\u{e4}'))",
         "info: \u00e4"
         "1\n"},
        {"log.info(select('#', table.unpack({ 1, 2, 3 })) .. _VERSION)",
         "info: 3Lua 5.4\n"},
    };

    all_give(e, COUNT(e));
}

/* 4. */
TEST(methods_of_texts_cannot_be_replaced)
{
    static const struct example e[] = {
        {"string.format = function() return 'other' end "
         "log.info(('%d'):format(3))",
         "info: 3\n"},
        {"string = nil log.info(('x'):rep(2))", "info: xx\n"},
        {"log.info(getmetatable(''))", "info: nil\n"},
        {"local t = {} setmetatable(t, { __metatable = 1 }) "
         "log.info(getmetatable(t))",
         "info: 1\n"},
    };

    all_give(e, COUNT(e));
}

/* 10. */
TEST(nothing_tells_an_address)
{
    static const struct example gives[] = {
        {"log.info(tostring({}) .. tostring(print or pairs) .. tostring(plan))",
         "info: tablefunctionuserdata\n"},
        {"log.info(string.format('%s %s', {}, pairs))",
         "info: table function\n"},
        {"log.info(tostring(setmetatable({}, { __name = 'x' })))",
         "info: table\n"},
    };
    static const struct example raises[] = {
        {"string.format('%p', {})", "operator.lua:1: string.format: %p does "
                                    "not exist here"},
        {"string.format('%5p', {})", "%p does not exist here"},
    };

    all_give(gives, COUNT(gives));
    all_raise(raises, COUNT(raises));
}

TEST(metatables_that_could_outlive_or_weaken_are_refused)
{
    static const struct example e[] = {
        {"setmetatable({}, { __gc = true })", "setmetatable: __gc is not "
                                              "allowed here"},
        {"setmetatable({}, { __mode = 'k' })", "__mode is not allowed"},
        {"setmetatable({}, { __close = pairs })", "__close is not allowed"},
        {"setmetatable(setmetatable({}, { __metatable = 1 }), {})",
         "setmetatable: the metatable is protected"},
        {"setmetatable('', {})", "bad argument #1 to 'setmetatable' (table "
                                 "expected, got string)"},
        {"string.rep()", "bad argument #1 to 'rep' (string expected, got no "
                         "value)"},
    };

    all_raise(e, COUNT(e));
}

/* ---- CPU ---- */

/* 13, 16, 19, 22, 25, 34, 40, 52. */
TEST(endless_work_is_stopped)
{
    static const char *const bodies[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local function h(e) return xpcall(error, h, e) end for i = 1, 1e9 do "
        "xpcall(error, h, 'x') end",
        "xpcall(function() while true do end end, function() while true do end "
        "end)",
        "while true do xpcall(error, function() while true do end end) end",
        "('x'):rep(100000):gsub('.', function() for i = 1, 1e6 do end end)",
        "string.find(('a'):rep(5000), '.-.-.-.-b')",
        "for _ in ('a'):rep(3000):gmatch('.-.-.-b') do end",
        "string.find(('a'):rep(40), ('a*'):rep(12) .. 'b')",
        "string.match(('('):rep(400000), '%b()')\nwhile true do string.match(("
        "'('):rep(400000), '%b()') end",
        "while true do string.find(('a'):rep(500000), ('a'):rep(100000) .. "
        "'b', 1, true) end",
        "table.remove(setmetatable({}, { __len = function() return 1 << 60 "
        "end, __index = rawlen, __newindex = type }), 1)",
        "table.concat(setmetatable({}, { __index = table.concat }), '', 1, "
        "math.maxinteger)",
        "table.insert(setmetatable({}, { __len = function() return 1 << 60 "
        "end, __index = rawlen, __newindex = type }), 1, 1)",
        "table.move(setmetatable({}, { __index = rawlen, __newindex = type }), "
        "1, 1 << 60, 2, setmetatable({}, { __newindex = type }))",
        "local a = ('x'):rep(3000000) while true do local c = a .. 'y' end",
        "while true do pcall(string.rep, 'x', 1 << 30) end",
        "while true do pcall(error) end",
        "local t = {} for i = 1, 1000 do t[i] = i end while true do next(t) "
        "end",
        "local s = ('x'):rep(1000000) local t = {} for i = 1, 1000 do t[i] = s "
        "end while true do table.sort(t) end",
        "while true do tidelock.checksum(('x'):rep(100000)) end",
        "while true do plan:requeue(1) end",
        "while true do view:get('v1', 'Node', 'x') end",
        "local function f() return f() end f()",
        "local mt = {} local t = setmetatable({}, mt) mt.__close = function() "
        "while true do end end local x <close> = t while true do end",
        "local mt = {} local t = setmetatable({}, mt) mt.__close = function() "
        "while true do end end pcall(function() local x <close> = t error() "
        "end)",
        "local m2 = {} local mt = setmetatable({ __newindex = {} }, m2) "
        "m2.__mode = 'v' local t = setmetatable({}, mt) local i = 0 while true "
        "do i = i + 1 t['k' .. i] = {} end",
        "goto x ::x:: goto x",
    };

    all_are_killed(bodies, COUNT(bodies));
}

TEST(the_clock_stops_what_the_count_does_not)
{
    struct kit k;

    kit_init(&k);
    k.limits.cpu_ms = 50;
    k.limits.instructions = 1ull << 50;
    kit_fails(&k, "\nwhile true do pcall(function() while true do end end) end",
              ERR_BUDGET,
              "operator.lua:2: the script ran longer than its "
              "budget of 50 ms");
    kit_release(&k);
}

TEST(budgets_are_the_operators_own)
{
    struct kit k;

    kit_init(&k);
    k.limits.instructions = 5000;
    kit_fails(&k, "\nfor i = 1, 10000 do end", ERR_BUDGET,
              "operator.lua:2: "
              "the script ran longer than its budget of 5,000 instructions");
    check_has(k.plan.trace, "stack: operator.lua:2 in reconcile");
    kit_release(&k);
}

/* 28, 46, 49. */
TEST(hard_but_finite_work_ends)
{
    static const char *const bodies[] = {
        "string.find(('a'):rep(200000), '%f[%w].-%f[%W]b')",
        "tonumber(('9'):rep(1000000))",
        "local mt mt = { __eq = function(a, b) return setmetatable({}, mt) == "
        "setmetatable({}, mt) end } local x = setmetatable({}, mt) == "
        "setmetatable({}, mt)",
        ("local t = {} for i = 1, 2000 do t[i] = i % 7 end table.sort(t, "
         "function() return true end)"),
        "local s = ('x'):rep(100000) for i = 1, 100 do s:upper() end",
    };

    all_end(bodies, COUNT(bodies));
}

/* 31, 37, 43, 76. */
TEST(odd_calls_of_the_library_have_defined_results)
{
    static const struct example gives[] = {
        {"log.info(#string.rep('', math.maxinteger, ''))", "info: 0\n"},
        {"log.info(#string.rep('x', -5))", "info: 0\n"},
        {"log.info(('ab'):rep(3, '-'))", "info: ab-ab-ab\n"},
        {"log.info(#string.format('%99s', 'x'))", "info: 99\n"},
        {"log.info(string.format('%5.2f|%d|%x|%q|%%|%g', 3.14159, 42, 255, "
         "'a\\n', 0.1))",
         "info:  3.14|42|ff|\"a\\\n\"|%|0.1\n"},
        {"log.info(table.concat({ 1, 2.5, 'x' }, ','))", "info: 1,2.5,x\n"},
        {"log.info(table.remove({ 1, 2, 3 }, 1))", "info: 1\n"},
        {"local t = { 1, 2, 3 } table.insert(t, 2, 'x') "
         "log.info(table.concat(t, ' '))",
         "info: 1 x 2 3\n"},
        {"local t = table.move({ 1, 2, 3 }, 1, 3, 2) "
         "log.info(table.concat(t, ' '))",
         "info: 1 1 2 3\n"},
        {"log.info(table.concat(table.move({ 1, 2, 3 }, 2, 3, 1), ' '))",
         "info: 2 3 3\n"},
        {"local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) "
         "log.info(table.concat(t, ' '))",
         "info: 3 2 1\n"},
        {"log.info(select('#', table.unpack({ n = 3 }, 1, 3)))", "info: 3\n"},
        {"log.info(table.remove {} == nil)", "info: true\n"},
    };
    static const struct example raises[] = {
        {"table.unpack({}, 1, 999999)", "too many results to unpack"},
        {"table.unpack({}, math.mininteger, math.maxinteger)",
         "too many results to unpack"},
        {"local t = {} for i = 1, 2000 do t[i] = i % 7 end table.sort(t, "
         "function() return true end)",
         "invalid order function for sorting"},
        {"table.sort(setmetatable({}, {}))", "table.sort: the table has a "
                                             "metatable"},
        {"table.insert({ 1 }, 5, 2)", "position out of bounds"},
        {"table.insert({ 1 })", "wrong number of arguments to 'insert'"},
        {"table.remove({ 1, 2 }, 7)", "position out of bounds"},
        {"table.concat { {} }", "invalid value (a table) at index 1 in table "
                                "for 'concat'"},
        {"table.move({}, 1, math.maxinteger, 2)", "destination wrap around"},
        {"error(setmetatable({}, { __tostring = function() while true do end "
         "end }))",
         "operator.lua:1: the script raised a table value as its "
         "error"},
    };

    all_give(gives, COUNT(gives));
    all_raise(raises, COUNT(raises));
}

/* ---- memory ---- */

/* 64, 70, 82. */
TEST(hoarding_memory_is_stopped)
{
    static const char *const bodies[] = {
        "local x = ('x'):rep(1 << 40)",
        "while true do pcall(function() local s = ('x'):rep(1 << 30) end) end",
        "local t = {} for i = 1, 1e8 do t[i] = ('k' .. i) end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(100000) end",
        "local s = ('x'):rep(100000) local t = {} while true do t[#t + 1] = "
        "('%s'):rep(100):format(table.unpack({ s, s, s, s, s, s, s, s, s, s, s,"
        " s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, "
        "s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, "
        "s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, "
        "s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s })) end",
        ("local t = {} for i = 1, 1e6 do t[i] = 'some text ' .. i end "
         "table.concat(t)"),
        "local s = ('x'):rep(1000000) while true do s = s:gsub('x', 'xx') end",
    };

    all_are_killed(bodies, COUNT(bodies));
}

TEST(memory_verdicts_name_line_and_limit)
{
    struct kit k;

    kit_init(&k);
    kit_fails(&k, "\nlocal x = ('x'):rep(1 << 40)", ERR_BUDGET,
              "operator.lua:2: the script used more than its budget of 16 MiB "
              "of memory");
    k.limits.memory_soft = 300000;
    kit_fails(&k, "local t = {}\nfor i = 1, 1e6 do t[i] = i .. 'x' end",
              ERR_BUDGET,
              "operator.lua:2: the script used more than its "
              "budget of 300000 bytes of memory");
    kit_release(&k);
}

TEST(honest_garbage_is_collected)
{
    struct kit k;

    kit_init(&k);
    kit_gives(&k,
              "local a = ('x'):rep(3000000) for i = 1, 20 do local c = "
              "a:upper() end log.info('done')",
              "info: done\n");
    kit_gives(&k,
              "for i = 1, 20000 do local t = { i, i, i } end "
              "log.info('done')",
              "info: done\n");
    kit_release(&k);
}

/* ---- the C stack (79, 85, 88) ---- */

TEST(deep_recursion_ends_in_an_error_or_a_plan)
{
    static const char *const bodies[] = {
        "local function g() return pcall(g) end g()",
        "local function r() return pcall(r) end r()",
        "local function f() f() end f()",
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = "
        "function(x) return tostring(x) end tostring(t)",
        "local t = setmetatable({}, {}) getmetatable(t).__index = "
        "function(x, k) return x[k] end local y = t.x",
        "('x'):gsub('x', function(c) return (c:gsub('x', c)) end)",
        "local function s() table.sort({ 1, 2, 3 }, s) end s()",
        "string.rep('(', 300):find(('('):rep(300))",
        "('a'):rep(300000):find(('.-'):rep(300) .. 'b')",
        "string.find(('a'):rep(220), ('a?'):rep(220) .. ('a'):rep(220))",
    };

    all_end(bodies, COUNT(bodies));
}

/* ---- verdicts ---- */

TEST(a_verdict_is_final_whatever_wraps_the_call)
{
    static const char *const bodies[] = {
        "pcall(pcall, pcall, function() while true do end end) "
        "plan:requeue(5)",
        "setmetatable({}, { __index = function() while true do end end }).x = "
        "pcall(function() return setmetatable({}, { __index = function() while "
        "true do end end }).y end)",
        "table.sort({ 3, 2, 1 }, function() while true do end end)",
        "('xx'):gsub('x', function() while true do end end)",
        "for _ in function() while true do end end do end",
        "for _ in pairs(setmetatable({}, { __pairs = function() while true do "
        "end end })) do end",
        "tostring(setmetatable({}, { __tostring = function() while true do end "
        "end }))",
        "pcall(string.format, '%s', setmetatable({}, { __tostring = function() "
        "while true do end end })) while true do end",
    };

    all_are_killed(bodies, COUNT(bodies));
}

TEST(ordinary_errors_can_be_caught)
{
    static const struct example e[] = {
        {"log.info(select(2, pcall(error, 'x')))", "info: x\n"},
        {"log.info(select(2, pcall(function() local x = nil; return x.y end)))",
         "info: operator.lua:1: attempt to index a nil value (local 'x')\n"},
        {"log.info(select(2, xpcall(error, function(e) return e .. '!' end, "
         "'x')))",
         "info: x!\n"},
        {"log.info(select('#', xpcall(function(...) return ... end, error, 1, "
         "2)))",
         "info: 3\n"},
        {"local ok, e = pcall(error, { code = 7 }) log.info(e.code)",
         "info: 7\n"},
        {"log.info(pcall(pcall))", "info: false\n"},
        {"log.info(select(2, pcall(require, 'x')))",
         "info: operator.lua:1: "
         "require: there is no module 'x'\n"},
    };

    all_give(e, COUNT(e));
}

TEST(a_hint_survives_being_raised_again)
{
    struct kit k;

    kit_init(&k);
    kit_fails(&k, "local ok, e = pcall(require, 'x')\nerror(e, 0)", ERR_SCRIPT,
              "operator.lua:1: require: there is no module 'x'\n  hint: "
              "modules are the operator's own files, \"lib.ports\" for "
              "lib/ports.lua, and tidelock.*");
    kit_release(&k);
}
