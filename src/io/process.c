/*
 * process.c -- see process.h for the contract.
 *
 * DESIGN
 *
 * A process is over when it has exited and both pipes are at their end. A
 * grandchild may hold a pipe open for ever, so after the exit the pipes get
 * GRACE_MS more and are then given up.
 *
 * A program that is not interactive leads a session of its own: killing the
 * whole group also reaches what a wrapper script has started. An interactive
 * one stays in ours, or it would lose the terminal; there only the program
 * itself is killed.
 *
 * A deadline is announced with SIGTERM, so that a plugin can remove its lock
 * files, and enforced with SIGKILL.
 *
 * Even a process that nobody waits for any more keeps its handle until it has
 * exited: libuv reaps only what it has a handle for.
 *
 * INVARIANTS
 *
 *   I1  the handles are closed together, once (`closing`), not before the exit,
 *       and memory is freed by the last of their close callbacks
 *   I2  `done` is NULL from the moment it was called or given up
 */
#include "io/process.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <uv.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"

#define GRACE_MS 1000
#define MAX_ERRORS ((size_t)8 << 10)

extern char **environ;

struct process {
    uv_process_t uv;
    uv_pipe_t out_pipe, err_pipe;
    unsigned handles; /* not yet closed */
    bool closing;

    struct loop *loop;
    loop_timer_id timer;
    unsigned open_pipes; /* that have not ended */
    bool known;          /* libuv was asked to start it: `uv` is initialised */
    bool exited;
    bool stopped; /* by process_stop(): it only has to be reaped */
    bool grouped; /* leads a group of its own */

    struct str out, errors;
    struct err failure; /* why it is being ended, or NONE */
    int exit_code, signal;
    process_done_fn done;
    void *arg;
    char chunk[4096]; /* what libuv reads into, for one call */
};

/* ---- the end ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct process *p = handle->data;

    if (--p->handles)
        return;
    str_release(&p->out);
    str_release(&p->errors);
    mem_free(p);
}

/* Everything that libuv holds; memory follows in handle_closed(). */
static void process_close(struct process *p)
{
    assert(!p->closing);
    p->closing = true;
    loop_cancel(p->loop, p->timer);
    if (p->known)
        uv_close((uv_handle_t *)&p->uv, handle_closed);
    uv_close((uv_handle_t *)&p->out_pipe, handle_closed);
    uv_close((uv_handle_t *)&p->err_pipe, handle_closed);
}

static void process_signal(struct process *p, int number)
{
    if (p->exited)
        return;
    if (!p->grouped || kill(-p->uv.pid, number) < 0)
        uv_process_kill(&p->uv, number);
}

/* Report, once, and close. */
static void process_finish(struct process *p)
{
    struct process_result r = {
        .exit_code = p->exit_code,
        .signal = p->signal,
        .out = str_text(&p->out),
        .out_len = p->out.len,
        .errors = str_text(&p->errors),
        .errors_len = p->errors.len,
    };
    process_done_fn done = p->done;

    if (p->closing)
        return;
    p->done = NULL;
    process_close(p); /* not freed before a later turn */
    if (done)
        done(p->arg, &r, &p->failure);
}

static void finish_if_over(struct process *p)
{
    if (p->exited && p->open_pipes == 0)
        process_finish(p);
}

static void on_grace_over(void *arg)
{
    struct process *p = arg;

    p->timer = 0;
    process_finish(p);
}

static void on_kill_due(void *arg)
{
    struct process *p = arg;

    p->timer = 0;
    process_signal(p, SIGKILL);
}

/* libuv has reaped it. */
static void on_exit_of(uv_process_t *uv, int64_t status, int number)
{
    struct process *p = uv->data;

    p->exited = true;
    p->exit_code = number ? -1 : (int)status;
    p->signal = number;
    if (p->stopped) {
        process_close(p);
        return;
    }
    loop_cancel(p->loop, p->timer);
    p->timer = 0;
    if (p->open_pipes)
        p->timer = loop_after(p->loop, GRACE_MS, on_grace_over, p);
    if (!p->timer)
        process_finish(p); /* over, or no memory to wait a little longer */
}

/* ---- limits ---- */

/* End it for a reason that `failure` has. */
static void process_end(struct process *p, int number)
{
    if (p->exited) { /* what still writes is none of ours */
        process_finish(p);
        return;
    }
    process_signal(p, number);
    loop_cancel(p->loop, p->timer);
    p->timer = loop_after(p->loop, GRACE_MS, on_kill_due, p);
    if (!p->timer)
        process_signal(p, SIGKILL);
}

static void on_deadline(void *arg)
{
    struct process *p = arg;

    p->timer = 0;
    err_set(&p->failure, ERR_TIMEOUT, "it did not end in time");
    process_end(p, SIGTERM);
}

/* ---- output ---- */

static void on_need_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct process *p = handle->data;

    (void)suggested;
    *ret = uv_buf_init(p->chunk, sizeof p->chunk);
}

/* Errors are cut, too much output ends the program. */
static void keep(struct process *p, uv_stream_t *from, const char *data,
                 size_t len)
{
    if (from == (uv_stream_t *)&p->err_pipe) {
        size_t room = MAX_ERRORS - p->errors.len;

        str_addn(&p->errors, data, len < room ? len : room);
        return;
    }
    if (p->failure.code || str_addn(&p->out, data, len) == 0)
        return;
    str_check(&p->out, "standard output", &p->failure);
    process_end(p, SIGKILL);
}

static void on_output(uv_stream_t *from, ssize_t n, const uv_buf_t *buf)
{
    struct process *p = from->data;

    if (n > 0) {
        keep(p, from, buf->base, (size_t)n);
    } else if (n < 0) {
        uv_read_stop(from);
        p->open_pipes--;
        finish_if_over(p);
    }
}

/* ---- starting ---- */

/* "NAME" of "NAME=VALUE" is the same in both? */
static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");

    return strncmp(a, b, len) == 0 && b[len] == '=';
}

static bool is_replaced(const char *ours, const char *const *env)
{
    for (; env && *env; env++)
        if (same_name(ours, *env))
            return true;
    return false;
}

static size_t count_texts(const char *const *texts)
{
    size_t n = 0;

    while (texts && texts[n])
        n++;
    return n;
}

/* Our environment with `env` over it; borrowed texts. NULL: no memory. */
static char **merge_env(struct arena *a, const char *const *env)
{
    size_t ours = count_texts((const char *const *)environ), n = 0;
    size_t theirs = count_texts(env);
    char **all = arena_calloc(a, ours + theirs + 1, sizeof *all);

    for (size_t i = 0; all && i < ours; i++)
        if (!is_replaced(environ[i], env))
            all[n++] = environ[i];
    for (size_t i = 0; all && i < theirs; i++)
        all[n++] = (char *)env[i];
    return all;
}

static char **make_argv(struct arena *a, const struct process_spec *spec)
{
    size_t count = count_texts(spec->args);
    char **argv = arena_calloc(a, count + 2, sizeof *argv);

    if (!argv)
        return NULL;
    argv[0] = (char *)spec->program;
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = (char *)spec->args[i];
    return argv;
}

/* Not started: counts as exited, its process handle is not libuv's yet. */
static struct process *process_new(struct loop *loop,
                                   const struct process_spec *spec)
{
    struct process *p = mem_calloc(1, sizeof *p);
    uv_loop_t *uv = loop_uv(loop);

    if (!p)
        return NULL;
    p->loop = loop;
    p->grouped = !spec->interactive;
    str_init(&p->out, spec->max_output ? spec->max_output : (size_t)1 << 20);
    str_init(&p->errors, 0);
    uv_pipe_init(uv, &p->out_pipe, 0);
    uv_pipe_init(uv, &p->err_pipe, 0);
    p->uv.data = p->out_pipe.data = p->err_pipe.data = p;
    p->handles = 2;
    p->exited = true; /* until it is started */
    return p;
}

static int spawn(struct process *p, struct arena *a,
                 const struct process_spec *spec, struct err *err)
{
    uv_stdio_flags pipe = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = pipe, .data.stream = (uv_stream_t *)&p->out_pipe},
        {.flags = pipe, .data.stream = (uv_stream_t *)&p->err_pipe},
    };
    uv_process_options_t o = {
        .file = spec->program,
        .args = make_argv(a, spec),
        .env = merge_env(a, spec->env),
        .exit_cb = on_exit_of,
        .flags = p->grouped ? UV_PROCESS_DETACHED : 0,
        .stdio = stdio,
        .stdio_count = 3,
    };
    int rc;

    if (spec->interactive) {
        stdio[0] = (uv_stdio_container_t){UV_INHERIT_FD, {.fd = 0}};
        stdio[2] = (uv_stdio_container_t){UV_INHERIT_FD, {.fd = 2}};
    }
    if (!o.args || !o.env)
        return err_nomem(err);
    rc = uv_spawn(loop_uv(p->loop), &p->uv, &o);
    p->known = true; /* to be closed, even when it failed */
    p->handles = 3;
    p->exited = rc < 0;
    if (rc < 0)
        return err_set(err, rc == UV_ENOENT ? ERR_NOT_FOUND : ERR_IO,
                       "cannot run '%s': %s", spec->program, uv_strerror(rc));
    return 0;
}

static int listen_to(struct process *p, const struct process_spec *spec,
                     struct err *err)
{
    uv_read_start((uv_stream_t *)&p->out_pipe, on_need_buffer, on_output);
    p->open_pipes = 1;
    if (!spec->interactive) {
        uv_read_start((uv_stream_t *)&p->err_pipe, on_need_buffer, on_output);
        p->open_pipes = 2;
    }
    if (!spec->timeout_ms)
        return 0;
    p->timer = loop_after(p->loop, spec->timeout_ms, on_deadline, p);
    return p->timer ? 0 : err_nomem(err);
}

struct process *process_start(struct loop *loop,
                              const struct process_spec *spec,
                              process_done_fn done, void *arg, struct err *err)
{
    struct process *p = process_new(loop, spec);
    struct arena a = {0};
    int rc;

    if (!p) {
        err_nomem(err);
        return NULL;
    }
    rc = spawn(p, &a, spec, err);
    arena_release(&a);
    if (rc == 0)
        rc = listen_to(p, spec, err);
    if (rc < 0) {
        process_stop(p);
        return NULL;
    }
    p->done = done;
    p->arg = arg;
    return p;
}

void process_stop(struct process *p)
{
    if (!p || p->closing || p->stopped)
        return;
    p->done = NULL;
    p->stopped = true;
    loop_cancel(p->loop, p->timer);
    p->timer = 0;
    process_signal(p, SIGKILL);
    uv_read_stop((uv_stream_t *)&p->out_pipe);
    uv_read_stop((uv_stream_t *)&p->err_pipe);
    if (p->exited)
        process_close(p);
}
