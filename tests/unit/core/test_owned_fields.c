/*
 * Reading managedFields.
 */
#include "core/owned_fields.h"

#include <string.h>

#include "core/diff_fixture.h"
#include "test.h"

TEST(the_entry_of_a_manager_is_found_by_operation_and_subresource)
{
    struct fixture f;
    struct value *v;

    fx_init(&f);
    v = fx_value(&f, "{'metadata':{'managedFields':["
                     "{'manager':'m','operation':'Update','fieldsV1':{'a':1}},"
                     "{'manager':'m','operation':'Apply','apiVersion':'v1',"
                     "'fieldsV1':{'b':1}},"
                     "{'manager':'m','operation':'Apply','apiVersion':'v2',"
                     "'fieldsV1':{'c':1}},"
                     "{'manager':'m','operation':'Apply','apiVersion':'v1',"
                     "'subresource':'status','fieldsV1':{'d':1}}]}}");
    check(value_get(owned_entry(v, "m", "", "v1"), "b"));
    check(value_get(owned_entry(v, "m", "", "v2"), "c"));
    check(value_get(owned_entry(v, "m", "", "v3"), "b"));
    check(value_get(owned_entry(v, "m", "status", "v1"), "d"));
    check(!owned_entry(v, "n", "", "v1"));
    check(!owned_entry(NULL, "m", "", "v1"));
    fx_release(&f);
}

static bool exactly(struct fixture *f, const char *entry, const char *object)
{
    return owned_exactly(&f->arena, fx_value(f, entry), fx_value(f, object));
}

TEST(exactly_what_is_declared_is_owned)
{
    struct fixture f;

    fx_init(&f);
    check(exactly(&f, "{'f:data':{'f:k':{}}}",
                  "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                  "'name':'a','namespace':'b'},'data':{'k':'v'}}") == false);
    check(exactly(&f,
                  "{'f:metadata':{'f:labels':{'f:x':{}}},"
                  "'f:data':{'f:k':{}}}",
                  "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                  "'name':'a','namespace':'b','labels':{'x':'y'}},"
                  "'data':{'k':'v'}}"));
    check(!exactly(&f, "{'f:data':{'f:k':{}}}", "{'data':{'k':1,'l':2}}"));
    check(!exactly(&f, "{'f:data':{'f:k':{},'f:l':{}}}", "{'data':{'k':1}}"));
    check(exactly(&f, "{'f:data':{}}", "{'data':{'k':1,'l':2}}"));
    check(!exactly(&f, "{'f:data':{'f:k':{}}}", "{'data':{}}"));
    check(!owned_exactly(&f.arena, NULL, fx_value(&f, "{}")));
    fx_release(&f);
}

TEST(items_of_a_list_map_are_owned_one_by_one)
{
    struct fixture f;
    struct value *entry;

    fx_init(&f);
    entry = value_object(&f.arena);
    value_set(&f.arena, value_make(&f.arena, entry, "f:l"), "k:{\"p\":1}",
              fx_value(&f, "{'.':{},'f:p':{},'f:v':{}}"));
    check(
        owned_exactly(&f.arena, entry, fx_value(&f, "{'l':[{'p':1,'v':2}]}")));
    check(!owned_exactly(&f.arena, entry, fx_value(&f, "{'l':[{'p':1}]}")));
    check(
        !owned_exactly(&f.arena, entry, fx_value(&f, "{'l':[{'p':2,'v':2}]}")));
    check(!owned_exactly(&f.arena, entry,
                         fx_value(&f, "{'l':[{'p':1,'v':2},{'p':2}]}")));
    /* the first item may be either of two: only a schema can tell */
    entry = value_object(&f.arena);
    value_set(&f.arena, value_make(&f.arena, entry, "f:l"),
              "k:{\"p\":1,\"q\":\"T\"}", fx_value(&f, "{'.':{},'f:p':{}}"));
    value_set(&f.arena, value_make(&f.arena, entry, "f:l"),
              "k:{\"p\":1,\"q\":\"U\"}", fx_value(&f, "{'.':{},'f:p':{}}"));
    check(!owned_exactly(&f.arena, entry,
                         fx_value(&f, "{'l':[{'p':1},{'p':2}]}")));
    fx_release(&f);
}

TEST(sets_are_left_to_the_long_way)
{
    struct fixture f;
    struct value *entry;

    fx_init(&f);
    entry = value_object(&f.arena);
    value_set(&f.arena, value_make(&f.arena, entry, "f:l"), "v:\"a\"",
              value_object(&f.arena));
    check(!owned_exactly(&f.arena, entry, fx_value(&f, "{'l':['a']}")));
    check(owned_is_set(value_get(entry, "f:l")));
    check(!owned_is_map(value_get(entry, "f:l")));
    fx_release(&f);
}

/* ---- who else owns a field? ---- */

TEST(a_rival_is_who_owns_the_field_at_a_path)
{
    static const struct {
        const char *path, *rival;
    } e[] = {
        {".spec.replicas", "hpa"},
        {".spec.paused", NULL},
        {".spec.ports[port=80,protocol=TCP].name", "late"},
        {".spec.ports[port=81,protocol=TCP].name", NULL},
        {".spec.ports[port=80,protocol=TCP].nodePort", NULL},
        {".metadata.annotations[\"a.b/c\"]", "early"},
        {".metadata.annotations[\"a.b/d\"]", NULL},
        {".metadata.annotations[\"broken", NULL},
        {".spec.ports[broken", NULL},
        {".data.whole.below", "early"},
        {"", "late"},
    };
    static const char object[] =
        "{\"metadata\":{\"managedFields\":["
        "{\"manager\":\"us\",\"fieldsV1\":"
        "{\"f:spec\":{\"f:replicas\":{},\"f:paused\":{}}}},"
        "{\"manager\":\"late\",\"time\":\"2026-01-02T00:00:00Z\","
        "\"fieldsV1\":{\"f:spec\":{\"f:ports\":"
        "{\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":"
        "{\".\":{},\"f:name\":{}}}}}},"
        "{\"manager\":\"early\",\"time\":\"2026-01-01T00:00:00Z\","
        "\"fieldsV1\":{\"f:data\":{\"f:whole\":{}},"
        "\"f:metadata\":{\"f:annotations\":{\"f:a.b/c\":{}}},"
        "\"f:spec\":{\"f:ports\":"
        "{\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":"
        "{\"f:name\":{}}}}}},"
        "{\"manager\":\"hpa\",\"fieldsV1\":"
        "{\"f:spec\":{\"f:replicas\":{}}}},"
        "{\"fieldsV1\":{\"f:spec\":{\"f:paused\":{}}}}]}}";
    struct fixture f;
    struct value *v;

    fx_init(&f);
    check_int(value_parse(&f.arena, object, strlen(object), &v, &f.err), 0);
    for (size_t i = 0; i < sizeof e / sizeof *e; i++) {
        const char *rival = owned_rival(&f.arena, v, "us", e[i].path);

        check(rival && e[i].rival ? !strcmp(rival, e[i].rival)
                                  : rival == e[i].rival);
    }
    fx_release(&f);
}
