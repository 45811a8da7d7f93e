/*
 * sim_http.c -- see sim_http.h for the contract.
 *
 * DESIGN
 *
 * A watch is a place in the history (sim/sim.h). When something has changed,
 * each one is asked for its next text, and only those that have one are woken:
 * a hundred watches of other kinds cost a hundred comparisons, no system call.
 *
 * With --data nothing that is not committed may be seen. Answers wait for the
 * end of the turn by the contract of io/listen; a stream that could send in
 * the middle of a turn is told to wait while `uncommitted`.
 */
#include "app/sim_http.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/listen.h"

#define MAX_BODY ((size_t)3 << 20) /* as the API server */
#define MAX_CONNECTIONS 4000u
#define IDLE_SECONDS 120u
#define ARENA_KEEP ((size_t)1 << 20)
#define MAX_WARNINGS 64
#define NEVER UINT64_MAX

struct stream {
    struct sim_http *http;
    struct stream *prev, *next;
    listen_id id;
    struct sim_watch *watch;
    uint64_t wake_ms;         /* ask again then; NEVER: only after a change */
    enum sim_watch_next have; /* TEXT or END: to be handed on */
    const char *text;
    size_t len;
    /* for the audit event of its end */
    char *target, *user, *agent;
};

struct sim_http {
    struct sim_http_options o;
    struct listen *listen;
    struct arena arena; /* of one request */
    struct stream *streams;
    loop_timer_id timer;
    uint64_t timer_at;
    uint64_t step_at; /* controllers want to work */
    bool changed;     /* there is something new for watches */
    bool broken;
};

static uint64_t now_ms(const struct sim_http *h)
{
    return clock_now_ms(loop_clock(h->o.loop));
}

static bool uncommitted(const struct sim_http *h)
{
    return h->broken || (h->o.data && sim_data_dirty(h->o.data));
}

/* ---- who is it ---- */

static bool token_equal(const char *a, const char *b)
{
    const size_t len = strlen(a);
    unsigned char differs = 0;

    if (len != strlen(b))
        return false;
    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

/* NULL: nobody. Everybody who is known may act for anybody. */
static const char *user_of(const struct sim_http *h,
                           const struct listen_request *r)
{
    const char *said = listen_header(r, "Authorization");
    const char *as = listen_header(r, "Impersonate-User");

    if (!said || strncmp(said, "Bearer ", 7) != 0)
        return NULL;
    for (size_t i = 0; i < h->o.user_count; i++)
        if (token_equal(h->o.users[i].token, said + 7))
            return as && *as ? as : h->o.users[i].name;
    return NULL;
}

/* ---- what is asked ---- */

static bool method_of(const char *text, enum http_method *ret)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_POST, HTTP_PUT,
                                               HTTP_PATCH, HTTP_DELETE};

    if (strcmp(text, "HEAD") == 0) { /* a GET whose body is not sent */
        *ret = HTTP_GET;
        return true;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(text, http_method_name(methods[i])) == 0) {
            *ret = methods[i];
            return true;
        }
    return false;
}

/* 0, or -ERR_INVALID: no method of this API; -ERR_NOMEM. */
static int read_request(struct sim_http *h, const struct listen_request *r,
                        struct sim_request *ret)
{
    const char *query = strchr(r->target, '?');
    struct sim_request q = {
        .content_type = listen_header(r, "Content-Type"),
        .accept = listen_header(r, "Accept"),
        .user_agent = listen_header(r, "User-Agent"),
        .if_none_match = listen_header(r, "If-None-Match"),
        .user = user_of(h, r),
        .body = r->body,
        .body_len = r->body_len,
    };

    q.path =
        query ? arena_strndup(&h->arena, r->target, (size_t)(query - r->target))
              : r->target;
    q.query = query ? query + 1 : NULL;
    if (!q.path)
        return -ERR_NOMEM;
    if (!method_of(r->method, &q.method))
        return -ERR_INVALID;
    *ret = q;
    return 0;
}

/* ---- streams ---- */

static void stream_unlink(struct stream *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else if (w->http->streams == w)
        w->http->streams = w->next;
    if (w->next)
        w->next->prev = w->prev;
}

static void audit_end(struct stream *w)
{
    struct sim_http *h = w->http;
    char *query = w->target ? strchr(w->target, '?') : NULL;
    struct sim_request q = {.user = w->user, .user_agent = w->agent};
    struct sim_audit_entry e = {.method = "GET", .request = &q, .status = 200};

    if (!h->o.audit || !w->target)
        return;
    if (query)
        *query++ = '\0';
    q.path = w->target;
    q.query = query;
    sim_audit_add(h->o.audit, &e);
    sim_audit_flush(h->o.audit, NULL);
}

static void stream_free(void *arg)
{
    struct stream *w = arg;

    audit_end(w);
    stream_unlink(w);
    sim_watch_free(w->watch);
    mem_free(w->target);
    mem_free(w->user);
    mem_free(w->agent);
    mem_free(w);
}

/* Ask the watch for its next text unless one is waiting; is there one? */
static bool stream_look(struct stream *w)
{
    if (w->have != SIM_WATCH_IDLE)
        return true;
    w->wake_ms = NEVER;
    w->have = sim_watch_next(w->watch, &w->text, &w->len, &w->wake_ms);
    return w->have != SIM_WATCH_IDLE;
}

static void arm(struct sim_http *h, uint64_t at);

static enum listen_piece stream_next(void *arg, const char **ret, size_t *len)
{
    struct stream *w = arg;

    if (uncommitted(w->http))
        return LISTEN_LATER; /* woken at the end of the turn */
    if (!stream_look(w)) {
        arm(w->http, w->wake_ms);
        return LISTEN_LATER;
    }
    if (w->have == SIM_WATCH_END)
        return LISTEN_END;
    w->have = SIM_WATCH_IDLE;
    *ret = w->text;
    *len = w->len;
    return LISTEN_PIECE;
}

/* A copy, NULL also when there is none to make. */
static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

/* Takes the watch, also when it fails. */
static struct stream *stream_new(struct sim_http *h, struct sim_watch *watch,
                                 const struct listen_request *r,
                                 const struct sim_request *q)
{
    struct stream *w = mem_calloc(1, sizeof(*w));

    if (!w) {
        sim_watch_free(watch);
        return NULL;
    }
    w->http = h;
    w->id = r->id;
    w->watch = watch;
    w->have = SIM_WATCH_IDLE;
    w->wake_ms = NEVER;
    if (h->o.audit) {
        w->target = copy(r->target);
        w->user = copy(q->user);
        w->agent = copy(q->user_agent);
    }
    w->next = h->streams;
    if (w->next)
        w->next->prev = w;
    h->streams = w;
    return w;
}

/* ---- answers ---- */

struct headers {
    struct listen_header_line lines[MAX_WARNINGS + 4];
    size_t count;
};

static int add_header(struct headers *h, const char *name, const char *value)
{
    if (!value)
        return -ERR_NOMEM;
    h->lines[h->count++] = (struct listen_header_line){name, value};
    return 0;
}

/* 299 - "text", with what would break the quotes or the line escaped. */
static const char *warning_text(struct arena *a, const char *text)
{
    char *out = arena_alloc(a, strlen(text) * 2 + 16);
    char *at = out;

    if (!out)
        return NULL;
    memcpy(at, "299 - \"", 7);
    at += 7;
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = (unsigned char)*text < ' ' ? ' ' : *text;
    }
    memcpy(at, "\"", 2);
    return out;
}

static int make_headers(struct arena *a, const struct sim_response *s,
                        struct headers *h)
{
    int rc = add_header(h, "Cache-Control",
                        s->etag ? "public" : "no-cache, private");

    if (rc == 0 && s->etag) /* one address, several forms of the document */
        rc = add_header(h, "Vary", "Accept");
    if (rc == 0 && s->etag)
        rc = add_header(h, "ETag", s->etag);
    if (rc == 0 && s->retry_after_s)
        rc = add_header(h, "Retry-After",
                        arena_printf(a, "%u", s->retry_after_s));
    for (size_t i = 0; rc == 0 && i < s->warning_count && i < MAX_WARNINGS; i++)
        rc = add_header(h, "Warning", warning_text(a, s->warnings[i]));
    return rc;
}

static void send_answer(struct sim_http *h, const struct listen_request *r,
                        const struct sim_request *q,
                        const struct sim_response *s)
{
    struct headers headers = {0};
    struct listen_answer answer = {.status = s->status,
                                   .content_type = s->content_type,
                                   .body = s->body,
                                   .body_len = s->body_len};
    struct listen_source source = {.next = stream_next, stream_free, NULL};
    bool whole = make_headers(&h->arena, s, &headers) == 0;

    answer.headers = headers.lines;
    answer.header_count = headers.count;
    if (s->watch)
        source.arg = stream_new(h, s->watch, r, q);
    if (!whole || (s->watch && !source.arg)) {
        if (source.arg)
            stream_free(source.arg);
        listen_answer(h->listen, r->id, &(struct listen_answer){.status = 500});
    } else if (s->watch)
        listen_stream(h->listen, r->id, &answer, &source);
    else
        listen_answer(h->listen, r->id, &answer);
}

static void log_request(const struct listen_request *r,
                        const struct sim_request *q, int status)
{
    if (log_enabled(LOG_DEBUG))
        log_debug("request", "method", r->method, "target", r->target, "user",
                  q->user ? q->user : "", "status", log_num(status), NULL);
}

static const struct sim_response no_method = {
    .status = 405,
    .content_type = "application/json",
#define BODY                                                                   \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"              \
    "\"status\":\"Failure\",\"message\":\"the server does not allow this "     \
    "method on the requested resource\",\"reason\":\"MethodNotAllowed\","      \
    "\"details\":{},\"code\":405}\n"
    .body = BODY,
    .body_len = sizeof(BODY) - 1,
#undef BODY
};

static void on_request(void *arg, const struct listen_request *r)
{
    struct sim_http *h = arg;
    struct sim_request q = {.method = HTTP_GET};
    struct sim_response s = no_method;
    int rc = h->broken ? -ERR_IO : read_request(h, r, &q);

    if (rc == -ERR_NOMEM || rc == -ERR_IO)
        s = (struct sim_response){.status = 500, .body = ""};
    else if (rc == 0)
        sim_handle(h->o.sim, &h->arena, &q, &s);
    log_request(r, &q, s.status);
    if (h->o.audit && q.path) {
        struct sim_audit_entry e = {.method = r->method,
                                    .request = &q,
                                    .status = s.status,
                                    .answer = s.body,
                                    .answer_len = s.body_len,
                                    .started = s.watch != NULL};

        sim_audit_add(h->o.audit, &e);
    }
    send_answer(h, r, &q, &s);
    if (h->arena.used > ARENA_KEEP)
        arena_release(&h->arena);
    else
        arena_clear(&h->arena);
}

/* ---- turns ---- */

static void on_timer(void *arg)
{
    struct sim_http *h = arg;

    h->timer = 0;
    sim_http_turn(h);
}

static void arm(struct sim_http *h, uint64_t at)
{
    const uint64_t now = now_ms(h);

    if (at == NEVER || (h->timer && h->timer_at <= at))
        return;
    loop_cancel(h->o.loop, h->timer);
    h->timer = loop_after(h->o.loop, at > now ? at - now : 0, on_timer, h);
    h->timer_at = at;
}

/* Wake those that have something to say. */
static void wake_streams(struct sim_http *h)
{
    const bool changed = h->changed;
    const uint64_t now = now_ms(h);

    h->changed = false;
    for (struct stream *w = h->streams; w; w = w->next) {
        if (!changed && w->wake_ms > now)
            continue;
        if (stream_look(w))
            listen_wake(h->listen, w->id);
        else
            arm(h, w->wake_ms);
    }
}

static void break_off(struct sim_http *h, const struct err *err)
{
    h->broken = true;
    listen_halt(h->listen);
    h->o.on_broken(h->o.arg, err);
}

void sim_http_turn(struct sim_http *h)
{
    struct err err = {0};

    if (h->broken)
        return;
    h->step_at = sim_step(h->o.sim);
    if (h->o.data && sim_data_commit(h->o.data, &err) < 0) {
        break_off(h, &err);
        return;
    }
    if (h->o.audit && sim_audit_flush(h->o.audit, &err) < 0)
        log_warn("the audit log is not complete", "err", err.msg, NULL);
    wake_streams(h);
    arm(h, h->step_at);
    if (h->o.on_turn)
        h->o.on_turn(h->o.arg);
}

void sim_http_changed(struct sim_http *h)
{
    if (h)
        h->changed = true;
}

static void on_listen_turn(void *arg)
{
    sim_http_turn(arg);
}

static void on_gone(void *arg, listen_id id)
{
    (void)arg; /* a stream is freed by listen, an answer was given at once */
    (void)id;
}

/* ---- opening ---- */

static const struct listen_answer too_large = {
    .content_type = "application/json",
#define BODY                                                                   \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"              \
    "\"status\":\"Failure\",\"message\":\"Request entity too large: limit is " \
    "3145728\",\"reason\":\"RequestEntityTooLarge\",\"code\":413}\n"
    .body = BODY,
    .body_len = sizeof(BODY) - 1,
#undef BODY
};

int sim_http_open(const struct sim_http_options *o, struct sim_http **ret,
                  struct err *err)
{
    struct listen_options options = {
        .address = o->address,
        .port = o->port,
        .certificate_pem = o->certificate_pem,
        .key_pem = o->key_pem,
        .max_body = MAX_BODY,
        .too_large = &too_large,
        .max_connections = MAX_CONNECTIONS,
        .idle_seconds = IDLE_SECONDS,
        .on_request = on_request,
        .on_gone = on_gone,
        .on_turn = on_listen_turn,
    };
    struct sim_http *h = mem_calloc(1, sizeof(*h));
    int rc;

    if (!h)
        return err_nomem(err);
    h->o = *o;
    options.arg = h;
    rc = listen_open(o->loop, &options, &h->listen, err);
    if (rc < 0) {
        mem_free(h);
        return rc;
    }
    *ret = h;
    return 0;
}

void sim_http_close(struct sim_http *h)
{
    if (!h)
        return;
    listen_close(h->listen);
    assert(!h->streams);
    loop_cancel(h->o.loop, h->timer);
    arena_release(&h->arena);
    mem_free(h);
}

uint16_t sim_http_port(const struct sim_http *h)
{
    return listen_port(h->listen);
}
