/*
 * test_diff_blast.c -- plans that delete too much (G8).
 */
#include <stdio.h>

#include "diff_fixture.h"
#include "test.h"

/* Children of ours in the view, as the operator applied them. */
static void have(struct fixture *f, enum fx_kind kind, unsigned from,
                 unsigned count)
{
    for (unsigned i = from; i < from + count; i++) {
        char text[100];

        snprintf(text, sizeof(text),
                 "{'metadata':{'name':'c%02u','labels':"
                 "{'tidelock.dev/operator':'website'}}}",
                 i);
        fx_child(f, kind, text, FX_OURS);
    }
}

TEST(half_of_the_children_may_go_and_no_more)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    have(&f, CONFIG_MAP, 0, 4);
    check_int(fx_diff(&f), -ERR_BLAST_RADIUS);
    check_has(f.err.msg, "deletes 4 of 4 children");
    f.plan.allow_bulk = "renamed";
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 5);
    f.plan.allow_bulk = NULL;
    have(&f, DEPLOYMENT, 4, 4);
    for (unsigned i = 4; i < 8; i++) {
        char text[160];

        snprintf(text, sizeof(text),
                 "{'apiVersion':'apps/v1','kind':'Deployment',"
                 "'metadata':{'name':'c%02u'},'spec':{'selector':{},"
                 "'template':{}}}",
                 i);
        fx_apply(&f, text);
    }
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.blast.owned, 8);
    check_int(f.cs.blast.pruned, 4);
    fx_release(&f);
}

TEST(two_secrets_are_not_deleted_by_one_plan)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    have(&f, SECRET, 0, 1);
    check_ok(fx_diff(&f), &f.err);
    have(&f, SECRET, 1, 1);
    check_int(fx_diff(&f), -ERR_BLAST_RADIUS);
    check_has(f.err.msg, "2 objects that hold data");
    f.plan.prune_all = "off";
    fx_release(&f);
}

TEST(prune_all_takes_more_than_half)
{
    struct fixture f;

    fx_init(&f);
    have(&f, CONFIG_MAP, 0, 12);
    f.plan.prune_all = "off";
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.count, 12);
    have(&f, SECRET, 0, 2);
    check_int(fx_diff(&f), -ERR_BLAST_RADIUS);
    fx_release(&f);
}

TEST(the_limit_of_a_pass_is_what_it_was_set_to)
{
    static const struct blast_limits two = {2, 100};
    struct fixture f;

    fx_init(&f);
    f.limits = &two;
    fx_apply_map(&f, "a");
    have(&f, CONFIG_MAP, 0, 2);
    check_ok(fx_diff(&f), &f.err);
    have(&f, CONFIG_MAP, 2, 1);
    check_int(fx_diff(&f), -ERR_BLAST_RADIUS);
    check_has(f.err.hint, "--max-deletes 3");
    fx_release(&f);
}

TEST(what_is_going_already_is_neither_deleted_nor_counted)
{
    struct fixture f;

    fx_init(&f);
    fx_apply_map(&f, "a");
    for (unsigned i = 0; i < 4; i++) {
        char text[120];

        snprintf(text, sizeof(text),
                 "{'metadata':{'name':'g%u','deletionTimestamp':"
                 "'2026-01-01T00:00:00Z','finalizers':['a/b']}}",
                 i);
        fx_child(&f, CONFIG_MAP, text, FX_OURS);
    }
    check_ok(fx_diff(&f), &f.err);
    check_int(f.cs.blast.owned, 0);
    check_int(f.cs.blast.deletions, 0);
    fx_release(&f);
}
