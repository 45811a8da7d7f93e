/*
 * test_workers.c -- scripts in worker processes: the same plans as in this
 *                   one, and nothing that a worker can do reaches further.
 */
#include <signal.h>
#include <string.h>

#include "app/crew.h"
#include "test.h"

/* ---- one function, two places ---- */

static void gives_the_same(const char *body, unsigned pods)
{
    struct crew here, there;
    struct str a = {0}, b = {0};

    crew_open(&here, 0, 0);
    crew_open(&there, 1, 0);
    crew_pods(&here, pods);
    crew_pods(&there, pods);
    if (check(crew_load(&here, body)) && check(crew_load(&there, body))) {
        crew_run(&here);
        for (unsigned i = 0; i < 3; i++) { /* cold, then from what is kept */
            crew_run(&there);
            check_str(there.err.msg, here.err.msg);
            check_str(there.err.hint, here.err.hint);
            check_int(there.err.code, here.err.code);
            if (here.err.code != ERR_NONE)
                continue;
            str_clear(&a);
            str_clear(&b);
            crew_print(&here, &a);
            crew_print(&there, &b);
            check(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
        }
    }
    str_release(&a);
    str_release(&b);
    crew_close(&here);
    crew_close(&there);
}

TEST(workers_give_the_plan_that_this_process_gives)
{
    gives_the_same("", 0);
    gives_the_same("plan:requeue(5) plan:event('Normal', 'Seen', 'x')", 0);
    gives_the_same("plan:apply { apiVersion = 'v1', kind = 'ConfigMap', "
                   "metadata = { name = 'a', labels = { z = '1', a = '2' } }, "
                   "data = { image = view.params.image, now = "
                   "tostring(view.now), n = tostring(site.spec.replicas) } }\n"
                   "plan:status { ready = 1.5, list = tidelock.array {} } "
                   "plan:condition('Ready', true, 'Yes', 'it is')",
                   0);
}

TEST(workers_ask_for_what_was_not_sent)
{
    static const char *const bodies[] = {
        "local p = view:get('v1', 'Pod', 'pod-0003') "
        "plan:status { node = p and p.spec.nodeName or 'none' }",
        "plan:status { n = #view:list('v1', 'Pod') }",
        "local l = view:list('v1', 'Pod', { labels = { odd = 'yes' } }) "
        "plan:status { n = #l, first = l[1] and l[1].spec.nodeName or '' }",
        "local l = view:list('v1', 'Pod', { fields = "
        "'spec.nodeName=node-3' }) plan:status { n = #l }",
        "plan:status { n = #view:list('v1', 'Pod', { namespace = 'other' }) }",
        "for _, p in ipairs(view:list('v1', 'Pod')) do local x = "
        "p.spec.nodeName x = p.spec end",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        gives_the_same(bodies[i], 0);
        gives_the_same(bodies[i], 5);   /* sent with the call */
        gives_the_same(bodies[i], 100); /* asked for */
    }
}

TEST(workers_tell_errors_as_this_process_does)
{
    gives_the_same("local x = nil + 1", 0);
    gives_the_same("\nerror('no')", 0);
    gives_the_same("plan:aply {}", 0);
    gives_the_same("view:get('v1', 'Node', 'n')", 0);
    gives_the_same("while true do end", 0);
    gives_the_same("plan:apply { apiVersion = 'v1', kind = 'ConfigMap', "
                   "metadata = { name = 'a' }, data = { x = 1/0 } }",
                   0);
}

/* ---- nothing gets out ---- */

/* Workers are not confined where AddressSanitizer runs: tests/run has a step
 * for these tests of the release build. */
#ifndef __SANITIZE_ADDRESS__
static void is_refused(struct crew *c, enum frame_trial trial)
{
    int signal = 0;
    uint64_t answer = 0;
    struct err err = {0};

    check_ok(workers_probe(c->executor, c->loop, trial, &signal, &answer, &err),
             &err);
    check_int(signal, SIGSYS);
}

TEST(workers_can_do_nothing_but_answer)
{
    static const enum frame_trial trials[] = {
        FRAME_TRY_OPEN, FRAME_TRY_SOCKET, FRAME_TRY_EXECVE, FRAME_TRY_PTRACE,
        FRAME_TRY_FORK, FRAME_TRY_PROC,   FRAME_TRY_KILL,   FRAME_TRY_MAP_CODE,
    };
    struct crew c;

    crew_open(&c, 1, 0);
    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++)
        is_refused(&c, trials[i]);
    crew_close(&c);
}
#endif
