/*
 * workers_link.c -- one worker process: start, hello, frames, end.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "workers_impl.h"

#define HELLO_MS 10000u
#define KEEP_BYTES (256u << 10)

/* ---- the end ---- */

static void release(struct link *l)
{
    loop_cancel(l->loop, l->timer);
    frame_stream_release(&l->in);
    str_release(&l->out);
    mem_free(l);
}

void link_free(struct link *l)
{
    if (!l)
        return;
    child_stop(l->child);
    release(l);
}

void link_end(struct link *l, const struct err *why)
{
    if (l->dying)
        return;
    l->dying = true;
    l->why = *why;
    child_kill(l->child);
}

void link_refuse(struct link *l, const char *what, const struct err *err)
{
    struct err why = {0};

    err_set(&why, ERR_WORKER, "the worker was ended for what it said: %s%s%s",
            what, err ? ": " : "", err ? err->msg : "");
    l->refused |= !l->dying;
    link_end(l, &why);
}

static void explain(struct link *l, const struct child_end *end)
{
    if (l->why.code != ERR_NONE)
        return;
    if (end->signal == SIGSYS)
        err_set(&l->why, ERR_WORKER,
                "the worker was ended by the kernel for a system call that it "
                "may not make");
    else if (end->signal == SIGXCPU)
        err_set(&l->why, ERR_DEADLINE,
                "the worker was ended by the kernel for its CPU time");
    else if (end->signal)
        err_set(&l->why, ERR_WORKER, "the worker was ended by signal %d (%s)",
                end->signal, strsignal(end->signal));
    else
        err_set(&l->why, ERR_WORKER, "the worker ended with exit code %d",
                end->exit_code);
}

static void on_end(void *arg, const struct child_end *end)
{
    struct link *l = arg;
    struct link_events events = l->events;
    struct err why;

    explain(l, end);
    l->signal = end->signal;
    l->child = NULL;
    why = l->why;
    events.on_end(events.arg, &why);
    release(l);
}

/* ---- frames ---- */

static void say_hello(struct link *l, const struct frame *f)
{
    struct frame_hello m = {0};
    struct arena a = {0};
    struct err err = {0};
    char build[128];

    snprintf(build, sizeof(build), "%s %s", version_text, version_commit);
    if (f->type != FRAME_HELLO || frame_get(f, &a, &m, &err) < 0)
        link_refuse(l, "no hello", err.code ? &err : NULL);
    else if (m.protocol != FRAME_PROTOCOL || strcmp(m.build, build) != 0) {
        struct err why = {0};

        err_set(&why, ERR_CONFIG,
                "tidelock-worker is of another build: '%s', not '%s'", m.build,
                build);
        err_hint(&why, "install both programs from the same package");
        link_end(l, &why);
    } else {
        l->ready = true;
        loop_cancel(l->loop, l->timer);
        l->timer = 0;
        log_debug("worker started", "pid", log_num(child_pid(l->child)),
                  "seccomp", m.seccomp ? "yes" : "no", "landlock",
                  m.landlock ? "yes" : "no", "descriptors",
                  log_num(m.descriptors), NULL);
        l->events.on_ready(l->events.arg);
    }
    arena_release(&a);
}

/* A call of on_frame may end the link, but it is freed in on_end only. */
static void on_data(void *arg, const char *data, size_t len)
{
    struct link *l = arg;
    struct frame f;
    struct err err = {0};
    int rc;

    if (l->dying)
        return;
    if (l->in.taken == l->in.bytes.len && l->in.bytes.cap > KEEP_BYTES)
        frame_stream_release(&l->in);
    rc = frame_feed(&l->in, data, len, &err);
    while (rc == 0 && !l->dying && (rc = frame_cut(&l->in, &f, &err)) == 1) {
        rc = 0;
        if (l->ready)
            l->events.on_frame(l->events.arg, &f);
        else
            say_hello(l, &f);
        if (!l->ready)
            break;
    }
    if (rc < 0)
        link_refuse(l, "no message", &err);
}

int link_send(struct link *l, enum frame_type type, const void *msg,
              struct err *err)
{
    int rc;

    str_clear(&l->out);
    rc = frame_put(&l->out, type, msg, err);
    if (rc == 0)
        rc = child_send(l->child, l->out.data, l->out.len, err);
    if (l->out.cap > KEEP_BYTES)
        str_release(&l->out);
    return rc;
}

/* ---- the start ---- */

static void on_late(void *arg)
{
    struct link *l = arg;
    struct err why = {0};

    l->timer = 0;
    err_set(&why, ERR_WORKER, "the worker did not say hello in %u s",
            HELLO_MS / 1000);
    link_end(l, &why);
}

struct link *link_new(struct loop *loop, const char *program,
                      const struct link_events *events, struct err *err)
{
    struct link *l = mem_calloc(1, sizeof(*l));
    struct child_events mine = {on_data, on_end, l};

    if (!l) {
        err_nomem(err);
        return NULL;
    }
    l->loop = loop;
    l->events = *events;
    l->timer = loop_after(loop, HELLO_MS, on_late, l);
    if (l->timer)
        l->child = child_start(loop, program, &mine, err);
    else
        err_nomem(err);
    if (!l->child) {
        release(l);
        return NULL;
    }
    return l;
}
