/* Ends of all kinds: cancelling in every phase, freeing with requests under
 * way, from inside callbacks, the fence, and memory that runs out. */
#include "client.h"

#include <string.h>

#include "base/mem.h"
#include "test.h"

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct request read_request = {.method = HTTP_GET, .path = "/"};
static const struct request write_request = {
    .method = HTTP_POST, .path = "/", .body = "{}", .body_len = 2};

static void say_hi(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, OK_HI);
}

static void stay_silent(struct peer *p)
{
    peer_request(p);
    peer_wait(p);
}

static void half_an_answer(struct peer *p)
{
    if (peer_request(p) &&
        peer_send(p, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
        peer_wait(p);
}

static void come_back_later(struct peer *p)
{
    while (peer_request(p))
        peer_answer(p, "HTTP/1.1 503 Later\r\nRetry-After: 60", "");
}

/* ---- cancel ---- */

static bool has_bytes(void *fixture)
{
    return http_stats(((struct fixture *)fixture)->http).bytes_in > 0;
}

static bool has_retried(void *fixture)
{
    return http_stats(((struct fixture *)fixture)->http).retries > 0;
}

/* How far the request may get before it is cancelled, or the client freed. */
enum moment { AT_ONCE, WAITING, IN_BODY, IN_PAUSE, MOMENTS };

static void reach(enum moment moment, struct fixture *f, struct answer *a)
{
    static const script_fn scripts[] = {say_hi, stay_silent, half_an_answer,
                                        come_back_later};
    struct http_call call;

    *a = (struct answer){0};
    call = answer_call(a);
    call.retry = true;
    fixture_start(f, (struct server_spec){.script = scripts[moment]});
    check(fixture_send(f, &read_request, call) != 0);
    if (moment == WAITING)
        check(fixture_requests(f, 1));
    if (moment == IN_BODY)
        check(fixture_until(f, has_bytes, f));
    if (moment == IN_PAUSE)
        check(fixture_until(f, has_retried, f));
    check_int(http_stats(f->http).in_flight, 1);
}

TEST(http_cancel_in_every_phase_is_final)
{
    struct fixture f;
    struct answer a, b;

    for (enum moment m = 0; m < MOMENTS; m++) {
        reach(m, &f, &a);
        http_cancel(f.http, a.id);
        check_int(http_stats(f.http).in_flight, 0);
        http_cancel(f.http, a.id); /* stale: nothing */
        http_cancel(f.http, 0);
        fixture_settle(&f);
        check_int(a.done, 0);
        if (m == AT_ONCE) { /* the client goes on */
            fixture_get(&f, "/", &b);
            check_int(b.status, 200);
        }
        fixture_stop(&f);
        check_int(a.done, 0);
    }
}

TEST(http_free_in_every_phase_leaves_nothing)
{
    struct fixture f;
    struct answer a;

    for (enum moment m = 0; m < MOMENTS; m++) {
        reach(m, &f, &a);
        fixture_stop(&f);
        check_int(a.done, 0);
    }
}

static void cancel_other(struct answer *a)
{
    struct fixture *f = ((struct answer *)a->arg)->arg;

    http_cancel(f->http, ((struct answer *)a->arg)->id);
    http_cancel(f->http, a->id); /* its own, stale already */
}

TEST(http_cancel_from_inside_on_done)
{
    struct fixture f;
    struct answer b = {.arg = &f};
    struct answer a = {.on_end = cancel_other, .arg = &b};

    fixture_start(&f, (struct server_spec){.script = say_hi});
    fixture_send(&f, &read_request, answer_call(&a));
    fixture_send(&f, &read_request, answer_call(&b));
    check(fixture_done(&f, &a));
    fixture_settle(&f);
    check_int(a.done, 1);
    check(b.done <= 1); /* it may have been faster */
    check_int(http_stats(f.http).in_flight, 0);
    fixture_stop(&f);
}

static void endless(struct peer *p)
{
    if (peer_request(p) && peer_send(p, CHUNKED))
        while (peer_send(p, "1\r\nx\r\n"))
            ;
}

static bool cancel_myself(struct answer *a)
{
    struct fixture *f = a->arg;

    http_cancel(f->http, a->id);
    return true; /* ignored: it is gone */
}

TEST(http_cancel_from_inside_on_data)
{
    struct fixture f;
    struct answer a = {.on_piece = cancel_myself, .arg = &f};

    fixture_start(&f, (struct server_spec){.script = endless});
    fixture_watch(&f, "/", &a);
    check(fixture_until(&f, has_bytes, &f));
    fixture_settle(&f);
    check_int(a.pieces, 1);
    check_int(a.done, 0);
    check_int(http_stats(f.http).in_flight, 0);
    fixture_stop(&f);
}

static bool free_in_piece(struct answer *a)
{
    struct fixture *f = a->arg;

    http_free(f->http);
    f->http = NULL;
    return true;
}

static void free_at_end(struct answer *a)
{
    free_in_piece(a);
}

static bool was_freed(void *fixture)
{
    return ((struct fixture *)fixture)->http == NULL;
}

TEST(http_free_from_inside_its_callbacks)
{
    struct fixture f;
    struct answer a, others[3];

    for (unsigned in_data = 0; in_data < 2; in_data++) {
        a = (struct answer){.arg = &f};
        if (in_data)
            a.on_piece = free_in_piece;
        else
            a.on_end = free_at_end;
        memset(others, 0, sizeof others);
        fixture_start(&f, (struct server_spec){.script = say_hi});
        for (unsigned i = 0; i < 3; i++)
            fixture_send(&f, &read_request, answer_call(&others[i]));
        if (in_data)
            fixture_watch(&f, "/", &a);
        else
            fixture_send(&f, &read_request, answer_call(&a));
        check(fixture_until(&f, was_freed, &f));
        fixture_settle(&f);
        check_int(a.done, in_data ? 0 : 1);
        fixture_stop(&f);
    }
}

static void send_next(struct answer *a)
{
    struct answer *next = a->arg;

    if (next)
        fixture_send(next->arg, &read_request, answer_call(next));
}

TEST(http_send_from_inside_on_done)
{
    struct fixture f;
    struct answer second = {.arg = &f};
    struct answer first = {.on_end = send_next, .arg = &second};

    fixture_start(&f, (struct server_spec){.script = say_hi});
    fixture_send(&f, &read_request, answer_call(&first));
    check(fixture_done(&f, &second));
    check_int(second.status, 200);
    check_int(server_connections(f.server), 1);
    fixture_stop(&f);
}

/* ---- the fence ---- */

struct fence {
    bool open;
    unsigned asked;
};

static bool may_write(void *arg)
{
    struct fence *fence = arg;

    fence->asked++;
    return fence->open;
}

TEST(http_fence_holds_back_writes_and_nothing_else)
{
    struct fence fence = {0};
    struct fixture f;
    struct answer a;
    struct http_call call = answer_call(&a);

    fixture_start(&f, (struct server_spec){.script = say_hi});
    http_set_fence(f.http, may_write, &fence);

    fixture_get(&f, "/", &a);
    check_int(a.status, 200);
    check_int(fence.asked, 0);

    fixture_write(&f, "{}", &a);
    check_str(answer_error(&a), "CANCELLED");
    check_has(a.err.msg, "lease");
    check(!a.sent);
    check_int(fence.asked, 1);
    check_int(server_requests(f.server), 1);

    call.unfenced = true;
    a = (struct answer){0};
    fixture_send(&f, &write_request, call);
    check(fixture_done(&f, &a));
    check_int(a.status, 200);
    check_int(fence.asked, 1);

    fence.open = true;
    fixture_write(&f, "{}", &a);
    check_int(a.status, 200);
    check_int(fence.asked, 2);
    fixture_stop(&f);
}

static void close_fence(struct answer *a)
{
    ((struct fence *)a->arg)->open = false;
}

/* Forty writes queue up; the first answer closes the fence. What has not been
 * sent by then never is. */
TEST(http_fence_is_asked_right_before_sending)
{
    struct fence fence = {.open = true};
    struct answer answers[40] = {0};
    struct fixture f;
    unsigned sent = 0, held_back = 0;

    fixture_start(&f, (struct server_spec){.script = say_hi});
    http_set_fence(f.http, may_write, &fence);
    for (unsigned i = 0; i < 40; i++) {
        answers[i].on_end = close_fence;
        answers[i].arg = &fence;
        fixture_send(&f, &write_request, answer_call(&answers[i]));
    }
    for (unsigned i = 0; i < 40; i++) {
        check(fixture_done(&f, &answers[i]));
        sent += answers[i].sent;
        held_back += answers[i].err.code == ERR_CANCELLED;
    }
    check_int(sent + held_back, 40);
    check(held_back >= 40 - 16); /* no more connections than that */
    check_int(server_requests(f.server), sent);
    fixture_stop(&f);
}

/* ---- out of memory ---- */

/* One request from birth to end, libcurl's memory included. */
static int get_once(const struct server_spec *spec, bool watch)
{
    struct fixture f;
    struct answer a = {0};
    int rc;

    fixture_start(&f, *spec);
    rc = -(int)f.err.code;
    if (f.http) {
        if (watch)
            fixture_watch(&f, "/?watch=1", &a);
        else
            fixture_send(&f, &read_request, answer_call(&a));
        if (a.id)
            check(fixture_done(&f, &a));
        rc = -(int)a.err.code;
        if (rc == 0)
            check_str(watch ? a.data : a.body, "hi");
    }
    fixture_stop(&f);
    return rc;
}

TEST_ALLOC(http_request_survives_out_of_memory)
{
    return get_once(&(struct server_spec){.script = say_hi}, false);
}

TEST_ALLOC(http_watch_survives_out_of_memory)
{
    return get_once(&(struct server_spec){.script = say_hi}, true);
}

/* Only up to the start: in the handshake libcurl 7.88 itself frees a text
 * twice when there is no memory to keep a TLS session. */
TEST_ALLOC(http_set_up_for_tls_survives_out_of_memory)
{
    const struct cert_kit *certs = cert_kit();
    struct fixture f;
    struct answer a = {0};
    int rc;

    fixture_init(
        &f, (struct server_spec){.script = say_hi, .cert = &certs->server});
    f.config.tls_server_name = "kubernetes.default.svc";
    f.config.proxy_url = "socks5://127.0.0.1:1";
    f.config.token = "secret";
    f.config.cert_data = certs->client.pem;
    f.config.cert_data_len = strlen(certs->client.pem);
    f.config.key_data = certs->client.key_pem;
    f.config.key_data_len = strlen(certs->client.key_pem);
    if (fixture_client(&f))
        fixture_send(&f, &write_request, answer_call(&a));
    rc = f.http ? -(int)a.err.code : -(int)f.err.code;
    fixture_stop(&f);
    return rc;
}
