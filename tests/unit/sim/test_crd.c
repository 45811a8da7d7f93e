/* Custom resources: shape, values, definitions. */

#include <stdio.h>

#include "sim/crd.h"

#include "crd_help.h"

static struct arena arena;

/* A definition of one version whose spec has this schema. */
static const char *definition_of(const char *spec)
{
    return arena_printf(
        &arena,
        "{'apiVersion':'apiextensions.k8s.io/v1','kind':"
        "'CustomResourceDefinition','metadata':{'name':'zs.f.io'},'spec':{"
        "'group':'f.io','scope':'Cluster','names':{'plural':'zs','kind':'Z'},"
        "'versions':[{'name':'v1','served':true,'storage':true,'schema':{"
        "'openAPIV3Schema':{'type':'object','properties':{'spec':%s,"
        "'status':{'type':'object','properties':{'n':{'type':'integer'}}}}}}"
        "}]}}",
        spec);
}

static struct crd *crd_of(const char *spec)
{
    struct crd *c = NULL;
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_new(quoted(&arena, definition_of(spec)), &c, &f), 0);
    return c;
}

/* "reason field; reason field" */
static const char *causes(const struct failure *f)
{
    const char *all = "";

    for (size_t i = 0; i < f->cause_count && all; i++)
        all = arena_printf(&arena, "%s%s%s %s", all, i ? "; " : "",
                           f->causes[i].reason, f->causes[i].field);
    return all ? all : "";
}

static const char *judged(const struct crd *c, const char *object,
                          const char *old)
{
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_check(c, "v1", quoted(&arena, object),
                        old ? quoted(&arena, old) : NULL, &f),
              0);
    return causes(&f);
}

/* ---- shape ---- */

TEST(pruning_takes_what_the_schema_does_not_know)
{
    struct crd *c = crd_of("{'type':'object','properties':{'a':{'type':'string'"
                           "},'open':{'type':'object',"
                           "'x-kubernetes-preserve-unknown-fields':true,"
                           "'properties':{'known':{'type':'object'}}},'l':{"
                           "'type':'array','items':{'type':'object'}}}}");
    struct value *v = quoted(
        &arena, "{'apiVersion':'f.io/v1','kind':'Z','metadata':{'name':'x',"
                "'labels':{'a':'b'}},'other':1,'spec':{'a':'x','b':1,'open':{"
                "'free':{'x':1},'known':{'y':1}},'l':[{'z':1},{}]}}");
    struct value *unknown = value_array(&arena);
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_prune(c, "v1", v, unknown, &f), 0);
    check_str(printed(&arena, v),
              "{\"apiVersion\":\"f.io/v1\",\"kind\":\"Z\",\"metadata\":{"
              "\"labels\":{\"a\":\"b\"},\"name\":\"x\"},\"spec\":{\"a\":\"x\","
              "\"l\":[{},{}],\"open\":{\"free\":{\"x\":1},\"known\":{}}}}");
    check_str(printed(&arena, unknown),
              "[\"other\",\"spec.b\",\"spec.l[0].z\",\"spec.open.known.y\"]");
    crd_free(c);
    arena_release(&arena);
}

TEST(embedded_resources_keep_their_metadata)
{
    struct crd *c =
        crd_of("{'type':'object','properties':{'e':{'type':'object',"
               "'x-kubernetes-embedded-resource':true,'properties':{'spec':{"
               "'type':'object'}}}}}");
    struct value *v = quoted(&arena, "{'spec':{'e':{'kind':'A','metadata':{"
                                     "'name':'x','Name':'y','me':1},"
                                     "'spec':{'q':1},'r':1}}}");
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_prune(c, "v1", v, NULL, &f), 0);
    check_str(printed(&arena, v),
              "{\"spec\":{\"e\":{\"kind\":\"A\",\"metadata\":{\"name\":\"x\"},"
              "\"spec\":{}}}}");
    check_str(judged(c, "{'spec':{'e':{'kind':'','metadata':{}}}}", NULL),
              "FieldValueRequired spec.e.apiVersion; "
              "FieldValueInvalid spec.e.kind");
    crd_free(c);
    arena_release(&arena);
}

TEST(defaults_come_from_the_outside_in_and_in_place_of_nulls)
{
    struct crd *c = crd_of(
        "{'type':'object','default':{},'properties':{'n':{'type':'integer',"
        "'default':3},'nullable':{'type':'string','nullable':true,'default':'x'"
        "},'gone':{'type':'string'},'l':{'type':'array','items':{'type':"
        "'object','properties':{'p':{'type':'string','default':'TCP'}}}},'m':{"
        "'type':'object','additionalProperties':{'type':'object','properties':{"
        "'q':{'type':'boolean','default':false}}}}}}");
    struct value *empty = quoted(&arena, "{}"), *full;
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_default_object(c, "v1", &arena, empty, &f), 0);
    check_str(printed(&arena, empty),
              "{\"spec\":{\"n\":3,\"nullable\":\"x\"}}");
    full = quoted(&arena, "{'spec':{'n':null,'nullable':null,'gone':null,'l':[{"
                          "},{'p':'UDP'}],'m':{'a':{}}}}");
    check_int(crd_prune(c, "v1", full, NULL, &f), 0);
    crd_drop_nulls(c, "v1", full);
    check_int(crd_default_object(c, "v1", &arena, full, &f), 0);
    check_str(printed(&arena, full),
              "{\"spec\":{\"l\":[{\"p\":\"TCP\"},{\"p\":\"UDP\"}],\"m\":{\"a\":"
              "{\"q\":false}},\"n\":3,\"nullable\":null}}");
    crd_free(c);
    arena_release(&arena);
}

/* ---- values ---- */

/* One value of `spec` each. */
static void expect(const char *schema, const char *value, const char *want)
{
    struct crd *c = crd_of(schema);
    const char *object = arena_printf(&arena, "{'spec':%s}", value);

    if (!check_str(judged(c, object, NULL), want))
        printf("    %s against %s\n", value, schema);
    crd_free(c);
}

TEST(values_have_the_type_that_the_schema_says)
{
    expect("{'type':'integer'}", "3.0", "");
    expect("{'type':'integer'}", "'3'", "FieldValueTypeInvalid spec");
    expect("{'type':'number'}", "3", "");
    expect("{'type':'string'}", "null", "FieldValueTypeInvalid spec");
    expect("{'type':'string','nullable':true}", "null", "");
    expect("{'x-kubernetes-int-or-string':true}", "'10%'", "");
    expect("{'x-kubernetes-int-or-string':true}", "1.5",
           "FieldValueTypeInvalid spec");
    expect("{'type':'array','items':{'type':'string'}}", "['a',1]",
           "FieldValueTypeInvalid spec[1]");
    expect("{'type':'object','additionalProperties':{'type':'string'}}",
           "{'a':1}", "FieldValueTypeInvalid spec.a");
    expect("{'type':'integer','format':'int32'}", "4294967296",
           "FieldValueInvalid <nil>");
    expect("{'type':'integer'}", "1.5",
           "FieldValueTypeInvalid spec; FieldValueInvalid <nil>");
    arena_release(&arena);
}

TEST(values_keep_within_their_limits)
{
    expect("{'type':'string','maxLength':2}", "'äöü'",
           "FieldValueTooLong spec");
    expect("{'type':'string','maxLength':3}", "'äöü'", "");
    expect("{'type':'string','minLength':1}", "''", "FieldValueInvalid spec");
    expect("{'type':'string','pattern':'^a+$'}", "'b'",
           "FieldValueInvalid spec");
    expect("{'type':'string','enum':['a','b']}", "'c'",
           "FieldValueNotSupported spec");
    expect("{'type':'integer','minimum':1}", "0", "FieldValueInvalid spec");
    expect("{'type':'integer','minimum':1,'exclusiveMinimum':true}", "1",
           "FieldValueInvalid spec");
    expect("{'type':'number','maximum':1.5}", "1.5", "");
    expect("{'type':'integer','multipleOf':3}", "4", "FieldValueInvalid spec");
    expect("{'type':'number','multipleOf':0.1}", "0.3", "");
    expect("{'type':'number','multipleOf':0.5}", "1", "FieldValueInvalid spec");
    expect("{'type':'array','items':{'type':'string'},'maxItems':1}",
           "['a','b']", "FieldValueTooMany spec");
    expect("{'type':'array','items':{'type':'string'},'minItems':1}", "[]",
           "FieldValueInvalid spec");
    expect("{'type':'object','properties':{'a':{'type':'string'}},'required':"
           "['a'],'maxProperties':1}",
           "{'b':1,'c':1}",
           "FieldValueTooMany spec; FieldValueRequired spec.a");
    arena_release(&arena);
}

TEST(values_agree_with_the_combinations)
{
    static const char any[] =
        "{'type':'object','properties':{'a':{'type':'string'},'b':{'type':"
        "'string'}},'%s':[{'required':['a']},{'required':['b']}]}";
    static const struct {
        const char *junctor, *value, *want;
    } cases[] = {
        {"anyOf", "{'b':''}", ""},
        {"anyOf", "{}", "FieldValueInvalid <nil>; FieldValueRequired spec.a"},
        {"oneOf", "{'a':'','b':''}", "FieldValueInvalid <nil>"},
        {"oneOf", "{'a':''}", ""},
        {"allOf", "{'a':''}",
         "FieldValueRequired spec.b; FieldValueInvalid <nil>"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *before = strstr(any, "%s");

        expect(arena_printf(&arena, "%.*s%s%s", (int)(before - any), any,
                            cases[i].junctor, before + 2),
               cases[i].value, cases[i].want);
    }
    expect("{'type':'object','not':{'required':['a']}}", "{'a':1}",
           "FieldValueInvalid <nil>");
    arena_release(&arena);
}

TEST(items_of_sets_and_maps_are_unique)
{
    static const char map[] =
        "{'type':'array','x-kubernetes-list-type':'map',"
        "'x-kubernetes-list-map-keys':['k'],'items':{'type':'object',"
        "'properties':{'k':{'type':'string'}}}}";

    expect("{'type':'array','x-kubernetes-list-type':'set','items':{'type':"
           "'string'}}",
           "['a','b','a','a']", "FieldValueDuplicate spec[2]");
    expect(map, "[{'k':'a'},{'k':'b'}]", "");
    expect(map, "[{'k':'a'},{'k':'a'}]", "FieldValueDuplicate spec[1]");
    arena_release(&arena);
}

TEST(formats_are_those_of_the_api_server)
{
    static const struct {
        const char *format, *right, *wrong;
    } cases[] = {
        {"date-time", "2020-01-01T00:00:00.5+01:00", "2020-13-01T00:00:00Z"},
        {"date", "2020-02-29", "2021-02-29"},
        {"ipv4", "1.2.3.4", "01.2.3.4"},
        {"ipv6", "::ffff:1.2.3.4", "1::2::3"},
        {"cidr", "10.0.0.0/8", "10.0.0.0/33"},
        {"mac", "00:11:22:33:44:55", "00:11:22"},
        {"uuid", "F81D4FAE-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae"},
        {"byte", "aGVsbG8=", "aGVsbG8"},
        {"duration", "1h30m", "5"},
        {"duration", "3 days", "three days"},
        {"hostname", "a.example.com", "-x.com"},
        {"email", "me@example.org", "me"},
        {"uri", "https://x/y", "x y"},
        {"isbn", "978-0321751041", "978-0321751042"},
        {"k8s-short-name", "a-b", "a.b"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *schema = arena_printf(
            &arena, "{'type':'string','format':'%s'}", cases[i].format);

        expect(schema, arena_printf(&arena, "'%s'", cases[i].right), "");
        expect(schema, arena_printf(&arena, "'%s'", cases[i].wrong),
               "FieldValueTypeInvalid spec");
    }
    expect("{'type':'string','format':'nobody knows'}", "'x'", "");
    arena_release(&arena);
}

TEST(what_did_not_change_is_not_judged_again)
{
    struct crd *c = crd_of(
        "{'type':'object','properties':{'a':{'type':'string','maxLength':1},"
        "'b':{'type':'string','maxLength':1},'l':{'type':'array',"
        "'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['k'],"
        "'items':{'type':'object','properties':{'k':{'type':'string'},'v':{"
        "'type':'integer','maximum':1}}}},'m':{'type':'array','maxItems':1,"
        "'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['k'],"
        "'items':{'type':'object','properties':{'k':{'type':'string'}}}}}}");

    check_str(judged(c, "{'spec':{'a':'xx','b':'yy'}}",
                     "{'spec':{'a':'xx','b':'y'}}"),
              "FieldValueTooLong spec.b");
    check_str(judged(c, "{'spec':{'l':[{'k':'b','v':9},{'k':'a','v':8}]}}",
                     "{'spec':{'l':[{'k':'a','v':7},{'k':'b','v':9}]}}"),
              "FieldValueInvalid spec.l[1].v");
    check_str(judged(c, "{'spec':{'m':[{'k':'b'},{'k':'a'}]}}",
                     "{'spec':{'m':[{'k':'a'},{'k':'b'}]}}"),
              "");
    check_str(judged(c, "{'spec':{'l':[{'k':'a'},{'k':'a'}],'a':'x'}}",
                     "{'spec':{'l':[{'k':'a'},{'k':'a'}]}}"),
              "");
    crd_free(c);
    arena_release(&arena);
}

TEST(a_write_to_the_status_is_judged_by_its_schema_alone)
{
    struct crd *c = crd_of("{'type':'string'}");
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_check_status(c, "v1",
                               quoted(&arena, "{'spec':1,'status':{'n':'x'}}"),
                               NULL, &f),
              0);
    check_str(causes(&f), "FieldValueTypeInvalid status.n");
    crd_free(c);
    arena_release(&arena);
}

TEST(what_is_not_evaluated_is_said)
{
    struct crd *c = crd_of(
        "{'type':'object','x-kubernetes-validations':[{'rule':'self.a'}],"
        "'properties':{'p':{'type':'string','pattern':'\\\\p{L}'}}}");
    struct value *warnings = value_array(&arena);

    check_int(crd_warnings(c, "v1", &arena, warnings), 0);
    check_str(printed(&arena, warnings),
              "[\"spec: 1 rule of x-kubernetes-validations not evaluated\","
              "\"spec.p: pattern not evaluated: \\\\p{L}\"]");
    crd_free(c);
    arena_release(&arena);
}

TEST(formats_that_nobody_checks_are_said_when_they_are_defined)
{
    struct value *warnings = value_array(&arena);

    check_int(crd_definition_warnings(
                  quoted(&arena, definition_of("{'type':'object','properties':{"
                                               "'a':{'type':'string','format':"
                                               "'date'},'b':{'type':'integer',"
                                               "'format':'date'}}}")),
                  &arena, warnings),
              0);
    check_str(printed(&arena, warnings),
              "[\"unrecognized format \\\"date\\\"\"]");
    arena_release(&arena);
}

/* ---- definitions ---- */

static const char *validated(const char *definition, const char *old)
{
    struct value *v = quoted(&arena, definition);
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_default(&arena, v, &f), 0);
    check_int(crd_validate(&arena, v, old ? quoted(&arena, old) : NULL, &f), 0);
    return causes(&f);
}

TEST(a_definition_gets_its_defaults)
{
    struct value *v = quoted(&arena, definition_of("{'type':'object'}"));
    struct failure f;

    failure_init(&f, &arena);
    check_int(crd_default(&arena, v, &f), 0);
    check_str(value_text_at(v, "spec.names.singular"), "z");
    check_str(value_text_at(v, "spec.names.listKind"), "ZList");
    check_str(value_text_at(v, "spec.conversion.strategy"), "None");
    check_str(printed(&arena, value_path(v, "status.storedVersions")),
              "[\"v1\"]");
    arena_release(&arena);
}

#define SCHEMA "spec.validation.openAPIV3Schema.properties[spec]"

TEST(schemas_of_definitions_are_structural)
{
    static const struct {
        const char *spec, *want;
    } cases[] = {
        {"{'type':'object'}", ""},
        {"{}", "FieldValueRequired " SCHEMA ".type"},
        {"{'type':'strin'}", "FieldValueNotSupported " SCHEMA ".type"},
        {"{'type':'array'}", "FieldValueRequired " SCHEMA ".items"},
        {"{'type':'string','anyOf':[{'type':'string'}]}",
         "FieldValueForbidden " SCHEMA ".anyOf[0].type"},
        {"{'x-kubernetes-int-or-string':true,'anyOf':[{'type':'integer'},{"
         "'type':'string'}]}",
         ""},
        {"{'type':'string','pattern':'('}",
         "FieldValueInvalid " SCHEMA ".pattern"},
        {"{'type':'string','default':1}",
         "FieldValueTypeInvalid " SCHEMA ".default"},
        {"{'type':'object','properties':{'a':{'type':'string'}},'default':{"
         "'b':1}}",
         "FieldValueInvalid " SCHEMA ".default"},
        {"{'type':'object','properties':{'a':{'type':'string'}},"
         "'additionalProperties':{'type':'string'}}",
         "FieldValueForbidden " SCHEMA ".additionalProperties"},
        {"{'type':'array','items':{'type':'string'},'uniqueItems':true}",
         "FieldValueForbidden " SCHEMA ".uniqueItems"},
        {"{'type':'array','items':{'type':'object','properties':{'k':{'type':"
         "'string'}}},'x-kubernetes-list-type':'map',"
         "'x-kubernetes-list-map-keys':['k']}",
         "FieldValueRequired " SCHEMA ".items.properties[k].default"},
        {"{'type':'object','x-kubernetes-embedded-resource':true}",
         "FieldValueRequired " SCHEMA ".properties"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_str(validated(definition_of(cases[i].spec), NULL), cases[i].want);
    arena_release(&arena);
}

TEST(names_and_versions_of_definitions_are_right)
{
    static const struct {
        const char *from, *to, *want;
    } cases[] = {
        {"zs.f.io", "q.f.io", "FieldValueInvalid metadata.name"},
        {"'Cluster'", "'Wide'", "FieldValueNotSupported spec.scope"},
        {"'kind':'Z'", "'kind':'Z','shortNames':['Zz']",
         "FieldValueInvalid spec.names.shortNames[0]"},
        {"'kind':'Z'", "'kind':'Z','listKind':'Z'",
         "FieldValueInvalid spec.names.listKind"},
        {"'storage':true", "'storage':false",
         "FieldValueInvalid spec.versions; "
         "FieldValueInvalid status.storedVersions"},
        {"'storage':true",
         "'storage':true,'subresources':{'scale':{'specReplicasPath':"
         "'.status.n'}}",
         "FieldValueInvalid spec.subresources.scale.specReplicasPath; "
         "FieldValueRequired spec.subresources.scale.statusReplicasPath"},
        {"'storage':true",
         "'storage':true,'additionalPrinterColumns':[{'name':'A','type':'wat',"
         "'jsonPath':'a'}]",
         "FieldValueInvalid spec.additionalPrinterColumns[0].type; "
         "FieldValueInvalid spec.additionalPrinterColumns[0].JSONPath"},
        {"'group':'f.io'", "'group':'f.io','preserveUnknownFields':true",
         "FieldValueInvalid spec.preserveUnknownFields"},
    };
    const char *right = definition_of("{'type':'object'}");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *at = strstr(right, cases[i].from);

        check_str(
            validated(arena_printf(&arena, "%.*s%s%s", (int)(at - right), right,
                                   cases[i].to, at + strlen(cases[i].from)),
                      NULL),
            cases[i].want);
    }
    arena_release(&arena);
}

TEST(what_names_the_storage_does_not_change)
{
    const char *now = definition_of("{'type':'object'}");
    const char *before =
        "{'spec':{'group':'g.io','scope':'Namespaced','names':{'plural':'zs',"
        "'kind':'Z'}},'status':{'conditions':[{'type':'Established','status':"
        "'True'}]}}";

    check_str(validated(now, before),
              "FieldValueInvalid spec.scope; FieldValueInvalid spec.group");
    arena_release(&arena);
}

TEST_ALLOC(judging_survives_out_of_memory)
{
    struct value *definition = quoted(
        &arena,
        "{'spec':{'versions':[{'name':'v1','schema':{'openAPIV3Schema':{'type':"
        "'object','properties':{'a':{'type':'string','pattern':'^[a-z]{2}$',"
        "'default':'q'},'l':{'type':'array','items':{'type':'integer'}}}}}}]}"
        "}");
    struct value *object = quoted(&arena, "{'b':1,'l':['x']}");
    struct crd *c = NULL;
    struct failure f;
    int rc = -1;

    failure_init(&f, &arena);
    if (definition && object && crd_new(definition, &c, &f) == 0 &&
        crd_prune(c, "v1", object, value_array(&arena), &f) == 0 &&
        crd_default_object(c, "v1", &arena, object, &f) == 0)
        rc = crd_check(c, "v1", object, NULL, &f);
    if (rc == 0) {
        check_int(f.cause_count, 2);
        check(!value_get(object, "b") && value_get(object, "a"));
    }
    crd_free(c);
    arena_release(&arena);
    return rc < 0 ? -ERR_NOMEM : 0;
}
