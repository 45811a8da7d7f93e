/* See client.h. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "test.h"

#define DEADLINE_MS 10000

/* ---- libcurl counts as ours, so its leaks and failures are tested ---- */

static void *curl_realloc(void *ptr, size_t size)
{
    return mem_realloc(ptr, size ? size : 1);
}

/* Before anybody uses libcurl; see the note on memory in http.c. */
__attribute__((constructor)) static void route_memory(void)
{
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_alloc, mem_free,
                             curl_realloc, mem_strdup, mem_calloc))
        abort();
}

/* ---- what the client reports ---- */

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void on_done(void *arg, http_id id, const struct http_result *r,
                    const struct err *err)
{
    struct answer *a = arg;

    check_int(id, a->id);
    a->done++;
    a->status = r->status;
    a->sent = r->sent;
    a->body_len = r->body_len;
    copy(a->body, sizeof a->body, r->body);
    copy(a->retry_after, sizeof a->retry_after, r->retry_after);
    copy(a->warning, sizeof a->warning, r->warning);
    copy(a->etag, sizeof a->etag, r->etag);
    a->err = *err;
    if (a->on_end)
        a->on_end(a);
}

static bool on_data(void *arg, http_id id, const void *data, size_t len)
{
    struct answer *a = arg;
    size_t room = sizeof a->data - 1 - a->data_len;

    check_int(id, a->id);
    check_int(a->done, 0);
    if (len > room)
        len = room;
    memcpy(a->data + a->data_len, data, len);
    a->data_len += len;
    a->data[a->data_len] = '\0';
    a->pieces++;
    return a->on_piece ? a->on_piece(a) : true;
}

const char *answer_error(const struct answer *a)
{
    return a->err.code ? err_name(a->err.code) : "";
}

/* ---- fixture ---- */

void fixture_init(struct fixture *f, struct server_spec spec)
{
    *f = (struct fixture){0};
    if (spec.script)
        f->server = server_start(spec);
    f->loop = loop_new(&f->err);
    snprintf(f->url, sizeof f->url, "%s://127.0.0.1:%u",
             spec.cert ? "https" : "http",
             f->server ? server_port(f->server) : server_free_port());
    f->config = (struct kubeconfig){
        .context = "test",
        .cluster_name = "testing",
        .user_name = "tester",
        .server = f->url,
    };
    if (spec.cert) {
        f->config.ca_data = cert_kit()->ca.pem;
        f->config.ca_data_len = strlen(cert_kit()->ca.pem);
    }
}

bool fixture_client(struct fixture *f)
{
    f->http = f->loop ? http_new(f->loop, &f->config, &f->limits,
                                 "tidelock/test (linux/amd64)", &f->err)
                      : NULL;
    return f->http != NULL;
}

void fixture_start(struct fixture *f, struct server_spec spec)
{
    fixture_init(f, spec);
    if (!fixture_client(f) && !torturing())
        check_ok(-(int)f->err.code, &f->err);
}

static void fixture_check(const struct fixture *f)
{
    check(!f->http || http_check(f->http));
    check(!f->loop || loop_check(f->loop));
}

void fixture_stop(struct fixture *f)
{
    fixture_check(f);
    http_free(f->http);
    if (f->server)
        server_stop(f->server);
    loop_free(f->loop);
}

struct http_call answer_call(struct answer *a)
{
    return (struct http_call){.on_done = on_done, .arg = a};
}

http_id fixture_send(struct fixture *f, const struct request *r,
                     struct http_call call)
{
    struct answer *a = call.arg;
    struct answer fresh = {
        .on_piece = a->on_piece, .on_end = a->on_end, .arg = a->arg};

    *a = fresh;
    a->id = http_send(f->http, r, &call, &a->err);
    check_int(a->done, 0); /* never from inside http_send() */
    return a->id;
}

static void send_and_wait(struct fixture *f, const struct request *r,
                          struct answer *a)
{
    if (check(fixture_send(f, r, answer_call(a)) != 0))
        check(fixture_done(f, a));
}

void fixture_get(struct fixture *f, const char *path, struct answer *a)
{
    struct request r = {.method = HTTP_GET, .path = path};

    *a = (struct answer){0};
    send_and_wait(f, &r, a);
}

void fixture_write(struct fixture *f, const char *body, struct answer *a)
{
    struct request r = {
        .method = HTTP_PATCH,
        .path = "/api/v1/namespaces/default/configmaps/a",
        .content_type = "application/apply-patch+yaml",
        .body = body,
        .body_len = strlen(body),
    };

    *a = (struct answer){0};
    send_and_wait(f, &r, a);
}

http_id fixture_watch(struct fixture *f, const char *path, struct answer *a)
{
    struct request r = {.method = HTTP_GET, .path = path, .watch = true};
    struct http_call call = answer_call(a);

    call.on_data = on_data;
    return fixture_send(f, &r, call);
}

/* ---- waiting ---- */

static void nudge(void *arg)
{
    *(bool *)arg = true;
}

bool fixture_until(struct fixture *f, until_fn held, void *arg)
{
    const struct clock *clock = loop_clock(f->loop);
    uint64_t end = clock_now_ms(clock) + DEADLINE_MS;
    bool woken;

    /* What the server did is looked at every other millisecond. */
    while (!held(arg)) {
        loop_timer_id id;

        if (clock_now_ms(clock) > end)
            return false;
        fixture_check(f);
        woken = false;
        id = loop_after(f->loop, 2, nudge, &woken);
        loop_turn(f->loop, true);
        loop_cancel(f->loop, id);
    }
    return true;
}

static bool is_done(void *arg)
{
    return ((struct answer *)arg)->done > 0;
}

bool fixture_done(struct fixture *f, struct answer *a)
{
    return fixture_until(f, is_done, a);
}

struct count {
    struct server *server;
    unsigned wanted;
};

static bool has_requests(void *arg)
{
    struct count *c = arg;

    return server_requests(c->server) >= c->wanted;
}

bool fixture_requests(struct fixture *f, unsigned n)
{
    return fixture_until(f, has_requests, &(struct count){f->server, n});
}

void fixture_settle(struct fixture *f)
{
    for (unsigned i = 0; i < 20; i++)
        loop_turn(f->loop, false);
    fixture_check(f);
}
