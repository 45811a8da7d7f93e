/*
 * The controller: when a root is looked at, and what comes after a pass.
 */
#include <string.h>

#include "pipe.h"
#include "test.h"

#define IDLE "reconcile = function() end"
#define OWNS "owns = { { 'v1', 'ConfigMap' } },\n"
#define ONE_MAP                                                                \
    OWNS "reconcile = function(w, view, plan)\n"                               \
         "  plan:apply { apiVersion = 'v1', kind = 'ConfigMap',\n"             \
         "    metadata = { name = w.metadata.name } }\n"                       \
         "end"

TEST(a_root_is_looked_at_when_it_comes)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, ONE_MAP));
    check_str(pipe_run(&p), "");
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "blog: create blog\n");
    check_str(pipe_passes(&p), "blog ok 1\n");
    check(p.changed > 0);
    check_int(controller_state(p.controller).passes, 1);
    pipe_release(&p);
}

TEST(what_was_there_before_the_start_is_looked_at_then)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_load(&p, ONE_MAP));
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "");
    controller_start(p.controller, &p.sink);
    check_str(pipe_run(&p), "blog: create blog\n");
    pipe_release(&p);
}

TEST(only_the_named_root_is_looked_at)
{
    struct pipe p;

    pipe_init(&p);
    p.config.name = "blog";
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "blog", "");
    pipe_put(&p, "Widget", "shop", "");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_release(&p);
}

/* ---- one at a time, several at once ---- */

/* rows: S118, S119
 * broken: controller_enqueue() that does not schedule */
TEST(a_root_is_in_one_job_and_what_comes_meanwhile_is_not_lost)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    check(pipe_start(&p, IDLE));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':1");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_put_meta(&p, "Widget", "blog", ",'generation':2");
    pipe_put_meta(&p, "Widget", "blog", ",'generation':3");
    check_str(pipe_run(&p), "");
    pipe_end(&p, ERR_NONE);
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_end(&p, ERR_NONE);
    check_str(pipe_run(&p), "");
    check_str(pipe_passes(&p), "blog ok 0\nblog ok 0\n");
    pipe_release(&p);
}

/* rows: S122
 * broken: one job more than max_in_flight */
TEST(as_many_roots_as_allowed_are_in_flight)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    p.config.max_in_flight = 2;
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "a", "");
    pipe_put(&p, "Widget", "b", "");
    pipe_put(&p, "Widget", "c", "");
    for (unsigned i = 0; i < 20; i++)
        loop_turn(p.loop, false);
    check_str(str_text(&p.story), "a: nothing\nb: nothing\n");
    check_int(controller_state(p.controller).running, 2);
    check_int(controller_state(p.controller).ready, 1);
    pipe_end(&p, ERR_NONE);
    check_has(pipe_run(&p), "c: nothing\n");
    pipe_release(&p);
}

/* rows: S63, S68
 * broken: job_finish() that queues again what failed while it drains */
TEST(draining_lets_end_what_is_in_flight)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "a", "");
    check_str(pipe_run(&p), "a: nothing\n");
    controller_drain(p.controller);
    pipe_put(&p, "Widget", "b", "");
    check_str(pipe_run(&p), "");
    pipe_end(&p, ERR_CONFLICT);
    check_str(pipe_run(&p), "");
    check_int(controller_state(p.controller).running, 0);
    check_int(controller_state(p.controller).ready, 0);
    check_int(controller_state(p.controller).delayed, 0);
    pipe_release(&p);
}

/* What stood there before the start is looked at when there is time; what comes
 * is a change, and first.
 * rows: S74, S111
 * broken: class_of() that says NORMAL always */
TEST(what_somebody_changes_comes_before_the_first_list)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    p.config.max_in_flight = 1;
    check(pipe_load(&p, IDLE));
    pipe_put(&p, "Widget", "a", "");
    pipe_put(&p, "Widget", "b", "");
    pipe_put(&p, "Widget", "c", "");
    controller_start(p.controller, &p.sink);
    check_int(controller_state(p.controller).ready_low, 3);
    pipe_put_meta(&p, "Widget", "c", ",'generation':2");
    pipe_put(&p, "Widget", "d", "");
    check_int(controller_state(p.controller).ready_low, 2);
    for (unsigned i = 0; i < 4; i++) {
        while (!p.held_count)
            loop_turn(p.loop, false);
        pipe_end(&p, ERR_NONE);
    }
    check_str(pipe_run(&p), "c: nothing\nd: nothing\na: nothing\n"
                            "b: nothing\n");
    pipe_release(&p);
}

/* ---- what is not known ---- */

/* rows: S84, S88, S120
 * broken: update_synced() that believes every feed */
TEST(nothing_is_planned_while_a_kind_is_unknown)
{
    struct pipe p;
    struct controller_state s;

    pipe_init(&p);
    check(pipe_load(&p, ONE_MAP));
    pipe_feed(&p, "ConfigMap")->feed.known = false;
    err_set(&pipe_feed(&p, "ConfigMap")->feed.why, ERR_FORBIDDEN, "may not");
    controller_start(p.controller, &p.sink);
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "");
    s = controller_state(p.controller);
    check(!s.synced && s.final);
    check_str(s.unsynced->msg, "may not");
    pipe_known(&p, "ConfigMap", ERR_NONE);
    check_str(pipe_run(&p), "blog: create blog\n");
    check(controller_state(p.controller).synced);
    pipe_release(&p);
}

TEST(a_kind_that_goes_away_holds_everything_back)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, ONE_MAP));
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "blog: create blog\n");
    pipe_known(&p, "ConfigMap", ERR_UNKNOWN);
    check(!controller_state(p.controller).final);
    pipe_put(&p, "Widget", "shop", "");
    check_str(pipe_run(&p), "");
    pipe_known(&p, "Widget", ERR_NO_KIND);
    pipe_known(&p, "ConfigMap", ERR_NONE);
    check_str(pipe_run(&p), "");
    check(controller_state(p.controller).final);
    pipe_known(&p, "Widget", ERR_NONE);
    check_str(pipe_run(&p), "shop: create shop\n");
    pipe_release(&p);
}

#define READS_SECRET                                                           \
    "reads = { { 'v1', 'Secret' } },\n"                                        \
    "reconcile = function(w, view, plan) view:list('v1', 'Secret') end"

/* The first time a moment is waited for it, then only its readers fail. */
TEST(a_read_kind_holds_back_only_the_start)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_load(&p, READS_SECRET));
    pipe_feed(&p, "Secret")->feed.known = false;
    err_set(&pipe_feed(&p, "Secret")->feed.why, ERR_UNKNOWN, "not yet");
    controller_start(p.controller, &p.sink);
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "");
    pipe_known(&p, "Secret", ERR_NONE);
    check_str(pipe_run(&p), "blog: nothing\n");
    check_str(pipe_passes(&p), "blog ok 0\n");
    pipe_known(&p, "Secret", ERR_FORBIDDEN);
    check(controller_state(p.controller).synced);
    pipe_put(&p, "Widget", "shop", "");
    pipe_run(&p);
    check_has(pipe_passes(&p), "shop UNKNOWN\n");
    check_has(p.err.msg, "Secret");
    pipe_release(&p);
}

TEST(a_read_kind_that_is_forbidden_holds_nobody_back)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_load(&p, READS_SECRET));
    pipe_feed(&p, "Secret")->feed.known = false;
    err_set(&pipe_feed(&p, "Secret")->feed.why, ERR_FORBIDDEN, "may not");
    controller_start(p.controller, &p.sink);
    pipe_put(&p, "Widget", "blog", "");
    pipe_run(&p);
    check_has(pipe_passes(&p), "blog UNKNOWN\n");
    pipe_release(&p);
}

/* ---- versions of the root ---- */

/* The cluster goes back: what comes has an older version. */
static void go_back(struct pipe *p, const char *meta)
{
    pipe_remove(p, "Widget", "blog");
    store_rewind(pipe_feed(p, "Widget")->feed.store);
    p->version = 50;
    pipe_put_meta(p, "Widget", "blog", meta);
}

TEST(a_root_older_than_one_that_was_acted_on_is_not_acted_on)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, IDLE));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':5");
    check_str(pipe_run(&p), "blog: nothing\n");
    go_back(&p, ",'generation':4");
    check_str(pipe_run(&p), "");
    check(pipe_wait_ms(&p, "blog") >= 0);
    pipe_put_meta(&p, "Widget", "blog", ",'generation':6");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_release(&p);
}

TEST(a_cluster_that_went_back_to_a_backup_is_followed)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, IDLE));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':5");
    check_str(pipe_run(&p), "blog: nothing\n");
    go_back(&p, ",'generation':4");
    pipe_feed(&p, "Widget")->feed.epoch++; /* the source has found out */
    check_str(pipe_run(&p), "blog: nothing\n");
    p.version = 300; /* nobody has: versions have overtaken ours meanwhile */
    pipe_put_meta(&p, "Widget", "blog", ",'generation':2");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_release(&p);
}

TEST(another_object_of_that_name_begins_anew)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, IDLE));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':5");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_remove(&p, "Widget", "blog");
    check_str(pipe_run(&p), "");
    pipe_put_meta(&p, "Widget", "blog",
                  ",'generation':1,'labels':{'new':'one'}");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_release(&p);
}

TEST(a_root_that_is_gone_is_forgotten)
{
    struct pipe p;

    pipe_init(&p);
    p.fail = ERR_REJECTED;
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "blog", "");
    pipe_run(&p);
    check_int(controller_state(p.controller).failing, 1);
    pipe_remove(&p, "Widget", "blog");
    check_str(pipe_run(&p), "");
    check_int(controller_state(p.controller).failing, 0);
    check_int(controller_state(p.controller).delayed, 0);
    pipe_release(&p);
}

/* ---- plan ---- */

TEST(a_plan_looks_at_each_root_once)
{
    struct pipe p;

    pipe_init(&p);
    p.config.one_pass = true;
    check(pipe_start(&p, IDLE));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':1");
    pipe_put(&p, "Widget", "shop", "");
    check_str(pipe_run(&p), "blog: nothing\nshop: nothing\n");
    pipe_put_meta(&p, "Widget", "blog", ",'generation':2");
    check_str(pipe_run(&p), "");
    check_int(controller_state(p.controller).delayed, 0);
    pipe_release(&p);
}

TEST(a_plan_that_fails_is_not_tried_again)
{
    static const enum err_code codes[] = {ERR_CONFLICT, ERR_REJECTED,
                                          ERR_SERVER};
    struct pipe p;

    for (size_t i = 0; i < 3; i++) {
        pipe_init(&p);
        p.config.one_pass = true;
        p.fail = codes[i];
        check(pipe_start(&p, "reconcile = function(w, view, plan)\n"
                             "  plan:requeue('1s') end"));
        pipe_put(&p, "Widget", "blog", "");
        check_str(pipe_run(&p), "blog: nothing\n"); /* and no status */
        check_int(controller_state(p.controller).delayed, 0);
        check_int(controller_state(p.controller).failing, 1);
        pipe_release(&p);
    }
}
