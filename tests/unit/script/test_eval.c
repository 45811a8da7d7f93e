/*
 * test_eval.c -- one Lua file on its own, with what scripts of other tools are
 *                used to. JSON is written with single quotes, as in kit.h.
 */
#include "script/eval.h"

#include <string.h>

#include "kit.h"
#include "test.h"

/* 2026-01-02T03:04:05Z */
#define NOW KIT_NOW
#define COUNT(list) (sizeof(list) / sizeof *(list))

struct bench {
    struct arena arena;
    struct eval_call call;
    struct eval_input args[4];
    struct eval_answer answer;
    struct script_limits limits;
    struct err err;
    struct str printed;
};

static void bench_init(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->call.file.name = "check.lua";
    b->call.global = "obj";
    b->call.now = NOW;
    b->call.args = b->args;
    b->limits.cpu_ms = 30000;
}

static void bench_release(struct bench *b)
{
    arena_release(&b->arena);
    str_release(&b->printed);
}

static struct eval_input json(struct bench *b, const char *text)
{
    char *copy = arena_strdup(&b->arena, text);

    for (char *c = copy; c && *c; c++)
        if (*c == '\'')
            *c = '"';
    return (struct eval_input){copy, copy ? strlen(copy) : 0};
}

static int evaluate(struct bench *b, const char *text)
{
    b->call.file.text = text;
    b->call.file.len = strlen(text);
    return script_eval(&b->call, &b->limits, &b->arena, &b->answer, &b->err);
}

/* The values, one a line, then the log. */
static const char *answer(struct bench *b)
{
    str_clear(&b->printed);
    for (size_t i = 0; i < b->answer.count; i++) {
        check_ok(value_print(b->answer.values[i], &b->printed, &b->err),
                 &b->err);
        str_addc(&b->printed, '\n');
    }
    for (size_t i = 0; i < b->answer.log_count; i++)
        str_addf(&b->printed, "%s: %s\n",
                 b->answer.logs[i].warn ? "warn" : "log",
                 b->answer.logs[i].text);
    return str_text(&b->printed);
}

static void gives(struct bench *b, const char *text, const char *want)
{
    if (check_ok(evaluate(b, text), &b->err))
        check_str(answer(b), want);
}

struct example {
    const char *text;
    const char *want;
};

static void all_give(const struct example *e, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bench b;

        bench_init(&b);
        gives(&b, e[i].text, e[i].want);
        bench_release(&b);
    }
}

/* Messages, and the hint behind a line end where there is one. */
static void all_fail(const struct example *e, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bench b;

        bench_init(&b);
        check(evaluate(&b, e[i].text) < 0);
        str_addf(&b.printed, "%s%s%s", b.err.msg, *b.err.hint ? "\n" : "",
                 b.err.hint);
        check_str(str_text(&b.printed), e[i].want);
        bench_release(&b);
    }
}

/* ---- the call ---- */

TEST(eval_gives_what_a_health_check_returns)
{
    static const char text[] =
        "hs = {}\n"
        "if obj.status ~= nil and obj.status.conditions ~= nil then\n"
        "  for i, condition in ipairs(obj.status.conditions) do\n"
        "    if condition.type == 'Ready' and condition.status == 'True' then\n"
        "      hs.status = 'Healthy'\n"
        "      hs.message = condition.message\n"
        "      return hs\n"
        "    end\n"
        "  end\n"
        "end\n"
        "hs.status = 'Progressing'\n"
        "hs.message = 'Waiting for ' .. obj.metadata.name\n"
        "return hs\n";
    struct bench b;

    bench_init(&b);
    b.call.object = json(&b, "{'metadata':{'name':'web'}}");
    gives(&b, text,
          "{\"message\":\"Waiting for web\",\"status\":"
          "\"Progressing\"}\n");
    b.call.object = json(&b, "{'metadata':{'name':'web'},'status':{'conditions'"
                             ":[{'type':'Ready','status':'True','message':"
                             "'up'}]}}");
    gives(&b, text, "{\"message\":\"up\",\"status\":\"Healthy\"}\n");
    bench_release(&b);
}

TEST(eval_gives_the_object_the_name_that_is_asked_for)
{
    struct bench b;

    bench_init(&b);
    b.call.object = json(&b, "{'a':1}");
    b.call.global = "resource";
    gives(&b, "return resource.a, obj", "1\nnull\n");
    bench_release(&b);
}

TEST(eval_calls_a_global_function_with_its_arguments)
{
    static const char text[] = "function Revise(desired, replicas)\n"
                               "  desired.spec.replicas = replicas\n"
                               "  return desired, replicas > 2\n"
                               "end\n";
    struct bench b;

    bench_init(&b);
    b.args[0] = json(&b, "{'spec':{'replicas':1,'none':[],'null':null}}");
    b.args[1] = json(&b, "3");
    b.call.arg_count = 2;
    b.call.function = "Revise";
    gives(&b, text,
          "{\"spec\":{\"none\":[],\"null\":null,\"replicas\":3}}\ntrue\n");
    bench_release(&b);
}

TEST(eval_calls_a_function_of_the_table_that_the_file_returns)
{
    struct bench b;

    bench_init(&b);
    b.call.function = "two";
    gives(&b, "local M = {}\nfunction M.two() return 2 end\nreturn M", "2\n");
    bench_release(&b);
}

TEST(eval_says_which_function_was_meant)
{
    struct bench b;

    bench_init(&b);
    b.call.function = "GetReplica";
    check_int(evaluate(&b, "function GetReplicas() end"), -ERR_SCRIPT);
    check_str(b.err.msg, "check.lua: there is no function 'GetReplica', did "
                         "you mean 'GetReplicas'?");
    b.call.function = "nothing";
    check_int(evaluate(&b, "nothing = 5"), -ERR_SCRIPT);
    check_str(b.err.msg, "check.lua: there is no function 'nothing'");
    check_str(b.err.hint, "--call takes a global function, or one of the table "
                          "that the file returns");
    bench_release(&b);
}

TEST(eval_prints_whatever_is_returned)
{
    static const struct example e[] = {
        {"return", ""},
        {"return nil", "null\n"},
        {"return 1, nil, 'x'", "1\nnull\n\"x\"\n"},
        {"return 10 / 2, 1 / 3, 2^53, 9223372036854775807",
         "5\n0.3333333333333333\n9007199254740992\n9223372036854775807\n"},
        {"return {}, { 1 }, { a = {} }, 'a\\0b'",
         "{}\n[1]\n{\"a\":{}}\n\"a\\u0000b\"\n"},
        {"local t = require 'tidelock' return t.array {}, t.null",
         "[]\nnull\n"},
        {"#!/usr/bin/lua\nreturn 1", "1\n"},
    };

    all_give(e, COUNT(e));
}

TEST(eval_names_file_and_line_of_a_fault)
{
    static const struct example e[] = {
        {"local x\nreturn x.y", "check.lua:2: attempt to index a nil value "
                                "(local 'x')\n'x' is nil here: test it first"},
        {"return function() end",
         "check.lua: returned value 1: a function "
         "cannot be part of an object\ncall it: name(...) instead of name"},
        {"return 1, { a = { b = print } }",
         "check.lua: returned value 2: .a.b: a function cannot be part of an "
         "object\ncall it: name(...) instead of name"},
        {"return 'a' ..", "check.lua:1: unexpected symbol near <eof>"},
        {"while true do end", "check.lua:1: the script ran longer than its "
                              "budget of 5,000,000 instructions\nthis line was "
                              "running: does its loop end?"},
        {"return ('x'):rep(1 << 40)",
         "check.lua:1: the script used more than "
         "its budget of 16 MiB of memory\nthis line was running: does what it "
         "builds ever end?"},
        {"return view.now", "check.lua:1: attempt to index a nil value (global "
                            "'view')\nthere is no global 'view': a typing "
                            "mistake, a `local` that comes later, or a part of "
                            "Lua that scripts do not have"},
        {"\n\nreturn require 'socket'",
         "check.lua:3: require: there is no "
         "module 'socket'\nos, kube, string, table, "
         "math, utf8 and tidelock.*"},
        {"return require 'the file'", "check.lua:1: require: there is no "
                                      "module 'the file'\nos, kube, string, "
                                      "table, math, utf8 and tidelock.*"},
        {"\033Lua", "check.lua: compiled Lua is not accepted"},
    };

    all_fail(e, COUNT(e));
}

TEST(eval_keeps_the_frames_of_an_error)
{
    struct bench b;

    bench_init(&b);
    check_int(evaluate(&b, "local function f() error('x') end\nlocal y = f()"),
              -ERR_SCRIPT);
    check_str(b.answer.stack,
              "check.lua:1 in f\ncheck.lua:2 in the main chunk");
    bench_release(&b);
}

TEST(eval_hands_out_the_log)
{
    static const struct example e[] = {
        {"print('a', 1, nil, {}) log.warn('w')",
         "log: a\t1\tnil\ttable\nwarn: w\n"},
        {"print()", "log: \n"},
        {"for i = 1, 200 do print(i) end return 1", NULL},
    };
    struct bench b;

    all_give(e, 2);
    bench_init(&b);
    check_int(evaluate(&b, e[2].text), 0);
    check_int(b.answer.log_count, PLAN_MAX_LOGS);
    bench_release(&b);
}

/* ---- what other tools have ---- */

TEST(compat_has_what_lua_5_1_had)
{
    static const struct example e[] = {
        {"return table.getn { 1, 2, 3 }, table.maxn { [7] = 1, [2.5] = 2 }",
         "3\n7\n"},
        {"return unpack({ 1, 2, 3 }, 2)", "2\n3\n"},
        {"return math.pow(2, 10), math.pow(2, 0.5)",
         "1024\n1.4142135623730951\n"},
        {"return require('os') == os, require('string') == string, "
         "require('table') == table, require('math') == math",
         "true\ntrue\ntrue\ntrue\n"},
    };

    all_give(e, COUNT(e));
}

TEST(compat_dates_are_utc_and_of_one_moment)
{
    static const struct example e[] = {
        {"return os.time(), os.date('!%Y-%m-%dT%H:%M:%SZ'), os.date('%X %y')",
         "1767323045\n\"2026-01-02T03:04:05Z\"\n\"03:04:05 26\"\n"},
        {"return os.time { year = '2024', month = 2, day = 30 }",
         "1709294400\n"},
        {"return os.time { year = 2024, month = 1, day = 1, hour = 0 }",
         "1704067200\n"},
        {"local d = os.date('*t', 86400 * 365) return d.year, d.yday, d.isdst, "
         "os.time(d)",
         "1971\n1\nfalse\n31536000\n"},
        {"return os.difftime(5, 3), os.difftime(5)", "2\n5\n"},
        {"return os.date('%c', 0), os.date('', 0), os.date('%%', 0)",
         "\"Thu Jan  1 00:00:00 1970\"\n\"\"\n\"%\"\n"},
        {"return os.time { year = 1969, month = 12, day = 31, hour = 23, "
         "min = 59, sec = 59 }",
         "-1\n"},
        {"return #os.date(('%c'):rep(1000))", "24000\n"},
    };

    all_give(e, COUNT(e));
}

/* 100 and 101 of the attack list, and those beside them. */
TEST(compat_dates_that_cannot_be_are_errors)
{
    static const struct example e[] = {
        {"os.date('%Q')", "check.lua:1: bad argument #1 to 'date' (invalid "
                          "conversion specifier '%Q')"},
        {"os.date('%Ez')", "check.lua:1: bad argument #1 to 'date' (invalid "
                           "conversion specifier '%Ez')"},
        {"os.date('%O')", "check.lua:1: bad argument #1 to 'date' (invalid "
                          "conversion specifier '%O')"},
        {"os.date('%')", "check.lua:1: bad argument #1 to 'date' (invalid "
                         "conversion specifier '%')"},
        {"os.date('!%c', 1 << 60)",
         "check.lua:1: date result cannot be represented"},
        {"os.time { year = 1 << 40, month = 1, day = 1 }",
         "check.lua:1: field 'year' is out-of-bound"},
        {"os.time { year = 1 << 31, month = 1, day = 1 }",
         "check.lua:1: field 'year' is out-of-bound"},
        {"os.time { month = 1, day = 1 }",
         "check.lua:1: field 'year' missing in date table"},
        {"os.time { year = {}, month = 1, day = 1 }",
         "check.lua:1: field 'year' is not an integer"},
    };

    all_fail(e, COUNT(e));
}

TEST(compat_has_no_way_to_the_host_either)
{
    static const struct example e[] = {
        {"return os.execute, os.getenv, os.exit, os.remove, os.rename, "
         "os.tmpname, os.setlocale, os.clock",
         "null\nnull\nnull\nnull\nnull\nnull\nnull\nnull\n"},
        {"return io, package, debug, load, loadstring, dofile, loadfile, "
         "coroutine, collectgarbage, getfenv, setfenv, newproxy, string.dump",
         "null\nnull\nnull\nnull\nnull\nnull\nnull\nnull\nnull\nnull\nnull\n"
         "null\nnull\n"},
        {"return pcall(require, 'io'), pcall(require, 'package'), "
         "pcall(require, 'debug'), (pcall(require, '/etc/passwd'))",
         "false\nfalse\nfalse\nfalse\n"},
    };

    all_give(e, COUNT(e));
}

/* ---- out of memory ---- */

TEST_ALLOC(eval_survives_out_of_memory)
{
    struct bench b;
    int rc;

    bench_init(&b);
    b.call.object = json(&b, "{'spec':{'replicas':2}}");
    b.call.function = "f";
    b.args[0] = json(&b, "[1,{'a':null}]");
    b.call.arg_count = 1;
    rc = b.call.object.json && b.args[0].json
             ? evaluate(&b, "print(os.date('%c')) function f(x) return x, "
                            "obj.spec end")
             : -ERR_NOMEM;
    if (rc == 0)
        check_int(b.answer.count, 2);
    bench_release(&b);
    return rc;
}
