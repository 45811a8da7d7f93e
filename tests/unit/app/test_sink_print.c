/*
 * sink_print: what is asked of the server, and what becomes of the changeset.
 */
#include <string.h>

#include "app/sink_print.h"
#include "apply_desk.h"
#include "base/mem.h"
#include "test.h"

static bool open_print(struct desk *d)
{
    if (d->stage.oom || !api_open(&d->api))
        return false;
    d->sink = sink_print_new(d->api.cluster, d->api.loop);
    return d->sink != NULL;
}

static int run(struct desk *d)
{
    if (!open_print(d))
        return -ERR_NOMEM;
    return desk_run(d);
}

static const struct change *change_at(const struct desk *d, size_t i)
{
    return &d->stage.cs.items[i];
}

TEST(every_apply_is_asked_for_by_a_dry_run)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b")->live = stage_snapshot(
        &d.stage, "{'apiVersion':'v1','kind':'ConfigMap'," META(
                      "b", "uid-b", "7", "") ",'data':{'k':'v'}}");
    api_rule(&d.api, "PATCH configmaps/a (dry)", 201, MAP("a", "12"));
    api_rule(&d.api, "PATCH configmaps/b (dry)", 200,
             "{'apiVersion':'v1','kind':'ConfigMap'," META(
                 "b", "uid-b", "7", "") ",'data':{'k':'w','more':'x'}}");
    check_ok(run(&d), &d.err);
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n"
                               "PATCH configmaps/b (dry)\n");
    check(change_at(&d, 0)->confirmed && change_at(&d, 1)->confirmed);
    check_int(change_at(&d, 1)->field_count, 2);
    check_str(change_at(&d, 1)->fields[0].path, ".data.k");
    check_str(value_text(change_at(&d, 1)->fields[0].before), "v");
    check_str(value_text(change_at(&d, 1)->fields[0].after), "w");
    check_str(change_at(&d, 1)->fields[1].path, ".data.more");
    check_int(d.writes, 2);
    desk_release(&d);
}

TEST(what_needs_no_question_is_not_asked)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_ADD_FINALIZER, STAGE_ROOT, "blog");
    stage_change(&d.stage, CHANGE_PRUNE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_DELETE, STAGE_MAP, "b");
    stage_change(&d.stage, CHANGE_EVENT, STAGE_EVENT, "blog.1");
    check_ok(run(&d), &d.err);
    check_str(api_log(&d.api), "");
    check(change_at(&d, 0)->confirmed && change_at(&d, 3)->confirmed);
    check_int(d.writes, 4);
    desk_release(&d);
}

TEST(offline_nothing_is_asked_and_nothing_confirmed)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
    check(api_open(&d.api));
    d.sink = sink_print_new(NULL, d.api.loop);
    check_ok(desk_run(&d), &d.err);
    check_str(api_log(&d.api), "");
    check(!change_at(&d, 0)->confirmed);
    desk_release(&d);
}

TEST(a_question_that_is_forbidden_leaves_what_was_computed)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    api_rule(&d.api, "PATCH configmaps/a (dry)", 403, STATUS("Forbidden", "x"));
    api_rule(&d.api, "PATCH configmaps/b (dry)", 200, MAP("b", "8"));
    check_ok(run(&d), &d.err);
    check(!change_at(&d, 0)->confirmed);
    check(change_at(&d, 1)->confirmed);
    check_int(d.writes, 2);
    desk_release(&d);
}

TEST(a_refusal_is_the_outcome_as_it_would_be_for_run)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b");
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422, STATUS("Invalid", "no"));
    check_int(run(&d), -ERR_REJECTED);
    check_str(d.err.msg, "cannot change 'ConfigMap default/a': no");
    check_str(api_log(&d.api), "PATCH configmaps/a (dry)\n");
    check(d.failed == change_at(&d, 0));
    check_int(d.writes, 0);
    desk_release(&d);
}

TEST(an_immutable_field_turns_the_change_into_a_recreate)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    stage_field(&d.stage, &d.stage.cs.items[0], ".data.k", "'a'", "'b'");
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422, STATUS("Invalid", "no"));
    api_rule(&d.api, "PATCH configmaps/probe-uid-a (dry)", 201, MAP("x", "9"));
    check_ok(run(&d), &d.err);
    check_int(change_at(&d, 0)->verb, CHANGE_RECREATE);
    check_has(change_at(&d, 0)->reason, "immutable");
    check(change_at(&d, 0)->confirmed);
    check_int(change_at(&d, 0)->field_count, 1);
    desk_release(&d);
}

TEST(what_is_not_valid_at_all_is_no_recreate)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a")->check_immutable =
        true;
    api_rule(&d.api, "PATCH configmaps/a (dry)", 422, STATUS("Invalid", "no"));
    api_rule(&d.api, "PATCH configmaps/probe-uid-a (dry)", 422,
             STATUS("Invalid", "neither"));
    check_int(run(&d), -ERR_REJECTED);
    check_str(d.err.msg, "cannot change 'ConfigMap default/a': no");
    check_int(change_at(&d, 0)->verb, CHANGE_APPLY);
    desk_release(&d);
}

/* ---- names that are taken ---- */

static int create_meets(struct desk *d, const char *reason, int status,
                        const char *body)
{
    desk_set(d);
    stage_change(&d->stage, CHANGE_CREATE, STAGE_MAP, "a");
    api_rule(&d->api, "PATCH configmaps/a (dry)", 409, reason);
    api_rule(&d->api, "GET configmaps/a", status, body);
    return run(d);
}

TEST(a_create_says_whose_name_it_met)
{
    static const char *const reasons[] = {STATUS("Conflict", "is there"),
                                          STATUS("AlreadyExists", "is there")};
    struct desk d;

    for (size_t i = 0; i < 2; i++) {
        check_int(create_meets(&d, reasons[i], 200,
                               "{'apiVersion':'v1','kind':'ConfigMap'," META(
                                   "a", "u", "12", "") "}"),
                  -ERR_NAME_CONFLICT);
        check_has(d.err.msg, "'ConfigMap a' exists and is not owned");
        check_has(d.err.hint, "never adopts");
        desk_release(&d);
    }
    check_int(create_meets(&d, reasons[0], 200, MAP("a", "12")), -ERR_CONFLICT);
    check_has(d.err.msg, "created meanwhile");
    desk_release(&d);
    check_int(create_meets(&d, reasons[0], 403, STATUS("Forbidden", "no")),
              -ERR_FORBIDDEN);
    desk_release(&d);
    check_int(create_meets(&d, reasons[0], 200, "<html>"), -ERR_PROTOCOL);
    desk_release(&d);
}

/* ---- subresources ---- */

TEST(a_status_is_confirmed_but_its_fields_stay)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_STATUS, STAGE_ROOT, "blog");
    stage_field(&d.stage, &d.stage.cs.items[0], ".replicas", "1", "2");
    api_rule(&d.api, "PATCH widgets/blog/status (dry)", 200,
             WIDGET("51", AS_PLANNED));
    check_ok(run(&d), &d.err);
    check(change_at(&d, 0)->confirmed);
    check_str(change_at(&d, 0)->fields[0].path, ".replicas");
    desk_release(&d);
}

/* `plan -f` of an object that is not there yet. */
TEST(a_status_that_cannot_be_asked_for_is_as_computed)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_STATUS, STAGE_ROOT, "blog");
    api_rule(&d.api, "PATCH widgets/blog/status (dry)", 404,
             STATUS("NotFound", "gone"));
    check_ok(run(&d), &d.err);
    check(!change_at(&d, 0)->confirmed);
    desk_release(&d);
}

TEST(a_scale_is_confirmed_without_its_object)
{
    struct desk d;
    struct change *c;

    desk_set(&d);
    c = stage_change(&d.stage, CHANGE_SCALE, STAGE_DEPLOY, "a");
    c->body = stage_value(&d.stage, "{'spec':{'replicas':3}}");
    stage_field(&d.stage, c, ".spec.replicas", "1", "3");
    api_rule(&d.api, "PATCH deployments/a/scale (dry)", 200,
             "{'apiVersion':'autoscaling/v1','kind':'Scale'}");
    check_ok(run(&d), &d.err);
    check(change_at(&d, 0)->confirmed);
    check_int(change_at(&d, 0)->field_count, 1);
    desk_release(&d);
}

/* ---- life ---- */

TEST(freeing_the_printing_sink_cancels_what_is_under_way)
{
    struct desk d;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/a (dry)", API_SILENT, "");
    check(open_print(&d));
    check_ok(sink_submit(d.sink, &d.stage.cs, desk_done, &d, &d.err), &d.err);
    check(api_requests(&d.api, 1));
    d.sink->ops->free(d.sink);
    d.sink = NULL;
    api_settle(&d.api);
    check_int(d.done, 0);
    desk_release(&d);
}

static bool run_short_of_memory(uint64_t n)
{
    struct desk d;
    bool reached;
    int rc;

    desk_set(&d);
    stage_change(&d.stage, CHANGE_APPLY, STAGE_MAP, "b")->live =
        stage_snapshot(&d.stage, MAP("b", "7"));
    stage_change(&d.stage, CHANGE_CREATE, STAGE_MAP, "a");
    api_rule(&d.api, "PATCH configmaps/b (dry)", 200, MAP("b", "8"));
    api_rule(&d.api, "PATCH configmaps/a (dry)", 409, STATUS("Conflict", "x"));
    api_rule(&d.api, "GET configmaps/a", 200, MAP("a", "12"));
    check(open_print(&d));
    mem_fail_at(n);
    rc = desk_run(&d);
    reached = mem_fail_happened();
    mem_fail_at(0);
    check(rc < 0);
    check(rc == -ERR_CONFLICT || reached);
    desk_release(&d);
    return !reached;
}

TEST(printing_survives_out_of_memory)
{
    uint64_t n = 1;

    while (!run_short_of_memory(n))
        n++;
    check(n > 20);
}
