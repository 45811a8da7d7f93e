/*
 * http_pool.c -- see http_pool.h for the contract.
 *
 * DESIGN
 *
 *      uv_poll  --> curl_multi_socket_action --+
 *                                              +--> pool_drain --> completed
 *      uv_timer --> curl_multi_socket_action --+
 *
 * libcurl says which sockets to watch and when it wants to be called; nothing
 * here decides anything about a request. Its timer is a uv_timer of our own
 * and not one of loop.h, because a timer callback of libcurl's that fails
 * makes the whole multi handle useless, and arming a handle cannot fail.
 * Watching a socket can (it needs memory): then the pool is `broken`, its
 * transfers end with ERR_NOMEM, and the next request gets a new pool.
 *
 * Handles of libuv close asynchronously: a socket frees itself when closed, a
 * pool when its timer is. Neither looks at the client after that.
 *
 * INVARIANTS
 *
 *   I1  every socket libcurl watches is on `sockets`, with an active uv_poll
 *   I2  a pool is in http.pools or on http.retired, never on both
 *   I3  a broken pool has no transfers once pool_drain() returned
 */
#include "io/http_pool.h"

#include <assert.h>
#include <uv.h>

#include "base/mem.h"
#include "io/http_internal.h"

/* Connections of the short pool, busy and idle; over HTTP/2 one is enough. */
#define POOL_MAX_CONNECTIONS 16L

struct http_pool {
    uv_timer_t timer; /* first: the handle is its pool */
    struct http *http;
    CURLM *multi;
    struct socket *sockets;
    unsigned users; /* transfers inside */
    bool broken;
    struct http_pool *next; /* on http.retired */
};

struct socket {
    uv_poll_t poll; /* first: the handle is its socket */
    struct http_pool *pool;
    curl_socket_t fd;
    int events;                /* what libcurl wants to know */
    struct socket *next, **at; /* at: what points to it */
};

/* ---- what libcurl tells us ---- */

static void pool_act(struct http_pool *p, curl_socket_t fd, int events);
static void pool_break(struct http_pool *p);

/*
 * A socket in error is reported as readable and writable: libcurl then meets
 * the real error itself (a reset, which it knows to handle on a connection
 * that was kept), not just "an error". libuv has stopped watching it, so that
 * is started again if libcurl did not close it.
 */
static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct socket *s = (struct socket *)poll;
    int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;

    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    pool_act(s->pool, s->fd, flags);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll) &&
        uv_poll_start(poll, s->events, on_socket) < 0)
        pool_break(s->pool);
}

static void on_timer(uv_timer_t *timer)
{
    struct http_pool *p = (struct http_pool *)timer;

    loop_progress(p->http->loop);
    pool_act(p, CURL_SOCKET_TIMEOUT, 0);
}

static struct socket *socket_new(struct http_pool *p, curl_socket_t fd)
{
    struct socket *s = mem_calloc(1, sizeof *s);

    if (!s)
        return NULL;
    if (uv_poll_init_socket(loop_uv(p->http->loop), &s->poll, fd) < 0) {
        mem_free(s); /* the handle was not registered */
        return NULL;
    }
    s->pool = p;
    s->fd = fd;
    s->next = p->sockets;
    s->at = &p->sockets;
    if (s->next)
        s->next->at = &s->next;
    p->sockets = s;
    return s;
}

static void socket_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

/* Before libcurl closes the descriptor, so that epoll still knows it. */
static void socket_free(struct socket *s)
{
    *s->at = s->next;
    if (s->next)
        s->next->at = s->at;
    uv_poll_stop(&s->poll);
    uv_close((uv_handle_t *)&s->poll, socket_closed);
}

/* CURLMOPT_SOCKETFUNCTION */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *pool,
                       void *known)
{
    struct http_pool *p = pool;
    struct socket *s = known;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            socket_free(s);
        return 0;
    }
    if (!s)
        s = socket_new(p, fd);
    if (!s)
        goto broken;
    s->events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
                (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (uv_poll_start(&s->poll, s->events, on_socket) < 0)
        goto broken;
    curl_multi_assign(p->multi, fd, s);
    return 0;

broken:
    p->broken = true;
    return -1;
}

/* CURLMOPT_TIMERFUNCTION */
static int want_timer(CURLM *multi, long ms, void *pool)
{
    struct http_pool *p = pool;

    (void)multi;
    if (ms < 0) {
        uv_timer_stop(&p->timer);
        return 0;
    }
    uv_update_time(loop_uv(p->http->loop));
    uv_timer_start(&p->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

/* ---- what we tell libcurl ---- */

/* Each callback of http_completed() may add, remove and free transfers. */
static void pool_drain(struct http_pool *p)
{
    struct transfer *t;
    CURLMsg *m;
    int left;

    while (!p->http->closing && !p->broken &&
           (m = curl_multi_info_read(p->multi, &left))) {
        CURLcode code = m->data.result;

        if (m->msg == CURLMSG_DONE &&
            !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t))
            http_completed(t, code);
    }
    if (p->broken && !p->http->closing)
        http_fail_all(p->http, p);
}

static void pool_act(struct http_pool *p, curl_socket_t fd, int events)
{
    struct http *h = p->http;
    int running;

    http_enter(h);
    if (curl_multi_socket_action(p->multi, fd, events, &running))
        p->broken = true;
    pool_drain(p);
    http_leave(h);
}

static void pool_break(struct http_pool *p)
{
    struct http *h = p->http;

    http_enter(h);
    p->broken = true;
    pool_drain(p);
    http_leave(h);
}

/* ---- life ---- */

static void pool_closed(uv_handle_t *timer)
{
    mem_free(timer);
}

static void pool_free(struct http_pool *p)
{
    assert(p->users == 0);
    curl_multi_cleanup(p->multi);
    while (p->sockets)
        socket_free(p->sockets);
    uv_close((uv_handle_t *)&p->timer, pool_closed);
}

static bool pool_setup(struct http_pool *p, enum http_pool_kind kind)
{
    bool bad =
        curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, want_socket) ||
        curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p) ||
        curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, want_timer) ||
        curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);

    if (kind == HTTP_POOL_WATCH)
        return !bad;
    return !bad &&
           !curl_multi_setopt(p->multi, CURLMOPT_PIPELINING,
                              CURLPIPE_MULTIPLEX) &&
           !curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                              POOL_MAX_CONNECTIONS) &&
           !curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS,
                              POOL_MAX_CONNECTIONS);
}

static struct http_pool *pool_new(struct http *h, enum http_pool_kind kind)
{
    struct http_pool *p = mem_calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->http = h;
    p->multi = curl_multi_init();
    if (!p->multi) {
        mem_free(p);
        return NULL;
    }
    uv_timer_init(loop_uv(h->loop), &p->timer);
    if (!pool_setup(p, kind)) {
        pool_free(p);
        return NULL;
    }
    return p;
}

void http_pool_retire(struct http *h, enum http_pool_kind kind)
{
    struct http_pool *p = h->pools[kind];

    if (!p)
        return;
    h->pools[kind] = NULL;
    p->next = h->retired;
    h->retired = p;
}

void http_pool_sweep(struct http *h, bool all)
{
    struct http_pool **at = &h->retired;

    for (unsigned kind = 0; kind < HTTP_POOLS; kind++)
        if (all || (h->pools[kind] && h->pools[kind]->broken))
            http_pool_retire(h, (enum http_pool_kind)kind);
    while (*at) {
        struct http_pool *p = *at;

        if (p->users) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        pool_free(p);
    }
}

int http_pool_add(struct http *h, enum http_pool_kind kind, CURL *easy,
                  struct http_pool **ret_pool, struct err *err)
{
    struct http_pool *p = h->pools[kind];

    if (p && p->broken) {
        http_pool_retire(h, kind);
        p = NULL;
    }
    if (!p)
        p = h->pools[kind] = pool_new(h, kind);
    if (!p)
        return err_nomem(err);
    if (curl_multi_add_handle(p->multi, easy))
        return err_nomem(err);
    p->users++;
    *ret_pool = p;
    return 0;
}

void http_pool_remove(struct http_pool *p, CURL *easy)
{
    CURLMcode rc = curl_multi_remove_handle(p->multi, easy);

    assert(rc == CURLM_OK && p->users > 0);
    (void)rc;
    p->users--;
}
