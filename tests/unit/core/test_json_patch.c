/*
 * RFC 6902 and RFC 7386, with the examples of their appendices.
 */
#include "core/json_patch.h"

#include <string.h>

#include "test.h"

static struct arena arena;

static struct value *parse(const char *text)
{
    char *copy = arena_strdup(&arena, text);
    struct value *v = NULL;
    struct err err = {0};

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    check_ok(value_parse(&arena, copy, strlen(copy), &v, &err), &err);
    return v;
}

static const char *print(const struct value *v)
{
    struct str s;
    const char *text;

    str_init(&s, 0);
    value_print(v, &s, NULL);
    text = arena_strdup(&arena, str_text(&s));
    str_release(&s);
    return text;
}

static void gives(const char *doc, const char *ops, const char *want)
{
    struct value *before = parse(doc), *after = NULL;
    const char *kept = print(before);
    struct err err = {0};

    check_ok(json_patch_apply(&arena, before, parse(ops), &after, &err), &err);
    check_str(print(after), print(parse(want)));
    check_str(print(before), kept);
    arena_release(&arena);
}

static void fails(const char *doc, const char *ops, const char *message)
{
    struct value *after = NULL;
    struct err err = {0};

    check_int(json_patch_apply(&arena, parse(doc), parse(ops), &after, &err),
              -ERR_INVALID);
    check_str(err.msg, message);
    check(!after);
    arena_release(&arena);
}

TEST(json_patch_does_what_the_rfc_shows)
{
    gives("{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux'}]",
          "{'baz':'qux','foo':'bar'}");
    gives("{'foo':['bar','baz']}",
          "[{'op':'add','path':'/foo/1','value':'qux'}]",
          "{'foo':['bar','qux','baz']}");
    gives("{'foo':['bar']}", "[{'op':'add','path':'/foo/-','value':['x']}]",
          "{'foo':['bar',['x']]}");
    gives("{'foo':['bar']}", "[{'op':'add','path':'/foo/1','value':2}]",
          "{'foo':['bar',2]}");
    gives("{'baz':'qux','foo':'bar'}", "[{'op':'remove','path':'/baz'}]",
          "{'foo':'bar'}");
    gives("{'foo':['bar','qux','baz']}", "[{'op':'remove','path':'/foo/1'}]",
          "{'foo':['bar','baz']}");
    gives("{'baz':'qux'}", "[{'op':'replace','path':'/baz','value':'boo'}]",
          "{'baz':'boo'}");
    gives("{'a':[1,2]}", "[{'op':'replace','path':'/a/0','value':3}]",
          "{'a':[3,2]}");
    gives("{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}}",
          "[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]",
          "{'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}");
    gives("{'foo':['all','grass','cows','eat']}",
          "[{'op':'move','from':'/foo/1','path':'/foo/3'}]",
          "{'foo':['all','cows','eat','grass']}");
    gives("{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]",
          "{'a':{'b':1},'c':{'b':1}}");
    gives("{'a':1}", "[{'op':'replace','path':'','value':[]}]", "[]");
}

TEST(json_patch_reads_escaped_pointers)
{
    gives("{'/':9,'~1':10}",
          "[{'op':'test','path':'/~01','value':10},"
          "{'op':'remove','path':'/~1'}]",
          "{'~1':10}");
    gives("{'':1}", "[{'op':'replace','path':'/','value':2}]", "{'':2}");
}

/* Beyond the RFC, with the answers of the API server. */
TEST(json_patch_is_as_lenient_as_the_server)
{
    gives("{'a':1}", "[{'op':'replace','path':'/b','value':1}]",
          "{'a':1,'b':1}");
    gives("{}", "[{'op':'add','path':'/a'}]", "{'a':null}");
    gives("{}", "[{'op':'test','path':'/a'}]", "{}");
    gives("{}", "[{'op':'copy','from':'/a','path':'/b'}]", "{'b':null}");
}

TEST(json_patch_says_which_operation_fails)
{
    fails("{'a':1}",
          "[{'op':'test','path':'/a','value':1},"
          "{'op':'test','path':'/a','value':2}]",
          "operation 1: the test does not hold at '/a'");
    fails("{'a':1}", "[{'op':'remove','path':'/b'}]",
          "operation 0: nothing at '/b'");
    fails("{'a':[1]}", "[{'op':'replace','path':'/a/1','value':1}]",
          "operation 0: nothing at '/a/1'");
    fails("{'a':1}", "[{'op':'add','path':'/b/c','value':1}]",
          "operation 0: nothing at '/b/c'");
    fails("{'a':[1]}", "[{'op':'add','path':'/a/3','value':1}]",
          "operation 0: no such index: '/a/3'");
    fails("{'a':[1]}", "[{'op':'remove','path':'/a/01'}]",
          "operation 0: nothing at '/a/01'");
    fails("{}", "[{'op':'remove','path':''}]", "operation 0: nothing at ''");
    fails("{}", "[{'op':'add','path':'a','value':1}]",
          "operation 0: not a JSON pointer: 'a'");
    fails("{}", "[{'op':'merge','path':'/a'}]",
          "operation 0: unknown op 'merge'");
    fails("{}", "[{'path':'/a'}]",
          "operation 0: `op` or `path` is missing '/a'");
    fails("{}", "[{'op':'copy','path':'/a'}]",
          "operation 0: not a JSON pointer: ''");
    fails("{}", "[{'op':'move','path':'/a','from':'/b'}]",
          "operation 0: nothing at '/b'");
    fails("{}", "{}", "a JSON patch is an array, not object");
}

/* `count` times the operation, in which '%s' is the pointer so far; each
 * adds `step` to it. */
static int many(const char *doc, const char *op, const char *step,
                unsigned count, struct err *err)
{
    struct str ops = {0}, at = {0};
    struct value *after = NULL;
    int rc;

    str_addc(&ops, '[');
    for (unsigned i = 0; i < count; i++) {
        str_add(&ops, i ? "," : "");
        str_addf(&ops, op, str_text(&at));
        str_add(&at, step);
    }
    str_addc(&ops, ']');
    rc = json_patch_apply(&arena, parse(doc), parse(str_text(&ops)), &after,
                          err);
    str_release(&ops);
    str_release(&at);
    arena_release(&arena);
    return rc;
}

TEST(json_patch_bounds_what_copies_add)
{
    struct err err = {0};

    check_int(many("{'a':['0123456789']}",
                   "{'op':'copy','from':'/a%s','path':'/a/-'}", "", 15, &err),
              0);
    check_int(many("{'a':['0123456789']}",
                   "{'op':'copy','from':'/a%s','path':'/a/-'}", "", 40, &err),
              -ERR_INVALID);
    check_str(err.msg,
              "operation 17: copies add more than 3 MiB with '/a'");
}

TEST(json_patch_moves_without_copies)
{
    struct arena small = {0};
    struct value *after = NULL;
    struct str ops = {0};
    struct err err = {0};

    arena_init(&small, 1 << 20);
    str_addc(&ops, '[');
    for (unsigned i = 0; i < 4000; i++)
        str_addf(&ops, "%s{'op':'move','from':'/%c','path':'/%c'}",
                 i ? "," : "", i % 2 ? 'b' : 'a', i % 2 ? 'a' : 'b');
    str_addc(&ops, ']');
    check_ok(json_patch_apply(&small,
                              parse("{'a':[0,1,2,3,4,5,6,7,8,9,10,11,12]}"),
                              parse(str_text(&ops)), &after, &err),
             &err);
    str_release(&ops);
    arena_release(&small);
    arena_release(&arena);
}

TEST(json_patch_bounds_the_levels_of_the_result)
{
    struct err err = {0};

    check_int(many("{}", "{'op':'add','path':'%s/a','value':{}}", "/a", 511,
                   &err),
              0);
    check_int(many("{}", "{'op':'add','path':'%s/a','value':{}}", "/a", 512,
                   &err),
              -ERR_INVALID);
    check_str(err.msg, "the result has too many levels");
    check_int(many("{'b':1}", "{'op':'copy','from':'','path':'%s/a'}", "/a",
                   600, &err),
              -ERR_INVALID);
}

static void merges(const char *doc, const char *patch, const char *want)
{
    struct value *after = NULL;
    struct err err = {0};

    check_ok(merge_patch_apply(&arena, parse(doc), parse(patch), &after, &err),
             &err);
    check_str(print(after), print(parse(want)));
    arena_release(&arena);
}

TEST(merge_patch_does_what_the_rfc_shows)
{
    merges("{'a':'b'}", "{'a':'c'}", "{'a':'c'}");
    merges("{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}");
    merges("{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}");
    merges("{'a':['b']}", "{'a':'c'}", "{'a':'c'}");
    merges("{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}");
    merges("{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}");
    merges("['a','b']", "['c','d']", "['c','d']");
    merges("{'e':null}", "{'a':1}", "{'a':1,'e':null}");
    merges("[1,2]", "{'a':'b','c':null}", "{'a':'b'}");
    merges("{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}");
    merges("{'a':'foo'}", "null", "null");
    arena_release(&arena);
}

TEST_ALLOC(json_patch_survives_out_of_memory)
{
    static const char doc[] = "{\"a\":[1,2],\"b\":{\"c\":1}}";
    static const char ops[] =
        "[{\"op\":\"move\",\"from\":\"/a/0\",\"path\":\"/b/d\"},"
        "{\"op\":\"add\",\"path\":\"/a/-\",\"value\":{\"x\":[]}}]";
    struct arena a = {0};
    struct value *before, *patch, *after = NULL;
    struct err err = {0};
    int rc = value_parse(&a, doc, strlen(doc), &before, &err);

    if (rc == 0)
        rc = value_parse(&a, ops, strlen(ops), &patch, &err);
    if (rc == 0)
        rc = json_patch_apply(&a, before, patch, &after, &err);
    if (rc == 0)
        check_int(value_get(after, "a")->count, 2);
    arena_release(&a);
    return rc;
}
