/*
 * listen_exchange.c -- one request and its answer, from its first line to the
 *                      last byte of its answer or the end of its connection.
 *
 * A body that is too large is read to its end and thrown away, so that the
 * client, which writes before it reads, sees the 413; up to a bound, and not
 * when the client asked first (Expect: 100-continue).
 */
#include "listen_impl.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/mem.h"
#include "base/text.h"

#define THROW_AWAY_MAX ((size_t)64 << 20)
#define STREAM_BLOCK ((size_t)32 << 10)

/* ---- hang-ups of suspended connections ---- */

struct hangup {
    uv_poll_t poll; /* first: the handle is its hangup */
    struct exchange *exchange;
};

static void unwatched_add(struct exchange *x)
{
    struct listen *s = x->server;

    if (x->unwatched || x->hangup)
        return;
    x->unwatched = true;
    x->unwatched_prev = NULL;
    x->unwatched_next = s->unwatched;
    if (s->unwatched)
        s->unwatched->unwatched_prev = x;
    s->unwatched = x;
}

static void unwatched_remove(struct exchange *x)
{
    if (!x->unwatched)
        return;
    x->unwatched = false;
    if (x->unwatched_prev)
        x->unwatched_prev->unwatched_next = x->unwatched_next;
    else
        x->server->unwatched = x->unwatched_next;
    if (x->unwatched_next)
        x->unwatched_next->unwatched_prev = x->unwatched_prev;
}

static void suspend(struct exchange *x)
{
    x->suspended = true;
    MHD_suspend_connection(x->connection);
    unwatched_add(x);
}

static void resume(struct exchange *x)
{
    if (!x->suspended)
        return;
    x->suspended = false;
    unwatched_remove(x);
    MHD_resume_connection(x->connection);
    listen_drive_soon(x->server);
}

static void hangup_closed(uv_handle_t *handle)
{
    mem_free(handle);
}

static void on_hangup(uv_poll_t *poll, int status, int events)
{
    struct exchange *x = ((struct hangup *)poll)->exchange;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    x->gone = true;
    shutdown(x->peer->fd, SHUT_RDWR);
    resume(x);
}

static void hangup_watch(struct exchange *x)
{
    struct hangup *h = mem_calloc(1, sizeof(*h));

    if (!h)
        return; /* noticed when something is sent */
    if (uv_poll_init(loop_uv(x->server->loop), &h->poll, x->peer->fd) < 0) {
        mem_free(h);
        return;
    }
    h->exchange = x;
    x->hangup = h;
    uv_poll_start(&h->poll, UV_DISCONNECT, on_hangup);
}

void exchange_watch_suspended(struct listen *s)
{
    while (s->unwatched) {
        struct exchange *x = s->unwatched;

        unwatched_remove(x);
        hangup_watch(x);
    }
}

/* ---- beginning and end ---- */

void *exchange_start(void *arg, const char *target, struct MHD_Connection *c)
{
    struct listen *s = arg;
    struct peer *peer =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
            ->socket_context;
    struct exchange *x = peer ? mem_calloc(1, sizeof(*x)) : NULL;

    if (!x)
        return NULL;
    x->server = s;
    x->connection = c;
    x->peer = peer;
    str_init(&x->body, s->options.max_body);
    x->target = mem_strdup(target);
    if (!x->target) {
        mem_free(x);
        return NULL;
    }
    return x;
}

static void exchange_free(struct exchange *x)
{
    if (x->source.free_arg)
        x->source.free_arg(x->source.arg);
    if (x->response)
        MHD_destroy_response(x->response);
    if (x->id)
        slots_remove(&x->server->exchanges, x->id);
    if (x->hangup)
        uv_close((uv_handle_t *)&x->hangup->poll, hangup_closed);
    unwatched_remove(x);
    str_release(&x->body);
    mem_free(x->target);
    mem_free(x);
}

void exchange_end(void *arg, struct MHD_Connection *c, void **context,
                  enum MHD_RequestTerminationCode how)
{
    struct listen *s = arg;
    struct exchange *x = *context;
    const listen_id id = x ? x->id : 0;

    (void)c;
    if (!x)
        return;
    *context = NULL;
    x->peer->busy = false;
    x->peer->since_ms = listen_now(s);
    exchange_free(x);
    if (id && how != MHD_REQUEST_TERMINATED_COMPLETED_OK && !s->closing &&
        s->options.on_gone)
        s->options.on_gone(s->options.arg, id);
}

void exchange_resume_all(struct listen *s)
{
    struct exchange *x;

    for (size_t it = 0; (x = slots_next(&s->exchanges, &it));)
        resume(x);
}

/* ---- answers ---- */

static void free_body(void *body)
{
    mem_free(body);
}

static bool add_headers(struct MHD_Response *r, const struct listen_answer *a)
{
    bool ok = true;

    if (a->content_type)
        ok = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
                                     a->content_type) == MHD_YES;
    for (size_t i = 0; i < a->header_count && ok; i++)
        ok = MHD_add_response_header(r, a->headers[i].name,
                                     a->headers[i].value) == MHD_YES;
    return ok;
}

static struct MHD_Response *answer_response(const struct listen_answer *a)
{
    struct MHD_Response *r;
    char *body = NULL;

    if (a->body_len) {
        body = mem_alloc(a->body_len);
        if (!body)
            return NULL;
        memcpy(body, a->body, a->body_len);
    }
    r = MHD_create_response_from_buffer_with_free_callback(a->body_len, body,
                                                           free_body);
    if (!r) {
        mem_free(body);
        return NULL;
    }
    if (!add_headers(r, a)) {
        MHD_destroy_response(r);
        return NULL;
    }
    return r;
}

/* Without a body or a header of its own: cannot fail for want of our memory. */
static enum MHD_Result queue_plain(struct exchange *x, unsigned status)
{
    static char nothing[] = "";
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_NO;

    if (r) {
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
        rc = MHD_queue_response(x->connection, status, r);
        MHD_destroy_response(r);
    }
    return rc;
}

static enum MHD_Result queue_too_large(struct exchange *x)
{
    const struct listen_answer *a = x->server->options.too_large;
    struct MHD_Response *r = a ? answer_response(a) : NULL;
    enum MHD_Result rc;

    x->state = EXCHANGE_SENDING;
    if (!r)
        return queue_plain(x, MHD_HTTP_CONTENT_TOO_LARGE);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    rc = MHD_queue_response(x->connection, MHD_HTTP_CONTENT_TOO_LARGE, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result queue_given(struct exchange *x)
{
    struct MHD_Response *r = x->response;
    enum MHD_Result rc;

    x->response = NULL;
    x->state = EXCHANGE_SENDING;
    rc = MHD_queue_response(x->connection, x->status, r);
    MHD_destroy_response(r);
    return rc;
}

/* During a turn answers wait for its end: see on_turn. */
static void given(struct exchange *x, unsigned status, struct MHD_Response *r)
{
    struct listen *s = x->server;

    x->state = EXCHANGE_GIVEN;
    x->status = status;
    x->response = r;
    if (!s->running) {
        resume(x);
        return;
    }
    x->ready_next = s->ready;
    s->ready = x;
}

void exchange_flush(struct listen *s)
{
    while (s->ready) {
        struct exchange *x = s->ready;

        s->ready = x->ready_next;
        resume(x);
    }
}

static const struct listen_answer answer_failed = {.status = 500};

static struct exchange *asked(struct listen *s, listen_id id)
{
    struct exchange *x = slots_find(&s->exchanges, id);

    assert(!x || x->state == EXCHANGE_ASKED);
    return x && !x->gone ? x : NULL;
}

bool listen_answer(struct listen *s, listen_id id,
                   const struct listen_answer *answer)
{
    struct exchange *x = asked(s, id);
    struct MHD_Response *r;

    if (!x)
        return false;
    r = answer_response(answer);
    if (!r) {
        answer = &answer_failed;
        r = answer_response(answer);
    }
    if (r)
        given(x, (unsigned)answer->status, r);
    else {
        x->gone = true; /* not even that: its connection is closed */
        resume(x);
    }
    return true;
}

/* ---- streams ---- */

/* The next piece is at hand; false: nothing now, or it is over. */
static bool stream_pull(struct exchange *x)
{
    if (x->piece_len > 0)
        return true;
    if (x->ended)
        return false;
    switch (x->source.next(x->source.arg, &x->piece, &x->piece_len)) {
    case LISTEN_PIECE:
        return x->piece_len > 0;
    case LISTEN_END:
        x->ended = true;
        break;
    case LISTEN_LATER:
        break;
    }
    x->piece_len = 0;
    return false;
}

static ssize_t stream_read(void *arg, uint64_t position, char *out, size_t max)
{
    struct exchange *x = arg;
    size_t len = 0;

    (void)position;
    if (x->gone || x->server->closing)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    while (len < max && stream_pull(x)) {
        size_t n = x->piece_len < max - len ? x->piece_len : max - len;

        memcpy(out + len, x->piece, n);
        x->piece += n;
        x->piece_len -= n;
        len += n;
    }
    if (len > 0)
        return (ssize_t)len;
    if (x->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(x);
    return 0;
}

bool listen_stream(struct listen *s, listen_id id,
                   const struct listen_answer *answer,
                   const struct listen_source *source)
{
    struct exchange *x = asked(s, id);
    struct MHD_Response *r = NULL;

    if (x)
        r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
                                              stream_read, x, NULL);
    if (r && !add_headers(r, answer)) {
        MHD_destroy_response(r);
        r = NULL;
    }
    if (!r) {
        if (source->free_arg)
            source->free_arg(source->arg);
        return x && listen_answer(s, id, &answer_failed);
    }
    x->source = *source;
    given(x, (unsigned)answer->status, r);
    return true;
}

void listen_wake(struct listen *s, listen_id id)
{
    struct exchange *x = slots_find(&s->exchanges, id);

    if (x && x->state == EXCHANGE_SENDING)
        resume(x);
}

/* ---- the library's questions ---- */

const char *listen_header(const struct listen_request *r, const char *name)
{
    struct MHD_Connection *c = (struct MHD_Connection *)(uintptr_t)r->headers;

    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* The headers are there; may the body come? */
static enum MHD_Result look_at_headers(struct exchange *x)
{
    const char *length = MHD_lookup_connection_value(
        x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *expect = MHD_lookup_connection_value(
        x->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT);
    int64_t bytes;

    x->begun = true;
    x->peer->since_ms = listen_now(x->server);
    if (!length)
        return MHD_YES;
    if (!text_to_int64(length, strlen(length), &bytes) || bytes < 0)
        bytes = INT64_MAX;
    x->too_large = (uint64_t)bytes > x->server->options.max_body;
    if (x->too_large && (expect || (uint64_t)bytes > THROW_AWAY_MAX))
        return queue_too_large(x);
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *x, const char *data,
                                 size_t len)
{
    x->received += len;
    if (x->received > THROW_AWAY_MAX)
        return MHD_NO; /* close: nobody can be told */
    if (x->received > x->server->options.max_body)
        x->too_large = true;
    if (x->too_large)
        str_release(&x->body);
    else if (!x->failed && str_addn(&x->body, data, len) < 0)
        x->failed = true;
    return MHD_YES;
}

static enum MHD_Result hand_out(struct exchange *x, const char *method)
{
    struct listen *s = x->server;
    struct listen_request request = {.method = method,
                                     .target = x->target,
                                     .body = str_text(&x->body),
                                     .body_len = x->body.len,
                                     .headers = x->connection};

    x->peer->busy = true;
    if (x->too_large)
        return queue_too_large(x);
    if (!x->failed)
        x->id = slots_add(&s->exchanges, x);
    if (!x->id)
        return queue_plain(x, MHD_HTTP_INTERNAL_SERVER_ERROR);
    request.id = x->id;
    x->state = EXCHANGE_ASKED;
    s->turn = true;
    s->options.on_request(s->options.arg, &request);
    str_release(&x->body);
    suspend(x);
    return MHD_YES;
}

enum MHD_Result exchange_step(EXCHANGE_STEP_PARAMETERS)
{
    struct exchange *x = *context;

    (void)arg;
    (void)c;
    (void)url;
    (void)version;
    if (!x || x->gone || x->server->closing)
        return MHD_NO;
    if (!x->begun)
        return look_at_headers(x);
    if (*upload_len > 0) {
        size_t len = *upload_len;

        *upload_len = 0;
        return take_body(x, upload, len);
    }
    if (x->state == EXCHANGE_READING)
        return hand_out(x, method);
    return x->state == EXCHANGE_GIVEN ? queue_given(x) : MHD_YES;
}
