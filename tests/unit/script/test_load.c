/*
 * test_load.c -- loading: modules, and scripts that cannot be loaded; and what
 *                a failed run tells.
 */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

#define TAIL                                                                   \
    "return require('tidelock').operator { api = 1, name = 'website', "        \
    "resource = { 'example.com/v1', 'Website' }, reconcile = reconcile or "    \
    "function() end }"

static void load_fails(const char *text, enum err_code code, const char *want)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_load(&k, text), -(int)code);
    check_str(kit_error(&k), want);
    kit_release(&k);
}

TEST(a_script_that_returns_nothing_is_told_what_to_return)
{
    load_fails("local x = 1", ERR_SCRIPT,
               "operator.lua returns nothing\n  "
               "hint: the last statement of operator.lua is: return "
               "tidelock.operator { ... }");
    load_fails("return { api = 1 }", ERR_SCRIPT,
               "operator.lua returns a plain "
               "table\n  hint: the last statement of operator.lua is: return "
               "tidelock.operator { ... }");
    load_fails("return 5", ERR_SCRIPT,
               "operator.lua returns a number\n  hint: "
               "the last statement of operator.lua is: return "
               "tidelock.operator { ... }");
    load_fails(TAIL " and 1", ERR_SCRIPT,
               "operator.lua returns a number\n  "
               "hint: the last statement of operator.lua is: return "
               "tidelock.operator { ... }");
}

TEST(a_script_with_a_syntax_error_names_the_line)
{
    load_fails("local x = {\n  1\n", ERR_SCRIPT,
               "operator.lua:3: '}' "
               "expected (to close '{' at line 1) near <eof>");
    load_fails("if x the", ERR_SCRIPT,
               "operator.lua:1: 'then' expected near "
               "'the'");
}

TEST(a_script_that_raises_names_the_line)
{
    load_fails("\nerror('no luck')", ERR_SCRIPT, "operator.lua:2: no luck");
    load_fails("\nerror({})", ERR_SCRIPT,
               "operator.lua:2: the script raised a "
               "table value as its error");
    load_fails("error(nil)", ERR_SCRIPT,
               "operator.lua:1: the script raised a "
               "nil value as its error");
    load_fails("local x = nil\nx.y = 1", ERR_SCRIPT,
               "operator.lua:2: attempt "
               "to index a nil value (local 'x')\n  hint: 'x' is nil here: "
               "test it first; view:get gives nil for what is not there");
    load_fails("error('without a place', 0)", ERR_SCRIPT,
               "operator.lua:1: "
               "without a place");
}

TEST(a_script_that_loops_or_hoards_ends_with_its_budget)
{
    load_fails(
        "\nwhile true do end", ERR_BUDGET,
        "operator.lua:2: the script "
        "ran longer than its budget of 5,000,000 instructions" KIT_LOOP_HINT);
    load_fails("local t = {}\nfor i = 1, 1e7 do t[i] = { i } end", ERR_BUDGET,
               "operator.lua:2: the script used more than its budget of 16 MiB "
               "of memory" KIT_MEMORY_HINT);
}

TEST(a_script_declares_one_operator)
{
    load_fails(
        "local t = require 'tidelock'\nt.operator { api = 1, name = "
        "'x', resource = { 'v1', 'Pod' }, reconcile = function() end }\n" TAIL,
        ERR_SCRIPT,
        "operator.lua:3: tidelock.operator was called "
        "before\n  hint: one operator for each folder");
    load_fails("require('tidelock').operator(5)", ERR_SCRIPT,
               "operator.lua:1: tidelock.operator: expected a table, got "
               "number");
}

/* ---- source files ---- */

static int load_files(struct kit *k, const struct script_file *files,
                      size_t count)
{
    return script_load(files, count, NULL, &k->script, &k->err);
}

TEST(modules_are_the_files_of_the_folder)
{
    static const struct script_file files[] = {
        {"crd.yaml", "a: b", 4},
        {"lib/ports.lua", "return { http = 80 }", 20},
        {"lib/init.lua", "return 'lib'", 12},
        {"operator.lua",
         "assert(require('lib.ports').http == 80 and "
         "require('lib') == 'lib')\n" TAIL,
         sizeof "assert(require('lib.ports').http == 80 and require('lib') == "
                "'lib')\n" TAIL -
             1},
    };
    struct kit k;

    kit_init(&k);
    check_ok(load_files(&k, files, 4), &k.err);
    kit_release(&k);
}

TEST(a_folder_without_operator_lua_is_refused)
{
    static const struct script_file file = {"main.lua", "", 0};
    struct kit k;

    kit_init(&k);
    check_int(load_files(&k, &file, 1), -ERR_SCRIPT);
    check_str(k.err.msg, "there is no operator.lua");
    kit_release(&k);
}

static void load_module_fails(const char *name, const char *module,
                              const char *text, const char *want)
{
    struct kit k;

    kit_init(&k);
    check(kit_load_with(&k, text, name, module) < 0);
    check_str(kit_error(&k), want);
    kit_release(&k);
}

TEST(require_says_what_there_is)
{
    load_module_fails("lib/ports.lua", "return 1", "\nrequire 'lib.port'",
                      "operator.lua:2: require: there is no module "
                      "'lib.port', did you mean 'lib.ports'?");
    load_module_fails("lib/ports.lua", "return 1", "require 'socket.http'",
                      "operator.lua:1: require: there is no module "
                      "'socket.http'\n  hint: modules are the operator's own "
                      "files, \"lib.ports\" for lib/ports.lua, and tidelock.*");
    load_module_fails("a.lua", "return 1", "require 'operator'",
                      "operator.lua:1: require: there is no module 'operator'"
                      "\n  hint: modules are the operator's own files, "
                      "\"lib.ports\" for lib/ports.lua, and tidelock.*");
}

TEST(modules_that_require_each_other_are_refused)
{
    load_module_fails("a.lua", "return require 'a'", "require 'a'",
                      "a.lua:1: require: 'a' is being loaded already: the "
                      "modules require each other\n  hint: move what both need "
                      "into a third module");
}

TEST(modules_have_their_own_names)
{
    load_module_fails("tidelock/cron.lua", "", TAIL,
                      "tidelock/cron.lua: "
                      "modules called tidelock belong to the runtime");
    load_module_fails("operator/init.lua", "", TAIL,
                      "operator/init.lua: there "
                      "is another file for the module 'operator'");
}

TEST(an_error_in_a_module_names_its_file)
{
    load_module_fails("lib/x.lua", "\n\nerror 'broken'", "require 'lib.x'",
                      "lib/x.lua:3: broken");
    load_module_fails("lib/x.lua", "x =", TAIL,
                      "lib/x.lua:1: unexpected "
                      "symbol near <eof>");
}

/* ---- what a source may look like (attack 112) ---- */

static int load_bytes(struct kit *k, const char *text, size_t len)
{
    struct script_file file = {"operator.lua", text, len};

    return load_files(k, &file, 1);
}

TEST(sources_of_odd_shape_have_a_defined_end)
{
    static const struct {
        const char *text;
        size_t len;
        int rc;
    } sources[] = {
        {"\xEF\xBB\xBFreturn 1", 11, -ERR_SCRIPT},
        {"", 0, -ERR_SCRIPT},
        {"\x1BLua", 4, -ERR_SCRIPT},
        {"local x = 1\0 y", 14, -ERR_SCRIPT},
        {"#!/usr/bin/env tidelock\n" TAIL,
         sizeof "#!/usr/bin/env tidelock\n" TAIL - 1, 0},
        {"local x = 1\r\n" TAIL "\r\n",
         sizeof "local x = 1\r\n" TAIL "\r\n" - 1, 0},
        {"# a comment without a line end", 30, -ERR_SCRIPT},
    };
    struct kit k;

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        kit_init(&k);
        check_int(load_bytes(&k, sources[i].text, sources[i].len),
                  sources[i].rc);
        kit_release(&k);
    }
}

TEST(sources_are_at_most_64_kib)
{
    struct kit k;
    char *text = mem_alloc(70000);

    if (!check(text))
        return;
    memset(text, ' ', 70000);
    kit_init(&k);
    check_int(load_bytes(&k, text, 70000), -ERR_LIMIT);
    check_str(kit_error(&k),
              "operator.lua: 70000 bytes of source, at most "
              "65536 are allowed\n  hint: split it into modules and require "
              "them");
    kit_release(&k);
    mem_free(text);
}

/* Attacks 55, 58, 61-63: the compiler is a C call. */
TEST(sources_that_are_hard_to_compile_end_soon)
{
    struct kit k;
    struct str s = {0};

    str_add(&s, "local a if a then ");
    for (int i = 0; i < 4000; i++)
        str_add(&s, "elseif a then ");
    str_add(&s, "end " TAIL);
    kit_init(&k);
    check_ok(load_bytes(&k, s.data, s.len), &k.err);
    kit_release(&k);

    str_clear(&s);
    for (int i = 0; i < 3000; i++)
        str_add(&s, "function() return ");
    kit_init(&k);
    check_int(load_bytes(&k, s.data, s.len), -ERR_SCRIPT);
    kit_release(&k);

    str_clear(&s);
    for (int i = 0; i < 300; i++)
        str_addf(&s, "local v%d = 1\n", i);
    kit_init(&k);
    check_int(load_bytes(&k, s.data, s.len), -ERR_SCRIPT);
    check_has(k.err.msg, "too many local variables");
    kit_release(&k);
    str_release(&s);
}

TEST(compiling_is_part_of_the_budget)
{
    struct kit k;

    kit_init(&k);
    k.limits.instructions = 1000;
    check_int(kit_load(&k, TAIL), -ERR_BUDGET);
    check_has(k.err.msg, "cannot compile 'operator.lua'");
    check_has(k.err.msg, ".lua': the script ran longer than its budget of "
                         "1,000 instructions");
    kit_release(&k);
}

/* ---- what a failed run tells ---- */

TEST(a_failed_run_tells_operator_object_and_frames)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_load(&k, "local function inner(x)\n  return x.spec.y.z\nend\n"
                           "local function outer(x)\n  local r = inner(x)\n  "
                           "return r\nend\nfunction reconcile(site)\n  "
                           "outer(site)\nend\n" TAIL),
              0);
    check_int(kit_call(&k, JOB_RECONCILE), -ERR_SCRIPT);
    check_str(k.err.msg, "operator.lua:2: attempt to index a nil value (field "
                         "'y')");
    check_str(k.plan.trace,
              "operator website, object default/blog (generation "
              "3)\nstack: operator.lua:2 in inner\n       operator.lua:5 in "
              "outer\n       operator.lua:9 in reconcile");
    kit_release(&k);
}

TEST(frames_of_the_library_are_not_shown)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_load(&k, "local t = require 'tidelock'\n"
                           "function reconcile(site)\n"
                           "  t.conditions.find(5, 'x')\nend\n" TAIL),
              0);
    check_int(kit_call(&k, JOB_RECONCILE), -ERR_SCRIPT);
    check_has(k.plan.trace, "\nstack: operator.lua:3 in reconcile");
    kit_release(&k);
}

TEST(at_most_ten_frames_are_shown)
{
    struct kit k;
    int lines = 0;

    kit_init(&k);
    check_int(kit_load(&k, "local function f(n) if n == 0 then error('x') end "
                           "f(n - 1) return n end\nfunction reconcile() f(50) "
                           "end\n" TAIL),
              0);
    check_int(kit_call(&k, JOB_RECONCILE), -ERR_SCRIPT);
    for (const char *c = k.plan.trace; c && *c; c++)
        lines += *c == '\n';
    check_int(lines, 10);
    kit_release(&k);
}

TEST(logs_of_a_failed_run_are_kept)
{
    struct kit k;

    kit_init(&k);
    check_int(kit_run(&k, "log.info('before') log.warn('soon')\nerror('now')"),
              -ERR_SCRIPT);
    check_str(kit_plan(&k), "info: before\nwarn: soon\n");
    kit_release(&k);
}

/* Attack 106. */
TEST(logs_are_bounded)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_run(&k, "for i = 1, 1000 do log.info(i) end"), &k.err);
    if (check_int(k.plan.log_count, 100))
        check_str(k.plan.logs[99].text, "more than 99 lines: the rest is left "
                                        "out");
    check_ok(kit_run(&k, "log.info(('x'):rep(1000000))"), &k.err);
    check_int(strlen(k.plan.logs[0].text), 4096);
    kit_release(&k);
}

TEST(what_reconcile_and_finalize_return_is_checked)
{
    struct kit k;

    kit_init(&k);
    kit_fails(&k, "return true", ERR_SCRIPT,
              "operator.lua:1: reconcile returned a boolean; it "
              "returns nothing\n  hint: what should exist is declared by "
              "plan:apply");
    check_int(kit_load(&k,
                       "return require('tidelock').operator { api = 1, name "
                       "= 'x', resource = { 'v1', 'Pod' }, reconcile = "
                       "function() end, finalize = function() return "
                       "'done' end }"),
              0);
    check_int(kit_call(&k, JOB_FINALIZE), -ERR_SCRIPT);
    check_str(
        k.err.msg,
        "operator.lua:1: finalize returned a string; it returns true when all "
        "is done, else false or nothing");
    kit_release(&k);
}

TEST(finalize_is_done_when_it_returns_true)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_body(&k, "plan:requeue(1)"), &k.err);
    check_ok(kit_call(&k, JOB_FINALIZE), &k.err);
    check(k.plan.finalizing && k.plan.finalize_done);
    check_str(kit_plan(&k), "requeue 1000 ms\nfinalized\n");
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check(!k.plan.finalizing && !k.plan.finalize_done);
    kit_release(&k);
}

/* Attack 103. */
TEST(nothing_survives_a_run)
{
    struct kit k;

    kit_init(&k);
    check_ok(kit_body(&k, "log.info(tostring(seen)) seen = true "
                          "site.metadata.name = 'x' string.upper = nil"),
             &k.err);
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_str(kit_plan(&k), "info: nil\n");
    check_ok(kit_call(&k, JOB_RECONCILE), &k.err);
    check_str(kit_plan(&k), "info: nil\n");
    check_str(k.view.root->key.name, "blog");
    kit_release(&k);
}

TEST(the_most_frequent_mistakes_come_with_advice)
{
    static const struct {
        const char *body;
        const char *hint;
    } cases[] = {
        {"print('x')", "write to the operator's log: log.info(text)"},
        {"local t = os.time()", "the only clock is view.now; nothing else of "
                                "os exists"},
        {"deploymnt()",
         "there is no global 'deploymnt': a typing mistake, a "
         "`local` that comes later, or a part of Lua that scripts do not have"},
        {"local x = site.status.conditions",
         "'status' is absent: of the root only the fields under memory = { ... "
         "} are seen, other objects get theirs later; test it, or use "
         "tidelock.get(object, \"status\", ...)"},
        {"local x = site.spec.n + 1", "'n' is absent: write (value or "
                                      "default)"},
        {"local x = site.metadata.name < 3", "quotes in YAML make a text: use "
                                             "tonumber(value)"},
        {"local x = nil; x()", ""},
    };
    struct kit k;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_init(&k);
        check_int(kit_run(&k, cases[i].body), -ERR_SCRIPT);
        check_str(k.err.hint, cases[i].hint);
        kit_release(&k);
    }
}
