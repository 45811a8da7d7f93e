/*
 * The full status of a pass: what is written, when, and what is not.
 */
#include "core/diff_fixture.h"
#include "core/fake_server.h"
#include "test.h"

#define CRD(properties)                                                        \
    "{'apiVersion':'apiextensions.k8s.io/v1',"                                 \
    "'kind':'CustomResourceDefinition',"                                       \
    "'metadata':{'name':'websites.example.com'},"                              \
    "'spec':{'group':'example.com','scope':'Namespaced',"                      \
    "'names':{'kind':'Website','plural':'websites','singular':'website'},"     \
    "'versions':[{'name':'v1','served':true,'storage':true,"                   \
    "'subresources':{'status':{}},"                                            \
    "'schema':{'openAPIV3Schema':{'type':'object','properties':{" properties   \
    "}}}}]}}"

#define STATUS                                                                 \
    "'status':{'type':'object','properties':{"                                 \
    "'url':{'type':'string'},"                                                 \
    "'nested':{'type':'object','properties':{'a':{'type':'string'}}},"         \
    "'conditions':{'type':'array','x-kubernetes-list-type':'map',"             \
    "'x-kubernetes-list-map-keys':['type'],'items':{'type':'object',"          \
    "'required':['type','status'],'properties':{"                              \
    "'type':{'type':'string'},'status':{'type':'string'},"                     \
    "'reason':{'type':'string'},'message':{'type':'string'},"                  \
    "'lastTransitionTime':{'type':'string','format':'date-time'}}}}"           \
    "}}"

static void with_schema(struct fixture *f)
{
    f->schemas = schema_set_new();
    check_ok(schema_set_add_crd(f->schemas, fx_value(f, CRD(STATUS)), &f->err),
             &f->err);
}

static const char *status_text(struct fixture *f)
{
    const struct change *c = fx_change(f, 0);
    struct str s;
    const char *text;

    if (!c || !value_get(c->body, "status"))
        return "";
    str_init(&s, 0);
    value_print(value_get(c->body, "status"), &s, &f->err);
    text = arena_strdup(&f->arena, str_text(&s));
    str_release(&s);
    return text;
}

/* The next pass, a minute later, with an empty plan. */
static void settle(struct fixture *f)
{
    check_ok(fx_diff(f), &f->err);
    fake_carry_out(f);
    plan_init(&f->plan, &f->arena);
    f->view.now += 60;
}

TEST(status_carries_conditions_and_generation_of_the_runtime)
{
    struct fixture f;

    fx_init(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x'}");
    f.plan.status_line = "operator.lua:50";
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(status_text(&f),
              "{\"conditions\":[{\"lastTransitionTime\":"
              "\"2026-01-02T03:04:05Z\",\"message\":\"so\","
              "\"observedGeneration\":3,\"reason\":\"Because\","
              "\"status\":\"True\",\"type\":\"Ready\"}],"
              "\"observedGeneration\":3,\"url\":\"http://x\"}");
    check_str(fx_change(&f, 0)->line, "operator.lua:50");
    fx_release(&f);
}

TEST(equal_status_is_not_written)
{
    struct fixture f;

    fx_init(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x','list':[1,2],'o':{}}");
    fx_condition(&f, "Ready", "True");
    settle(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x','list':[1,2],'o':{}}");
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

TEST(a_condition_keeps_its_time_while_its_status_is_the_same)
{
    struct fixture f;

    fx_init(&f);
    fx_condition(&f, "Ready", "True");
    settle(&f);
    fx_condition(&f, "Ready", "True");
    f.plan.conditions[0].message = "still so";
    check_ok(fx_diff(&f), &f.err);
    check_has(status_text(&f), "\"2026-01-02T03:04:05Z\"");
    check_str(fx_fields(&f, 0), ".conditions[type=Ready].message so -> "
                                "still so");
    f.plan.conditions[0].status = "False";
    check_ok(fx_diff(&f), &f.err);
    check_has(status_text(&f), "\"2026-01-02T03:05:05Z\"");
    check_str(fx_fields(&f, 0), ".conditions[type=Ready] True -> False; "
                                ".conditions[type=Ready].message so -> "
                                "still so");
    fx_release(&f);
}

TEST(status_that_is_declared_no_more_goes)
{
    struct fixture f;

    fx_init(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x'}");
    settle(&f);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "status Website blog");
    check(!value_get(fx_change(&f, 0)->body, "status"));
    check_str(fx_fields(&f, 0), ".observedGeneration 3 -> (absent); "
                                ".url http://x -> (absent)");
    settle(&f);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

TEST(a_plan_without_status_writes_none_where_there_was_none)
{
    struct fixture f;

    fx_init(&f);
    fx_root(&f, "{'status':{'url':'http://other.example'}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

TEST(plan_nothing_without_status_leaves_the_status)
{
    struct fixture f;

    fx_init(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x'}");
    settle(&f);
    f.plan.nothing = "paused";
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

TEST(memory_stays_until_it_is_forgotten_on_purpose)
{
    static const char *memory[] = {"last"};
    struct fixture f;

    fx_init(&f);
    f.decl.memory = memory;
    f.decl.memory_count = 1;
    f.plan.status = fx_value(&f, "{'last':'2026','url':'http://x'}");
    settle(&f);
    f.plan.status = fx_value(&f, "{'url':'http://y'}");
    check_ok(fx_diff(&f), &f.err);
    check_has(status_text(&f), "\"last\":\"2026\"");
    settle(&f);
    f.plan.status = fx_value(&f, "{'url':'http://y','last':null}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_fields(&f, 0), ".last 2026 -> (absent)");
    fx_release(&f);
}

TEST(memory_alone_outlives_a_plan_without_status)
{
    static const char *memory[] = {"last"};
    struct fixture f;

    fx_init(&f);
    f.decl.memory = memory;
    f.decl.memory_count = 1;
    f.plan.status = fx_value(&f, "{'last':'2026','url':'http://x'}");
    settle(&f);
    settle(&f);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    check_has(snapshot_plain(f.view.root), "\"status\":{\"last\":\"2026\"}");
    fx_release(&f);
}

TEST(conditions_of_the_status_fields_are_merged_by_type)
{
    struct fixture f;

    fx_init(&f);
    f.plan.status = fx_value(&f, "{'conditions':[{'type':'Ready',"
                                 "'status':'False','reason':'X'},"
                                 "{'type':'Other','status':'True'}]}");
    fx_condition(&f, "Ready", "True");
    fx_condition(&f, "Ready", "Unknown");
    check_ok(fx_diff(&f), &f.err);
    check_has(status_text(&f), "\"reason\":\"Because\",\"status\":\"Unknown\","
                               "\"type\":\"Ready\"},{");
    check_has(status_text(&f), "\"message\":\"\",\"observedGeneration\":3,"
                               "\"reason\":\"Other\",\"status\":\"True\","
                               "\"type\":\"Other\"}]");
    fx_release(&f);
}

TEST(a_plan_that_waits_has_not_observed_the_generation)
{
    struct fixture f;

    fx_init(&f);
    fx_condition(&f, "Ready", "True");
    settle(&f);
    fx_apply_map(&f, "a")->held = "gate";
    fx_condition(&f, "Ready", "False");
    fx_root(&f, "{'metadata':{'generation':4},"
                "'status':{'observedGeneration':3}}");
    check_ok(fx_diff(&f), &f.err);
    check_has(status_text(&f), "\"observedGeneration\":4,\"reason\"");
    check_has(status_text(&f), "],\"observedGeneration\":3}");
    fx_release(&f);
}

TEST(the_report_of_a_failed_pass_observes_nothing_new)
{
    struct fixture f;

    fx_init(&f);
    fx_root(&f, "{'metadata':{'generation':5},'status':{"
                "'observedGeneration':3,'conditions':["
                "{'type':'Ready','status':'True','reason':'Because',"
                "'message':'so','observedGeneration':3,"
                "'lastTransitionTime':'2026-01-01T00:00:00Z'}]}}");
    fx_condition(&f, "Ready", "True");
    fx_condition(&f, "Reconciled", "False");
    f.plan.nothing = "PlanRefused";
    f.failed = true;
    check_ok(fx_diff(&f), &f.err);
    check_has(status_text(&f), "\"lastTransitionTime\":"
                               "\"2026-01-01T00:00:00Z\",\"message\":\"so\","
                               "\"observedGeneration\":3,");
    check_has(status_text(&f), "\"observedGeneration\":5,"
                               "\"reason\":\"Because\",\"status\":\"False\","
                               "\"type\":\"Reconciled\"}],"
                               "\"observedGeneration\":3}");
    fx_release(&f);
}

TEST(status_fields_that_the_schema_lacks_are_left_out_and_named)
{
    struct fixture f;

    fx_init(&f);
    with_schema(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x','ulr':1,"
                                 "'nested':{'a':'b','c':2}}");
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(status_text(&f), "{\"conditions\":[{\"lastTransitionTime\":"
                               "\"2026-01-02T03:04:05Z\",\"message\":\"so\","
                               "\"reason\":\"Because\",\"status\":\"True\","
                               "\"type\":\"Ready\"}],\"nested\":{\"a\":\"b\"},"
                               "\"url\":\"http://x\"}");
    check_has(fx_notes(&f), "status field .ulr is not in the schema of "
                            "Website: not written");
    check_has(fx_notes(&f), "status field .nested.c is not in the schema");
    check_int(f.cs.note_count, 2);
    check(f.cs.incomplete);
    fx_release(&f);
}

TEST(a_schema_without_status_leaves_all_of_it_out)
{
    struct fixture f;

    fx_init(&f);
    f.schemas = schema_set_new();
    check_ok(schema_set_add_crd(f.schemas, fx_value(&f, CRD("")), &f.err),
             &f.err);
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    check(f.cs.incomplete);
    fx_release(&f);
}

TEST(a_status_that_the_schema_has_is_complete)
{
    struct fixture f;

    fx_init(&f);
    with_schema(&f);
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "status Website blog");
    check(!f.cs.incomplete);
    fx_release(&f);
}

TEST(a_kind_without_status_subresource_gets_no_status)
{
    struct fixture f;

    fx_init(&f);
    f.root_resource.has_status = false;
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    check_has(fx_notes(&f), "no status subresource");
    fx_release(&f);
}

TEST(a_status_that_somebody_else_changed_is_put_back)
{
    struct fixture f;

    fx_init(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x'}");
    settle(&f);
    f.plan.status = fx_value(&f, "{'url':'http://x'}");
    fx_root(&f, "{'status':{'url':'http://evil','observedGeneration':3}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_fields(&f, 0), ".url http://evil -> http://x");
    fx_release(&f);
}
