/*
 * endpoint.c -- see endpoint.h for the contract.
 *
 * DESIGN
 *
 * A page is answered in the callback of its request. One that is guarded waits
 * for the gate: what it needs of the request is copied into a visit, which
 * ends with the verdict, or when the peer has gone.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "endpoint_impl.h"
#include "kube/request.h"

#define MAX_BODY 1024
#define MAX_CONNECTIONS 64
#define IDLE_SECONDS 60
#define TEXT_TYPE "text/plain; charset=utf-8"

struct endpoint_visit {
    struct endpoint *endpoint;
    struct endpoint_visit *next;
    listen_id id;
    const struct endpoint_page *page;
    char *target, *accept;
};

/* ---- requests ---- */

static const struct endpoint_page *find(const struct endpoint *e,
                                        const char *target)
{
    size_t len = strcspn(target, "?");

    for (size_t i = 0; i < e->count; i++) {
        const struct endpoint_page *p = &e->pages[i];
        size_t own = strlen(p->path);

        if (len >= own && strncmp(p->path, target, own) == 0 &&
            (len == own || (p->below && target[own] == '/')))
            return p;
    }
    return NULL;
}

bool endpoint_query_has(const char *query, const char *parameter)
{
    size_t len = strlen(parameter);

    while (*query) {
        size_t one = strcspn(query, "&");

        if (one == len && strncmp(query, parameter, len) == 0)
            return true;
        query += one + (query[one] == '&');
    }
    return false;
}

/* ---- answers ---- */

static void list_pages(const struct endpoint *e, struct endpoint_answer *a)
{
    a->status = 404;
    str_add(&a->text, "there is:\n");
    for (size_t i = 0; i < e->count; i++)
        str_addf(&a->text, "%s\n", e->pages[i].path);
}

/* A header that belongs to a status; NULL: none. */
static const struct listen_header_line *header_for(int status)
{
    static const struct listen_header_line allow = {"Allow", "GET, HEAD"},
                                           bearer = {"WWW-Authenticate",
                                                     "Bearer"},
                                           later = {"Retry-After", "5"};

    switch (status) {
    case 401:
        return &bearer;
    case 405:
        return &allow;
    case 503:
        return &later;
    default:
        return NULL;
    }
}

static void send(struct endpoint *e, listen_id id, struct endpoint_answer *a)
{
    int status = a->text.failed ? 500 : a->status;
    const struct listen_header_line *header = header_for(status);
    struct listen_answer answer = {.status = status,
                                   .content_type = a->content_type,
                                   .headers = header,
                                   .header_count = header != NULL,
                                   .body = str_text(&a->text),
                                   .body_len = a->text.len};

    listen_answer(e->listen, id, &answer);
    str_release(&a->text);
}

static void send_text(struct endpoint *e, listen_id id, int status,
                      const char *text)
{
    struct endpoint_answer a = {.status = status, .content_type = TEXT_TYPE};

    str_add(&a.text, text);
    send(e, id, &a);
}

static void show(struct endpoint *e, const struct endpoint_page *page,
                 listen_id id, const char *target, const char *accept)
{
    struct endpoint_answer a = {.status = 200, .content_type = TEXT_TYPE};
    size_t len = strcspn(target, "?");
    char *path = mem_strndup(target, len);
    const struct endpoint_request r = {.path = path,
                                       .query =
                                           target[len] ? target + len + 1 : "",
                                       .accept = accept ? accept : ""};

    if (path)
        page->fn(page->arg, &r, &a);
    else
        a.status = 500;
    mem_free(path);
    send(e, id, &a);
}

/* ---- those who wait for the gate ---- */

static void visit_free(struct endpoint_visit *v)
{
    struct endpoint_visit **at = &v->endpoint->visits;

    while (*at != v)
        at = &(*at)->next;
    *at = v->next;
    mem_free(v->target);
    mem_free(v->accept);
    mem_free(v);
}

static void on_verdict(void *arg, enum gate_verdict verdict)
{
    struct endpoint_visit *v = arg;

    switch (verdict) {
    case GATE_OPEN:
        show(v->endpoint, v->page, v->id, v->target, v->accept);
        break;
    case GATE_STRANGER:
        send_text(v->endpoint, v->id, 401,
                  "a bearer token that the API server knows is wanted\n");
        break;
    case GATE_FORBIDDEN:
        send_text(v->endpoint, v->id, 403,
                  "not allowed: 'get' on this non-resource URL\n");
        break;
    case GATE_BROKEN:
        send_text(v->endpoint, v->id, 503,
                  "the API server cannot be asked now\n");
        break;
    }
    visit_free(v);
}

/* NULL on out of memory. */
static struct endpoint_visit *visit_new(struct endpoint *e,
                                        const struct endpoint_page *page,
                                        const struct listen_request *r)
{
    struct endpoint_visit *v = mem_calloc(1, sizeof(*v));
    const char *accept = listen_header(r, "Accept");

    if (!v)
        return NULL;
    v->endpoint = e;
    v->id = r->id;
    v->page = page;
    v->target = mem_strdup(r->target);
    v->accept = mem_strdup(accept ? accept : "");
    v->next = e->visits;
    e->visits = v;
    if (v->target && v->accept)
        return v;
    visit_free(v);
    return NULL;
}

/* The API server's proxy takes Authorization for itself, and passes on what it
 * does not know. */
static const char *credentials(const struct listen_request *r)
{
    const char *given = listen_header(r, "Authorization");

    return given ? given : listen_header(r, REQUEST_PASS_HEADER);
}

static void ask(struct endpoint *e, const struct endpoint_page *page,
                const struct listen_request *r)
{
    struct endpoint_visit *v = e->gate ? visit_new(e, page, r) : NULL;

    if (v)
        gate_ask(e->gate, credentials(r), page->path, on_verdict, v);
    else
        send_text(e, r->id, 503, "nobody can be let in yet\n");
}

static void on_request(void *arg, const struct listen_request *r)
{
    struct endpoint *e = arg;
    const struct endpoint_page *page = find(e, r->target);
    struct endpoint_answer a = {.status = 200, .content_type = TEXT_TYPE};

    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
        send_text(e, r->id, 405, "GET and HEAD only\n");
    } else if (!page) {
        list_pages(e, &a);
        send(e, r->id, &a);
    } else if (page->guarded && e->secure) {
        ask(e, page, r);
    } else {
        show(e, page, r->id, r->target, listen_header(r, "Accept"));
    }
}

static void visit_cancel(struct endpoint_visit *v)
{
    if (v->endpoint->gate)
        gate_forget(v->endpoint->gate, v);
    visit_free(v);
}

static void on_gone(void *arg, listen_id id)
{
    struct endpoint *e = arg;

    for (struct endpoint_visit *v = e->visits; v; v = v->next)
        if (v->id == id) {
            visit_cancel(v);
            return;
        }
}

static void on_turn(void *arg)
{
    (void)arg;
}

/* ---- life ---- */

void endpoint_hang_up(struct endpoint *e)
{
    while (e->visits)
        visit_cancel(e->visits);
    listen_close(e->listen);
    e->listen = NULL;
}

int endpoint_listen(struct endpoint *e, struct err *err)
{
    const struct listen_options options = {
        .address = e->host,
        .port = e->port,
        .certificate_pem = e->secure ? str_text(&e->certificate) : NULL,
        .key_pem = e->secure ? str_text(&e->key) : NULL,
        .max_body = MAX_BODY,
        .max_connections = MAX_CONNECTIONS,
        .idle_seconds = IDLE_SECONDS,
        .on_request = on_request,
        .on_gone = on_gone,
        .on_turn = on_turn,
        .arg = e};
    int rc = listen_open(e->loop, &options, &e->listen, err);

    if (rc < 0)
        return err_wrap(err, "cannot listen on '%s'", e->options.address);
    e->port = listen_port(e->listen);
    return 0;
}

int endpoint_open(struct loop *loop, const struct endpoint_options *options,
                  struct endpoint **ret, struct err *err)
{
    struct endpoint *e = mem_calloc(1, sizeof *e);
    int rc;

    if (!e)
        return err_nomem(err);
    e->loop = loop;
    e->options = *options;
    rc = endpoint_parse(options->address, e->host, &e->port, err);
    e->secure =
        options->secure || options->cert_file || !endpoint_is_loopback(e->host);
    if (rc == 0 && e->secure)
        rc = endpoint_begin_tls(e, err);
    if (rc == 0)
        rc = endpoint_listen(e, err);
    if (rc < 0) {
        endpoint_close(e);
        return rc;
    }
    snprintf(e->address, sizeof e->address,
             strchr(e->host, ':') ? "[%s]:%u" : "%s:%u", e->host,
             (unsigned)e->port);
    *ret = e;
    return 0;
}

void endpoint_close(struct endpoint *e)
{
    if (!e)
        return;
    endpoint_hang_up(e);
    endpoint_end_tls(e);
    mem_free(e);
}

int endpoint_add(struct endpoint *e, const struct endpoint_page *page)
{
    if (e->count == ENDPOINT_MAX_PAGES)
        return -ERR_LIMIT;
    e->pages[e->count++] = *page;
    return 0;
}

void endpoint_set_gate(struct endpoint *e, struct gate *gate)
{
    if (!e)
        return;
    while (!gate && e->visits)
        visit_cancel(e->visits);
    e->gate = gate;
}

bool endpoint_is_secure(const struct endpoint *e)
{
    return e->secure;
}

const char *endpoint_address(const struct endpoint *e)
{
    return e->address;
}
