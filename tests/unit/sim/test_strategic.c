/* Strategic merge patch. True answers are those of Kubernetes 1.36. */

#include "sim/strategic.h"

#include <string.h>

#include "test.h"

static struct arena arena;
static struct failure f;

/* Single quotes stand for double ones, as in what patched() gives. */
static struct value *json(const char *text)
{
    char *copy = arena_strdup(&arena, text);
    struct value *v = NULL;
    struct err err = {0};

    for (char *at = copy; at && *at; at++)
        if (*at == '\'')
            *at = '"';
    check_ok(value_parse(&arena, copy, strlen(copy), &v, &err), &err);
    return v;
}

static const char *patched(const char *kind, const char *doc, const char *patch)
{
    struct value *out = NULL;
    struct str text;
    char *kept;

    failure_init(&f, &arena);
    if (strategic_apply(
            &arena, schema_find(NULL, *kind == 'D' ? "apps/v1" : "v1", kind),
            json(doc), json(patch), &out, &f) < 0)
        return arena_printf(&arena, "%d %s", f.code, f.message);
    str_init(&text, 0);
    check_int(value_print(out, &text, NULL), 0);
    kept = arena_strdup(&arena, str_text(&text));
    for (char *at = kept; at && *at; at++)
        if (*at == '"')
            *at = '\'';
    str_release(&text);
    return kept;
}

TEST(lists_merge_by_their_key)
{
    check_str(patched("Pod",
                      "{'spec':{'containers':[{'name':'a','image':'x'},{"
                      "'name':'b'}]}}",
                      "{'spec':{'containers':[{'name':'c'},{'name':'a',"
                      "'image':'y'}]}}"),
              "{'spec':{'containers':[{'name':'c'},{'image':'y','name':'a'},{"
              "'name':'b'}]}}");
    arena_release(&arena);
}

TEST(directives_take_items_and_maps_away)
{
    static const char doc[] =
        "{'metadata':{'labels':{'a':'1','b':'2'},'finalizers':['x','y']},"
        "'spec':{'containers':[{'name':'a'},{'name':'b'}]}}";

    check_str(patched("Pod", doc,
                      "{'spec':{'containers':[{'name':'a','$patch':"
                      "'delete'}]},'metadata':{'labels':{'$patch':'replace',"
                      "'c':'3'},'$deleteFromPrimitiveList/finalizers':['x']}}"),
              "{'metadata':{'finalizers':['y'],'labels':{'c':'3'}},'spec':{"
              "'containers':[{'name':'b'}]}}");
    check_str(patched("Pod", doc,
                      "{'spec':{'containers':[{'$patch':'replace'},{'name':"
                      "'z'}]},'metadata':{'labels':{'$patch':'delete'},"
                      "'finalizers':null}}"),
              "{'metadata':{'labels':{}},'spec':{'containers':[{'name':'z'}]}"
              "}");
    arena_release(&arena);
}

TEST(retained_keys_are_all_that_stays)
{
    static const char doc[] = "{'spec':{'strategy':{'type':'RollingUpdate',"
                              "'rollingUpdate':{'maxSurge':1}}}}";

    check_str(patched("Deployment", doc,
                      "{'spec':{'strategy':{'$retainKeys':['type'],'type':"
                      "'Recreate'}}}"),
              "{'spec':{'strategy':{'type':'Recreate'}}}");
    check_str(patched("Deployment", doc,
                      "{'spec':{'strategy':{'$retainKeys':['type'],"
                      "'rollingUpdate':{}}}}"),
              "400 invalid patch format of retainKeys");
    arena_release(&arena);
}

TEST(the_order_of_items_can_be_asked_for)
{
    check_str(patched("Pod",
                      "{'spec':{'containers':[{'name':'a'},{'name':'b'},{"
                      "'name':'c'}]}}",
                      "{'spec':{'$setElementOrder/containers':[{'name':'c'},{"
                      "'name':'a'}]}}"),
              "{'spec':{'containers':[{'name':'b'},{'name':'c'},{'name':'a'}]}"
              "}");
    check_str(patched("Service",
                      "{'spec':{'ports':[{'port':53},{'port':443}]}}",
                      "{'spec':{'ports':[{'$patch':'delete','port':53},{'port'"
                      ":80}],'$setElementOrder/ports':[{'port':53},{'port':80}"
                      "]}}"),
              "{'spec':{'ports':[{'port':443},{'port':80}]}}");
    arena_release(&arena);
}

TEST(scalars_in_lists_come_once_and_atomic_lists_are_replaced)
{
    check_str(patched("Pod",
                      "{'metadata':{'finalizers':['a','b']},'spec':{"
                      "'tolerations':[{'key':'x'}]}}",
                      "{'metadata':{'finalizers':['b','c']},'spec':{"
                      "'tolerations':[{'key':'y'}]}}"),
              "{'metadata':{'finalizers':['a','b','c']},'spec':{'tolerations':"
              "[{'key':'y'}]}}");
    arena_release(&arena);
}

TEST(a_patch_that_makes_no_sense_is_refused)
{
    static const char doc[] = "{'spec':{'containers':[{'name':'a'}],"
                              "'nodeSelector':{}},'x':{}}";

    check_str(patched("Pod", doc, "{'spec':{'containers':[{'image':'y'}]}}"),
              "500 map: {\"image\":\"y\"} does not contain declared merge key: "
              "name");
    check_str(patched("Pod", doc, "{'spec':{'$patch':'boo'}}"),
              "500 unknown patch type: boo in map");
    check_str(
        patched("Pod", doc, "{'spec':{'$setElementOrder/containers':{}}}"),
        "500 expected a []interface {}, but received a object");
    check_str(patched("Pod", doc, "{'$deleteFromPrimitiveList':[]}"),
              "400 invalid patch format of primitive list");
    check_str(patched("Pod", doc, "{'spec':{'containers':[[]]}}"),
              "500 list element types are not identical");
    check_str(
        patched("Pod", doc,
                "{'spec':{'$setElementOrder/containers':[{'name':'b'}],"
                "'containers':[{'name':'a'}]}}"),
        "500 The order in patch list doesn't match $setElementOrder list");
    arena_release(&arena);
}

TEST_ALLOC(a_strategic_patch_survives_out_of_memory)
{
    static const char doc[] = "{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}";
    static const char patch[] =
        "{\"spec\":{\"containers\":[{\"name\":\"b\"}],"
        "\"$setElementOrder/containers\":[{\"name\":\"b\"},{\"name\":\"a\"}]}}";
    struct arena a = {0};
    struct value *d = NULL, *p = NULL, *out = NULL;
    struct failure why;
    int rc = value_parse(&a, doc, sizeof(doc) - 1, &d, NULL);

    failure_init(&why, &a);
    if (rc == 0)
        rc = value_parse(&a, patch, sizeof(patch) - 1, &p, NULL);
    if (rc == 0 && strategic_apply(&a, schema_find(NULL, "v1", "Pod"), d, p,
                                   &out, &why) < 0)
        rc = -ERR_NOMEM;
    if (rc == 0)
        check_int(value_path(out, "spec.containers")->count, 2);
    arena_release(&a);
    return rc;
}
