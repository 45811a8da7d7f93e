/*
 * test_table.c -- decision tables: what is declared, which row is chosen, what
 *                 it adds, and every message when it is wrong.
 */
#include "kit.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

#define HEAD                                                                   \
    "api = 1, name = 'website', resource = { 'example.com/v1', 'Website' },\n" \
    "owns = { { 'v1', 'ConfigMap' }, { 'apps/v1', 'Deployment' } },\n"
#define OBSERVE "observe = function(o) return o.spec end,\n"
#define DESIRED                                                                \
    "desired = function(o, view, plan)\n"                                      \
    "  plan:apply { apiVersion = 'v1', kind = 'ConfigMap',\n"                  \
    "    metadata = { name = o.metadata.name } }\n"                            \
    "end,\n"
#define ROWS                                                                   \
    "rows = {\n"                                                               \
    "  { id = 'paused', hold = true, why = 'spec.paused is set',\n"            \
    "    when = function(s) return s.paused end,\n"                            \
    "    plan = function(s, plan) plan:requeue(60) end },\n"                   \
    "  { id = 'scale-up', description = 'Adds replicas.',\n"                   \
    "    when = function(s) return (s.ready or 0) < s.replicas end,\n"         \
    "    why = function(s) return s.ready .. ' of ' .. s.replicas end,\n"      \
    "    plan = function(s, plan)\n"                                           \
    "      plan:apply { apiVersion = 'apps/v1', kind = 'Deployment',\n"        \
    "        metadata = { name = 'd' }, spec = { replicas = s.replicas } }\n"  \
    "    end },\n"                                                             \
    "  { id = 'full', why = 'all there',\n"                                    \
    "    when = function(s) return s.ready == 3 end },\n"                      \
    "}"

static int load(struct kit *k, const char *fields)
{
    const char *text = arena_printf(&k->arena,
                                    "local tidelock = require 'tidelock'\n"
                                    "return tidelock.operator { %s }",
                                    fields);

    return text ? kit_load(k, text) : -ERR_NOMEM;
}

/* Load and run for a root with this spec. */
static int decide(struct kit *k, const char *fields, const char *spec)
{
    int rc = load(k, fields);

    if (rc < 0)
        return rc;
    kit_root(k, arena_printf(&k->arena,
                             "{'metadata':{'name':'blog','namespace':'default',"
                             "'uid':'u-1','generation':3},'spec':%s}",
                             spec));
    return kit_call(k, JOB_RECONCILE);
}

/* "scale-up: 1 of 3" */
static const char *chosen(struct kit *k)
{
    const struct operator_row *r =
        operator_row(script_decl(k->script), k->plan.row);

    return arena_printf(&k->arena, "%s: %s%s", r ? r->id : "none",
                        k->plan.why ? k->plan.why : "-",
                        k->plan.hold ? " (hold)" : "");
}

/* ---- the declaration ---- */

TEST(a_table_becomes_rows_with_their_places)
{
    struct kit k;
    const struct operator_decl *d;

    kit_init(&k);
    check_ok(
        load(&k, HEAD OBSERVE DESIRED ROWS ", description = 'Serves pages.'"),
        &k.err);
    d = script_decl(k.script);
    check_str(d->description, "Serves pages.");
    check(d->has_desired);
    if (check_int(d->rows_count, 4)) {
        check_str(d->rows[0].id, "paused");
        check_str(d->rows[0].why, "spec.paused is set");
        check_str(d->rows[0].place, "operator.lua:11");
        check(d->rows[0].hold && d->rows[0].plan.file);
        check_str(d->rows[1].description, "Adds replicas.");
        check(d->rows[1].why == NULL && !d->rows[1].hold);
        check_int(d->rows[1].when.first, 14);
        check_int(d->rows[1].when.last, 14);
        check_int(d->rows[1].plan.first, 16);
        check_int(d->rows[1].plan.last, 19);
        check(d->rows[2].plan.file == NULL);
        check_str(d->rows[3].id, OPERATOR_STEADY);
        check_str(d->rows[3].why, "as declared");
        check(!d->rows[3].hold && !d->rows[3].place);
    }
    check(operator_row(d, 3) == &d->rows[3]);
    check(operator_row(d, 4) == NULL && operator_row(d, PLAN_NO_ROW) == NULL);
    kit_release(&k);
}

TEST(without_desired_the_steady_row_holds_too)
{
    struct kit k;

    kit_init(&k);
    check_ok(decide(&k,
                    HEAD OBSERVE "rows = { { id = 'a', hold = true, why = 'a',"
                                 "when = function() return false end } }",
                    "{}"),
             &k.err);
    check_str(chosen(&k), "steady: there is nothing to do (hold)");
    check_str(kit_plan(&k), "");
    kit_release(&k);
}

#define ROW(fields) HEAD OBSERVE DESIRED "rows = { { " fields " } }"
#define WHEN "when = function() return true end"

struct mistake {
    const char *fields, *want;
};

static void all_fail(const struct mistake *bad, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kit k;

        kit_init(&k);
        check_int(load(&k, bad[i].fields), -ERR_SCRIPT);
        check_str(kit_error(&k), bad[i].want);
        kit_release(&k);
    }
}

TEST(each_mistake_in_a_table_says_how_to_put_it_right)
{
    static const struct mistake bad[] = {
        {HEAD OBSERVE DESIRED "rows = {}",
         "operator.lua:2: tidelock.operator: rows: expected 1 to 100, got 0"},
        {HEAD OBSERVE "rows = 7",
         "operator.lua:2: tidelock.operator: rows: expected a list of rows, "
         "got number"},
        {HEAD "rows = { {} }",
         "operator.lua:2: tidelock.operator: observe is missing\n"
         "  hint: observe = function(object, view) return state end: what the "
         "rows decide by"},
        {HEAD OBSERVE ROWS ", reconcile = function() end",
         "operator.lua:2: tidelock.operator: reconcile and rows are both "
         "there: an operator has one of the two\n"
         "  hint: reconcile decides by itself; rows are chosen by the state"},
        {HEAD OBSERVE "reconcile = function() end",
         "operator.lua:2: tidelock.operator: observe goes with rows, and there "
         "are none\n"
         "  hint: rows = { { id =, when =, why =, plan = }, ... }"},
        {HEAD DESIRED "reconcile = function() end",
         "operator.lua:2: tidelock.operator: desired goes with rows, and there "
         "are none\n"
         "  hint: rows = { { id =, when =, why =, plan = }, ... }"},
        {HEAD "finalize = function() end",
         "operator.lua:2: tidelock.operator: reconcile is missing\n"
         "  hint: reconcile = function(object, view, plan); or observe and "
         "rows"},
    };

    all_fail(bad, COUNT(bad));
}

TEST(each_mistake_in_a_row_says_how_to_put_it_right)
{
    static const struct mistake bad[] = {
        {HEAD OBSERVE DESIRED "rows = { 'paused' }",
         "operator.lua:2: tidelock.operator: rows, entry 1: expected { id =, "
         "when =, why =, plan = }, got \"paused\""},
        {ROW("why = 'x'"),
         "operator.lua:2: tidelock.operator: rows, entry 1: id is missing\n"
         "  hint: id = \"scale-up\""},
        {ROW("id = 'Scale_Up'"),
         "operator.lua:2: tidelock.operator: rows, entry 1: id: expected at "
         "most 63 lower-case letters, digits and '-', got \"Scale_Up\"\n"
         "  hint: it becomes a metric label and part of messages"},
        {ROW("id = 'steady'"),
         "operator.lua:2: tidelock.operator: rows, entry 1: id: 'steady' is "
         "what a plan says when no row holds\n"
         "  hint: leave the row out, or call it something else"},
        {ROW("id = 'a', why = 'x'"),
         "operator.lua:2: tidelock.operator: row 'a': when is missing\n"
         "  hint: when = function(state) return ... end"},
        {ROW("id = 'a', when = true, why = 'x'"),
         "operator.lua:2: tidelock.operator: row 'a': when: expected a "
         "function, got boolean"},
        {ROW("id = 'a', " WHEN),
         "operator.lua:2: tidelock.operator: row 'a': why is missing\n"
         "  hint: why = \"text\", or function(state) return text end: what "
         "people read at night"},
        {ROW("id = 'a', why = '', " WHEN),
         "operator.lua:2: tidelock.operator: row 'a': why: expected a text or "
         "a function, got \"\""},
        {ROW("id = 'a', why = ('x'):rep(1025), " WHEN),
         "operator.lua:2: tidelock.operator: row 'a': why: longer than 1024 "
         "bytes\n  hint: description has room for more"},
        {ROW("id = 'a', why = 'x', hold = 1, " WHEN),
         "operator.lua:2: tidelock.operator: row 'a': hold: expected true or "
         "false, got number"},
        {ROW("id = 'a', why = 'x', plan = {}, " WHEN),
         "operator.lua:2: tidelock.operator: row 'a': plan: expected a "
         "function, got table"},
        {ROW("id = 'a', why = 'x', wen = 1, " WHEN),
         "operator.lua:2: tidelock.operator: row 'a': there is no field 'wen', "
         "did you mean 'when'?\n"
         "  hint: fields: id, when, why, plan, hold, description"},
        {HEAD OBSERVE DESIRED "rows = { { id = 'a', why = 'x', " WHEN
                              "}, { id = 'b', why = 'x', " WHEN
                              "}, { id = 'a', why = 'x', " WHEN "} }",
         "operator.lua:2: tidelock.operator: row 'a' is there twice, as "
         "entries 1 and 3 of rows\n"
         "  hint: the id is how people and metrics name it"},
        {HEAD OBSERVE "rows = { { id = 'a', why = 'x', " WHEN " } }",
         "operator.lua:2: tidelock.operator: row 'a': hold is missing: without "
         "desired nothing says which children are to stay\n"
         "  hint: hold = true on every row, or declare the children that stand "
         "always in desired = function(object, view, plan)"},
    };

    all_fail(bad, COUNT(bad));
}

/* ---- a run ---- */

TEST(the_first_row_that_holds_adds_its_steps_to_what_is_desired)
{
    struct kit k;

    kit_init(&k);
    check_ok(decide(&k, HEAD OBSERVE DESIRED ROWS, "{'ready':2,'replicas':3}"),
             &k.err);
    check_str(chosen(&k), "scale-up: 2 of 3");
    check_str(kit_plan(&k),
              "apply ConfigMap blog @operator.lua:6 {\"apiVersion\":\"v1\","
              "\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"blog\"}}\n"
              "apply Deployment d @operator.lua:17 {\"apiVersion\":\"apps/v1\","
              "\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},"
              "\"spec\":{\"replicas\":3}}\n");
    kit_release(&k);
}

TEST(a_row_that_holds_applies_only_what_it_declares)
{
    struct kit k;

    kit_init(&k);
    check_ok(decide(&k, HEAD OBSERVE DESIRED ROWS,
                    "{'paused':true,'ready':2,'replicas':3}"),
             &k.err);
    check_str(chosen(&k), "paused: spec.paused is set (hold)");
    check_str(kit_plan(&k), "requeue 60000 ms\n");
    kit_release(&k);
}

TEST(a_row_without_a_plan_and_no_row_leave_what_is_desired)
{
    struct kit k;

    kit_init(&k);
    check_ok(decide(&k, HEAD OBSERVE DESIRED ROWS, "{'ready':3,'replicas':3}"),
             &k.err);
    check_str(chosen(&k), "full: all there");
    check_has(kit_plan(&k), "apply ConfigMap blog");
    check_ok(decide(&k, HEAD OBSERVE DESIRED ROWS, "{'ready':4,'replicas':3}"),
             &k.err);
    check_str(chosen(&k), "steady: as declared");
    check_has(kit_plan(&k), "apply ConfigMap blog");
    kit_release(&k);
}

TEST(finalize_is_no_row)
{
    struct kit k;

    kit_init(&k);
    check_ok(load(&k, HEAD OBSERVE DESIRED ROWS
                  ", finalize = function() return true end"),
             &k.err);
    check_ok(kit_call(&k, JOB_FINALIZE), &k.err);
    check_str(chosen(&k), "none: -");
    check_str(kit_plan(&k), "finalized\n");
    kit_release(&k);
}

TEST(desired_gets_an_object_that_observe_did_not_touch)
{
    struct kit k;

    kit_init(&k);
    check_ok(decide(&k,
                    HEAD
                    "observe = function(o) o.metadata.name = 'x' return {} "
                    "end,\n" DESIRED "rows = { { id = 'a', why = 'x',\n"
                    "when = function() return false end } }",
                    "{}"),
             &k.err);
    check_has(kit_plan(&k), "apply ConfigMap blog @");
    kit_release(&k);
}

TEST(a_long_reason_is_cut_between_characters)
{
    struct kit k;

    kit_init(&k);
    check_ok(decide(&k,
                    ROW("id = 'a', " WHEN
                        ", why = function() return 'x' .. ('\\u{e9}'):rep(600) "
                        "end"),
                    "{}"),
             &k.err);
    if (check(k.plan.why != NULL))
        check_int(strlen(k.plan.why), PLAN_MAX_WHY - 1);
    kit_release(&k);
}

TEST(each_mistake_of_a_run_names_the_row)
{
    static const struct {
        const char *fields;
        int code;
        const char *want, *row;
    } bad[] = {
        {HEAD "observe = function() end,\n" DESIRED ROWS, -ERR_SCRIPT,
         "operator.lua:4: observe returned nothing; it returns the state\n"
         "  hint: return a table that the rows can look at",
         "none: -"},
        {ROW("id = 'a', " WHEN ", why = function() end"), -ERR_SCRIPT,
         "operator.lua:9: row 'a': why: expected a text, got nil", "a: -"},
        {ROW("id = 'a', " WHEN ", why = function() return '' end"), -ERR_SCRIPT,
         "operator.lua:9: row 'a': why: expected a text, got an empty one",
         "a: -"},
        {ROW("id = 'a', " WHEN ", why = function() return '\\xff' end"),
         -ERR_SCRIPT,
         "operator.lua:9: row 'a': why: the text is not valid UTF-8", "a: -"},
        {ROW("id = 'a', why = 'x', when = function(s) return s.a.b end"),
         -ERR_SCRIPT,
         "operator.lua:9: attempt to index a nil value (field 'a')\n"
         "  hint: 'a' is absent: test it first, or use tidelock.get(object, "
         "..., \"a\", ...)",
         "none: -"},
        {ROW("id = 'a', why = 'x', " WHEN ", plan = function() return 1 end"),
         -ERR_SCRIPT,
         "operator.lua:9: plan of row 'a' returned a number; it returns "
         "nothing\n  hint: what should exist is declared by plan:apply",
         "a: x"},
        {HEAD OBSERVE "desired = function() return {} end,\n" ROWS, -ERR_SCRIPT,
         "operator.lua:5: desired returned a table; it returns nothing\n"
         "  hint: what should exist is declared by plan:apply",
         "full: all there"},
        {ROW("id = 'a', why = 'x', " WHEN
             ", plan = function(s, plan) plan:nothing('no') end"),
         -ERR_PLAN,
         "operator.lua:9: plan:nothing: ConfigMap 'blog' was declared before, "
         "at operator.lua:6\n"
         "  hint: a row with hold = true keeps desired from being asked",
         "a: x"},
    };

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct kit k;

        kit_init(&k);
        check_int(decide(&k, bad[i].fields, "{'ready':3,'replicas':3}"),
                  bad[i].code);
        check_str(kit_error(&k), bad[i].want);
        check_str(chosen(&k), bad[i].row);
        kit_release(&k);
    }
}

TEST(the_stack_names_the_row_and_its_function)
{
    struct kit k;

    kit_init(&k);
    check_int(decide(&k,
                     ROW("id = 'a', why = 'x', " WHEN ",\nplan = function() "
                         "error 'no' end"),
                     "{}"),
              -ERR_SCRIPT);
    check_str(k.plan.trace,
              "operator website, object default/blog (generation 3)\n"
              "stack: operator.lua:10 in plan of row 'a'");
    kit_release(&k);
}

TEST(equal_inputs_choose_alike)
{
    struct kit k;
    char first[600];

    kit_init(&k);
    for (int i = 0; i < 3; i++) {
        const char *text;

        check_ok(
            decide(&k, HEAD OBSERVE DESIRED ROWS, "{'ready':1,'replicas':3}"),
            &k.err);
        text = arena_printf(&k.arena, "%s\n%s", chosen(&k), kit_plan(&k));
        if (i == 0)
            snprintf(first, sizeof first, "%s", text);
        check_str(text, first);
    }
    kit_release(&k);
}

TEST_ALLOC(a_table_survives_out_of_memory)
{
    struct kit k;
    int rc;

    kit_init(&k);
    rc = decide(&k, HEAD OBSERVE DESIRED ROWS, "{'ready':2,'replicas':3}");
    if (rc == 0 && check_str(k.plan.why, "2 of 3"))
        check_int(k.plan.count, 2);
    kit_release(&k);
    return rc;
}
