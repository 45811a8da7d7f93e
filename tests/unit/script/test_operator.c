/*
 * test_operator.c -- tidelock.operator{...}: what a declaration becomes, and
 *                    every message when it is wrong.
 */
#include "kit.h"

#include <string.h>

#include "test.h"

struct example {
    const char *fields; /* of the declaration */
    const char *want;
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

#define REST                                                                   \
    "resource = { 'example.com/v1', 'Website' }, reconcile = function() end"
#define WHOLE "api = 1, name = 'website', " REST

static int load(struct kit *k, const char *fields)
{
    const char *text = arena_printf(&k->arena,
                                    "local tidelock = require 'tidelock'\n"
                                    "return tidelock.operator { %s }",
                                    fields);

    return text ? kit_load(k, text) : -ERR_NOMEM;
}

static void all_fail(const struct example *e, size_t count)
{
    struct kit k;

    for (size_t i = 0; i < count; i++) {
        kit_init(&k);
        check_int(load(&k, e[i].fields), -ERR_SCRIPT);
        check_str(kit_error(&k), e[i].want);
        kit_release(&k);
    }
}

TEST(a_declaration_becomes_what_the_runtime_works_with)
{
    struct kit k;
    const struct operator_decl *d;

    kit_init(&k);
    check_ok(load(&k, WHOLE
                  ", memory = { 'a', 'b' }, reads_secret_values = "
                  "true, finalize = function() end, owns = { { 'apps/v1', "
                  "'Deployment' }, { 'v1', 'Service', retired = true } }"),
             &k.err);
    d = script_decl(k.script);
    check_str(d->name, "website");
    check_str(d->field_manager, "tidelock-website");
    check_str(d->finalizer, "tidelock.dev/website");
    check_str(d->root.api_version, "example.com/v1");
    check_str(d->root.kind, "Website");
    check(d->has_finalize && d->reads_secret_values);
    check_int(d->memory_count, 2);
    check_str(d->memory[1], "b");
    if (check_int(d->owns_count, 2)) {
        check_str(d->owns[0].gvk.kind, "Deployment");
        check(!d->owns[0].retired && d->owns[1].retired);
    }
    kit_release(&k);
}

TEST(reads_become_scopes_and_canonical_selectors)
{
    struct kit k;
    const struct operator_read *r;

    kit_init(&k);
    check_ok(load(&k, WHOLE
                  ", reads = {\n"
                  "{ 'v1', 'ConfigMap', names = function() return {} end },\n"
                  "{ 'v1', 'Node', namespace = 'none', labels = { b = '2', a = "
                  "'1' } },\n"
                  "{ 'v1', 'Pod', namespace = 'all', bodies = false, fields = "
                  "'status.phase=Running' },\n"
                  "{ 'v1', 'Secret', namespace = 'kube-system', labels = 'x in "
                  "(b,a)', "
                  "map = function() end } }"),
             &k.err);
    r = script_decl(k.script)->reads;
    if (check_int(script_decl(k.script)->reads_count, 4)) {
        check(r[0].by_name && !r[0].has_map && r[0].scope == READ_OWN);
        check(!r[0].labels && !r[0].metadata_only);
        check(r[1].scope == READ_NONE);
        check_str(r[1].labels, "a=1,b=2");
        check(r[2].scope == READ_ALL && r[2].metadata_only);
        check_str(r[2].fields, "status.phase=Running");
        check(r[3].scope == READ_NAMED && r[3].has_map);
        check_str(r[3].ns, "kube-system");
        check_str(r[3].labels, "x in (a,b)");
    }
    kit_release(&k);
}

TEST(parameters_are_sorted_and_typed)
{
    struct kit k;
    const struct operator_parameter *p;

    kit_init(&k);
    check_ok(load(&k, WHOLE ", parameters = {\n"
                            "zone = { type = 'string' },\n"
                            "limit = { type = 'number', default = 1.5, "
                            "description = 'how much' },"
                            "\ncount = { type = 'integer', default = 3 },\n"
                            "fast = { type = 'boolean', default = false } }"),
             &k.err);
    p = script_decl(k.script)->parameters;
    if (check_int(script_decl(k.script)->parameters_count, 4)) {
        check_str(p[0].name, "count");
        check_int(p[0].otherwise->as.integer, 3);
        check_str(p[1].name, "fast");
        check(value_is(p[1].otherwise, VALUE_BOOL));
        check_str(p[2].description, "how much");
        check(!p[3].otherwise && !p[3].description);
    }
    kit_release(&k);
}

#define AT "operator.lua:2: tidelock.operator"

TEST(a_declaration_says_what_is_wrong_at_its_top)
{
    static const struct example e[] = {
        {"", AT ": api is missing\n  hint: write api = 1"},
        {"api = 'v1'", AT ": api: expected 1, got \"v1\""},
        {"api = 2, wonder = true",
         AT ": api: this tidelock speaks version 1 "
            "of the script API, not 2\n  hint: a newer tidelock may know it"},
        {WHOLE ", reconcille = 1",
         AT ": there is no field 'reconcille', did you mean "
            "'reconcile'?\n  hint: fields: api, name, description, resource, "
            "owns, "
            "reads, parameters, memory, observe, desired, rows, reconcile, "
            "finalize, reads_secret_values"},
        {"api = 1, " REST, AT ": name is missing"},
        {"api = 1, name = 'Web Site', " REST,
         AT ": name: expected at most 54 "
            "lower-case letters, digits and '-', got \"Web Site\"\n  hint: it "
            "becomes part of the field manager, the finalizer and labels"},
        {"api = 1, name = 5, " REST, AT ": name: expected a name such as "
                                        "\"website\", got number"},
        {"api = 1, name = 'x'", AT ": resource is missing: the kind of the "
                                   "objects to reconcile"},
        {"api = 1, name = 'x', resource = 'Website'",
         AT ": resource: expected "
            "{ \"apiVersion\", \"Kind\" }, got \"Website\""},
        {"api = 1, name = 'x', resource = { 'v1' }",
         AT ": resource: expected "
            "a kind such as \"Deployment\", got nil"},
        {"api = 1, name = 'x', resource = { 'Website', 'v1' }",
         AT ": "
            "resource: expected an apiVersion such as \"apps/v1\", got "
            "\"Website\""},
        {"api = 1, name = 'x', resource = { 'v1', 'pods' }",
         AT ": resource: "
            "expected a kind such as \"Deployment\", got \"pods\""},
        {"api = 1, name = 'x', resource = { 'v1', 'Pod', 'x' }", AT
         ": "
         "resource: there is a list item too many, or a key that is no text"},
        {"api = 1, name = 'x', resource = { 'v1', 'Pod' }",
         AT ": reconcile is "
            "missing\n  hint: reconcile = function(object, view, plan); or "
            "observe and rows"},
        {"api = 1, name = 'x', resource = { 'v1', 'Pod' }, reconcile = {}",
         AT ": reconcile: expected a function, got table"},
        {WHOLE ", finalize = true", AT ": finalize: expected a function, got "
                                       "boolean"},
        {WHOLE ", reads_secret_values = 'yes'",
         AT ": reads_secret_values: "
            "expected true or false, got \"yes\""},
        {WHOLE ", memory = 'a'", AT ": memory: expected a list of status "
                                    "fields, got \"a\""},
        {WHOLE ", memory = { 1 }", AT ": memory: expected names of status "
                                      "fields, got number"},
        {WHOLE ", memory = { a = 1 }", AT ": memory: there is no field 'a'"},
    };

    all_fail(e, COUNT(e));
}

TEST(a_declaration_says_what_is_wrong_in_its_lists)
{
    static const struct example e[] = {
        {WHOLE ", owns = { 'Deployment' }",
         AT ": owns, entry 1: expected { "
            "\"apiVersion\", \"Kind\" }, got \"Deployment\""},
        {WHOLE ", owns = { { 'v1', 'Pod' }, { 'v1', 'Pod' } }",
         AT ": owns, "
            "entry 2: v1 Pod is listed twice"},
        {WHOLE ", owns = { { 'v1', 'Pod', retird = true } }",
         AT ": owns, "
            "entry 1: there is no field 'retird', did you mean 'retired'?\n  "
            "hint: "
            "fields: retired"},
        {WHOLE ", owns = { { 'v1', 'Pod', retired = 1 } }",
         AT ": owns, entry "
            "1: retired: expected true or false, got number"},
        {WHOLE ", reads = { { 'v1', 'Pod', label = {} } }",
         AT ": reads, entry "
            "1: there is no field 'label', did you mean 'labels'?\n  hint: "
            "fields: "
            "names, labels, fields, namespace, map, bodies"},
        {WHOLE ", reads = { { 'v1', 'Pod', labels = 1 } }", AT
         ": reads, entry "
         "1: expected labels = { key = \"value\" } or a selector, got number"},
        {WHOLE ", reads = { { 'v1', 'Pod', fields = {} } }",
         AT ": reads, "
            "entry 1: expected fields = \"a.b=c\", got table"},
        {WHOLE ", reads = { { 'v1', 'Pod', namespace = 'A b' } }",
         AT ": "
            "reads, entry 1: expected a namespace, got \"A b\""},
        {WHOLE ", reads = { { 'v1', 'Pod', names = { 'x' } } }",
         AT ": reads, "
            "entry 1: names: expected a function, got table"},
        {WHOLE ", reads = { { 'v1', 'Pod', bodies = 0 } }",
         AT ": reads, entry "
            "1: bodies: expected true, false or a list of fields, got number"},
        {WHOLE ", reads = { pods = { 'v1', 'Pod' } }", AT ": reads: there is "
                                                          "no field 'pods'"},
        {WHOLE ", parameters = 5", AT ": parameters: expected a table of "
                                      "parameters, got number"},
        {WHOLE ", parameters = { 'x' }", AT ": parameters: expected names as "
                                            "keys, got number"},
        {WHOLE ", parameters = { x = 'string' }",
         AT ": parameter 'x': "
            "expected { type = \"string\", default = ... }, got \"string\""},
        {WHOLE ", parameters = { x = { default = 1 } }",
         AT ": parameter 'x': "
            "expected a type: string, integer, number or boolean, got nil"},
        {WHOLE ", parameters = { x = { type = 'int' } }",
         AT ": parameter 'x': "
            "expected a type: string, integer, number or boolean, got \"int\""},
        {WHOLE ", parameters = { x = { type = 'integer', default = '3' } }",
         AT ": parameter 'x': expected integer, got \"3\""},
        {WHOLE ", parameters = { x = { type = 'string', default = 3 } }",
         AT ": parameter 'x': expected string, got number"},
        {WHOLE ", parameters = { x = { type = 'string', help = '' } }",
         AT ": "
            "parameter 'x': there is no field 'help'\n  hint: fields: type, "
            "default, "
            "description"},
    };

    all_fail(e, COUNT(e));
}

TEST(a_broken_selector_of_a_read_is_reported)
{
    struct kit k;

    kit_init(&k);
    check(load(&k, WHOLE ", reads = { { 'v1', 'Pod', labels = 'a in b' } }") <
          0);
    check_has(k.err.msg, AT ": reads, entry 1: labels: ");
    kit_release(&k);
}

/* ---- parameters that are given ---- */

static int params(struct kit *k, const char *json, struct value **ret)
{
    struct value *given = NULL;
    int rc = load(k, WHOLE
                  ", parameters = { count = { type = 'integer', "
                  "default = 3 }, fast = { type = 'boolean', default = false "
                  "}, rate = { type = 'number', default = 1 }, zone = { type = "
                  "'string', default = 'a' } }");

    if (rc == 0)
        rc = value_parse(&k->arena, json, strlen(json), &given, &k->err);
    if (rc == 0)
        rc = operator_params(script_decl(k->script), &k->arena, given, ret,
                             &k->err);
    return rc;
}

static void params_give(const char *json, const char *want)
{
    struct kit k;
    struct value *v = NULL;

    kit_init(&k);
    check_ok(params(&k, json, &v), &k.err);
    if (v && check_int(value_print(v, &k.printed, &k.err), 0))
        check_str(str_text(&k.printed), want);
    kit_release(&k);
}

static void params_fail(const char *json, const char *want)
{
    struct kit k;
    struct value *v = NULL;

    kit_init(&k);
    check_int(params(&k, json, &v), -ERR_CONFIG);
    check_str(kit_error(&k), want);
    kit_release(&k);
}

TEST(parameters_take_values_and_texts_of_a_command_line)
{
    params_give("{}", "{\"count\":3,\"fast\":false,\"rate\":1,\"zone\":"
                      "\"a\"}");
    params_give("{\"count\":5,\"fast\":true,\"rate\":0.5,\"zone\":\"b\"}",
                "{\"count\":5,\"fast\":true,\"rate\":0.5,\"zone\":\"b\"}");
    params_give("{\"count\":\"5\",\"fast\":\"true\",\"rate\":\"2\",\"zone\":"
                "\"5\"}",
                "{\"count\":5,\"fast\":true,\"rate\":2,\"zone\":\"5\"}");
}

TEST(parameters_say_what_is_wrong)
{
    params_fail("{\"zoen\":\"b\"}",
                "operator 'website' has no parameter "
                "'zoen', did you mean 'zone'?\n  hint: its parameters: count, "
                "fast, rate, zone");
    params_fail("{\"count\":\"many\"}", "parameter 'count': expected integer, "
                                        "got \"many\"");
    params_fail("{\"count\":1.5}", "parameter 'count': expected integer, got "
                                   "number");
    params_fail("{\"count\":\"1.5\"}", "parameter 'count': expected integer, "
                                       "got \"1.5\"");
    params_fail("{\"fast\":\"1\"}", "parameter 'fast': expected boolean, got "
                                    "\"1\"");
    params_fail("{\"zone\":5}", "parameter 'zone': expected string, got "
                                "integer");
}

TEST(a_parameter_without_default_must_be_set)
{
    struct kit k;
    struct value *v = NULL;

    kit_init(&k);
    check_ok(load(&k, WHOLE ", parameters = { zone = { type = 'string' } }"),
             &k.err);
    check_int(
        operator_params(script_decl(k.script), &k.arena, NULL, &v, &k.err),
        -ERR_CONFIG);
    check_str(kit_error(&k), "parameter 'zone' must be set\n  hint: give it "
                             "with --set zone=...");
    kit_release(&k);
}
