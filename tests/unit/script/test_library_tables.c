/*
 * test_library_tables.c -- library functions that see what Lua code cannot:
 *                          markers, nulls, objects not looked at yet, secrets.
 */
#include <stdio.h>

#include "kit.h"
#include "test.h"

/* Does the expression give that text? */
static void gives(const char *expression, const char *want)
{
    struct kit k;
    char body[1024], line[1024];

    kit_init(&k);
    kit_item(&k, READ_NODE,
             "{'metadata':{'name':'a','labels':{'zone':'x'}},'spec':{"
             "'taints':[],'other':null}}");
    kit_item(&k, READ_SECRET,
             "{'metadata':{'name':'s','namespace':'default'},'data':{"
             "'p':'c2VjcmV0','q':'c2VjcmV0'}}");
    snprintf(body, sizeof body,
             "local t, json = tidelock.tables, tidelock.json "
             "local node = view:list('v1', 'Node')[1] "
             "local secret = view:get('v1', 'Secret', 's') "
             "log.info(tostring(%s))",
             expression);
    snprintf(line, sizeof line, "info: %s\n", want);
    kit_gives(&k, body, line);
    kit_release(&k);
}

static void raises(const char *body, const char *want)
{
    struct kit k;

    kit_init(&k);
    kit_fails(&k, body, ERR_SCRIPT, want);
    kit_release(&k);
}

TEST(copies_keep_arrays_objects_and_nulls)
{
    gives("json.encode(t.copy(node).spec)", "{\"other\":null,\"taints\":[]}");
    gives("json.encode(t.copy { a = tidelock.array {}, b = {} })",
          "{\"a\":[],\"b\":{}}");
    gives("t.copy(3)", "3");
    gives("t.copy(secret).data.p == secret.data.p", "true");
}

TEST(copies_are_of_their_own)
{
    gives("(function() local c = t.copy(node) c.spec.taints[1] = 1 "
          "return #node.spec.taints end)()",
          "0");
}

TEST(equality_goes_all_the_way_down)
{
    gives("t.equal(node, view:list('v1', 'Node')[1])", "true");
    gives("t.equal(node, t.copy(node))", "true");
    gives("t.equal({ 1, { 2 } }, { 1, { 2.0 } })", "true");
    gives("t.equal({ 1, 2 }, { 1 })", "false");
    gives("t.equal({ 1 }, { 1, 2 })", "false");
    gives("t.equal({}, nil)", "false");
    gives("t.equal(secret.data.p, secret.data.q)", "true");
    gives("t.equal({ a = secret.data.p }, { a = 'c2VjcmV0' })", "false");
}

TEST(merges_are_json_merge_patches)
{
    gives("json.encode(t.merge({ a = 1 }, { b = { c = tidelock.null, d = 1 } "
          "}))",
          "{\"a\":1,\"b\":{\"d\":1}}");
    gives("json.encode(t.merge({ a = { 1 } }, { a = { b = 1 } }))",
          "{\"a\":{\"b\":1}}");
    gives("json.encode(t.merge({ a = { b = 1 } }, { a = tidelock.array {} }))",
          "{\"a\":[]}");
    gives("json.encode(t.merge({ a = 1 }, nil, { a = 2 }, { b = 3 }))",
          "{\"a\":2,\"b\":3}");
    gives("(function() local a, b = { x = {} }, { x = { y = { 1 } } } "
          "local m = t.merge(a, b) m.x.y[1] = 2 "
          "return json.encode { a, b } end)()",
          "[{\"x\":{}},{\"x\":{\"y\":[1]}}]");
}

TEST(tables_that_contain_themselves_are_refused)
{
    static const char want[] =
        "operator.lua:1: tables.copy: deeper than 512 levels\n"
        "  hint: does a table contain itself?";

    raises("local a = {} a.a = a tidelock.tables.copy(a)", want);
}

TEST(secrets_do_not_become_text)
{
    struct kit k;

    kit_init(&k);
    kit_item(&k, READ_SECRET,
             "{'metadata':{'name':'s','namespace':'default'},'data':{"
             "'p':'c2VjcmV0'}}");
    kit_fails(&k, "tidelock.yaml.encode(view:get('v1', 'Secret', 's'))",
              ERR_SCRIPT,
              "operator.lua:1: yaml.encode: a secret value inside\n"
              "  hint: use handle:checksum() and join the texts");
    kit_fails(&k, "tidelock.json.encode(view:get('v1', 'Secret', 's'), true)",
              ERR_SCRIPT,
              "operator.lua:1: json.encode: a secret value inside\n"
              "  hint: use handle:checksum() and join the texts");
    kit_release(&k);
}

TEST(a_module_that_is_not_there_is_named)
{
    raises("tidelock.quantty.add('1', '2')",
           "operator.lua:1: tidelock has no 'quantty', did you mean "
           "'quantity'?");
    raises("tidelock.numpy.add('1', '2')",
           "operator.lua:1: tidelock has no 'numpy'\n"
           "  hint: lua/tidelock/README.md lists all there is");
}

TEST(errors_of_the_library_are_at_the_operators_line)
{
    raises("\nlocal list = { '1', 'x' }\ntidelock.quantity.sum(list)",
           "operator.lua:3: quantity: 'x' is none\n"
           "  hint: quantities look like 500m, 1.5, 2Gi, 1e3");
    raises("\n\ntidelock.duration.seconds('soon')",
           "operator.lua:3: duration.seconds: 'soon' is no duration: write it "
           "as 1h30m, 45s or 250ms");
}

TEST(selectors_are_of_texts_tables_and_label_selectors)
{
    gives("tidelock.selector.parse {}", "");
    gives("tidelock.selector.parse { matchLabels = {}, matchExpressions = {} }",
          "");
    gives("tidelock.selector.parse { matchExpressions = { { key = 'a', "
          "operator = 'NotIn', values = { 'x', 'y' } } } }",
          "a notin (x,y)");
    gives("tidelock.selector.matches(node.metadata.labels, { zone = 'x' })",
          "true");
    gives("tidelock.selector.parse(('a'):rep(5000))", "nil");
}

TEST(library_work_is_charged)
{
    struct kit k;

    kit_init(&k);
    k.limits.instructions = 200000;
    kit_fails(&k,
              "local t = {} for i = 1, 1000 do t[i] = i end\n"
              "while true do t = { tidelock.tables.copy(t) } end",
              ERR_BUDGET,
              "operator.lua:2: the script ran longer than its budget of "
              "200,000 instructions" KIT_LOOP_HINT);
    kit_fails(&k,
              "local t = tidelock.yaml.encode { ('x'):rep(10000) }\n"
              "while true do tidelock.yaml.decode(t) end",
              ERR_BUDGET,
              "operator.lua:2: the script ran longer than its budget of "
              "200,000 instructions" KIT_LOOP_HINT);
    kit_release(&k);
}
