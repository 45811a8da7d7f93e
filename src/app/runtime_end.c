/*
 * runtime_end.c -- how a run ends: of itself, or by a signal.
 *
 * DESIGN
 *
 *      end -> no new pass -> passes under way end -> Events, Lease -> stop
 *                |                                                     ^
 *                +----- the shutdown timeout is over, a 2nd signal ----+
 *
 * The Lease is given back after the last write and not before: a process that
 * is cut off with a write under way keeps it, and its successor waits for the
 * Lease's own time.
 */
#include "runtime_impl.h"

#include <signal.h>

#include "base/log.h"

static void stop_now(void *arg)
{
    struct runtime *rt = arg;

    loop_cancel(rt->loop, rt->stop_timer);
    loop_cancel(rt->loop, rt->deadline_timer);
    rt->stop_timer = rt->deadline_timer = 0;
    rt->done = true;
    rt->host.on_end(rt->host.arg);
}

void runtime_fail(struct runtime *rt, const struct err *err)
{
    if (rt->failed)
        return;
    rt->failed = true;
    rt->err = *err;
    loop_cancel(rt->loop, rt->stop_timer);
    rt->stop_timer = loop_after(rt->loop, 0, stop_now, rt);
}

/* ---- in good order ---- */

static int64_t shutdown_ms(const struct runtime *rt)
{
    const int64_t *ms = rt->options->shutdown_ms;

    return ms ? *ms : RUNTIME_SHUTDOWN_MS;
}

static size_t under_way(const struct runtime *rt)
{
    size_t n = 0;

    for (size_t i = 0; i < rt->unit_count && rt->started; i++)
        n += controller_state(rt->units[i].controller).running;
    return n;
}

/* Nothing is under way any more. */
static void leave(void *arg)
{
    struct runtime *rt = arg;

    rt->stop_timer = 0;
    rt->leaving = true;
    runtime_leave(rt, stop_now);
}

static void on_deadline(void *arg)
{
    struct runtime *rt = arg;
    size_t n = under_way(rt);
    struct err err = {0};

    rt->deadline_timer = 0;
    if (n)
        err_set(&err, ERR_DEADLINE,
                "stopped with %zu object%s under way: the shutdown timeout of "
                "%lld s is over",
                n, n == 1 ? "" : "s", (long long)shutdown_ms(rt) / 1000);
    else
        err_set(&err, ERR_DEADLINE,
                "stopped before the Lease was given back: the shutdown timeout "
                "of %lld s is over",
                (long long)shutdown_ms(rt) / 1000);
    runtime_fail(rt, &err);
}

static void begin_end(struct runtime *rt)
{
    int64_t ms = shutdown_ms(rt);

    rt->stopping = true;
    reload_stop(rt->reload);
    for (size_t i = 0; i < rt->unit_count && rt->started; i++)
        controller_drain(rt->units[i].controller);
    if (ms > 0)
        rt->deadline_timer =
            loop_after(rt->loop, (uint64_t)ms, on_deadline, rt);
}

void runtime_end(struct runtime *rt)
{
    if (!rt->stopping)
        begin_end(rt);
    if (rt->leaving || rt->stop_timer || under_way(rt))
        return; /* the end of a pass comes here again */
    rt->stop_timer = loop_after(rt->loop, 0, leave, rt);
}

void runtime_drain(struct runtime *rt)
{
    if (!rt->stopping && !rt->done)
        runtime_end(rt);
}

/* ---- signals ---- */

static void on_signal(int signum, void *arg)
{
    struct runtime *rt = arg;

    (void)signum;
    rt->interrupted = true;
    if (rt->stopping || shutdown_ms(rt) == 0) {
        stop_now(rt);
        return;
    }
    log_info("stopping", "under_way", log_num((long long)under_way(rt)), NULL);
    runtime_end(rt);
}

static void on_hangup(int signum, void *arg)
{
    struct runtime *rt = arg;

    (void)signum;
    if (rt->stopping)
        return;
    log_info("looking at the files of the operators: SIGHUP", NULL);
    if (rt->options->on_hangup)
        rt->options->on_hangup(rt->options->on_hangup_arg);
    if (rt->started)
        reload_now(rt->reload);
}

int runtime_heed_signals(struct runtime *rt, struct err *err)
{
    int rc = loop_on_signal(rt->loop, SIGINT, on_signal, rt, err);

    if (rc == 0)
        rc = loop_on_signal(rt->loop, SIGTERM, on_signal, rt, err);
    if (rc == 0 && rt->reload)
        rc = loop_on_signal(rt->loop, SIGHUP, on_hangup, rt, err);
    return rc;
}
