/*
 * endpoint.c -- see endpoint.h for the contract.
 */
#include "app/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define HOST_MAX 64
#define MAX_BODY 1024
#define MAX_CONNECTIONS 64
#define IDLE_SECONDS 60
#define TEXT_TYPE "text/plain; charset=utf-8"

struct page {
    const char *path;
    endpoint_page_fn fn;
    void *arg;
};

struct endpoint {
    struct listen *listen;
    struct page pages[ENDPOINT_MAX_PAGES];
    size_t count;
    char host[HOST_MAX];
    char address[HOST_MAX + 16];
};

/* ---- answers ---- */

static const struct page *find(const struct endpoint *e, const char *target)
{
    size_t len = strcspn(target, "?");

    for (size_t i = 0; i < e->count; i++)
        if (strlen(e->pages[i].path) == len &&
            strncmp(e->pages[i].path, target, len) == 0)
            return &e->pages[i];
    return NULL;
}

static void list_pages(const struct endpoint *e, struct endpoint_answer *a)
{
    a->status = 404;
    str_add(&a->text, "there is:\n");
    for (size_t i = 0; i < e->count; i++)
        str_addf(&a->text, "%s\n", e->pages[i].path);
}

static void send(struct endpoint *e, listen_id id, struct endpoint_answer *a)
{
    static const struct listen_header_line allow = {"Allow", "GET, HEAD"};
    struct listen_answer answer = {.status = a->text.failed ? 500 : a->status,
                                   .content_type = a->content_type,
                                   .headers = &allow,
                                   .header_count = a->status == 405,
                                   .body = str_text(&a->text),
                                   .body_len = a->text.len};

    listen_answer(e->listen, id, &answer);
    str_release(&a->text);
}

static void on_request(void *arg, const struct listen_request *r)
{
    struct endpoint *e = arg;
    struct endpoint_answer a = {.status = 200, .content_type = TEXT_TYPE};
    const struct page *page = find(e, r->target);

    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
        a.status = 405;
        str_add(&a.text, "GET and HEAD only\n");
    } else if (page) {
        page->fn(page->arg, r, &a);
    } else {
        list_pages(e, &a);
    }
    send(e, r->id, &a);
}

static void on_gone(void *arg, listen_id id)
{
    (void)arg; /* every answer was given at once */
    (void)id;
}

static void on_turn(void *arg)
{
    (void)arg;
}

/* ---- the address ---- */

static int refuse(const char *address, struct err *err)
{
    err_set(err, ERR_USAGE, "--listen '%s' is no address", address);
    return err_hint(err, "8080 (on loopback), 127.0.0.1:8080, [::1]:8080, or "
                         ":8080 on all addresses");
}

/* What stands before the last colon, without brackets; nothing is everything.
 */
static int read_host(const char *address, size_t len, char host[HOST_MAX],
                     struct err *err)
{
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    } else if (memchr(address, ':', len)) {
        return refuse(address, err);
    }
    if (len >= HOST_MAX)
        return refuse(address, err);
    snprintf(host, HOST_MAX, "%.*s", (int)len, address);
    if (len == 0)
        snprintf(host, HOST_MAX, "0.0.0.0");
    else if (strcmp(host, "localhost") == 0)
        snprintf(host, HOST_MAX, "127.0.0.1");
    return 0;
}

static int read_address(const char *address, char host[HOST_MAX],
                        uint16_t *port, struct err *err)
{
    const char *colon = strrchr(address, ':');
    const char *digits = colon ? colon + 1 : address;
    int64_t n;

    if (!text_to_int64(digits, strlen(digits), &n) || n < 0 || n > UINT16_MAX)
        return refuse(address, err);
    *port = (uint16_t)n;
    if (!colon) {
        snprintf(host, HOST_MAX, "127.0.0.1");
        return 0;
    }
    return read_host(address, (size_t)(colon - address), host, err);
}

/* ---- life ---- */

int endpoint_open(struct loop *loop, const char *address, struct endpoint **ret,
                  struct err *err)
{
    struct endpoint *e = mem_calloc(1, sizeof *e);
    struct listen_options options = {.max_body = MAX_BODY,
                                     .max_connections = MAX_CONNECTIONS,
                                     .idle_seconds = IDLE_SECONDS,
                                     .on_request = on_request,
                                     .on_gone = on_gone,
                                     .on_turn = on_turn,
                                     .arg = e};
    int rc;

    if (!e)
        return err_nomem(err);
    options.address = e->host;
    rc = read_address(address, e->host, &options.port, err);
    if (rc == 0) {
        rc = listen_open(loop, &options, &e->listen, err);
        if (rc < 0)
            err_wrap(err, "cannot listen on '%s'", address);
    }
    if (rc < 0) {
        mem_free(e);
        return rc;
    }
    snprintf(e->address, sizeof e->address,
             strchr(e->host, ':') ? "[%s]:%u" : "%s:%u", e->host,
             (unsigned)listen_port(e->listen));
    *ret = e;
    return 0;
}

void endpoint_close(struct endpoint *e)
{
    if (!e)
        return;
    listen_close(e->listen);
    mem_free(e);
}

int endpoint_add(struct endpoint *e, const char *path, endpoint_page_fn page,
                 void *arg)
{
    if (e->count == ENDPOINT_MAX_PAGES)
        return -ERR_LIMIT;
    e->pages[e->count++] = (struct page){path, page, arg};
    return 0;
}

const char *endpoint_address(const struct endpoint *e)
{
    return e->address;
}
