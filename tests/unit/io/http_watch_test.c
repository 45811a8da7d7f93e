/* Watches of http.h: streams that live long. */
#include "client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

#define EVENT_1 "{\"type\":\"ADDED\"}\n"
#define EVENT_2 "{\"type\":\"BOOKMARK\"}\n"
static const char stream[] =
    CHUNKED "11\r\n" EVENT_1 "\r\n14\r\n" EVENT_2 "\r\n0\r\n\r\n";

/* The bytes of `stream` in two writes, cut behind the n-th. */
static void cut_stream(struct peer *p)
{
    const size_t *at = p->arg;

    if (!peer_request(p))
        return;
    peer_write(p, stream, *at);
    peer_write(p, stream + *at, sizeof stream - 1 - *at);
    peer_wait(p);
}

TEST(http_watch_passes_on_a_stream_that_is_cut_anywhere)
{
    struct fixture f;
    struct answer a;

    for (size_t at = 1; at < sizeof stream - 1; at++) {
        a = (struct answer){0};
        fixture_start(&f,
                      (struct server_spec){.script = cut_stream, .arg = &at});
        fixture_watch(&f, "/api/v1/pods?watch=1", &a);
        check(fixture_done(&f, &a));
        check_str(answer_error(&a), "");
        check_int(a.status, 200);
        check_str(a.data, EVENT_1 EVENT_2);
        fixture_stop(&f);
    }
}

static void byte_by_byte(struct peer *p)
{
    if (!peer_request(p))
        return;
    for (size_t i = 0; i < sizeof stream - 1; i++)
        peer_write(p, stream + i, 1);
}

TEST(http_watch_takes_single_bytes)
{
    struct fixture f;
    struct answer a = {0};

    fixture_start(&f, (struct server_spec){.script = byte_by_byte});
    fixture_watch(&f, "/", &a);
    check(fixture_done(&f, &a));
    check_str(a.data, EVENT_1 EVENT_2);
    fixture_stop(&f);
}

/* Watches get one event and then nothing; everything else "hi". */
static void one_event(struct peer *p)
{
    while (peer_request(p)) {
        if (!strstr(p->head, "watch=1")) {
            peer_send(p, OK_HI);
            continue;
        }
        peer_send(p, CHUNKED "11\r\n" EVENT_1 "\r\n");
        peer_wait(p);
        return;
    }
}

static bool has_data(void *arg)
{
    return ((struct answer *)arg)->data_len > 0;
}

TEST(http_watches_have_connections_of_their_own)
{
    struct fixture f;
    struct answer a = {0}, b = {0}, c;

    fixture_start(&f, (struct server_spec){.script = one_event});
    fixture_get(&f, "/", &c);
    fixture_watch(&f, "/a?watch=1", &a);
    check(fixture_until(&f, has_data, &a));
    check(strstr(server_last(f.server, true), "Accept-Encoding") == NULL);
    fixture_watch(&f, "/b?watch=1", &b);
    check(fixture_until(&f, has_data, &b));
    fixture_get(&f, "/", &c); /* on the first connection again */
    check_int(c.status, 200);
    check_int(server_connections(f.server), 3);
    check_int(http_stats(f.http).watches, 2);
    check_int(http_stats(f.http).in_flight, 2);
    check_str(a.data, EVENT_1);
    check_int(a.done + b.done, 0);
    fixture_stop(&f);
    check_int(a.done + b.done, 0); /* http_free() tells nobody */
}

TEST(http_watch_that_falls_silent_times_out)
{
    struct fixture f;
    struct answer a = {0};

    fixture_init(&f, (struct server_spec){.script = one_event});
    f.limits.idle_timeout_ms = 80;
    fixture_client(&f);
    fixture_watch(&f, "/?watch=1", &a);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "TIMEOUT");
    check_has(a.err.msg, "no bytes");
    check_has(a.err.msg, "for 80 ms");
    check_str(a.data, EVENT_1);
    check_int(a.done, 1);
    fixture_stop(&f);
}

TEST(http_watch_without_a_first_byte_times_out)
{
    struct fixture f;
    struct answer a = {0};

    fixture_init(&f, (struct server_spec){.script = peer_wait});
    f.limits.idle_timeout_ms = 50;
    fixture_client(&f);
    fixture_watch(&f, "/?watch=1", &a);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "TIMEOUT");
    fixture_stop(&f);
}

/* Goes on as long as the client keeps asking: each event waits for a request
 * on another connection, so the test sets the pace. */
struct paced {
    pthread_mutex_t lock;
    pthread_cond_t more;
    unsigned due;
};

static void paced_events(struct peer *p)
{
    struct paced *pace = p->arg;

    if (!peer_request(p))
        return;
    peer_send(p, CHUNKED);
    for (unsigned sent = 0; sent < 10; sent++) {
        pthread_mutex_lock(&pace->lock);
        while (pace->due <= sent)
            pthread_cond_wait(&pace->more, &pace->lock);
        pthread_mutex_unlock(&pace->lock);
        peer_send(p, "1\r\nx\r\n");
    }
    peer_send(p, "0\r\n\r\n");
}

static void next_event(void *arg)
{
    struct paced *pace = arg;

    pthread_mutex_lock(&pace->lock);
    pace->due++;
    pthread_cond_signal(&pace->more);
    pthread_mutex_unlock(&pace->lock);
}

TEST(http_watch_lives_as_long_as_bytes_come)
{
    struct paced pace = {.lock = PTHREAD_MUTEX_INITIALIZER,
                         .more = PTHREAD_COND_INITIALIZER};
    struct fixture f;
    struct answer a = {0};

    fixture_init(&f,
                 (struct server_spec){.script = paced_events, .arg = &pace});
    f.limits.idle_timeout_ms = 1000;
    fixture_client(&f);
    fixture_watch(&f, "/?watch=1", &a);
    for (unsigned i = 1; i <= 10; i++) /* 2 s, twice the limit */
        loop_after(f.loop, i * 200, next_event, &pace);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "");
    check_int(a.data_len, 10);
    fixture_stop(&f);
}

/* ---- ends ---- */

static void say_arg_and_hang_up(struct peer *p)
{
    if (peer_request(p))
        peer_send(p, p->text);
}

static void watched(const char *answer, struct answer *a)
{
    struct fixture f;

    *a = (struct answer){0};
    fixture_start(&f, (struct server_spec){.script = say_arg_and_hang_up,
                                           .text = answer});
    fixture_watch(&f, "/?watch=1", a);
    check(fixture_done(&f, a));
    check_int(a->done, 1);
    fixture_stop(&f);
}

TEST(http_watch_puts_an_error_into_the_body_not_into_the_stream)
{
    struct answer a;

    watched("HTTP/1.1 410 Gone\r\nContent-Length: 5\r\n\r\nstale", &a);
    check_str(answer_error(&a), "");
    check_int(a.status, 410);
    check_str(a.body, "stale");
    check_int(a.data_len, 0);
}

TEST(http_watch_cut_inside_a_chunk_is_a_lost_connection)
{
    struct answer a;

    watched(CHUNKED "11\r\n{\"type\":", &a);
    check_str(answer_error(&a), "CONNECT");
    check_str(a.data, "{\"type\":");
    watched(CHUNKED "11\r\n" EVENT_1 "\r\n", &a); /* between two chunks */
    check_str(answer_error(&a), "CONNECT");
    check_str(a.data, EVENT_1);
}

TEST(http_watch_with_a_broken_chunk_ends_with_an_error)
{
    struct answer a;

    watched(CHUNKED "11\r\n" EVENT_1 "\r\nzz\r\n", &a);
    check(a.err.code != 0);
    check_str(a.data, EVENT_1);
}

static void trickle_error(struct peer *p)
{
    if (peer_request(p) &&
        peer_send(p, "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n"
                     "\r\n"))
        while (peer_send(p, "1\r\nx\r\n"))
            usleep(1000); /* a slow server, not a wait for anything */
}

TEST(http_watch_does_not_live_on_a_trickling_error)
{
    struct fixture f;
    struct answer a = {0};

    fixture_init(&f, (struct server_spec){.script = trickle_error});
    f.limits.idle_timeout_ms = 100;
    fixture_client(&f);
    fixture_watch(&f, "/?watch=1", &a);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "TIMEOUT");
    fixture_stop(&f);
}

static bool stop_it(struct answer *a)
{
    return a->pieces < 2;
}

TEST(http_watch_ends_when_the_receiver_says_so)
{
    struct fixture f;
    struct answer a = {.on_piece = stop_it};

    fixture_start(&f, (struct server_spec){.script = byte_by_byte});
    fixture_watch(&f, "/?watch=1", &a);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "CANCELLED");
    check_int(a.pieces, 2);
    check_int(a.status, 200);
    fixture_stop(&f);
}
