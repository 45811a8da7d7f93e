/* Short requests of http.h over HTTP/1.1: what is sent, what is understood. */
#include "client.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void say_hi(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, OK_HI);
}

TEST(http_requests_share_a_kept_connection)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){.script = say_hi});
    for (unsigned i = 0; i < 3; i++) {
        fixture_get(&f, "/version", &a);
        check_str(answer_error(&a), "");
        check_int(a.status, 200);
        check_str(a.body, "hi");
        check(a.sent);
    }
    check_int(server_connections(f.server), 1);
    check_int(http_stats(f.http).requests, 3);
    check_int(http_stats(f.http).bytes_in, 6);
    check_int(http_stats(f.http).connections, 1);
    check_int(http_stats(f.http).in_flight, 0);
    fixture_stop(&f);
}

TEST(http_sends_the_headers_of_a_kubernetes_client)
{
    struct fixture f;
    struct answer a = {0};
    struct request r = {.method = HTTP_GET, .path = "/apis", .accept = "x/y"};
    struct http_call call = answer_call(&a);
    const char *head;

    fixture_init(&f, (struct server_spec){.script = say_hi});
    f.config.token = "secret-token";
    fixture_client(&f);
    call.if_none_match = "\"v1\"";
    fixture_send(&f, &r, call);
    fixture_done(&f, &a);
    head = server_last(f.server, true);
    check_has(head, "GET /apis HTTP/1.1\r\n");
    check_has(head, "\r\nAccept: x/y\r\n");
    check_has(head, "\r\nAuthorization: Bearer secret-token\r\n");
    check_has(head, "\r\nUser-Agent: tidelock/test (linux/amd64)\r\n");
    check_has(head, "\r\nIf-None-Match: \"v1\"\r\n");
    check_has(head, "\r\nAccept-Encoding: gzip\r\n");
    fixture_stop(&f);
}

TEST(http_sends_a_write_with_its_body_and_without_waiting_for_100)
{
    static char large[6000];
    struct fixture f;
    struct answer a;
    const char *head;

    memset(large, 'x', sizeof large - 1);
    fixture_start(&f, (struct server_spec){.script = say_hi});
    fixture_write(&f, large, &a);
    check_int(a.status, 200);
    check_str(server_last(f.server, false), large);
    head = server_last(f.server, true);
    check_has(head, "PATCH /api/v1/namespaces/default/configmaps/a HTTP");
    check_has(head, "\r\nContent-Type: application/apply-patch+yaml\r\n");
    check(strstr(head, "Expect") == NULL);
    fixture_stop(&f);
}

TEST(http_sends_every_method)
{
    static const enum http_method methods[] = {HTTP_POST, HTTP_PUT,
                                               HTTP_DELETE};
    struct fixture f;
    struct answer a = {0};
    char line[64];

    fixture_start(&f, (struct server_spec){.script = say_hi});
    for (unsigned i = 0; i < 6; i++) {
        struct request r = {.method = methods[i % 3], .path = "/p?q=1"};

        if (i >= 3) {
            r.body = "{}";
            r.body_len = 2;
        }
        fixture_send(&f, &r, answer_call(&a));
        fixture_done(&f, &a);
        check_int(a.status, 200);
        snprintf(line, sizeof line, "%s /p?q=1 HTTP/1.1\r\n",
                 http_method_name(r.method));
        check_has(server_last(f.server, true), line);
        check_str(server_last(f.server, false), i >= 3 ? "{}" : "");
    }
    fixture_stop(&f);
}

TEST(http_puts_the_path_prefix_of_the_server_before_every_path)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = say_hi});
    strcat(f.url, "/k8s/clusters/c-1/");
    fixture_client(&f);
    fixture_get(&f, "/api/v1/pods?limit=5", &a);
    check_has(server_last(f.server, true),
              "GET /k8s/clusters/c-1/api/v1/pods?limit=5 HTTP/1.1");
    fixture_stop(&f);
}

TEST(http_asks_for_no_compression_when_the_kubeconfig_says_so)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = say_hi});
    f.config.disable_compression = true;
    fixture_client(&f);
    fixture_get(&f, "/api", &a);
    check(strstr(server_last(f.server, true), "Accept-Encoding") == NULL);
    fixture_stop(&f);
}

TEST(http_refuses_a_line_break_in_a_header)
{
    struct fixture f;
    struct answer a = {0};
    struct request r = {
        .method = HTTP_GET, .path = "/apis", .accept = "a\r\nX-Evil: 1"};

    fixture_start(&f, (struct server_spec){.script = say_hi});
    check_int(fixture_send(&f, &r, answer_call(&a)), 0);
    check_str(answer_error(&a), "INVALID");
    fixture_settle(&f);
    check_int(a.done, 0);
    check_int(http_stats(f.http).in_flight, 0);
    fixture_stop(&f);
}

/* ---- answers ---- */

static void say_arg(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, p->text);
}

static void answered(const char *answer, struct answer *a)
{
    struct fixture f;

    fixture_start(&f, (struct server_spec){.script = say_arg, .text = answer});
    fixture_get(&f, "/api", a);
    fixture_stop(&f);
}

TEST(http_hands_out_errors_of_the_server_as_answers)
{
    struct answer a;

    answered("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!", &a);
    check_str(answer_error(&a), "");
    check_int(a.status, 404);
    check_str(a.body, "no!");
}

TEST(http_reports_etag_and_not_modified)
{
    struct answer a;

    answered("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n", &a);
    check_str(answer_error(&a), "");
    check_int(a.status, 304);
    check_str(a.etag, "\"v1\"");
    check_int(a.body_len, 0);
}

TEST(http_collects_warnings)
{
    struct answer a;

    answered("HTTP/1.1 200 OK\r\n"
             "Warning: 299 - \"first\"\r\n"
             "warning: 299 kube \"with \\\"quotes\\\"\", 299 - \"third\"\r\n"
             "Warning: 199 - \"not ours\", 299 - \"fourth\"\r\n"
             "Warning: garbage\r\n"
             "Warning: 299 - \"open\r\n"
             "Content-Length: 0\r\n\r\n",
             &a);
    check_int(a.status, 200);
    check_str(a.warning, "first\nwith \"quotes\"\nthird\nfourth\nopen");
}

TEST(http_forgets_headers_of_an_interim_answer)
{
    struct answer a;

    answered("HTTP/1.1 103 Early Hints\r\nETag: \"old\"\r\n"
             "Retry-After: 7\r\n\r\n"
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
             &a);
    check_int(a.status, 200);
    check_str(a.etag, "");
    check_str(a.retry_after, "");
}

TEST(http_never_follows_a_redirect_and_names_only_its_host)
{
    struct answer a;

    answered("HTTP/1.1 302 Found\r\nLocation: "
             "https://login.example.com/?secret=1\r\n"
             "Content-Length: 0\r\n\r\n",
             &a);
    check_str(answer_error(&a), "PROTOCOL");
    check_int(a.status, 302);
    check_has(a.err.msg, "redirect (302) to 'login.example.com'");
    check(strstr(a.err.msg, "secret") == NULL);
    check_has(a.err.hint, "not followed");
}

TEST(http_names_what_is_not_http)
{
    struct answer a;

    answered("SSH-2.0-OpenSSH_9.2\r\n", &a);
    check_str(answer_error(&a), "PROTOCOL");
    check_has(a.err.msg, "cannot understand the answer");
}

/* ---- compression and limits ---- */

/* 200,000 letters a, packed by gzip -9. */
static const unsigned char packed[230] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,         0x02, 0x03,
    0xed, 0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2,         0xa0, 0xac,
    0xeb, 0x5f, 0xc2, 0x0c, 0xfe, 0x40, 0x01, [220] = 0xaf, 0x01, 0x9b,
    0x53, 0x69, 0xe0, 0x40, 0x0d, 0x03, 0x00,
};

static void say_packed(struct peer *p)
{
    char head[128];

    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
             "Content-Length: %zu\r\n\r\n",
             sizeof packed);
    while (peer_request(p)) {
        peer_send(p, head);
        peer_write(p, packed, sizeof packed);
    }
}

TEST(http_unpacks_a_compressed_answer)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){.script = say_packed});
    fixture_get(&f, "/api/v1/pods", &a);
    check_str(answer_error(&a), "");
    check_int(a.status, 200);
    check_int(a.body_len, 200000);
    check_int(strspn(a.body, "a"), sizeof a.body - 1);
    fixture_stop(&f);
}

TEST(http_limit_counts_what_a_compressed_answer_unpacks_to)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = say_packed});
    f.limits.max_response = 50000;
    fixture_client(&f);
    fixture_get(&f, "/api/v1/pods", &a);
    check_str(answer_error(&a), "LIMIT");
    check_has(a.err.msg, "larger than 50000 bytes");
    check(http_stats(f.http).bytes_in < 100000);
    fixture_stop(&f);
}

TEST(http_names_an_encoding_it_did_not_ask_for)
{
    struct answer a;

    answered("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
             "Content-Length: 4\r\n\r\nnope",
             &a);
    check_str(answer_error(&a), "PROTOCOL");
}

TEST(http_answer_may_be_as_large_as_its_limit)
{
    struct fixture f;
    struct answer a;

    for (unsigned limit = 1; limit <= 2; limit++) {
        fixture_init(&f, (struct server_spec){.script = say_hi});
        f.limits.max_response = limit;
        fixture_client(&f);
        fixture_get(&f, "/", &a);
        check_str(answer_error(&a), limit == 2 ? "" : "LIMIT");
        fixture_stop(&f);
    }
}

static void say_endless_error(struct peer *p)
{
    static char block[65536];

    memset(block, 'e', sizeof block);
    if (peer_request(p) &&
        peer_send(p, "HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n"))
        while (peer_write(p, block, sizeof block))
            ;
}

TEST(http_cuts_an_endless_error_body_and_keeps_the_answer)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){.script = say_endless_error});
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "");
    check_int(a.status, 500);
    check_int(a.body_len, 1 << 20);
    fixture_stop(&f);
}

/* ---- many at once ---- */

TEST(http_opens_a_bounded_number_of_connections)
{
    enum { MANY = 60 };
    static struct answer answers[MANY];
    struct request r = {.method = HTTP_GET, .path = "/"};
    struct fixture f;

    memset(answers, 0, sizeof answers);
    fixture_start(&f, (struct server_spec){.script = say_hi});
    for (unsigned i = 0; i < MANY; i++)
        check(fixture_send(&f, &r, answer_call(&answers[i])) != 0);
    check_int(http_stats(f.http).in_flight, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        check(fixture_done(&f, &answers[i]));
        check_int(answers[i].status, 200);
    }
    check(server_connections(f.server) <= 16);
    fixture_stop(&f);
}
