/*
 * The controller: what comes after a pass that failed, or asked to come back.
 */
#include <string.h>

#include "base/mem.h"
#include "pipe.h"
#include "test.h"

#define IDLE "reconcile = function() end"

/* Start with one root whose changesets end with `code`; one pass. */
static void fail_once(struct pipe *p, enum err_code code)
{
    pipe_init(p);
    p->fail = code;
    p->hold = true;
    check(pipe_start(p, IDLE));
    pipe_put(p, "Widget", "blog", "");
    check_str(pipe_run(p), "blog: nothing\n");
    pipe_end(p, code);
}

TEST(a_conflict_is_planned_again_at_once)
{
    struct pipe p;

    fail_once(&p, ERR_CONFLICT);
    check_str(pipe_run(&p), "blog: nothing\n");
    check_str(pipe_passes(&p), "blog CONFLICT\n");
    pipe_end(&p, ERR_NONE);
    pipe_run(&p);
    check_str(pipe_passes(&p), "blog ok 0\n");
    check_int(controller_state(p.controller).failing, 0);
    check_int(pipe_wait_ms(&p, "blog"), -1);
    pipe_release(&p);
}

/* What is seen and what is refused do not agree. */
TEST(conflicts_without_end_are_no_hot_loop)
{
    struct pipe p;

    fail_once(&p, ERR_CONFLICT);
    for (unsigned i = 0; i < 3; i++) {
        check_str(pipe_run(&p), "blog: nothing\n");
        pipe_end(&p, ERR_CONFLICT);
    }
    check(pipe_wait_ms(&p, "blog") >= 0);
    pipe_release(&p);
}

/* rows: S78
 * broken: requeue_failed() that tries at once whatever failed */
TEST(a_server_that_fails_is_given_a_growing_while)
{
    struct pipe p;
    int64_t wait;

    fail_once(&p, ERR_SERVER);
    wait = pipe_wait_ms(&p, "blog");
    check(wait >= 0 && wait <= 5);
    check_int(controller_state(p.controller).failing, 1);
    for (unsigned i = 0; i < 6; i++) { /* 5, 10, 20, ... ms */
        while (pipe_wait_ms(&p, "blog") >= 0)
            loop_turn(p.loop, true);
        check_str(pipe_run(&p), "blog: nothing\n");
        pipe_end(&p, ERR_SERVER);
    }
    wait = pipe_wait_ms(&p, "blog");
    check(wait > 20 && wait <= 320); /* slow machines */
    pipe_release(&p);
}

TEST(a_server_that_says_when_is_obeyed)
{
    struct pipe p;
    int64_t wait;

    pipe_init(&p);
    p.fail = ERR_THROTTLED;
    p.retry_after_ms = 7000;
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "blog: nothing\n");
    wait = pipe_wait_ms(&p, "blog");
    check(wait > 6000 && wait <= 7000);
    pipe_release(&p);
}

TEST(what_somebody_has_to_change_is_looked_at_each_minute)
{
    static const enum err_code codes[] = {ERR_FORBIDDEN, ERR_PLAN,
                                          ERR_EMPTY_PLAN, ERR_INVALID};
    struct pipe p;
    int64_t wait;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        fail_once(&p, codes[i]);
        /* the reason may be written to the status meanwhile */
        if (*pipe_run(&p))
            pipe_end(&p, ERR_NONE);
        wait = pipe_wait_ms(&p, "blog");
        check(wait > 50000 && wait <= 60000);
        /* a new version wakes it at once */
        pipe_put_meta(&p, "Widget", "blog", ",'generation':9");
        check_str(pipe_run(&p), "blog: nothing\n");
        pipe_release(&p);
    }
}

/* rows: S78, S79
 * broken: failures were remembered over a success */
TEST(success_makes_the_next_failure_the_first)
{
    struct pipe p;
    int64_t wait;

    fail_once(&p, ERR_SERVER);
    for (unsigned i = 0; i < 3; i++) {
        while (pipe_wait_ms(&p, "blog") >= 0)
            loop_turn(p.loop, true);
        pipe_run(&p);
        pipe_end(&p, i < 2 ? ERR_SERVER : ERR_NONE);
    }
    check_int(pipe_wait_ms(&p, "blog"), -1);
    pipe_put_meta(&p, "Widget", "blog", ",'generation':9");
    pipe_run(&p);
    pipe_end(&p, ERR_SERVER);
    wait = pipe_wait_ms(&p, "blog");
    check(wait >= 0 && wait <= 5);
    pipe_release(&p);
}

/* ---- out of memory ---- */

#define MANY                                                                   \
    "owns = { { 'v1', 'ConfigMap' } }, reads = { { 'v1', 'Secret',\n"          \
    "  names = function(w) return { w.metadata.name } end } },\n"              \
    "reconcile = function(w, view, plan)\n"                                    \
    "  plan:apply { apiVersion = 'v1', kind = 'ConfigMap',\n"                  \
    "    metadata = { name = view:get('v1', 'Secret', 'blog')\n"               \
    "      and 'found' or 'missing' } }\n"                                     \
    "  plan:condition('Ready', true, 'Yes') plan:event('Normal', 'A', 'b')\n"  \
    "end"

/* The n-th allocation of the pass fails: it is tried again, and then it is
 * what it would have been. */
static bool run_short_of_memory(uint64_t n)
{
    struct pipe p;
    bool reached;

    pipe_init(&p);
    check(pipe_start(&p, MANY));
    pipe_put(&p, "Secret", "blog", ",'data':{}");
    pipe_put(&p, "ConfigMap", "old", "");
    pipe_put(&p, "Widget", "blog", "");
    mem_fail_at(n);
    pipe_run(&p);
    reached = mem_fail_happened();
    mem_fail_at(0);
    pipe_known(&p, "ConfigMap", ERR_NONE); /* where even a timer failed */
    while (pipe_wait_ms(&p, "blog") >= 0 && pipe_wait_ms(&p, "blog") < 1000)
        loop_turn(p.loop, true);
    pipe_run(&p);
    check_has(str_text(&p.passes), "blog ok 3\n");
    check_int(controller_state(p.controller).failing, 0);
    check_int(controller_state(p.controller).running, 0);
    pipe_release(&p);
    return !reached;
}

TEST(a_pass_survives_out_of_memory)
{
    uint64_t n = 1;

    while (!run_short_of_memory(n))
        n++;
    check(n > 50);
}

TEST_ALLOC(a_controller_is_made_or_not)
{
    struct pipe p;
    int rc;

    pipe_init(&p);
    rc = pipe_start(&p, MANY) ? 0 : -ERR_NOMEM;
    pipe_release(&p);
    return rc;
}

/* ---- coming back on request ---- */

/* rows: S79
 * broken: a plan that keeps the first time said, not the earliest */
TEST(a_script_may_ask_to_come_back)
{
    struct pipe p;
    int64_t wait;

    pipe_init(&p);
    check(pipe_start(&p, "reconcile = function(w, view, plan)\n"
                         "  plan:requeue('90s') plan:requeue('30s') end"));
    pipe_put(&p, "Widget", "blog", "");
    pipe_run(&p);
    check_int(p.requeue_ms, 30000);
    wait = pipe_wait_ms(&p, "blog");
    check(wait > 29000 && wait <= 30000);
    pipe_release(&p);
}

/* ---- saying why ---- */

#define RAISES "reconcile = function() error('no image') end"

TEST(a_script_that_fails_says_so_in_the_object)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, RAISES));
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "blog: status blog, event\n");
    check_str(pipe_passes(&p), "blog SCRIPT\n");
    check_has(p.err.msg, "no image");
    check_int(controller_state(p.controller).failing, 1);
    pipe_release(&p);
}

/* The Event is sent once per reason, the status every time it differs. */
TEST(a_reason_is_one_event)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, RAISES));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':1");
    check_str(pipe_run(&p), "blog: status blog, event\n");
    pipe_put_meta(&p, "Widget", "blog", ",'generation':2");
    check_str(pipe_run(&p), "blog: status blog\n");
    pipe_release(&p);
}

TEST(a_sink_that_fails_says_so_in_the_object)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    check(pipe_start(&p, IDLE));
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_end(&p, ERR_NAME_CONFLICT);
    check_str(pipe_run(&p), "blog: status blog, event\n");
    pipe_end(&p, ERR_SERVER); /* that it cannot be told changes nothing */
    pipe_run(&p);
    check_str(pipe_passes(&p), "blog NAME_CONFLICT\n");
    pipe_release(&p);
}

TEST(what_is_not_the_objects_fault_is_not_in_its_status)
{
    static const enum err_code codes[] = {ERR_SERVER, ERR_CONFLICT, ERR_CONNECT,
                                          ERR_TIMEOUT};
    struct pipe p;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        fail_once(&p, codes[i]);
        check_int(controller_state(p.controller).passes, 1);
        pipe_release(&p);
    }
}

TEST(an_event_of_a_pass_that_failed_is_sent_again)
{
    struct pipe p;

    pipe_init(&p);
    p.hold = true;
    check(pipe_start(&p, "reconcile = function(w, view, plan)\n"
                         "  plan:event('Normal', 'Seen', 'it') end"));
    pipe_put(&p, "Widget", "blog", "");
    check_str(pipe_run(&p), "blog: event\n");
    pipe_end(&p, ERR_CONFLICT);
    check_str(pipe_run(&p), "blog: event\n");
    pipe_release(&p);
}

TEST(events_are_levels_and_sent_once)
{
    struct pipe p;

    pipe_init(&p);
    check(pipe_start(&p, "reconcile = function(w, view, plan)\n"
                         "  plan:event('Normal', 'Seen',\n"
                         "    tostring(w.metadata.generation // 10)) end"));
    pipe_put_meta(&p, "Widget", "blog", ",'generation':1");
    check_str(pipe_run(&p), "blog: event\n");
    pipe_put_meta(&p, "Widget", "blog", ",'generation':2");
    check_str(pipe_run(&p), "blog: nothing\n");
    pipe_put_meta(&p, "Widget", "blog", ",'generation':10");
    check_str(pipe_run(&p), "blog: event\n");
    pipe_release(&p);
}
