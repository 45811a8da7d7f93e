/*
 * http.c -- see http.h for the contract.
 *
 * DESIGN
 *
 * One `struct transfer` is one request from http_send() to on_done, over any
 * number of attempts:
 *
 *   http_send --> AUTH --credentials--> CURL --completed--> on_done, gone
 *                   ^                    |
 *                   +----timer-- WAIT <--+ another attempt is due
 *
 * http.c owns this machine; http_endpoint and http_ca know the server,
 * http_easy builds an attempt, http_pool runs it, http_answer collects what
 * comes, http_error names what went wrong, http_retry decides about WAIT.
 *
 * Every callback of the loop is bracketed by http_enter() and http_leave().
 * Inside, libcurl may be on the stack, where its handles must not be removed:
 * http_cancel() then only takes the transfer out of the table and onto the
 * list `cancelled`, http_free() only sets `closing`, and the outermost
 * http_leave() does the rest.
 *
 * Memory of libcurl is not routed through mem.h: it allocates in resolver
 * threads too, and the counters of mem.h are for one thread. (Tests, which
 * only use addresses, do route it: curl_global_init_mem() before http_new().)
 *
 * INVARIANTS (http_check)
 *
 *   I1  a transfer is in `ids` <=> it is not cancelled
 *   I2  phase CURL <=> `easy` and `pool` are set
 *   I3  busy == 0 ==> `cancelled` is empty and not `closing`
 */
#include "io/http.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "io/http_internal.h"

/* A server that fails so often in a row is dialled anew: a balancer may have
 * healthy ones (fault 40). */
#define SERVER_ERRORS_MAX 3

static const struct http_limits default_limits = {
    .max_response = (size_t)512 << 20,
    .connect_timeout_ms = 10000,
    .request_timeout_ms = 60000,
    .idle_timeout_ms = 180000,
    .low_speed_seconds = 30,
};

/* ---- life of the client ---- */

static void limits_set(struct http_limits *l, const struct http_limits *given)
{
    *l = given ? *given : default_limits;
    if (!l->max_response)
        l->max_response = default_limits.max_response;
    if (!l->connect_timeout_ms)
        l->connect_timeout_ms = default_limits.connect_timeout_ms;
    if (!l->request_timeout_ms)
        l->request_timeout_ms = default_limits.request_timeout_ms;
    if (!l->idle_timeout_ms)
        l->idle_timeout_ms = default_limits.idle_timeout_ms;
    if (!l->low_speed_seconds)
        l->low_speed_seconds = default_limits.low_speed_seconds;
}

/* One resolver and one store of TLS sessions for both pools: the second
 * connection to a server resumes the session of the first. */
static int share_init(struct http *h, struct err *err)
{
    h->share = curl_share_init();
    if (!h->share ||
        curl_share_setopt(h->share, CURLSHOPT_SHARE,
                          CURL_LOCK_DATA_SSL_SESSION) ||
        curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS))
        return err_nomem(err);
    return 0;
}

static int http_init(struct http *h, const char *user_agent, struct err *err)
{
    int rc;

    h->gate.qps = h->limits.qps;
    h->gate.burst = h->limits.burst;
    h->user_agent = arena_strdup(&h->arena, user_agent);
    if (!h->user_agent)
        return err_nomem(err);
    rc = http_endpoint_init(&h->endpoint, &h->arena, h->config, err);
    if (rc == 0)
        rc = http_ca_load(&h->ca, h->config, clock_now_ms(h->clock), err);
    if (rc == 0)
        rc = share_init(h, err);
    if (rc < 0)
        return rc;
    h->auth = auth_new(h->loop, h->config, err);
    return h->auth ? 0 : -(int)ERR_CONFIG;
}

static void http_destroy(struct http *h)
{
    http_pool_sweep(h, true);
    auth_free(h->auth);
    http_ca_release(&h->ca);
    http_endpoint_release(&h->endpoint);
    curl_share_cleanup(h->share);
    slots_release(&h->ids);
    arena_release(&h->arena);
    mem_free(h);
    curl_global_cleanup();
}

struct http *http_new(struct loop *loop, const struct kubeconfig *config,
                      const struct http_limits *limits, const char *user_agent,
                      struct err *err)
{
    struct http *h;

    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        err_set(err, ERR_CONFIG, "cannot initialise libcurl");
        return NULL;
    }
    h = mem_calloc(1, sizeof *h);
    if (!h) {
        curl_global_cleanup();
        err_nomem(err);
        return NULL;
    }
    h->loop = loop;
    h->clock = loop_clock(loop);
    h->config = config;
    limits_set(&h->limits, limits);
    arena_init(&h->arena, 0);
    rng_init(&h->rng, clock_now_ms(h->clock));
    if (http_init(h, user_agent, err) < 0) {
        http_destroy(h);
        return NULL;
    }
    return h;
}

void http_set_fence(struct http *h, http_fence_fn fence, void *arg)
{
    h->fence = fence;
    h->fence_arg = arg;
}

void http_on_end(struct http *h, http_told_fn fn, void *arg)
{
    h->told = fn;
    h->told_arg = arg;
}

void http_on_hold(struct http *h, http_hold_fn fn, void *arg)
{
    h->gate.on_hold = fn;
    h->gate.hold_arg = arg;
}

struct http_stats http_stats(const struct http *h)
{
    struct http_stats stats = h->stats;

    stats.in_flight = (unsigned)h->ids.count;
    return stats;
}

bool http_check(const struct http *h)
{
    const struct transfer *t;

    for (size_t it = 0; (t = slots_next(&h->ids, &it));) {
        bool in_curl = t->phase == HTTP_PHASE_CURL;

        if (t->cancelled || t->http != h) /* I1 */
            return false;
        if (in_curl != (t->pool != NULL) || in_curl != (t->easy != NULL))
            return false; /* I2 */
    }
    return h->busy > 0 || (!h->cancelled && !h->closing); /* I3 */
}

/* ---- life of a transfer ---- */

static const char *keep_text(char **at, const char *text, size_t len)
{
    const char *kept = *at;

    if (!text)
        return NULL;
    if (len)
        memcpy(*at, text, len);
    (*at)[len] = '\0';
    *at += len + 1;
    return kept;
}

static size_t text_len(const char *text)
{
    return text ? strlen(text) : 0;
}

/* All texts of a request in one block. */
static bool keep_request(struct transfer *t, const struct request *r,
                         const char *if_none_match)
{
    size_t path = text_len(r->path), accept = text_len(r->accept),
           type = text_len(r->content_type), etag = text_len(if_none_match),
           pass = text_len(r->pass_token);
    char *at = mem_alloc(path + accept + type + etag + pass + r->body_len + 6);

    if (!at)
        return false;
    t->texts = at;
    t->request = *r;
    t->request.path = keep_text(&at, r->path, path);
    t->request.accept = keep_text(&at, r->accept, accept);
    t->request.content_type = keep_text(&at, r->content_type, type);
    t->request.pass_token = keep_text(&at, r->pass_token, pass);
    t->call.if_none_match = keep_text(&at, if_none_match, etag);
    t->request.body = keep_text(&at, r->body, r->body_len);
    return true;
}

static struct transfer *transfer_new(struct http *h, const struct request *r,
                                     const struct http_call *call)
{
    struct transfer *t = mem_calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->http = h;
    t->call = *call;
    http_answer_init(t);
    if (!keep_request(t, r, call->if_none_match)) {
        mem_free(t);
        return NULL;
    }
    return t;
}

/* Stop whatever the present phase waits for. */
static void transfer_halt(struct transfer *t)
{
    if (t->phase == HTTP_PHASE_AUTH)
        auth_cancel(t->http->auth, t);
    loop_cancel(t->http->loop, t->timer);
    t->timer = 0;
    if (t->pool)
        http_pool_remove(t->pool, t->easy);
    t->pool = NULL;
    http_easy_drop(t);
}

static void transfer_free(struct transfer *t)
{
    transfer_halt(t);
    http_answer_release(t);
    mem_free(t->texts);
    mem_free(t);
}

static void tell_end(const struct transfer *t, const struct http_result *r)
{
    const struct http *h = t->http;
    const struct http_told told = {.method = t->request.method,
                                   .watch = t->request.watch,
                                   .status = r->status,
                                   .ms = clock_now_ms(h->clock) - t->begun_ms};

    if (h->told)
        h->told(h->told_arg, &told);
}

/* The end: the id is stale before the caller hears of it. */
static void transfer_finish(struct transfer *t, const struct err *err)
{
    struct http_result result;

    slots_remove(&t->http->ids, t->id);
    http_answer_result(t, &result);
    tell_end(t, &result);
    t->call.on_done(t->call.arg, t->id, &result, err);
    transfer_free(t);
}

/* ---- a watch's silence ---- */

static void on_silence(void *transfer);

static bool silence_arm(struct transfer *t, uint64_t delay_ms)
{
    t->timer = loop_after(t->http->loop, delay_ms, on_silence, t);
    return t->timer != 0;
}

/* Bytes only move `last_bytes_ms`; the timer looks at it when it fires. A
 * body that tells of an error does not move it, so a trickle of it ends. */
static void on_silence(void *transfer)
{
    struct transfer *t = transfer;
    struct http *h = t->http;
    struct err err = {0};
    uint64_t silent = clock_now_ms(h->clock) - t->last_bytes_ms;

    t->timer = 0;
    if (silent < h->limits.idle_timeout_ms &&
        silence_arm(t, h->limits.idle_timeout_ms - silent))
        return;
    http_enter(h);
    if (silent < h->limits.idle_timeout_ms)
        err_nomem(&err);
    else
        err_set(&err, ERR_TIMEOUT, "no bytes from '%s' for %u ms",
                h->endpoint.shown, h->limits.idle_timeout_ms);
    transfer_halt(t);
    transfer_finish(t, &err);
    http_leave(h);
}

/* ---- attempts ---- */

static int transfer_launch(struct transfer *t, const struct auth_credentials *c,
                           struct err *err)
{
    struct http *h = t->http;
    enum http_pool_kind kind =
        t->request.watch ? HTTP_POOL_WATCH : HTTP_POOL_SHORT;
    int rc;

    t->generation = c->generation;
    t->sent_now = false;
    t->placed = false;
    t->stop = HTTP_STOP_NONE;
    http_answer_clear(t);
    http_ca_refresh_if_due(&h->ca, clock_now_ms(h->clock));
    t->ca_version = h->ca.version;
    rc = http_easy_build(t, c, err);
    if (rc < 0)
        return rc;
    if (t->request.watch) {
        t->last_bytes_ms = clock_now_ms(h->clock);
        if (!silence_arm(t, h->limits.idle_timeout_ms))
            return err_nomem(err);
    }
    rc = http_pool_add(h, kind, t->easy, &t->pool, err);
    if (rc < 0)
        return rc;
    t->phase = HTTP_PHASE_CURL;
    return 0;
}

/* Maybe from inside auth_get(): then http_send() tells the caller itself. */
static void on_credentials(void *arg, const struct auth_credentials *c,
                           const struct err *why_not)
{
    struct transfer *t = arg;
    struct http *h = t->http;
    struct err err = {0};

    http_enter(h);
    t->phase = HTTP_PHASE_WAIT; /* nothing of auth's is pending any more */
    if (!c)
        err = *why_not;
    else
        transfer_launch(t, c, &err);
    if (err.code && t->start_err)
        *t->start_err = err;
    else if (err.code)
        transfer_finish(t, &err);
    http_leave(h);
}

static void transfer_start_later(void *transfer);

static int transfer_wait(struct transfer *t, uint64_t ms, struct err *err)
{
    t->phase = HTTP_PHASE_WAIT;
    t->timer = loop_after(t->http->loop, ms, transfer_start_later, t);
    return t->timer ? 0 : err_nomem(err);
}

static int transfer_start(struct transfer *t, struct err *err)
{
    struct err start_err = {0};
    uint64_t wait_ms = http_retry_wait_ms(t);
    int rc;

    if (wait_ms > 0)
        return transfer_wait(t, wait_ms, err);
    t->phase = HTTP_PHASE_AUTH;
    t->start_err = &start_err;
    rc = auth_get(t->http->auth, on_credentials, t, &start_err);
    t->start_err = NULL;
    if (rc < 0)
        t->phase = HTTP_PHASE_WAIT;
    if (rc == 0)
        rc = -(int)start_err.code;
    if (rc < 0 && err)
        *err = start_err;
    return rc;
}

/* The timer of WAIT. */
static void transfer_start_later(void *transfer)
{
    struct transfer *t = transfer;
    struct http *h = t->http;
    struct err err = {0};

    http_enter(h);
    t->timer = 0;
    if (transfer_start(t, &err) < 0)
        transfer_finish(t, &err);
    http_leave(h);
}

static bool transfer_again(struct transfer *t, uint64_t delay_ms)
{
    t->http->stats.retries++;
    return transfer_wait(t, delay_ms, NULL) == 0;
}

/* ---- completion ---- */

/* A server that answers 5xx again and again: leave its connections. */
static void count_answer(struct http *h, int status)
{
    if (status < 500) {
        h->server_errors = 0;
        return;
    }
    if (++h->server_errors < SERVER_ERRORS_MAX)
        return;
    h->server_errors = 0;
    http_pool_retire(h, HTTP_POOL_SHORT);
}

static void read_facts(struct transfer *t)
{
    struct http *h = t->http;
    long status = 0, connections = 0, version = 0;
    curl_off_t sent_at = 0, ended = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connections);
    curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &ended);
    t->answer.status = (int)status;
    if (status && sent_at > 0 && ended > sent_at)
        t->answer.took_us = (uint64_t)(ended - sent_at);
    h->stats.connections += (uint64_t)connections;
    if (status && version == CURL_HTTP_VERSION_2_0)
        h->stats.http2++;
    if (status == 401 || status == 429)
        t->sent = false; /* the server says that it did nothing */
    if (status && !t->request.watch)
        count_answer(h, (int)status);
}

void http_completed(struct transfer *t, CURLcode code)
{
    struct err err = {0};
    uint64_t delay_ms;
    bool again;

    if (t->cancelled)
        return; /* http_leave() takes it out */
    read_facts(t);
    http_retry_hold(t);
    http_error_fill(t, code, &err);
    again = http_retry_plan(t, code, &delay_ms);
    transfer_halt(t);
    if (again && transfer_again(t, delay_ms))
        return;
    if (again)
        err_nomem(&err);
    transfer_finish(t, &err);
}

void http_fail_all(struct http *h, const struct http_pool *p)
{
    struct transfer *t;
    struct err err = {0};

    err_nomem(&err);
    for (size_t it = 0; !h->closing && (t = slots_next(&h->ids, &it));) {
        if (t->pool != p)
            continue;
        transfer_halt(t);
        transfer_finish(t, &err);
    }
}

/* ---- what callers do ---- */

http_id http_send(struct http *h, const struct request *r,
                  const struct http_call *call, struct err *err)
{
    struct transfer *t = transfer_new(h, r, call);
    http_id id = 0;

    assert(call->on_done && r->path && !h->closing);
    if (!t) {
        err_nomem(err);
        return 0;
    }
    t->begun_ms = clock_now_ms(h->clock);
    http_enter(h);
    t->id = slots_add(&h->ids, t);
    if (!t->id)
        err_nomem(err);
    else if (transfer_start(t, err) == 0)
        id = t->id;
    if (id && r->watch)
        h->stats.watches++;
    else if (id)
        h->stats.requests++;
    if (!id) {
        slots_remove(&h->ids, t->id);
        transfer_free(t);
    }
    http_leave(h);
    return id;
}

static void transfer_cancel(struct http *h, struct transfer *t)
{
    slots_remove(&h->ids, t->id);
    t->cancelled = true;
    t->next = h->cancelled;
    h->cancelled = t;
}

void http_cancel(struct http *h, http_id id)
{
    struct transfer *t = slots_find(&h->ids, id);

    if (!t)
        return;
    http_enter(h);
    if (t->phase == HTTP_PHASE_AUTH)
        auth_cancel(h->auth, t);
    transfer_cancel(h, t);
    http_leave(h);
}

void http_free(struct http *h)
{
    struct transfer *t;

    if (!h || h->closing)
        return;
    http_enter(h);
    h->closing = true;
    for (size_t it = 0; (t = slots_next(&h->ids, &it));)
        transfer_cancel(h, t);
    http_leave(h);
}

void http_enter(struct http *h)
{
    h->busy++;
}

void http_leave(struct http *h)
{
    assert(h->busy > 0);
    if (h->busy > 1) {
        h->busy--;
        return;
    }
    while (h->cancelled) {
        struct transfer *t = h->cancelled;

        h->cancelled = t->next;
        transfer_free(t);
    }
    http_pool_sweep(h, false);
    h->busy--;
    if (h->closing)
        http_destroy(h);
}
