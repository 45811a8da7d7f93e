/*
 * Tests of kube/kept: which fields of a body are kept, and a snapshot of them.
 */
#include "kube/kept.h"

#include <string.h>

#include "base/str.h"
#include "kube/snapshot.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct gvk POD = {"v1", "Pod"};

TEST(kept_is_a_sorted_list_without_what_is_there_twice)
{
    static const char *const paths[] = {".status.phase", ".spec.nodeName",
                                        ".spec", ".status.phase"};
    struct arena a = {0};
    const char *list = NULL;
    struct err err = {0};

    check_ok(kept_make(&a, paths, COUNT(paths), &list, &err), &err);
    check_str(list, "spec,spec.nodeName,status.phase");
    check_ok(kept_make(&a, NULL, 0, &list, &err), &err);
    check_str(list, "");
    arena_release(&a);
}

TEST(kept_says_which_path_is_wrong)
{
    static const struct {
        const char *path, *want;
    } table[] = {
        {"spec.nodeName", "'spec.nodeName' is no path: it begins with a dot, as "
                          "in '.spec.nodeName'"},
        {"", "'' is no path: it begins with a dot, as in '.spec.nodeName'"},
        {".metadata.labels", "'.metadata.labels' is always kept: apiVersion, "
                             "kind and metadata need not be named"},
        {".kind", "'.kind' is always kept: apiVersion, kind and metadata need "
                  "not be named"},
        {".spec.", "'.spec.' is no path of members: of a list all items are "
                   "kept, so name the list"},
        {".spec..a", "'.spec..a' is no path of members: of a list all items are "
                     "kept, so name the list"},
        {".spec.a[0]", "'.spec.a[0]' is no path of members: of a list all items "
                       "are kept, so name the list"},
        {".a,b", "'.a,b' is no path of members: of a list all items are kept, "
                 "so name the list"},
        {".a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
         "'.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a' is no path of members: of a list "
         "all items are kept, so name the list"},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        struct arena a = {0};
        struct err err = {0};
        const char *list = NULL;

        check_int(kept_make(&a, &table[i].path, 1, &list, &err), -ERR_INVALID);
        check_str(err.msg, table[i].want);
        check(list == NULL);
        arena_release(&a);
    }
}

TEST(kept_tells_the_whole_from_a_part_from_nothing)
{
    const char *list = "spec.nodeName,spec.nodeNamesake.a,status";
    struct kept_place top = {0}, spec = {0}, deep = {0};

    check_int(kept_member(list, &top, "metadata", 8, &spec), KEPT_WHOLE);
    check_int(kept_member(list, &top, "status", 6, &spec), KEPT_WHOLE);
    check_int(kept_member(list, &top, "stat", 4, &spec), KEPT_NOT);
    check_int(kept_member(list, &top, "statuses", 8, &spec), KEPT_NOT);
    check_int(kept_member(list, &top, "spec", 4, &spec), KEPT_PART);
    check_int(kept_member(list, &spec, "nodeName", 8, &deep), KEPT_WHOLE);
    check_int(kept_member(list, &spec, "nodeNamesake", 12, &deep), KEPT_PART);
    check_int(kept_member(list, &deep, "a", 1, &deep), KEPT_WHOLE);
    check_int(kept_member(list, &spec, "metadata", 8, &deep), KEPT_NOT);
    check_int(kept_member("", &top, "spec", 4, &deep), KEPT_NOT);
    check(kept_has(list, "spec.nodeName"));
    check(kept_has(list, "status.phase.x"));
    check(kept_has(list, "metadata.name"));
    check(!kept_has(list, "spec"));
    check(!kept_has(list, "spec.nodeNamesake"));
    check(!kept_has(list, "data"));
}

static const char *body_with(struct snapshot **ret, const char *json,
                             const char *kept)
{
    struct err err = {0};

    *ret = NULL;
    check_ok(snapshot_parse_kept(json, strlen(json), &POD, kept, ret, &err),
             &err);
    return *ret ? snapshot_plain(*ret) : "";
}

TEST(a_snapshot_keeps_the_fields_that_it_is_told_to)
{
    static const char json[] =
        "{ \"spec\": {\"a\" :1, \"nodeName\" : \"n\", \"b\": [{\"x\":1}, 2], "
        "\"deep\":{\"er\":{\"y\":null},\"z\":{}}},\n \"data\":{\"k\":\"v\"}, "
        "\"metadata\":{\"name\":\"p\",\"labels\":{\"l\":\"1\"}},\"status\":7}";
    static const struct {
        const char *kept, *want;
    } table[] = {
        {NULL, "{\"spec\":{\"a\":1,\"nodeName\":\"n\",\"b\":[{\"x\":1},2],"
               "\"deep\":{\"er\":{\"y\":null},\"z\":{}}},\"data\":{\"k\":\"v\"}"
               ",\"metadata\":{\"name\":\"p\",\"labels\":{\"l\":\"1\"}},"
               "\"status\":7,"},
        {"", "{\"metadata\":{\"name\":\"p\",\"labels\":{\"l\":\"1\"}},"},
        {"spec.nodeName", "{\"spec\":{\"nodeName\":\"n\"},\"metadata\":{"
                          "\"name\":\"p\",\"labels\":{\"l\":\"1\"}},"},
        {"spec.b,spec.deep.er",
         "{\"spec\":{\"b\":[{\"x\":1},2],\"deep\":{\"er\":{\"y\":null}}},"
         "\"metadata\":{\"name\":\"p\",\"labels\":{\"l\":\"1\"}},"},
        {"spec.none,status.phase",
         "{\"spec\":{},\"metadata\":{\"name\":\"p\",\"labels\":{\"l\":\"1\"}},"
         "\"status\":7,"},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        struct snapshot *s;
        struct str want = {0};

        str_addf(&want, "%s\"apiVersion\":\"v1\",\"kind\":\"Pod\"}",
                 table[i].want);
        check_str(body_with(&s, json, table[i].kept), str_text(&want));
        check(!s || s->partial == (table[i].kept != NULL));
        snapshot_unref(s, "test");
        str_release(&want);
    }
}
