/*
 * plan:patch, plan:scale, plan:delete.
 */
#include <string.h>

#include "core/diff_fixture.h"
#include "core/fake_server.h"
#include "test.h"

static struct plan_step *patch(struct fixture *f, enum fx_kind kind,
                               enum patch_type type, const char *json)
{
    struct plan_step *s = fx_step(f, PLAN_PATCH, kind, "n");

    s->patch_type = type;
    s->body = fx_value(f, json);
    return s;
}

#define NODE_N "{'metadata':{'name':'n','labels':{'a':'b'}}}"

TEST(an_apply_patch_carries_the_uid_and_a_manager_of_its_root)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, NODE, NODE_N, FX_NOBODY);
    patch(&f, NODE, PATCH_APPLY, "{'metadata':{'labels':{'pool':'web'}}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_requests(&f, 0),
              "PATCH /api/v1/nodes/n?fieldManager=tidelock-website-aaaaaaaa&"
              "fieldValidation=Strict {\"apiVersion\":\"v1\",\"kind\":"
              "\"Node\",\"metadata\":{\"labels\":{\"pool\":\"web\"},"
              "\"name\":\"n\",\"uid\":\"uid-n\"}}");
    fx_release(&f);
}

TEST(a_patch_that_changes_nothing_is_not_sent)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, NODE, NODE_N, FX_NOBODY);
    patch(&f, NODE, PATCH_APPLY, "{'metadata':{'labels':{'a':'b'}}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    f.plan.steps[0].patch_type = PATCH_MERGE;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    f.plan.steps[0].body = fx_value(&f, "{'metadata':{'labels':{'z':null}}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    f.plan.steps[0].patch_type = PATCH_JSON;
    f.plan.steps[0].body = fx_value(&f, "[{'op':'replace','path':"
                                        "'/metadata/labels/a','value':'b'}]");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

TEST(a_merge_patch_carries_the_version_and_a_json_patch_tests_the_uid)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, NODE, NODE_N, FX_NOBODY);
    patch(&f, NODE, PATCH_MERGE, "{'spec':{'unschedulable':true}}");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_fields(&f, 0), ".spec (absent) -> {\"unschedulable\":true}");
    check_has(fx_requests(&f, 0), "{\"metadata\":{\"resourceVersion\":"
                                  "\"100\"},\"spec\":{\"unschedulable\":"
                                  "true}}");
    f.plan.steps[0].patch_type = PATCH_JSON;
    f.plan.steps[0].body =
        fx_value(&f, "[{'op':'add','path':'/spec','value':{}}]");
    check_ok(fx_diff(&f), &f.err);
    check_has(fx_requests(&f, 0), "[{\"op\":\"test\",\"path\":"
                                  "\"/metadata/uid\",\"value\":\"uid-n\"},"
                                  "{\"op\":\"add\"");
    fx_release(&f);
}

static void refused(struct fixture *f, const char *message)
{
    check_int(fx_diff(f), -ERR_PLAN);
    check_has(f->err.msg, message);
    plan_init(&f->plan, &f->arena);
}

TEST(a_patch_is_for_foreign_objects_that_exist)
{
    struct fixture f;

    fx_init(&f);
    patch(&f, NODE, PATCH_APPLY, "{}");
    refused(&f, "operator.lua:40: plan:patch: Node 'n': there is no such "
                "object in the view");
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'n'}}", FX_OURS);
    fx_apply_map(&f, "a");
    patch(&f, CONFIG_MAP, PATCH_MERGE, "{}");
    refused(&f, "ConfigMap 'n': is a child of this object");
    fx_child(&f, NODE, NODE_N, FX_NOBODY);
    fx_apply_map(&f, "a");
    patch(&f, NODE, PATCH_JSON, "{}");
    refused(&f, "the patch: expected array, got object");
    fx_apply_map(&f, "a");
    patch(&f, NODE, PATCH_MERGE, "[]");
    refused(&f, "the patch: expected object, got array");
    fx_apply_map(&f, "a");
    patch(&f, NODE, PATCH_JSON,
          "[{'op':'test','path':'/metadata/name','value':'m'}]");
    refused(&f, "Node 'n': operation 0: the test does not hold at "
                "'/metadata/name'");
    fx_release(&f);
}

TEST(the_root_is_patched_by_merge_and_not_by_apply)
{
    struct fixture f;
    struct plan_step *s;

    fx_init(&f);
    s = patch(&f, NODE, PATCH_APPLY, "{'metadata':{'labels':{'a':'b'}}}");
    s->ref.gvk = f.decl.root;
    s->ref.key.name = "blog";
    f.kinds[NODE].gvk = f.decl.root;
    f.kinds[NODE].resource = &f.root_resource;
    check_int(fx_diff(&f), -ERR_PLAN);
    check_has(f.err.msg, "the root is not patched by apply");
    s->patch_type = PATCH_MERGE;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "patch Website blog");
    fx_release(&f);
}

TEST(a_delete_is_pinned_to_the_object_of_the_view)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, NODE, NODE_N, FX_NOBODY);
    fx_step(&f, PLAN_DELETE, NODE, "n");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "delete Node n");
    check(fx_change(&f, 0)->destructive);
    check_has(fx_requests(&f, 0), "\"preconditions\":{\"resourceVersion\":"
                                  "\"100\",\"uid\":\"uid-n\"}");
    fx_release(&f);
}

TEST(what_is_gone_or_going_is_not_deleted_again)
{
    struct fixture f;

    fx_init(&f);
    fx_step(&f, PLAN_DELETE, NODE, "n");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_notes(&f), "n: is gone already");
    fx_child(&f, NODE,
             "{'metadata':{'name':'n','deletionTimestamp':"
             "'2026-01-02T03:00:00Z'}}",
             FX_NOBODY);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_notes(&f), "n: is being deleted already");
    check_int(f.cs.count, 0);
    fx_release(&f);
}

TEST(a_child_that_is_deleted_by_a_step_is_not_pruned_as_well)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'a'}}", FX_OURS);
    fx_apply_map(&f, "b");
    fx_step(&f, PLAN_DELETE, CONFIG_MAP, "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap b; delete ConfigMap a");
    check_int(f.cs.items[1].verb, CHANGE_DELETE);
    fx_release(&f);
}

TEST(scaling_writes_only_when_the_number_differs)
{
    struct fixture f;
    struct plan_step *s;

    fx_init(&f);
    fx_child(&f, READ_DEPLOY,
             "{'metadata':{'name':'d'},"
             "'spec':{'replicas':3}}",
             FX_NOBODY);
    s = fx_step(&f, PLAN_SCALE, READ_DEPLOY, "d");
    s->replicas = 3;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    s->replicas = 5;
    check_ok(fx_diff(&f), &f.err);
    check(!fx_change(&f, 0)->destructive);
    check_str(fx_requests(&f, 0),
              "PATCH /apis/apps/v1/namespaces/default/deployments/d/scale?"
              "fieldManager=tidelock-website {\"metadata\":{"
              "\"resourceVersion\":\"100\"},\"spec\":{\"replicas\":5}}");
    s->replicas = 0;
    check_ok(fx_diff(&f), &f.err);
    check(fx_change(&f, 0)->destructive);
    check_str(fx_fields(&f, 0), ".spec.replicas 3 -> 0");
    fx_release(&f);
}

TEST(what_cannot_be_scaled_is_refused)
{
    struct fixture f;

    fx_init(&f);
    fx_step(&f, PLAN_SCALE, NODE, "n");
    refused(&f, "Node 'n': the kind has no scale subresource");
    fx_step(&f, PLAN_SCALE, READ_DEPLOY, "d");
    refused(&f, "Deployment 'd': there is no such object");
    fx_child(&f, DEPLOYMENT, "{'metadata':{'name':'d'}}", FX_OURS);
    fx_step(&f, PLAN_SCALE, DEPLOYMENT, "d");
    fx_apply_map(&f, "a");
    refused(&f, "a child is scaled by what declares it");
    fx_step(&f, PLAN_SCALE, READ_DEPLOY, "d")->replicas = -1;
    fx_apply_map(&f, "a");
    refused(&f, "-1 replicas cannot be");
    fx_release(&f);
}

TEST(steps_of_undeclared_kinds_are_refused)
{
    struct fixture f;
    struct plan_step *s;

    fx_init(&f);
    s = fx_step(&f, PLAN_DELETE, NODE, "n");
    s->ref.gvk = (struct gvk){"v1", "Pod"};
    refused(&f, "plan:delete: Pod 'n': the kind is not declared under owns "
                "or reads");
    fx_release(&f);
}
