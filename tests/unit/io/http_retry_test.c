/* Second attempts: HT-8, AU-3, and what is never repeated. */
#include "client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#define OK_HI "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define BUSY(status, more)                                                     \
    "HTTP/1.1 " status "\r\n" more "Content-Length: 4\r\n\r\nbusy"

/* `text` is the first answer, then it is "hi". */
static void say_arg_once(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, p->number == 1 && p->asked == 1 ? p->text : OK_HI);
}

static void say_arg(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, p->text);
}

/* One request with `retry` set; how long it took. */
enum kind { READ, WRITE, REPEATABLE };

static uint64_t retried(script_fn script, const char *first, enum kind kind,
                        struct answer *a)
{
    bool write = kind != READ;
    struct request r = {.method = write ? HTTP_PATCH : HTTP_GET,
                        .path = "/",
                        .body = write ? "{}" : NULL,
                        .body_len = write ? 2 : 0};
    struct fixture f;
    struct http_call call = answer_call(a);
    uint64_t start;

    *a = (struct answer){0};
    call.retry = true;
    call.repeatable = kind == REPEATABLE;
    fixture_start(&f, (struct server_spec){.script = script, .text = first});
    start = clock_now_ms(loop_clock(f.loop));
    fixture_send(&f, &r, call);
    check(fixture_done(&f, a));
    start = clock_now_ms(loop_clock(f.loop)) - start;
    check_int(a->done, 1);
    fixture_stop(&f);
    return start;
}

TEST(http_comes_back_after_429_when_it_was_told_to)
{
    struct answer a;
    uint64_t ms =
        retried(say_arg_once,
                BUSY("429 Too Many Requests", "Retry-After: 1\r\n"), WRITE, &a);

    check_str(answer_error(&a), "");
    check_int(a.status, 200);
    check_str(a.body, "hi");
    check_str(a.retry_after, ""); /* nothing of the first answer is left */
    check(ms >= 1000);
}

TEST(http_comes_back_after_500_with_retry_after)
{
    struct answer a;

    retried(say_arg_once, BUSY("500 Oops", "Retry-After: 0\r\n"), WRITE, &a);
    check_int(a.status, 200);
    retried(say_arg_once, BUSY("503 Later", "Retry-After: 0\r\n"), READ, &a);
    check_int(a.status, 200);
}

TEST(http_takes_a_date_as_retry_after)
{
    struct answer a;

    retried(say_arg_once,
            BUSY("503 Later", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"),
            READ, &a);
    check_int(a.status, 200);
}

/* rows: S142, D27
 * broken: a 500 without Retry-After was sent again */
TEST(http_hands_out_a_failure_without_retry_after)
{
    struct answer a;

    retried(say_arg_once, BUSY("500 Oops", ""), READ, &a);
    check_int(a.status, 500);
    check_str(a.body, "busy");
    check(a.sent);
    retried(say_arg_once, BUSY("404 No", "Retry-After: 0\r\n"), READ, &a);
    check_int(a.status, 404);
}

/* Whatever stands there that is no time: the server is too busy, and a second
 * is what everybody waits then.
 * rows: D26
 * broken: SLOW_DOWN_MS of 0 */
TEST(http_comes_back_a_second_after_429_without_a_time)
{
    static const char *const first[] = {
        BUSY("429 Slow", ""),
        BUSY("429 Slow", "Retry-After: soon\r\n"),
        BUSY("429 Slow", "Retry-After: -7\r\n"),
    };
    struct answer a;

    for (unsigned i = 0; i < 3; i++) {
        uint64_t ms = retried(say_arg_once, first[i], WRITE, &a);

        check_int(a.status, 200);
        check(ms >= 1000);
    }
}

/* ---- all of the process slows down ---- */

/* 429 for the first request, whatever it is, and when the next one came. */
static void refuse_first(struct peer *p)
{
    while (peer_request(p))
        peer_send(p, p->asked == 1 && p->number == 1 ? p->text : OK_HI);
}

static void note_hold(void *arg, uint64_t ms)
{
    *(uint64_t *)arg += ms;
}

/* One request is refused; another, sent after that, must not be early. */
static uint64_t sent_after(const char *first, bool unfenced, uint64_t *ret_hold)
{
    struct request r = {
        .method = HTTP_PATCH, .path = "/", .body = "{}", .body_len = 2};
    struct answer refused = {0}, second = {0};
    struct http_call call;
    struct fixture f;
    uint64_t start;

    *ret_hold = 0;
    fixture_start(&f,
                  (struct server_spec){.script = refuse_first, .text = first});
    http_on_hold(f.http, note_hold, ret_hold);
    fixture_get(&f, "/", &refused); /* not to be repeated */
    start = clock_now_ms(loop_clock(f.loop));
    call = answer_call(&second);
    call.unfenced = unfenced;
    fixture_send(&f, &r, call);
    check(fixture_done(&f, &second));
    check_int(second.status, 200);
    start = clock_now_ms(loop_clock(f.loop)) - start;
    check(http_check(f.http));
    fixture_stop(&f);
    return start;
}

/* rows: D26
 * broken: http_retry_wait_ms() that looks at no hold */
TEST(http_holds_every_request_back_when_one_is_told_to_slow_down)
{
    uint64_t hold;

    check(sent_after(BUSY("429 Slow", "Retry-After: 2\r\n"), false, &hold) >=
          1900);
    check_int(hold, 2000);
    check(sent_after(BUSY("503 Later", "Retry-After: 1\r\n"), false, &hold) >=
          900);
    check_int(hold, 1000);
}

/* A Lease that is not renewed is lost; an aggregated API that is down is no
 * reason to wait for the others.
 * broken: http_retry_wait_ms() without `unfenced` */
TEST(http_holds_neither_the_lease_nor_for_a_503_without_a_time)
{
    uint64_t hold;

    check(sent_after(BUSY("429 Slow", "Retry-After: 60\r\n"), true, &hold) <
          30000);
    check_int(hold, 60000);
    sent_after(BUSY("503 Later", ""), false, &hold);
    check_int(hold, 0);
    sent_after(BUSY("500 Oops", "Retry-After: 60\r\n"), false, &hold);
    check_int(hold, 0);
}

/* rows: S142
 * broken: a request that is not to be repeated was */
TEST(http_does_not_come_back_unless_asked)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){
                          .script = say_arg_once,
                          .text = BUSY("429 Slow", "Retry-After: 0\r\n")});
    fixture_get(&f, "/", &a);
    check_int(a.status, 429);
    check(!a.sent); /* a write would not have happened */
    check_str(a.retry_after, "0");
    fixture_stop(&f);
}

/* rows: S142
 * broken: eleven repetitions */
TEST(http_gives_up_after_ten_repetitions)
{
    struct request r = {.method = HTTP_GET, .path = "/"};
    struct fixture f;
    struct answer a = {0};
    struct http_call call = answer_call(&a);

    call.retry = true;
    fixture_start(&f, (struct server_spec){
                          .script = say_arg,
                          .text = BUSY("503 Later", "Retry-After: 0\r\n")});
    fixture_send(&f, &r, call);
    check(fixture_done(&f, &a));
    check_int(a.status, 503);
    check_str(a.body, "busy");
    check_int(server_requests(f.server), 11);
    check_int(http_stats(f.http).retries, 10);
    fixture_stop(&f);
}

TEST(http_dials_anew_after_three_server_errors_in_a_row)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){.script = say_arg,
                                           .text = BUSY("500 Oops", "")});
    for (unsigned i = 0; i < 4; i++)
        fixture_get(&f, "/", &a);
    check_int(a.status, 500);
    check_int(server_connections(f.server), 2);
    fixture_stop(&f);
}

/* ---- lost connections ---- */

/* The first connection dies when it has read a request. */
static void die_once(struct peer *p)
{
    while (peer_request(p)) {
        if (p->number == 1) {
            peer_reset(p);
            return;
        }
        peer_send(p, OK_HI);
    }
}

static void hang_up_once(struct peer *p)
{
    while (peer_request(p) && p->number > 1)
        peer_send(p, OK_HI);
}

static void cut_once(struct peer *p)
{
    while (peer_request(p)) {
        if (p->number == 1) {
            peer_send(p, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi");
            return;
        }
        peer_send(p, OK_HI);
    }
}

TEST(http_repeats_what_may_be_repeated_when_its_connection_was_lost)
{
    static const script_fn scripts[] = {die_once, hang_up_once, cut_once};
    struct answer a;

    for (unsigned i = 0; i < 6; i++) {
        retried(scripts[i % 3], NULL, i < 3 ? READ : REPEATABLE, &a);
        check_str(answer_error(&a), "");
        check_int(a.status, 200);
        check_str(a.body, "hi");
    }
}

/* rows: S142, D27
 * broken: a write was sent again after its connection was lost */
TEST(http_never_repeats_a_write_whose_connection_was_lost)
{
    static const script_fn scripts[] = {die_once, hang_up_once, cut_once};
    struct answer a;

    for (unsigned i = 0; i < 3; i++) {
        retried(scripts[i], NULL, WRITE, &a);
        check_str(answer_error(&a), "CONNECT");
        check(a.sent); /* its outcome is unknown */
    }
}

/* Answers once, then takes the next request and dies without a word. */
static void die_on_second(struct peer *p)
{
    if (peer_request(p) && peer_send(p, OK_HI) && p->number == 1) {
        peer_request(p);
        peer_reset(p);
        return;
    }
    while (peer_request(p))
        peer_send(p, OK_HI);
}

TEST(http_does_not_let_libcurl_repeat_a_write_on_a_stale_connection)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){.script = die_on_second});
    fixture_write(&f, "{}", &a);
    check_int(a.status, 200);
    fixture_write(&f, "{}", &a);
    check_str(answer_error(&a), "CONNECT");
    check_has(a.err.msg, "before it answered");
    check(a.sent);
    check_int(server_requests(f.server), 2);
    fixture_stop(&f);
}

TEST(http_lets_libcurl_repeat_a_read_on_a_stale_connection)
{
    struct fixture f;
    struct answer a;

    fixture_start(&f, (struct server_spec){.script = die_on_second});
    fixture_get(&f, "/", &a);
    fixture_get(&f, "/", &a);
    check_int(a.status, 200);
    check_int(server_requests(f.server), 3);
    fixture_stop(&f);
}

static bool pass(void *arg, http_id id, const void *data, size_t len)
{
    (void)id;
    (void)data;
    *(size_t *)((struct answer *)arg)->arg += len;
    return true;
}

TEST(http_does_not_repeat_a_read_of_which_bytes_were_passed_on)
{
    struct request r = {.method = HTTP_GET, .path = "/"};
    struct fixture f;
    size_t passed = 0;
    struct answer a = {.arg = &passed};
    struct http_call call = answer_call(&a);

    call.retry = true;
    call.on_data = pass;
    fixture_start(&f, (struct server_spec){.script = cut_once});
    fixture_send(&f, &r, call);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "CONNECT");
    check_has(a.err.msg, "lost the connection");
    check_int(passed, 2);
    fixture_stop(&f);
}

/* ---- 401 ---- */

struct token_file {
    char path[64];
};

static void token_write(const struct token_file *t, const char *text)
{
    FILE *out = fopen(t->path, "w");

    if (check(out != NULL)) {
        fputs(text, out);
        fclose(out);
    }
}

static void token_make(struct token_file *t, const char *text)
{
    int fd;

    strcpy(t->path, "/tmp/tidelock-test-token-XXXXXX");
    fd = mkstemp(t->path);
    check(fd >= 0);
    close(fd);
    token_write(t, text);
}

/* Knows one token; writes it into the file when it sees another. */
static void know_new_token(struct peer *p)
{
    while (peer_request(p)) {
        if (strstr(p->head, "Authorization: Bearer new-token\r\n")) {
            peer_send(p, OK_HI);
            continue;
        }
        if (p->arg)
            token_write(p->arg, "new-token");
        peer_send(p, BUSY("401 Unauthorized", ""));
    }
}

TEST(http_renews_credentials_after_401_and_sends_once_more)
{
    struct token_file token;
    struct fixture f;
    struct answer a;

    token_make(&token, "old-token");
    fixture_init(&f,
                 (struct server_spec){.script = know_new_token, .arg = &token});
    f.config.token_file = token.path;
    fixture_client(&f);
    fixture_write(&f, "{}", &a); /* a write too: it was not acted on */
    check_str(answer_error(&a), "");
    check_int(a.status, 200);
    check_int(server_requests(f.server), 2);
    fixture_stop(&f);
    unlink(token.path);
}

TEST(http_hands_out_401_when_there_are_no_other_credentials)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = know_new_token});
    f.config.token = "old-token";
    fixture_client(&f);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "");
    check_int(a.status, 401);
    check(!a.sent);
    check_int(server_requests(f.server), 1);
    fixture_stop(&f);
}

static void always_401(struct peer *p)
{
    static unsigned counter;
    char text[32];

    while (peer_request(p)) {
        snprintf(text, sizeof text, "token-%u", ++counter);
        token_write(p->arg, text);
        peer_send(p, BUSY("401 Unauthorized", ""));
    }
}

/* rows: D19
 * broken: each 401 was answered with new credentials */
TEST(http_renews_credentials_only_once_for_a_request)
{
    struct token_file token;
    struct fixture f;
    struct answer a;

    token_make(&token, "old-token");
    fixture_init(&f, (struct server_spec){.script = always_401, .arg = &token});
    f.config.token_file = token.path;
    fixture_client(&f);
    fixture_get(&f, "/", &a);
    check_int(a.status, 401);
    check_int(server_requests(f.server), 2);
    fixture_stop(&f);
    unlink(token.path);
}

/* ---- no answer ---- */

TEST(http_names_a_refused_connection_and_does_not_repeat_it)
{
    struct request r = {.method = HTTP_PATCH, .path = "/"};
    struct fixture f;
    struct answer a = {0};
    struct http_call call = answer_call(&a);

    call.retry = true;
    fixture_start(&f, (struct server_spec){0});
    fixture_send(&f, &r, call);
    check(fixture_done(&f, &a));
    check_str(answer_error(&a), "CONNECT");
    check_has(a.err.msg, "cannot connect to 'http://127.0.0.1:");
    check_has(a.err.msg, "connection refused");
    check_has(a.err.hint, "API server");
    check(!a.sent);
    check_int(a.status, 0);
    check_int(http_stats(f.http).retries, 0);
    fixture_stop(&f);
}

static void stay_silent(struct peer *p)
{
    peer_request(p);
    peer_wait(p);
}

TEST(http_times_out_when_no_answer_comes_and_says_that_it_was_sent)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = stay_silent});
    f.limits.request_timeout_ms = 100;
    fixture_client(&f);
    fixture_write(&f, "{}", &a);
    check_str(answer_error(&a), "TIMEOUT");
    check_has(a.err.msg, "no answer");
    check(a.sent);
    fixture_stop(&f);
}

static void trickle(struct peer *p)
{
    if (peer_request(p) && peer_send(p, "HTTP/1.1 200 OK\r\n"))
        peer_wait(p);
}

TEST(http_gives_up_on_a_server_that_stops_in_the_middle)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = trickle});
    f.limits.low_speed_seconds = 1;
    fixture_client(&f);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "TIMEOUT");
    fixture_stop(&f);
}

/* A whole answer, at a byte each 25 ms. */
static void drip(struct peer *p)
{
    if (!peer_request(p) ||
        !peer_send(p, "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"))
        return;
    for (int i = 0; i < 300 && peer_send(p, "x"); i++)
        poll(NULL, 0, 25);
}

/* rows: D28
 * broken: a low speed limit of 1 byte a second, as it was */
TEST(http_gives_up_on_an_answer_that_trickles)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = drip});
    f.limits.low_speed_seconds = 1;
    fixture_client(&f);
    fixture_get(&f, "/", &a);
    check_str(answer_error(&a), "TIMEOUT");
    fixture_stop(&f);
}

/* TCP stands, TLS never comes: nothing was sent. */
TEST(http_connection_that_never_stands_is_not_an_unknown_outcome)
{
    struct fixture f;
    struct answer a;

    fixture_init(&f, (struct server_spec){.script = peer_wait});
    snprintf(f.url, sizeof f.url, "https://127.0.0.1:%u",
             server_port(f.server));
    f.limits.connect_timeout_ms = 100;
    fixture_client(&f);
    fixture_write(&f, "{}", &a);
    check_str(answer_error(&a), "CONNECT");
    check_has(a.err.msg, "no connection within 100 ms");
    check(!a.sent);
    fixture_stop(&f);
}
