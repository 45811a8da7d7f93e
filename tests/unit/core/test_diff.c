/*
 * The plan/action table of note 05, row by row. Where a row is decided by the
 * server's answer, the test is about the precondition that makes it answer so.
 */
#include "core/diff_fixture.h"
#include "core/fake_server.h"
#include "test.h"

#define MAP_A                                                                  \
    "{'apiVersion':'v1','kind':'ConfigMap',"                                   \
    "'metadata':{'name':'a'},'data':{'k':'v'}}"
#define MAP_A2                                                                 \
    "{'apiVersion':'v1','kind':'ConfigMap',"                                   \
    "'metadata':{'name':'a'},'data':{'k':'w'}}"
#define MAP_B                                                                  \
    "{'apiVersion':'v1','kind':'ConfigMap',"                                   \
    "'metadata':{'name':'b'},'data':{'k':'v'}}"
#define DEPLOYMENT_A                                                           \
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'a'},"     \
    "'spec':{'replicas':2,'selector':{'matchLabels':{'x':'y'}},"               \
    "'template':{'metadata':{'labels':{'x':'y'}},'spec':{'containers':["       \
    "{'name':'c','image':'i:1','ports':[{'containerPort':80}],"                \
    "'resources':{'requests':{'cpu':'0.5'}},"                                  \
    "'env':[{'name':'A','value':'1'},{'name':'B','value':'2'}]}]}}}}"

/* A plan that was carried out, and then another one. */
static void settle(struct fixture *f)
{
    check_ok(fx_diff(f), &f->err);
    fake_carry_out(f);
    plan_init(&f->plan, &f->arena);
}

static void settled_with(struct fixture *f, const char *child)
{
    fx_init(f);
    fx_apply(f, child);
    settle(f);
}

TEST(row_1_an_absent_child_is_created)
{
    struct fixture f;

    fx_init(&f);
    fx_apply(&f, MAP_A);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap a");
    check_has(fx_requests(&f, 0),
              "PATCH /api/v1/namespaces/default/configmaps/a?"
              "fieldManager=tidelock-website&fieldValidation=Strict {");
    check_has(fx_requests(&f, 0), "\"labels\":{"
                                  "\"app.kubernetes.io/managed-by\":"
                                  "\"tidelock\",\"tidelock.dev/operator\":"
                                  "\"website\"}");
    check_has(fx_requests(&f, 0), "\"tidelock.dev/applied\":\"");
    check_int(f.cs.unchanged, 0);
    fx_release(&f);
}

TEST(row_2_a_create_never_merges_into_an_object_that_the_cache_lacks)
{
    struct fixture f;

    fx_init(&f);
    fx_apply(&f, MAP_A);
    check_ok(fx_diff(&f), &f.err);
    check_has(fx_requests(&f, 0), "\"resourceVersion\":\"1\"");
    check(!fx_change(&f, 0)->force);
    check(!fx_change(&f, 0)->uid);
    fx_release(&f);
}

TEST(row_3_a_name_that_belongs_to_another_controller_is_a_conflict)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, READ_MAP, MAP_A, FX_FOREIGN);
    fx_apply(&f, MAP_A);
    check_int(fx_diff(&f), -ERR_NAME_CONFLICT);
    check_has(f.err.msg, "operator.lua:31: plan:apply: ConfigMap 'a': the "
                         "name belongs to ReplicaSet 'other'");
    check_has(f.err.hint, "never adopted");
    fx_release(&f);
}

TEST(row_3_an_object_that_nobody_owns_is_not_adopted_either)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, READ_MAP, MAP_A, FX_NOBODY);
    fx_apply(&f, MAP_A);
    check_int(fx_diff(&f), -ERR_NAME_CONFLICT);
    fx_release(&f);
}

TEST(row_4_a_child_that_differs_is_applied_with_its_uid)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    fx_root(&f, "{'metadata':{'resourceVersion':'99999'}}");
    fx_apply(&f, MAP_A2);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change ConfigMap a");
    check_has(fx_requests(&f, 0), "&force=true&fieldValidation=Strict");
    check_has(fx_requests(&f, 0), "\"uid\":\"uid-a-");
    check_int(fx_change(&f, 0)->field_count, 1);
    check_str(fx_change(&f, 0)->fields[0].path, ".data.k");
    check_str(value_text(fx_change(&f, 0)->fields[0].before), "v");
    check_str(value_text(fx_change(&f, 0)->fields[0].after), "w");
    check(!fx_change(&f, 0)->destructive);
    fx_release(&f);
}

/* rows: D10
 * broken: without is_ahead_of_root() it was applied without a look */
TEST(row_4_a_child_newer_than_its_root_asks_for_the_live_root_first)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    fx_root(&f, "{'metadata':{'resourceVersion':'2'}}");
    fx_apply(&f, MAP_A2);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change ConfigMap a");
    check(fx_change(&f, 0)->destructive);
    fx_release(&f);
}

/* The script looks at child a of the view. */
static void read_child(struct fixture *f)
{
    struct view_read *read = plan_add_read(&f->plan);

    read->kind = CONFIG_MAP;
    read->snapshot = f->items[CONFIG_MAP][0];
}

TEST(row_5_a_change_planned_from_what_was_read_carries_its_version)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    read_child(&f);
    fx_apply(&f, MAP_A2);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_change(&f, 0)->resource_version,
              f.items[CONFIG_MAP][0]->resource_version);
    check_has(fx_requests(&f, 0), "\"resourceVersion\":\"1");
    fx_release(&f);
}

TEST(row_6_a_change_that_depends_on_nothing_read_carries_the_uid_only)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    fx_apply(&f, MAP_A2);
    check_ok(fx_diff(&f), &f.err);
    check(!fx_change(&f, 0)->resource_version);
    check(fx_change(&f, 0)->uid);
    fx_release(&f);
}

TEST(row_7_and_8_a_change_can_never_create_what_was_removed)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    fx_apply(&f, MAP_A2);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_change(&f, 0)->uid, f.items[CONFIG_MAP][0]->uid);
    check_has(fx_requests(&f, 0), "\"uid\":\"uid-a-");
    fx_release(&f);
}

TEST(row_9_a_child_that_is_not_declared_any_more_is_deleted)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    fx_apply(&f, MAP_B);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap b; delete ConfigMap a");
    check_str(fx_change(&f, 1)->reason, "no longer declared");
    check(fx_change(&f, 1)->verb == CHANGE_PRUNE);
    fx_release(&f);
}

TEST(row_10_and_11_a_delete_carries_uid_and_resource_version)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    fx_apply(&f, MAP_B);
    check_ok(fx_diff(&f), &f.err);
    check_has(fx_requests(&f, 1),
              "DELETE /api/v1/namespaces/default/configmaps/a ");
    check_has(fx_requests(&f, 1), "\"preconditions\":{\"resourceVersion\":\"1");
    check_has(fx_requests(&f, 1), "\"uid\":\"uid-a-");
    check_has(fx_requests(&f, 1), "\"propagationPolicy\":\"Background\"");
    fx_release(&f);
}

static const char *const GOING =
    "{'metadata':{'name':'a','deletionTimestamp':'2026-01-02T03:00:00Z'}}";

TEST(row_12_a_declared_child_that_is_going_is_waited_for)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP, GOING, FX_OURS);
    fx_apply(&f, MAP_A);
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 0);
    check(f.cs.waiting);
    check_str(f.cs.notes[0].text, "waiting for the old object to go");
    check_str(f.cs.notes[0].ref.key.name, "a");
    fx_release(&f);
}

TEST(row_12_what_comes_after_it_waits_as_well)
{
    struct fixture f;
    struct plan_step *s;
    struct object_ref after = {{"v1", "ConfigMap"}, {"", "a"}};

    fx_init(&f);
    fx_child(&f, CONFIG_MAP, GOING, FX_OURS);
    fx_apply(&f, MAP_A);
    s = fx_apply(&f, MAP_B);
    s->after = &after;
    s->after_count = 1;
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 0);
    check_str(f.cs.notes[1].text, "held: comes after ConfigMap 'a'");
    fx_release(&f);
}

TEST(row_13_a_dropped_child_that_is_going_is_left_alone)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP, GOING, FX_OURS);
    fx_apply(&f, MAP_B);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap b");
    check(!f.cs.waiting);
    check_str(f.cs.notes[0].text, "is being deleted already");
    fx_release(&f);
}

TEST(row_14_a_child_as_declared_costs_no_request)
{
    struct fixture f;

    settled_with(&f, DEPLOYMENT_A);
    fx_apply(&f, DEPLOYMENT_A);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    check_int(f.cs.unchanged, 1);
    check_str(f.cs.hash, "");
    fx_release(&f);
}

TEST(row_15_what_is_neither_seen_nor_declared_is_nothing)
{
    struct fixture f;

    fx_init(&f);
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 0);
    check_int(f.cs.note_count, 0);
    fx_release(&f);
}

TEST(row_16_what_an_old_wish_could_destroy_asks_for_the_live_root_first)
{
    struct fixture f;
    struct value *scaled;

    settled_with(&f, DEPLOYMENT_A);
    scaled = fx_apply(&f, DEPLOYMENT_A)->body;
    value_set(&f.arena, value_get(scaled, "spec"), "replicas",
              value_integer(&f.arena, 1));
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change Deployment a");
    check(fx_change(&f, 0)->destructive);
    fx_release(&f);
}

TEST(row_17_nothing_of_an_unknown_kind_is_pruned)
{
    struct fixture f;

    settled_with(&f, MAP_A);
    f.kinds[CONFIG_MAP].known = false;
    f.kinds[CONFIG_MAP].unknown = "watch is stale";
    fx_apply(&f, DEPLOYMENT_A);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create Deployment a");
    check_has(f.cs.notes[0].text, "not known now: watch is stale");
    fx_release(&f);
}

TEST(row_17_a_step_of_an_unknown_kind_stops_the_plan)
{
    struct fixture f;

    fx_init(&f);
    f.kinds[CONFIG_MAP].known = false;
    f.kinds[CONFIG_MAP].unknown = "not synced";
    fx_apply(&f, MAP_A);
    check_int(fx_diff(&f), -ERR_UNKNOWN);
    check_has(f.err.msg, "ConfigMap 'a': the kind is not known now: not "
                         "synced");
    fx_release(&f);
}

/* rows: S105
 * broken: children had no owner */
TEST(row_18_a_child_carries_the_uid_of_its_root)
{
    struct fixture f;

    fx_init(&f);
    fx_apply(&f, MAP_A);
    check_ok(fx_diff(&f), &f.err);
    check_has(fx_requests(&f, 0),
              "\"ownerReferences\":[{\"apiVersion\":\"example.com/v1\","
              "\"blockOwnerDeletion\":true,\"controller\":true,"
              "\"kind\":\"Website\",\"name\":\"blog\",\"uid\":\"" FX_ROOT_UID
              "\"}]");
    fx_release(&f);
}

TEST(row_19_status_carries_the_newest_version_of_the_root)
{
    struct fixture f;

    fx_init(&f);
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "status Website blog");
    check_has(fx_requests(&f, 0),
              "PATCH /apis/example.com/v1/namespaces/default/websites/blog/"
              "status?fieldManager=tidelock-website&force=true {");
    check_has(fx_requests(&f, 0), "\"resourceVersion\":\"77\"");
    check_has(fx_requests(&f, 0), "\"uid\":\"" FX_ROOT_UID "\"");
    fx_release(&f);
}

TEST(row_20_a_changeset_holds_writes_to_the_api_server_only)
{
    struct fixture f;

    fx_init(&f);
    plan_requeue(&f.plan, 1000);
    fx_apply(&f, MAP_A);
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 2);
    for (size_t i = 0; i < f.cs.count; i++)
        check_has(fx_requests(&f, i), "PATCH /api");
    fx_release(&f);
}
