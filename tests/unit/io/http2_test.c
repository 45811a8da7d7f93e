/* Short requests of http.h over HTTP/2: one connection, many streams. */
#include "client.h"
#include "http2.h"

#include <string.h>

#include "test.h"

#define MANY 30

static const struct request read_request = {.method = HTTP_GET, .path = "/"};
static const struct request write_request = {
    .method = HTTP_POST, .path = "/", .body = "{}", .body_len = 2};

/* Either protocol: watches come over HTTP/1.1. */
static void say_hi_1(struct peer *p)
{
    while (peer_request(p))
        peer_answer(p, "HTTP/1.1 200 OK", "one");
}

static void say_hi(struct peer *p)
{
    uint32_t stream;

    if (!p->http2)
        say_hi_1(p);
    else if (h2_start(p))
        while ((stream = h2_request(p)))
            h2_answer(p, stream, "two", true);
}

static void start(struct fixture *f, script_fn script)
{
    fixture_start(f, (struct server_spec){.script = script,
                                          .cert = &cert_kit()->server,
                                          .http2 = true});
}

TEST(http2_is_negotiated_and_carries_many_requests_at_once)
{
    static struct answer answers[MANY];
    struct fixture f;

    memset(answers, 0, sizeof answers);
    start(&f, say_hi);
    for (unsigned i = 0; i < MANY; i++)
        fixture_send(&f, i % 2 ? &write_request : &read_request,
                     answer_call(&answers[i]));
    for (unsigned i = 0; i < MANY; i++) {
        check(fixture_done(&f, &answers[i]));
        check_str(answer_error(&answers[i]), "");
        check_str(answers[i].body, "two");
    }
    check_int(server_connections(f.server), 1);
    check_int(http_stats(f.http).connections, 1);
    check_int(http_stats(f.http).http2, MANY);
    fixture_stop(&f);
}

TEST(http2_does_not_carry_watches)
{
    struct fixture f;
    struct answer a, w = {0};

    start(&f, say_hi);
    fixture_get(&f, "/", &a);
    fixture_watch(&f, "/?watch=1", &w);
    check(fixture_done(&f, &w));
    check_str(w.data, "one");
    check_int(server_connections(f.server), 2);
    check_int(http_stats(f.http).http2, 1);
    fixture_stop(&f);
}

/* Collects three requests, answers the last two when the first was reset. */
static void answer_after_reset(struct peer *p)
{
    uint32_t streams[3];

    if (!h2_start(p))
        return;
    p->body_len = 0;
    for (unsigned i = 0; i < 3; i++)
        streams[i] = h2_request(p);
    h2_request(p); /* a fourth, behind the reset */
    if (p->body_len == 1) {
        h2_answer(p, streams[1], "two", true);
        h2_answer(p, streams[2], "two", true);
    }
    peer_wait(p);
}

TEST(http2_cancelling_one_request_leaves_the_others_alone)
{
    struct answer answers[4] = {0};
    struct fixture f;

    start(&f, answer_after_reset);
    for (unsigned i = 0; i < 3; i++)
        fixture_send(&f, &read_request, answer_call(&answers[i]));
    check(fixture_requests(&f, 3));
    http_cancel(f.http, answers[0].id);
    fixture_send(&f, &read_request, answer_call(&answers[3]));
    check(fixture_done(&f, &answers[1]));
    check(fixture_done(&f, &answers[2]));
    check_str(answers[1].body, "two");
    check_str(answers[2].body, "two");
    check_int(answers[0].done + answers[3].done, 0);
    check_int(server_connections(f.server), 1);
    fixture_stop(&f);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* Answers what comes when it has seen all three. */
static void answer_two_of_three(struct peer *p)
{
    uint32_t a, b;

    if (!h2_start(p))
        return;
    a = h2_request(p);
    b = h2_request(p);
    h2_answer(p, a, "two", true);
    h2_answer(p, b, "two", true);
    peer_wait(p);
}

TEST(http2_fence_holds_back_a_write_and_keeps_the_connection)
{
    struct answer answers[3] = {0};
    struct fixture f;

    start(&f, answer_two_of_three);
    http_set_fence(f.http, never, NULL);
    fixture_send(&f, &read_request, answer_call(&answers[0]));
    fixture_send(&f, &write_request, answer_call(&answers[1]));
    fixture_send(&f, &read_request, answer_call(&answers[2]));
    for (unsigned i = 0; i < 3; i++)
        check(fixture_done(&f, &answers[i]));
    check_str(answers[0].body, "two");
    check_str(answer_error(&answers[1]), "CANCELLED");
    check(!answers[1].sent);
    check_str(answers[2].body, "two");
    check_int(server_connections(f.server), 1);
    fixture_stop(&f);
}

/* ---- servers that go away ---- */

/* Says with its first answer that it will go; that stream and those under way
 * are answered, later ones are not (they were never looked at). */
static void answer_and_go(struct peer *p)
{
    uint32_t stream;

    if (!h2_start(p) || !(stream = h2_request(p)))
        return;
    if (p->number == 1) {
        h2_goaway(p, stream);
        h2_answer(p, stream, "two", true);
        peer_wait(p);
        return;
    }
    h2_answer(p, stream, "two", true);
    while ((stream = h2_request(p)))
        h2_answer(p, stream, "two", true);
}

TEST(http2_goaway_fails_no_request)
{
    struct fixture f;
    struct answer a;

    start(&f, answer_and_go);
    for (unsigned i = 0; i < 4; i++) {
        fixture_write(&f, "{}", &a);
        check_str(answer_error(&a), "");
        check_str(a.body, "two");
    }
    check_int(server_connections(f.server), 2);
    fixture_stop(&f);
}

static void refuse_first(struct peer *p)
{
    uint32_t stream;

    if (!h2_start(p) || !(stream = h2_request(p)))
        return;
    if (p->number == 1)
        h2_reset(p, stream, H2_REFUSED_STREAM);
    else
        h2_answer(p, stream, "two", true);
    while ((stream = h2_request(p)))
        h2_answer(p, stream, "two", true);
}

TEST(http2_refused_read_is_sent_again)
{
    struct fixture f;
    struct answer a;

    start(&f, refuse_first);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "");
    check_str(a.body, "two");
    fixture_stop(&f);
}

TEST(http2_refused_write_is_sent_again_if_it_is_repeatable)
{
    struct fixture f;
    struct answer a = {0};
    struct http_call call = answer_call(&a);

    call.repeatable = true;
    start(&f, refuse_first);
    fixture_send(&f, &write_request, call);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "");
    check_str(a.body, "two");
    fixture_stop(&f);
}

/* libcurl does not say that the stream was refused, so another write counts
 * as possibly done: the caller looks, which is never wrong. */
TEST(http2_refused_write_has_an_unknown_outcome)
{
    struct fixture f;
    struct answer a;

    start(&f, refuse_first);
    fixture_write(&f, "{}", &a);
    check_str(answer_error(&a), "CONNECT");
    check(a.sent);
    fixture_stop(&f);
}

static void vanish(struct peer *p)
{
    if (h2_start(p) && h2_request(p))
        peer_reset(p);
}

TEST(http2_lost_connection_ends_all_its_requests)
{
    struct answer answers[5] = {0};
    struct fixture f;

    start(&f, vanish);
    for (unsigned i = 0; i < 5; i++)
        fixture_send(&f, &write_request, answer_call(&answers[i]));
    for (unsigned i = 0; i < 5; i++) {
        check(fixture_done(&f, &answers[i]));
        check_str(answer_error(&answers[i]), "CONNECT");
    }
    fixture_stop(&f);
}
