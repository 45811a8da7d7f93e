/*
 * listen.c -- see listen.h for the contract.
 *
 * DESIGN
 *
 * libmicrohttpd without a thread of its own: its epoll descriptor is one more
 * descriptor of the loop, and MHD_run() does what is ready. A request whose
 * body is complete is suspended, which takes its connection out of that epoll
 * set, until its answer is there; a stream with nothing to say likewise.
 *
 *      epoll ready, timer -> listen_drive: MHD_run -> on_request ...
 *                                          on_turn
 *                                          resume what was answered, MHD_run
 *
 * Three clocks watch a connection. The library's own timeout ends one that
 * neither sends nor takes a byte. The sweep ends one that takes too long for a
 * whole request, however steadily it drips. Both leave suspended ones alone:
 * those are watched for a hang-up (listen_exchange.c).
 */
#include "listen_impl.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"

#define CONNECTION_MEMORY ((size_t)64 << 10) /* its headers fit into it */
#define BACKLOG 512
#define SWEEP_MS 1000u
#define MAX_ROUNDS 16 /* of MHD_run() in one turn of the loop */

uint64_t listen_now(const struct listen *s)
{
    return clock_now_ms(loop_clock(s->loop));
}

/* ---- the library's turn ---- */

/* Closed and freed together. */
struct wires {
    uv_poll_t poll; /* the library's epoll descriptor */
    uv_idle_t soon; /* active: drive in the next turn, do not sleep before */
    unsigned open;
};

static void on_soon(uv_idle_t *soon)
{
    uv_idle_stop(soon);
    listen_drive(soon->data);
}

void listen_drive_soon(struct listen *s)
{
    if (s->running)
        s->again = true;
    else if (!s->closing && !s->halted)
        uv_idle_start(&s->wires->soon, on_soon);
}

static void on_timer(void *arg)
{
    struct listen *s = arg;

    s->timer = 0;
    listen_drive(s);
}

/* One timer, moved only when it would come too late. */
static void arm(struct listen *s)
{
    MHD_UNSIGNED_LONG_LONG wait;
    uint64_t at;

    if (MHD_get_timeout(s->daemon, &wait) != MHD_YES)
        return;
    if (wait == 0) {
        listen_drive_soon(s);
        return;
    }
    at = listen_now(s) + wait;
    if (s->timer && s->timer_at <= at)
        return;
    loop_cancel(s->loop, s->timer);
    s->timer = loop_after(s->loop, wait, on_timer, s);
    s->timer_at = at;
}

void listen_drive(struct listen *s)
{
    assert(!s->running);
    if (s->halted)
        return;
    s->running = true;
    for (int i = 0; i < MAX_ROUNDS; i++) {
        s->again = false;
        MHD_run(s->daemon);
        if (s->turn && s->options.on_turn)
            s->options.on_turn(s->options.arg);
        s->turn = false;
        if (s->halted)
            break;
        exchange_flush(s);
        if (!s->again)
            break;
    }
    s->running = false;
    if (s->halted)
        return;
    if (s->again)
        listen_drive_soon(s);
    exchange_watch_suspended(s);
    arm(s);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    listen_drive(poll->data);
}

/* ---- connections ---- */

static void on_sweep(void *arg)
{
    struct listen *s = arg;
    const uint64_t now = listen_now(s);
    const uint64_t patience = 2000u * (uint64_t)s->options.idle_seconds;

    s->sweep = 0;
    for (struct peer *p = s->peers; p; p = p->next)
        if (!p->busy && now - p->since_ms > patience)
            shutdown(p->fd, SHUT_RDWR); /* the library reads an end of file */
    if (s->peers)
        s->sweep = loop_after(s->loop, SWEEP_MS, on_sweep, s);
}

static void peer_open(struct listen *s, struct MHD_Connection *c, void **socket)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct peer *p = mem_calloc(1, sizeof(*p));

    if (!p)
        return; /* its requests find no peer and are refused */
    p->server = s;
    p->fd = info->connect_fd;
    p->since_ms = listen_now(s);
    p->next = s->peers;
    if (p->next)
        p->next->prev = p;
    s->peers = p;
    *socket = p;
    if (!s->sweep)
        s->sweep = loop_after(s->loop, SWEEP_MS, on_sweep, s);
}

static void peer_close(struct listen *s, struct peer *p)
{
    if (!p)
        return;
    if (p->prev)
        p->prev->next = p->next;
    else
        s->peers = p->next;
    if (p->next)
        p->next->prev = p->prev;
    mem_free(p);
}

static void on_connection(void *arg, struct MHD_Connection *c, void **socket,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        peer_open(arg, c, socket);
    else {
        peer_close(arg, *socket);
        listen_drive_soon(arg); /* there is room for another one */
    }
}

/* Targets are handed out as they were sent. */
static size_t leave_escaped(void *arg, struct MHD_Connection *c, char *text)
{
    (void)arg;
    (void)c;
    return strlen(text);
}

/* ---- opening ---- */

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int parse_address(const struct listen_options *o, union any_address *ret,
                         socklen_t *ret_len, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, o->address, &ret->v4.sin_addr) == 1) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(o->port);
        *ret_len = sizeof(ret->v4);
        return 0;
    }
    if (inet_pton(AF_INET6, o->address, &ret->v6.sin6_addr) == 1) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons(o->port);
        *ret_len = sizeof(ret->v6);
        return 0;
    }
    return err_set(err, ERR_USAGE, "'%s' is no IP address", o->address);
}

static int bind_socket(struct listen *s, int fd, struct err *err)
{
    const struct listen_options *o = &s->options;
    const int on = 1;
    union any_address address;
    socklen_t len;
    int rc = parse_address(o, &address, &len, err);

    if (rc < 0)
        return rc;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &address.any, len) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, &address.any, &len) < 0)
        return err_set(err, ERR_IO, "cannot listen on %s port %u: %s",
                       o->address, o->port, strerror(errno));
    s->port = ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port
                                                     : address.v6.sin6_port);
    return 0;
}

/* The listening socket, the library's from its start on; or a failure. */
static int open_socket(struct listen *s, int *ret_fd, struct err *err)
{
    const int family = strchr(s->options.address, ':') ? AF_INET6 : AF_INET;
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(family, type, 0);
    int rc;

    if (fd < 0)
        return err_set(err, ERR_IO, "cannot open a socket: %s",
                       strerror(errno));
    rc = bind_socket(s, fd, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

static int start_daemon(struct listen *s, int fd, struct err *err)
{
    const struct listen_options *o = &s->options;
    char *const certificate = (char *)(uintptr_t)o->certificate_pem;
    char *const key = (char *)(uintptr_t)o->key_pem;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
        {MHD_OPTION_END, 0, NULL},
    };

    if (certificate)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    s->daemon = MHD_start_daemon(
        flags, s->port, NULL, NULL, exchange_step, s, /* first: callbacks */
        MHD_OPTION_URI_LOG_CALLBACK, exchange_start, s,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_end, s,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, o->max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!s->daemon) {
        close(fd);
        return err_set(err, certificate ? ERR_TLS : ERR_IO,
                       "cannot start the HTTP server%s",
                       certificate ? ": is the certificate right?" : "");
    }
    return 0;
}

static void wire_closed(uv_handle_t *handle)
{
    struct wires *w =
        handle->type == UV_POLL
            ? (struct wires *)handle
            : (struct wires *)((char *)handle - offsetof(struct wires, soon));

    if (--w->open == 0)
        mem_free(w);
}

static void close_wires(struct wires *w)
{
    uv_close((uv_handle_t *)&w->poll, wire_closed);
    uv_close((uv_handle_t *)&w->soon, wire_closed);
}

static int start_wires(struct listen *s, struct err *err)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct wires *w = mem_calloc(1, sizeof(*w));
    int rc;

    if (!w)
        return err_nomem(err);
    rc = uv_poll_init(loop_uv(s->loop), &w->poll, info->epoll_fd);
    if (rc < 0) {
        mem_free(w);
        return err_set(err, ERR_IO, "cannot watch the HTTP server: %s",
                       uv_strerror(rc));
    }
    uv_idle_init(loop_uv(s->loop), &w->soon);
    w->open = 2;
    w->poll.data = w->soon.data = s;
    s->wires = w; /* from here on listen_close() closes them */
    rc = uv_poll_start(&w->poll, UV_READABLE, on_poll);
    return rc < 0 ? err_set(err, ERR_IO, "cannot watch the HTTP server: %s",
                            uv_strerror(rc))
                  : 0;
}

int listen_open(struct loop *l, const struct listen_options *o,
                struct listen **ret, struct err *err)
{
    struct listen *s = mem_calloc(1, sizeof(*s));
    int fd, rc;

    if (!s)
        return err_nomem(err);
    s->loop = l;
    s->options = *o;
    rc = open_socket(s, &fd, err);
    if (rc == 0)
        rc = start_daemon(s, fd, err);
    if (rc == 0)
        rc = start_wires(s, err);
    if (rc < 0) {
        listen_close(s);
        return rc;
    }
    s->options.address = NULL; /* borrowed for the opening only */
    s->options.certificate_pem = s->options.key_pem = NULL;
    *ret = s;
    return 0;
}

void listen_close(struct listen *s)
{
    if (!s)
        return;
    s->closing = true;
    if (s->wires)
        close_wires(s->wires);
    loop_cancel(s->loop, s->timer);
    if (s->daemon) {
        exchange_resume_all(s);
        MHD_stop_daemon(s->daemon);
    }
    loop_cancel(s->loop, s->sweep);
    assert(s->exchanges.count == 0 && !s->peers);
    slots_release(&s->exchanges);
    mem_free(s);
}

void listen_halt(struct listen *s)
{
    s->halted = true;
    uv_poll_stop(&s->wires->poll);
    uv_idle_stop(&s->wires->soon);
}

uint16_t listen_port(const struct listen *s)
{
    return s->port;
}
