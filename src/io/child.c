/*
 * child.c -- see child.h for the contract.
 *
 * DESIGN
 *
 * Two libuv handles, the process and its pipe. They are closed together after
 * the exit was seen, and the memory is freed by the last close callback. A
 * child that closes its end or sends nothing readable is killed: what it would
 * do after that is of no use to anybody.
 */
#include "io/child.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

#include "base/mem.h"

struct child {
    uv_process_t uv;
    uv_pipe_t pipe;
    unsigned handles; /* not yet closed */
    bool known;       /* libuv was asked to start it */
    bool exited, closing;
    struct child_events events; /* no callbacks after child_stop() */
    size_t pending;             /* bytes that were not taken yet */
    char chunk[64 << 10];
};

struct sending {
    uv_write_t uv;
    struct child *child;
    size_t len;
    char data[];
};

/* ---- the end ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct child *c = handle->data;

    if (--c->handles == 0)
        mem_free(c);
}

static void close_all(struct child *c)
{
    if (c->closing)
        return;
    c->closing = true;
    if (c->known)
        uv_close((uv_handle_t *)&c->uv, handle_closed);
    uv_close((uv_handle_t *)&c->pipe, handle_closed);
}

static void on_exit_of(uv_process_t *uv, int64_t status, int number)
{
    struct child *c = uv->data;
    struct child_end end = {number ? -1 : (int)status, number};
    struct child_events events = c->events;

    c->exited = true;
    close_all(c);
    if (events.on_end)
        events.on_end(events.arg, &end);
}

void child_kill(struct child *c)
{
    if (!c->exited)
        uv_process_kill(&c->uv, SIGKILL);
}

void child_stop(struct child *c)
{
    if (!c)
        return;
    memset(&c->events, 0, sizeof(c->events));
    if (c->exited) {
        close_all(c);
        return;
    }
    uv_read_stop((uv_stream_t *)&c->pipe);
    child_kill(c);
}

/* ---- talking ---- */

static void on_need_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct child *c = handle->data;

    (void)suggested;
    *ret = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static void on_input(uv_stream_t *from, ssize_t n, const uv_buf_t *buf)
{
    struct child *c = from->data;

    if (n > 0 && c->events.on_data)
        c->events.on_data(c->events.arg, buf->base, (size_t)n);
    else if (n < 0)
        child_kill(c);
}

static void on_sent(uv_write_t *uv, int status)
{
    struct sending *s = uv->data;

    (void)status; /* a failure is followed by its exit */
    s->child->pending -= s->len;
    mem_free(s);
}

int child_send(struct child *c, const char *data, size_t len, struct err *err)
{
    struct sending *s;
    uv_buf_t buf;
    int rc;

    if (c->closing)
        return err_set(err, ERR_IO, "the process has ended");
    if (len > CHILD_MAX_PENDING - c->pending)
        return err_set(err, ERR_LIMIT, "the process does not read");
    s = mem_alloc(sizeof(*s) + len);
    if (!s)
        return err_nomem(err);
    s->uv.data = s;
    s->child = c;
    s->len = len;
    memcpy(s->data, data, len);
    buf = uv_buf_init(s->data, (unsigned)len);
    rc = uv_write(&s->uv, (uv_stream_t *)&c->pipe, &buf, 1, on_sent);
    if (rc < 0) {
        mem_free(s);
        return err_set(err, ERR_IO, "cannot write to the process: %s",
                       uv_strerror(rc));
    }
    c->pending += len;
    return 0;
}

/* ---- limits ---- */

int child_pid(const struct child *c)
{
    return c->uv.pid;
}

uint64_t child_cpu_ms(const struct child *c)
{
    struct timespec used;
    clockid_t id;

    if (c->exited || clock_getcpuclockid(c->uv.pid, &id) != 0 ||
        clock_gettime(id, &used) != 0)
        return 0;
    return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

void child_limit_cpu(const struct child *c, uint64_t ms)
{
    struct rlimit limit;

    if (c->exited || prlimit(c->uv.pid, RLIMIT_CPU, NULL, &limit) != 0)
        return;
    limit.rlim_cur = (rlim_t)((child_cpu_ms(c) + ms) / 1000 + 1);
    if (limit.rlim_cur <= limit.rlim_max)
        prlimit(c->uv.pid, RLIMIT_CPU, &limit, NULL);
}

/* ---- starting ---- */

static int spawn(struct child *c, struct loop *loop, const char *program,
                 struct err *err)
{
    char *args[] = {(char *)program, NULL};
    char *env[] = {NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&c->pipe},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t o = {
        .file = program,
        .args = args,
        .env = env,
        .exit_cb = on_exit_of,
        .flags = UV_PROCESS_DETACHED,
        .stdio = stdio,
        .stdio_count = 3,
    };
    int rc = uv_spawn(loop_uv(loop), &c->uv, &o);

    c->known = true;
    c->handles = 2;
    if (rc < 0)
        return err_set(err, rc == UV_ENOENT ? ERR_NOT_FOUND : ERR_IO,
                       "cannot run '%s': %s", program, uv_strerror(rc));
    c->exited = false;
    return 0;
}

struct child *child_start(struct loop *loop, const char *program,
                          const struct child_events *events, struct err *err)
{
    struct child *c = mem_calloc(1, sizeof(*c));

    if (!c) {
        err_nomem(err);
        return NULL;
    }
    uv_pipe_init(loop_uv(loop), &c->pipe, 0);
    c->pipe.data = c->uv.data = c;
    c->handles = 1;
    c->exited = true; /* until it is started */
    if (spawn(c, loop, program, err) < 0) {
        child_stop(c);
        return NULL;
    }
    c->events = *events;
    uv_read_start((uv_stream_t *)&c->pipe, on_need_buffer, on_input);
    return c;
}
