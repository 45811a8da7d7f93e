/* The HTTP server: what clients say to it, how it answers, what it bears. */
#include "listen_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "support/certs.h"
#include "test.h"

#define GET "GET /a%2Fb?x=%20y HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n\r\n"

static struct dial one, two;

TEST(listen_hands_out_a_request_as_it_was_sent)
{
    struct site s = {0};

    if (!check(site_open(&s, (struct listen_options){0})))
        return;
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "HTTP/1.1 200 OK\r\n"));
    check(dial_hear(&one, "X-Test: yes\r\n"));
    check(dial_hear(&one, "\r\n\r\nhi"));
    check_str(s.last.method, "GET");
    check_str(s.last.target, "/a%2Fb?x=%20y");
    check_str(s.last.agent, "me");
    check_int(s.last.body_len, 0);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_keeps_the_connection_for_the_next_request)
{
    struct site s = {0};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    for (unsigned i = 1; i <= 5; i++) {
        dial_say(&one, GET);
        check(dial_hear(&one, "\r\n\r\nhi"));
        check_int(s.requests, i);
    }
    dial_say(&one, GET GET GET); /* without waiting */
    for (unsigned i = 0; i < 3; i++)
        check(dial_hear(&one, "\r\n\r\nhi"));
    check(!one.ended);
    check_int(s.gone, 0);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_takes_bodies_with_a_length_and_in_chunks)
{
    struct site s = {0};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one,
             "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    loop_turn(s.loop, false);
    check_int(s.requests, 0); /* not before it is complete */
    dial_say(&one, "cde");
    check(dial_hear(&one, "\r\n\r\nhi"));
    check_str(s.last.method, "POST");
    check_str(s.last.body, "abcde");
    dial_say(&one, "PATCH /p HTTP/1.1\r\nHost: a\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n");
    dial_say(&one, "2\r\nuv\r\n0\r\n\r\n");
    check(dial_hear(&one, "\r\n\r\nhi"));
    check_str(s.last.method, "PATCH");
    check_str(s.last.body, "xyzuv");
    dial_close(&one);
    site_close(&s);
}

TEST(listen_says_continue_to_whoever_waits_for_it)
{
    struct site s = {0};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, "PUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                   "Expect: 100-continue\r\n\r\n");
    check(dial_hear(&one, "HTTP/1.1 100 Continue\r\n\r\n"));
    dial_say(&one, "ab");
    check(dial_hear(&one, "\r\n\r\nhi"));
    check_str(s.last.body, "ab");
    dial_close(&one);
    site_close(&s);
}

TEST(listen_answers_head_without_the_body)
{
    struct site s = {0};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    check(dial_hear(&one, "Content-Length: 2\r\n\r\n"));
    check_int(one.len, 0);
    dial_say(&one, GET);
    check(dial_hear(&one, "HTTP/1.1 200 OK\r\n"));
    dial_close(&one);
    site_close(&s);
}

static void check_too_large(struct site *s, const char *head, bool body)
{
    static const struct listen_answer told = {
        .status = 413, .content_type = "a/b", .body = "large", .body_len = 5};

    check(site_open(s, (struct listen_options){.too_large = &told}));
    check(dial_open(&one, s, false));
    dial_say(&one, head);
    for (unsigned i = 0; i < 20 && body; i++)
        dial_say(&one, "64\r\n0123456789012345678901234567890123456789012345678"
                       "901234567890123456789012345678901234567890123456789"
                       "\r\n");
    if (body)
        dial_say(&one, "0\r\n\r\n");
    check(dial_hear(&one, "HTTP/1.1 413 "));
    check(dial_hear(&one, "Connection: close"));
    check(dial_hear(&one, "\r\n\r\nlarge"));
    check(dial_hear_end(&one));
    check_int(s->requests, 0);
    dial_close(&one);
    /* others are not touched */
    check(dial_open(&one, s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\nhi"));
    dial_close(&one);
    site_close(s);
}

TEST(listen_refuses_a_body_that_is_too_large_by_its_length)
{
    struct site s = {0};
    static char text[3000];
    int n = snprintf(text, sizeof(text),
                     "POST / HTTP/1.1\r\nHost: a\r\n"
                     "Content-Length: 2000\r\n\r\n");

    memset(text + n, 'x', 2000);
    check_too_large(&s, text, false);
}

TEST(listen_refuses_a_body_that_is_too_large_while_it_comes)
{
    struct site s = {0};

    check_too_large(&s,
                    "POST / HTTP/1.1\r\nHost: a\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n",
                    true);
}

TEST(listen_refuses_a_large_body_before_it_is_sent)
{
    struct site s = {0};

    check_too_large(&s,
                    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 2000\r\n\r\n",
                    false);
}

TEST(listen_refuses_headers_without_end)
{
    struct site s = {0};
    static char line[1100];

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, "GET / HTTP/1.1\r\nHost: a\r\n");
    memset(line, 'h', 1000);
    strcpy(line + 1000, ": v\r\n");
    for (int i = 0; i < 200 && !one.ended; i++)
        dial_say(&one, line);
    check(dial_hear(&one, "HTTP/1.1 431 "));
    check_int(s.requests, 0);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_refuses_what_is_not_http)
{
    static const char *const texts[] = {
        "hello\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", /* no Host */
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    };
    struct site s = {0};

    check(site_open(&s, (struct listen_options){0}));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check(dial_open(&one, &s, false));
        dial_say(&one, texts[i]);
        check(dial_hear_end(&one));
        dial_close(&one);
    }
    check_int(s.requests, 0);
    site_close(&s);
}

TEST(listen_answers_later_and_in_any_order)
{
    struct site s = {.later = true};
    listen_id first;

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    check(dial_open(&two, &s, false));
    dial_say(&one, GET);
    check(site_until(&s, &s.requests, 1));
    first = s.last.id;
    dial_say(&two, GET);
    check(site_until(&s, &s.requests, 2));
    check(site_answer(&s, s.last.id, "second"));
    check(dial_hear(&two, "\r\n\r\nsecond"));
    check_int(one.len, 0);
    check(site_answer(&s, first, "first"));
    check(dial_hear(&one, "\r\n\r\nfirst"));
    dial_close(&one);
    dial_close(&two);
    site_close(&s);
}

TEST(listen_ends_a_turn_before_an_answer_leaves)
{
    struct site s = {0};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\nhi"));
    check_int(s.turns, 1);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_says_nothing_more_when_it_is_halted)
{
    struct site s = {.halts = true};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(site_until(&s, &s.turns, 1));
    dial_say(&one, GET);
    for (int i = 0; i < 50; i++)
        loop_turn(s.loop, false);
    check_int(s.requests, 1);
    listen_close(s.listen);
    s.listen = NULL;
    check(!dial_hear(&one, "HTTP"));
    check_int(one.len, 0);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_tells_when_the_peer_of_a_request_has_gone)
{
    struct site s = {.later = true};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(site_until(&s, &s.requests, 1));
    dial_close(&one);
    check(site_until(&s, &s.gone, 1));
    check(!site_answer(&s, s.last.id, "late"));
    site_close(&s);
}

TEST(listen_streams_what_there_is_and_waits_without_turning)
{
    struct site s = {.stream = true, .line = "line\n", .end = 5};
    unsigned before;

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    /* the headers come before there is anything to say */
    check(dial_hear(&one, "\r\n\r\n"));
    s.lines = 2;
    listen_wake(s.listen, s.last.id);
    check(dial_hear(&one, "line\nline\n"));
    before = s.pulls;
    for (int i = 0; i < 50; i++)
        loop_turn(s.loop, false);
    check(s.pulls <= before + 1);
    s.lines = 5;
    listen_wake(s.listen, s.last.id);
    check(dial_hear(&one, "line\nline\nline\n"));
    check(dial_hear(&one, "0\r\n\r\n"));
    check_int(s.freed, 1);
    check_int(s.gone, 0);
    /* the connection is good for more */
    s.stream = false;
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\nhi"));
    dial_close(&one);
    site_close(&s);
}

TEST(listen_frees_a_stream_whose_peer_has_gone)
{
    struct site s = {.stream = true, .line = "line\n", .end = 5};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\n"));
    dial_close(&one); /* while there is nothing to say */
    check(site_until(&s, &s.freed, 1));
    check_int(s.gone, 1);
    listen_wake(s.listen, s.last.id); /* stale: nothing */
    site_close(&s);
}

TEST(listen_closes_with_streams_and_requests_open)
{
    struct site s = {.stream = true, .line = "line\n", .end = 5};

    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\n"));
    s.later = true;
    check(dial_open(&two, &s, false));
    dial_say(&two, GET);
    check(site_until(&s, &s.requests, 2));
    site_close(&s);
    check_int(s.freed, 1);
    check_int(s.gone, 0);
    dial_close(&one);
    dial_close(&two);
}

TEST(listen_sends_large_answers_whole)
{
    struct site s = {.answer_len = 3000000};
    size_t heard = 0;

    s.big = malloc(s.answer_len);
    memset(s.big, 'x', s.answer_len);
    check(site_open(&s, (struct listen_options){0}));
    check(dial_open(&one, &s, false));
    dial_say(&one, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check(dial_hear(&one, "\r\n\r\n"));
    while (!one.ended) {
        heard += one.len;
        one.len = 0;
        one.heard[0] = '\0';
        if (!dial_hear(&one, "x"))
            break;
        heard++;
    }
    check_int(heard, s.answer_len);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_hangs_up_on_a_connection_that_says_nothing)
{
    struct site s = {0};

    check(site_open(&s, (struct listen_options){.idle_seconds = 1}));
    check(dial_open(&one, &s, false));
    check(dial_hear_end(&one));
    dial_close(&one);
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\nhi"));
    check(dial_hear_end(&one)); /* nor after a request */
    dial_close(&one);
    site_close(&s);
}

TEST(listen_hangs_up_on_a_request_that_drips)
{
    struct site s = {0};
    const struct clock *clock = clock_real();
    uint64_t start = clock_now_ms(clock), next = start;

    check(site_open(&s, (struct listen_options){.idle_seconds = 1}));
    check(dial_open(&one, &s, false));
    dial_say(&one, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    while (!one.ended && clock_now_ms(clock) - start < 10000) {
        if (clock_now_ms(clock) >= next) {
            dial_say(&one, "x");
            next += 200;
        }
        dial_hear(&one, "HTTP");
        loop_turn(s.loop, false);
    }
    check(one.ended);
    dial_close(&one);
    site_close(&s);
}

TEST(listen_leaves_a_quiet_stream_and_a_slow_answer_alone)
{
    struct site s = {.stream = true, .line = "line\n", .end = 5};
    const struct clock *clock = clock_real();
    uint64_t start = clock_now_ms(clock);

    check(site_open(&s, (struct listen_options){.idle_seconds = 1}));
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\n"));
    while (clock_now_ms(clock) - start < 3500)
        loop_turn(s.loop, true);
    s.lines = 1;
    listen_wake(s.listen, s.last.id);
    check(dial_hear(&one, "line\n"));
    dial_close(&one);
    site_close(&s);
}

TEST(listen_bounds_the_number_of_connections)
{
    static struct dial many[4];
    struct site s = {.later = true};

    check(site_open(&s, (struct listen_options){.max_connections = 3}));
    for (unsigned i = 0; i < 4; i++) {
        check(dial_open(&many[i], &s, false));
        dial_say(&many[i], GET);
    }
    check(site_until(&s, &s.requests, 3));
    for (int i = 0; i < 50; i++)
        loop_turn(s.loop, false);
    check_int(s.requests, 3);
    dial_close(&many[0]); /* whichever it was */
    dial_close(&many[1]);
    check(site_until(&s, &s.requests, 4));
    dial_close(&many[2]);
    dial_close(&many[3]);
    site_close(&s);
}

TEST(listen_speaks_tls)
{
    const struct cert_kit *kit = cert_kit();
    struct site s = {0};

    check(site_open(&s,
                    (struct listen_options){.certificate_pem = kit->server.pem,
                                            .key_pem = kit->server.key_pem}));
    if (!check(dial_open(&one, &s, true)))
        return;
    for (int i = 0; i < 3; i++) {
        dial_say(&one, GET);
        check(dial_hear(&one, "\r\n\r\nhi"));
    }
    s.stream = true;
    strcpy(s.line, "line\n");
    s.end = 5;
    dial_say(&one, GET);
    check(dial_hear(&one, "\r\n\r\n"));
    s.lines = 3;
    listen_wake(s.listen, s.last.id);
    check(dial_hear(&one, "line\nline\nline\n"));
    dial_close(&one);
    check(site_until(&s, &s.gone, 1));
    /* what is not TLS is hung up on */
    check(dial_open(&one, &s, false));
    dial_say(&one, GET);
    check(dial_hear_end(&one));
    dial_close(&one);
    site_close(&s);
}

TEST(listen_says_why_it_cannot_listen)
{
    struct site s = {0}, t = {0};

    check(site_open(&s, (struct listen_options){0}));
    check(
        !site_open(&t, (struct listen_options){.port = listen_port(s.listen)}));
    check_int(t.err.code, ERR_IO);
    check_has(t.err.msg, "cannot listen on 127.0.0.1 port ");
    check_has(t.err.msg, "Address already in use");
    check(!site_open(&t, (struct listen_options){.address = "localhost"}));
    check_str(t.err.msg, "'localhost' is no IP address");
    check(!site_open(
        &t, (struct listen_options){.certificate_pem = "x", .key_pem = "y"}));
    check_has(t.err.msg, "is the certificate right?");
    site_close(&s);
    site_close(&t);
}

TEST(listen_listens_on_ipv6)
{
    struct site s = {0};

    if (!site_open(&s, (struct listen_options){.address = "::1"}))
        test_skip("no IPv6 here");
    else
        check(listen_port(s.listen) != 0);
    site_close(&s);
}

TEST_ALLOC(listen_survives_out_of_memory)
{
    struct site s = {0};
    int rc = site_open(&s, (struct listen_options){0}) ? 0 : -ERR_NOMEM;

    if (rc == 0 && !dial_open(&one, &s, false))
        rc = -ERR_NOMEM;
    if (rc == 0) {
        dial_say(&one, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                       "\r\nab");
        if (!dial_hear(&one, "\r\n\r\nhi"))
            rc = -ERR_NOMEM;
        dial_close(&one);
    }
    site_close(&s);
    return rc;
}

TEST_ALLOC(listen_streams_survive_out_of_memory)
{
    struct site s = {.stream = true, .line = "line\n", .lines = 2, .end = 2};
    int rc = site_open(&s, (struct listen_options){0}) ? 0 : -ERR_NOMEM;

    if (rc == 0 && !dial_open(&one, &s, false))
        rc = -ERR_NOMEM;
    if (rc == 0) {
        dial_say(&one, GET);
        if (!dial_hear(&one, "line\nline\n"))
            rc = -ERR_NOMEM;
        dial_close(&one);
    }
    site_close(&s);
    return rc;
}
