/*
 * Order, pruning, holding back, and plans as a whole.
 */
#include <string.h>

#include "core/diff_fixture.h"
#include "core/fake_server.h"
#include "test.h"

static void settle(struct fixture *f)
{
    check_ok(fx_diff(f), &f->err);
    fake_carry_out(f);
    plan_init(&f->plan, &f->arena);
}

TEST(creates_come_before_changes_before_deletes)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "c");
    fx_apply_map(&f, "a");
    settle(&f);
    value_set(&f.arena, value_get(fx_apply_map(&f, "a")->body, "data"), "k",
              value_string(&f.arena, "w"));
    fx_apply_map(&f, "z");
    fx_apply_map(&f, "b");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap z; create ConfigMap b; "
                            "change ConfigMap a; delete ConfigMap c");
    fx_release(&f);
}

TEST(a_step_comes_after_those_it_names)
{
    struct fixture f;

    fx_init(&f);
    fx_after(&f, fx_apply_map(&f, "a"), "b");
    fx_after(&f, fx_apply_map(&f, "b"), "c");
    fx_apply_map(&f, "c");
    fx_apply_map(&f, "d");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap c; create ConfigMap d; "
                            "create ConfigMap b; create ConfigMap a");
    fx_release(&f);
}

TEST(steps_that_wait_for_each_other_are_refused)
{
    struct fixture f;

    fx_init(&f);
    fx_after(&f, fx_apply_map(&f, "a"), "b");
    fx_after(&f, fx_apply_map(&f, "b"), "a");
    check_int(fx_diff(&f), -ERR_PLAN);
    check_has(f.err.msg, "after: the steps wait for each other");
    fx_release(&f);
}

TEST(after_names_a_step_of_the_same_plan)
{
    struct fixture f;

    fx_init(&f);
    fx_after(&f, fx_apply_map(&f, "a"), "missing");
    check_int(fx_diff(&f), -ERR_PLAN);
    check_str(f.err.msg, "operator.lua:31: plan:apply: ConfigMap 'a': after: "
                         "no step names ConfigMap 'missing'");
    fx_release(&f);
}

TEST(a_held_child_is_neither_applied_nor_pruned)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    settle(&f);
    fx_apply_map(&f, "a")->held = "database is not ready";
    fx_apply_map(&f, "b")->held = "database is not ready";
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    check_str(fx_notes(&f), "b: held: database is not ready; "
                            "a: held: database is not ready");
    fx_release(&f);
}

TEST(what_comes_after_a_held_child_that_exists_goes_on)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    settle(&f);
    fx_apply_map(&f, "a")->held = "gate";
    fx_after(&f, fx_apply_map(&f, "b"), "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap b");
    fx_release(&f);
}

TEST(prunes_go_in_the_reverse_order_of_owns)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'b'}}", FX_OURS);
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'a'}}", FX_OURS);
    fx_child(&f, DEPLOYMENT, "{'metadata':{'name':'d'}}", FX_OURS);
    fx_child(&f, JOB, "{'metadata':{'name':'j'}}", FX_OURS);
    fx_apply_map(&f, "new");
    f.plan.allow_bulk = "all of them are renamed";
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f),
              "create ConfigMap new; delete Job j; delete Deployment d; "
              "delete ConfigMap a; delete ConfigMap b");
    check(fx_change(&f, 1)->destructive);
    fx_release(&f);
}

TEST(labels_and_names_alone_never_delete)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'a','labels':{"
             "'app.kubernetes.io/managed-by':'tidelock',"
             "'tidelock.dev/operator':'website'}}}",
             FX_NOBODY);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'b','labels':{"
             "'tidelock.dev/owner-uid':'another'}}}",
             FX_NOBODY);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'c','labels':{"
             "'tidelock.dev/owner-uid':'" FX_ROOT_UID "'}}}",
             FX_FOREIGN);
    fx_apply_map(&f, "new");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap new");
    fx_release(&f);
}

/* Several operators may serve one kind of root, and a built-in root may have
 * children that Kubernetes made. */
/* rows: T15
 * broken: every child of the root was ours to remove */
TEST(a_child_that_another_made_is_left_alone)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'a','labels':{"
             "'tidelock.dev/operator':'other'}}}",
             FX_OURS);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'b','labels':{"
             "'tidelock.dev/operator':null}}}",
             FX_OURS);
    check_ok(fx_diff(&f), &f.err); /* nor do they make the plan an empty one */
    check_str(fx_story(&f), "");
    check_has(fx_notes(&f), "a: is left alone: this operator never applied it");
    check_has(fx_notes(&f), "b: is left alone");
    fx_apply_map(&f, "new");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap new");
    fx_release(&f);
}

TEST(a_child_that_another_operator_made_is_not_changed)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'a','labels':{"
             "'tidelock.dev/operator':'other'}}}",
             FX_OURS);
    fx_apply_map(&f, "a");
    check_int(fx_diff(&f), -ERR_NAME_CONFLICT);
    check_has(f.err.msg, "operator.lua:31: plan:apply: ConfigMap 'a': the name "
                         "belongs to operator 'other'");
    check_has(f.err.hint, "tidelock.dev/operator");
    fx_release(&f);

    fx_init(&f); /* one without a label is taken over */
    fx_child(&f, CONFIG_MAP,
             "{'metadata':{'name':'a','labels':{"
             "'tidelock.dev/operator':null}}}",
             FX_OURS);
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change ConfigMap a");
    fx_release(&f);
}

TEST(a_child_without_our_label_is_known_by_our_fields)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    settle(&f);
    fake_edit_child(&f, CONFIG_MAP, "a",
                    "{'metadata':{'labels':{'tidelock.dev/operator':null}}}");
    fx_apply_map(&f, "new");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap new; delete ConfigMap a");
    fx_release(&f);
}

/* ---- plans as a whole ---- */

TEST(an_empty_plan_while_children_exist_is_refused)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    settle(&f);
    check_int(fx_diff(&f), -ERR_EMPTY_PLAN);
    check_has(f.err.msg, "declares no child while 1 exists (ConfigMap 'a')");
    check_has(f.err.hint, "plan:prune_all(reason)");
    fx_release(&f);
}

TEST(children_of_retired_kinds_do_not_make_a_plan_empty)
{
    struct fixture f;

    fx_init(&f);
    fx_child(&f, JOB, "{'metadata':{'name':'j'}}", FX_OURS);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "delete Job j");
    fx_release(&f);
}

TEST(prune_all_takes_every_child_and_says_why)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    fx_apply_map(&f, "b");
    settle(&f);
    f.plan.prune_all = "the site is switched off";
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "delete ConfigMap a; delete ConfigMap b");
    check_str(fx_change(&f, 0)->reason, "the site is switched off");
    fx_release(&f);
}

TEST(prune_all_beside_an_apply_is_refused)
{
    struct fixture f;

    fx_init(&f);
    f.plan.prune_all = "off";
    fx_apply_map(&f, "a");
    check_int(fx_diff(&f), -ERR_PLAN);
    fx_release(&f);
}

TEST(plan_nothing_applies_and_prunes_nothing)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    settle(&f);
    f.plan.nothing = "paused";
    fx_condition(&f, "Ready", "Unknown");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "status Website blog");
    fx_release(&f);
}

TEST(plan_nothing_beside_a_step_is_refused)
{
    struct fixture f;

    fx_init(&f);
    f.plan.nothing = "paused";
    fx_apply_map(&f, "a");
    check_int(fx_diff(&f), -ERR_PLAN);
    check_has(f.err.hint, "operator.lua:31");
    fx_release(&f);
}

TEST(a_plan_hash_is_over_child_writes_only)
{
    struct fixture f;
    char hash[HASH_HEX_SIZE];

    fx_init(&f);
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    memcpy(hash, f.cs.hash, sizeof(hash));
    check_int(strlen(hash), 64);
    fx_condition(&f, "Ready", "True");
    *plan_add_event(&f.plan) =
        (struct plan_event){"Normal", "Created", "made it", NULL};
    f.view.now += 5;
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 3);
    check_str(f.cs.hash, hash);
    fx_root(&f, "{'metadata':{'uid':'another'}}");
    check_ok(fx_diff(&f), &f.err);
    check(strcmp(f.cs.hash, hash) != 0);
    fx_release(&f);
}

/* ---- children that outlive their root ---- */

/* rows: S106
 * broken: an orphan had an owner reference */
TEST(an_orphan_child_has_a_label_instead_of_an_owner)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a")->orphan = true;
    check_ok(fx_diff(&f), &f.err);
    check(!value_path(fx_change(&f, 0)->body, "metadata.ownerReferences"));
    check_has(fx_requests(&f, 0),
              "\"tidelock.dev/owner-uid\":\"" FX_ROOT_UID "\"");
    fake_carry_out(&f);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

TEST(an_orphan_child_is_changed_without_force)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a")->orphan = true;
    settle(&f);
    fx_apply(&f, "{'apiVersion':'v1','kind':'ConfigMap',"
                 "'metadata':{'name':'a'},'data':{'k':'w'}}")
        ->orphan = true;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change ConfigMap a");
    check(!fx_change(&f, 0)->force);
    fx_release(&f);
}

TEST(a_dropped_orphan_child_is_released_not_deleted)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a")->orphan = true;
    settle(&f);
    fx_apply_map(&f, "b");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "create ConfigMap b; release ConfigMap a");
    check(!fx_change(&f, 1)->destructive);
    check_has(fx_requests(&f, 1), "PATCH /api/v1/namespaces/default/"
                                  "configmaps/a?fieldManager=tidelock-website"
                                  " {\"metadata\":{\"annotations\":{"
                                  "\"tidelock.dev/applied\":null},"
                                  "\"labels\":{"
                                  "\"app.kubernetes.io/managed-by\":null,"
                                  "\"tidelock.dev/operator\":null,"
                                  "\"tidelock.dev/owner-uid\":null},"
                                  "\"resourceVersion\":\"1");
    fx_release(&f);
}

TEST(a_child_becomes_an_orphan_and_back)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    settle(&f);
    fx_root(&f, "{'metadata':{'resourceVersion':'99999'}}");
    fx_apply_map(&f, "a")->orphan = true;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "change ConfigMap a");
    check_has(fx_fields(&f, 0), ".metadata.labels[\"tidelock.dev/owner-uid\"]"
                                " (absent) -> " FX_ROOT_UID);
    check_has(fx_fields(&f, 0), ".metadata.ownerReferences");
    check(!fx_change(&f, 0)->destructive);
    fake_carry_out(&f);
    check_str(f.items[CONFIG_MAP][0]->owner_uid, "");
    plan_init(&f.plan, &f.arena);
    fx_apply_map(&f, "a");
    settle(&f);
    check_str(f.items[CONFIG_MAP][0]->owner_uid, FX_ROOT_UID);
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

/* ---- finalizers ---- */

/* rows: S108
 * broken: another finalizer was added */
TEST(the_finalizer_is_added_before_the_first_write)
{
    struct fixture f;

    fx_init(&f);
    f.decl.has_finalize = true;
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "add finalizer Website blog; create ConfigMap a");
    check_has(fx_requests(&f, 0),
              "PATCH /apis/example.com/v1/namespaces/default/websites/blog?"
              "fieldManager=tidelock-website {\"apiVersion\":"
              "\"example.com/v1\",\"kind\":\"Website\",\"metadata\":{"
              "\"finalizers\":[\"tidelock.dev/website\"],\"name\":\"blog\","
              "\"namespace\":\"default\",\"resourceVersion\":\"77\","
              "\"uid\":\"" FX_ROOT_UID "\"}}");
    fx_release(&f);
}

#define GOING_ROOT                                                             \
    "{'metadata':{'deletionTimestamp':'2026-01-02T03:00:00Z',"                 \
    "'finalizers':['x','tidelock.dev/website']}}"

TEST(finalizing_prunes_nothing_and_keeps_the_finalizer_until_done)
{
    struct fixture f;

    fx_init(&f);
    f.decl.has_finalize = true;
    fx_root(&f, GOING_ROOT);
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'a'}}", FX_OURS);
    f.plan.finalizing = true;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    f.plan.finalize_done = true;
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "remove finalizer Website blog");
    check_has(fx_requests(&f, 0),
              "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":"
              "\"" FX_ROOT_UID "\"},{\"op\":\"test\",\"path\":"
              "\"/metadata/resourceVersion\",\"value\":\"77\"},"
              "{\"op\":\"test\",\"path\":\"/metadata/finalizers/1\","
              "\"value\":\"tidelock.dev/website\"},{\"op\":\"remove\","
              "\"path\":\"/metadata/finalizers/1\"}]");
    fx_release(&f);
}

TEST(the_finalizer_is_the_last_write_after_status)
{
    struct fixture f;

    fx_init(&f);
    f.decl.has_finalize = true;
    fx_root(&f, GOING_ROOT);
    f.plan.finalizing = true;
    f.plan.finalize_done = true;
    fx_condition(&f, "Ready", "False");
    *plan_add_event(&f.plan) =
        (struct plan_event){"Normal", "Gone", "cleaned up", NULL};
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f),
              "create ConfigMap a; status Website blog; event Event "
              "blog.6d3de22912e7d8d5; remove finalizer Website blog");
    fx_release(&f);
}

TEST(a_held_step_keeps_the_finalizer)
{
    struct fixture f;

    fx_init(&f);
    f.decl.has_finalize = true;
    fx_root(&f, GOING_ROOT);
    f.plan.finalizing = true;
    f.plan.finalize_done = true;
    fx_apply_map(&f, "a")->held = "gate";
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "");
    fx_release(&f);
}

/* rows: S108
 * broken: the finalizer was not seen */
TEST(an_operator_that_finalizes_no_more_takes_its_finalizer_off)
{
    struct fixture f;

    fx_init(&f);
    fx_root(&f, "{'metadata':{'finalizers':['tidelock.dev/website']}}");
    fx_apply_map(&f, "a");
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f),
              "create ConfigMap a; remove finalizer Website blog");
    fx_root(&f, GOING_ROOT);
    check_ok(fx_diff(&f), &f.err);
    check_str(fx_story(&f), "remove finalizer Website blog");
    fx_release(&f);
}

TEST(a_root_that_is_going_without_finalize_gets_no_write)
{
    struct fixture f;

    fx_init(&f);
    fx_root(&f, "{'metadata':{'deletionTimestamp':'2026-01-02T03:00:00Z'}}");
    fx_child(&f, CONFIG_MAP, "{'metadata':{'name':'old'}}", FX_OURS);
    fx_apply_map(&f, "a");
    fx_condition(&f, "Ready", "True");
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 0);
    fx_release(&f);
}
