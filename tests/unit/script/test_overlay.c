/*
 * test_overlay.c -- what an overlay changes, what it still can call, and when
 *                   it is refused.
 */
#include "kit.h"

#include <string.h>

#include "script/fingerprint.h"
#include "test.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define LIMIT 8

static const char operator_text[] =
    "local tidelock = require 'tidelock'\n"
    "return tidelock.operator { api = 1, name = 'website',\n"
    "  resource = { 'example.com/v1', 'Website' },\n"
    "  owns = { { 'v1', 'ConfigMap' } },\n"
    "  parameters = { size = { type = 'integer', default = 1 } },\n"
    "  observe = function(o) return o.spec end,\n"
    "  desired = function(o, view, plan)\n"
    "    plan:condition('Ready', true, 'Base', tostring(view.params.size))\n"
    "  end,\n"
    "  rows = {\n"
    "    { id = 'a', why = 'is a', when = function(s) return s.v == 1 end },\n"
    "    { id = 'b', why = function(s) return 'b' .. s.v end,\n"
    "      when = function(s) return s.v < 9 end,\n"
    "      plan = function(s, plan) plan:requeue(s.v) end },\n"
    "  } }\n";

/* The fingerprint of rows and hooks above. */
#define A "0aa53c15a3ae"
#define B "0768a2e895f1"
#define DESIRED "d577a4cb0ebf"

static int load_all(struct kit *k, const char *base,
                    const char *const *overlays)
{
    struct script_file files[LIMIT] = {
        {.name = "operator.lua", .text = base, .len = strlen(base)}};
    size_t count = 1;

    for (; *overlays; overlays++, count++) {
        const char *text = arena_printf(
            &k->arena,
            "local tidelock = require 'tidelock'\n"
            "return tidelock.overlay { api = 1, operator = 'website',\n%s }\n",
            *overlays);

        if (!text)
            return err_nomem(&k->err);
        files[count] = (struct script_file){
            .name =
                arena_printf(&k->arena, SCRIPT_OVERLAY "site%zu.lua", count),
            .text = text,
            .len = strlen(text)};
        if (!files[count].name)
            return err_nomem(&k->err);
    }
    err_clear(&k->err);
    return script_load(files, count, NULL, &k->script, &k->err);
}

#define OVERLAYS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Load the operator with these overlays and run it for spec.v. */
static int run(struct kit *k, const char *const *overlays, int v)
{
    int rc = load_all(k, operator_text, overlays);

    if (rc < 0)
        return rc;
    kit_root(k, arena_printf(&k->arena,
                             "{'metadata':{'name':'blog','namespace':'default',"
                             "'uid':'u'},'spec':{'v':%d}}",
                             v));
    return kit_call(k, JOB_RECONCILE);
}

/* "b: b3 @operator.lua:13" and the plan. */
static const char *story(struct kit *k)
{
    const struct operator_row *r =
        operator_row(script_decl(k->script), k->plan.row);

    return arena_printf(&k->arena, "%s: %s @%s\n%s", r ? r->id : "none",
                        k->plan.why ? k->plan.why : "-",
                        r && r->place ? r->place : "-", kit_plan(k));
}

static void gives(const char *const *overlays, int v, const char *want)
{
    struct kit k;

    kit_init(&k);
    check_ok(run(&k, overlays, v), &k.err);
    if (k.script)
        check_str(story(&k), want);
    kit_release(&k);
}

static void fails(const char *const *overlays, const char *want)
{
    struct kit k;

    kit_init(&k);
    check_int(load_all(&k, operator_text, overlays), -ERR_SCRIPT);
    check_str(kit_error(&k), want);
    kit_release(&k);
}

#define READY "condition Ready=True Base \"1\" @operator.lua:8\n"

/* ---- rows ---- */

TEST(an_overlay_changes_one_row_and_can_call_what_was_there)
{
    gives(OVERLAYS("rows = { { change = 'b', base = '" B "',\n"
                   "  why = function(s, base) return base(s) .. '!' end,\n"
                   "  plan = function(s, plan, base)\n"
                   "    base(s, plan) plan:requeue(1) end } }"),
          3, "b: b3! @site1.lua:4\n" READY "requeue 1000 ms\n");
}

TEST(what_an_overlay_does_not_name_stays)
{
    gives(OVERLAYS("rows = { { change = 'a', base = '" A "', hold = true,\n"
                   "  when = function(s, base) return not base(s) end } }"),
          3, "a: is a @site1.lua:4\n");
    gives(OVERLAYS("rows = { { change = 'a', base = '" A "',\n"
                   "  why = 'text' } }"),
          1, "a: text @site1.lua:2\n" READY);
    gives(OVERLAYS("rows = { { change = 'a', base = '" A "',\n"
                   "  why = function(s, base) return base() .. '?' end } }"),
          1, "a: is a? @site1.lua:4\n" READY);
}

TEST(rows_are_put_in_and_taken_out)
{
    static const char row[] =
        "id = 'new', why = 'new', when = function(s) return s.v < 3 end } }";
    struct kit k;

    gives(OVERLAYS("rows = { { remove = 'a', base = '" A "' } }"), 1,
          "b: b1 @operator.lua:13\n" READY "requeue 1000 ms\n");
    kit_init(&k);
    gives(OVERLAYS(arena_printf(&k.arena, "rows = { { before = 'a', %s", row)),
          1, "new: new @site1.lua:3\n" READY);
    gives(OVERLAYS(arena_printf(&k.arena, "rows = { { after = 'a', %s", row)),
          1, "a: is a @operator.lua:11\n" READY);
    gives(OVERLAYS(arena_printf(&k.arena, "rows = { { after = 'a', %s", row)),
          2, "new: new @site1.lua:3\n" READY);
    gives(OVERLAYS(arena_printf(&k.arena, "rows = { { after = 'b', %s", row)),
          9, "steady: as declared @-\n" READY);
    kit_release(&k);
}

TEST(a_second_overlay_finds_what_the_first_one_left)
{
    struct kit k;

    kit_init(&k);
    check_int(
        load_all(&k, operator_text,
                 OVERLAYS("rows = { { change = 'b', base = '" B "',\n"
                          "why = function(s, base) return base(s) .. 1 end } }",
                          "rows = { { change = 'b', base = '" B "',\n"
                          "why = function(s, base) return base(s) .. 2 end }"
                          "}")),
        -ERR_SCRIPT);
    check_has(k.err.msg, "site2.lua:2: tidelock.overlay: change of row 'b': it "
                         "is not what this overlay was written for");
    kit_release(&k);
    gives(OVERLAYS("rows = { { change = 'b', base = '" B "',\n"
                   "why = function(s, base) return base(s) .. 1 end } }",
                   "rows = { { change = 'b', base = 'ad06866fde7e',\n"
                   "why = function(s, base) return base(s) .. 2 end } }"),
          3, "b: b312 @site2.lua:4\n" READY "requeue 3000 ms\n");
}

/* ---- hooks, parameters, kinds ---- */

TEST(a_hook_is_replaced_and_the_old_one_can_be_called)
{
    gives(OVERLAYS("hooks = { desired = { base = '" DESIRED "',\n"
                   "  call = function(o, view, plan, base)\n"
                   "    base(o, view, plan)\n"
                   "    plan:event('Normal', 'Hi', 'x') end } }"),
          9,
          "steady: as declared @-\n" READY
          "event Normal Hi \"x\" @site1.lua:6\n");
}

TEST(a_hook_that_was_not_there_needs_no_base)
{
    struct kit k;

    kit_init(&k);
    check_ok(load_all(&k, operator_text,
                      OVERLAYS("hooks = { finalize = { call = function(o, v, "
                               "p, base) return base == nil end } }")),
             &k.err);
    check(script_decl(k.script)->has_finalize);
    check_ok(kit_call(&k, JOB_FINALIZE), &k.err);
    check_str(kit_plan(&k), "finalized\n");
    kit_release(&k);
}

TEST(kinds_are_added_and_parameters_set)
{
    struct kit k;
    const struct operator_decl *d;

    kit_init(&k);
    check_ok(load_all(&k, operator_text,
                      OVERLAYS("owns = { { 'apps/v1', 'Deployment' } },\n"
                               "reads = { { 'v1', 'Node', namespace = 'none' } "
                               "}, parameters = { size = 4 },\n"
                               "description = 'ours'")),
             &k.err);
    d = script_decl(k.script);
    check_int(d->owns_count, 2);
    check_str(d->owns[1].gvk.kind, "Deployment");
    check_int(d->reads_count, 1);
    check_int(value_int_at(d->overlay_params, "size", 0), 4);
    if (check_int(d->overlays_count, 1)) {
        check(d->overlays[0].applied);
        check_str(d->overlays[0].place, "site1.lua:2");
        check_str(d->overlays[0].description, "ours");
    }
    kit_release(&k);
}

TEST(an_overlay_for_another_operator_is_passed_over)
{
    static const char other[] =
        "return require('tidelock').overlay { api = 1, operator = 'shop' }";
    const struct script_file files[] = {{.name = "operator.lua",
                                         .text = operator_text,
                                         .len = sizeof operator_text - 1},
                                        {.name = SCRIPT_OVERLAY "o.lua",
                                         .text = other,
                                         .len = sizeof other - 1}};
    struct kit k;

    kit_init(&k);
    check_ok(script_load(files, 2, NULL, &k.script, &k.err), &k.err);
    if (k.script) {
        check(!script_decl(k.script)->overlays[0].applied);
        check_str(script_decl(k.script)->overlays[0].operator_name, "shop");
    }
    kit_release(&k);
}

/* ---- refused ---- */

#define AT "site1.lua:2: tidelock.overlay: "

TEST(an_overlay_that_does_not_fit_any_more_is_refused)
{
    fails(OVERLAYS("rows = { { change = 'c', base = 'x' } }"),
          AT "change of row 'c': there is no row 'c'\n  hint: rows: a, b");
    fails(OVERLAYS("rows = { { change = 'a' } }"),
          AT "change of row 'a': base is missing\n  hint: write base = \"" A
             "\": when it changes, this overlay is refused");
    fails(OVERLAYS("rows = { { remove = 'a', base = 'old' } }"),
          AT "removal of row 'a': it is not what this overlay was written "
             "for\n  hint: compare the two; if the change still fits write "
             "base = \"" A "\"");
    fails(OVERLAYS("hooks = { desired = { call = function() end } }"),
          AT "hook 'desired': base is missing\n  hint: write base = \"" DESIRED
             "\": when it changes, this overlay is refused");
    fails(OVERLAYS("hooks = { finalize = { base = 'x', call = function() end } "
                   "}"),
          AT "hook 'finalize': there is none to change\n"
             "  hint: leave base out");
    fails(OVERLAYS("parameters = { sise = 1 }"),
          AT "operator 'website' has no parameter 'sise', did you mean "
             "'size'?\n  hint: its parameters: size");
    fails(OVERLAYS("parameters = { size = 'x' }"),
          AT "parameter 'size': expected integer, got \"x\"");
    fails(OVERLAYS("owns = { { 'v1', 'ConfigMap' } }"),
          "site1.lua:2: tidelock.operator: owns, entry 2: v1 ConfigMap is "
          "listed twice");
    fails(OVERLAYS("rows = { { before = 'a', id = 'b', why = 'x',\n"
                   "when = function() end } }"),
          "site1.lua:2: tidelock.operator: row 'b' is there twice, as entries "
          "1 and 3 of rows\n  hint: the id is how people and metrics name it");
}

TEST(each_mistake_in_an_overlay_says_how_to_put_it_right)
{
    fails(OVERLAYS("row = {}"),
          AT "there is no field 'row', did you mean 'rows'?\n"
             "  hint: fields: api, operator, description, parameters, owns, "
             "reads, rows, hooks");
    fails(OVERLAYS("rows = { {} }"),
          AT "rows, entry 1: expected one of change, remove, before and after, "
             "with the id of a row\n  hint: change = \"scale-up\"");
    fails(OVERLAYS("rows = { { change = 'a', before = 'b' } }"),
          AT "rows, entry 1: expected one of change, remove, before and after, "
             "with the id of a row\n  hint: change = \"scale-up\"");
    fails(OVERLAYS("rows = { 'a' }"),
          AT "rows, entry 1: expected { change = \"id\", ... }, got \"a\"");
    fails(OVERLAYS("rows = { { change = 'a', place = 'x' } }"),
          AT "rows, entry 1: there is no field 'place', did you mean "
             "'plan'?\n"
             "  hint: fields: change, remove, before, after, base, id, when, "
             "why, plan, hold, description");
    fails(OVERLAYS("hooks = { run = {} }"),
          AT "hooks: there is no field 'run'\n"
             "  hint: fields: reconcile, observe, desired, finalize");
    fails(OVERLAYS("hooks = { desired = function() end }"), AT
          "hook 'desired': expected { base = \"...\", call = function }, got "
          "function");
    fails(OVERLAYS("parameters = 7"),
          AT "parameters: expected { name = value }, got number");
}

static void file_fails(const char *text, const char *want)
{
    const struct script_file files[] = {
        {.name = "operator.lua",
         .text = operator_text,
         .len = sizeof operator_text - 1},
        {.name = SCRIPT_OVERLAY "o.lua", .text = text, .len = strlen(text)}};
    struct kit k;

    kit_init(&k);
    check_int(script_load(files, 2, NULL, &k.script, &k.err), -ERR_SCRIPT);
    check_str(kit_error(&k), want);
    kit_release(&k);
}

#define HINT                                                                   \
    "\n  hint: the last statement of an overlay is: return tidelock.overlay "  \
    "{ ... }"

TEST(a_file_that_is_no_overlay_is_refused)
{
    file_fails("", "the overlay declares nothing" HINT);
    file_fails("require('tidelock').overlay { api = 1, operator = 'website' }",
               "the overlay returns something else" HINT);
    file_fails("return require('tidelock').overlay(7)",
               "o.lua:1: tidelock.overlay: expected a table, got number");
    file_fails("return require('tidelock').overlay { operator = 'website' }",
               "o.lua:1: tidelock.overlay: api is missing\n"
               "  hint: write api = 1");
    file_fails("return require('tidelock').overlay { api = 2 }",
               "o.lua:1: tidelock.overlay: api: expected 1, got number");
    file_fails("return require('tidelock').overlay { api = 1 }",
               "o.lua:1: tidelock.overlay: operator is missing: which one does "
               "it change?\n  hint: operator = \"website\"");
    file_fails(
        "return require 'overlay:1'",
        "o.lua:1: require: there is no module 'overlay:1'\n"
        "  hint: modules are the operator's own files, \"lib.ports\" for "
        "lib/ports.lua, and tidelock.*");
}

/* ---- fingerprints ---- */

TEST(a_fingerprint_does_not_see_comments_and_blanks)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a  =\n\t1 -- one\n", "a = 1"},
        {"--[[ x\ny ]] a --[==[ ]] ]==] b", "a b"},
        {"s = 'a  -- b' .. \"c\\\"  d\"", "s = 'a  -- b' .. \"c\\\"  d\""},
        {"s = [[ a  -- ]] .. [=[ ]] ]=]", "s = [[ a  -- ]] .. [=[ ]] ]=]"},
        {"t[1] = u[v[2]]", "t[1] = u[v[2]]"},
        {"--[[ open", ""},
        {"s = 'open", "s = 'open"},
        {"s = 'x\\", "s = 'x\\"},
        {"", ""},
        {"  a", "a"},
        {"a-b - -c", "a-b - -c"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str out = {0};

        check_int(
            fingerprint_normalise(cases[i].text, strlen(cases[i].text), &out),
            0);
        check_str(str_text(&out), cases[i].want);
        str_release(&out);
    }
}

TEST(rows_that_move_keep_their_fingerprint)
{
    char *moved, *at;
    struct kit k;

    kit_init(&k);
    moved = arena_printf(&k.arena, "-- a line\n\n%s", operator_text);
    at = strstr(moved, "return s.v < 9");
    check_ok(load_all(&k, moved, OVERLAYS("")), &k.err);
    check_str(script_decl(k.script)->rows[0].fingerprint, A);
    check_str(script_decl(k.script)->rows[1].fingerprint, B);
    script_free(k.script);
    k.script = NULL;
    at[strlen("return s.v < ")] = '8';
    check_ok(load_all(&k, moved, OVERLAYS("")), &k.err);
    check_str(script_decl(k.script)->rows[0].fingerprint, A);
    check(strcmp(script_decl(k.script)->rows[1].fingerprint, B) != 0);
    kit_release(&k);
}

TEST_ALLOC(an_overlay_survives_out_of_memory)
{
    struct kit k;
    int rc;

    kit_init(&k);
    rc = run(&k,
             OVERLAYS("parameters = { size = 2 }, rows = { { change = 'b',\n"
                      "base = '" B "', why = 'x' } }"),
             3);
    if (rc == 0)
        check_str(k.plan.why, "x");
    kit_release(&k);
    return rc;
}
