/*
 * endpoint.h -- the HTTP server of a process: pages by path, for people, probes
 *               and Prometheus. What is on a page is its owner's.
 *
 * GET and HEAD only; nothing is ever redirected. On loopback pages are plain
 * HTTP and open to whoever is on this machine; everywhere else, and on loopback
 * when that is wanted, the server speaks TLS, and pages that are guarded are
 * shown to whom the gate lets in. Probes are never guarded, and tell nothing.
 *
 * TLS with a certificate from files, which are looked at every
 * ENDPOINT_LOOK_MS and taken over when they have changed and fit together; or
 * with one made at the start for this process, which encrypts, and which nobody
 * can verify: as controller-runtime does it.
 */
#ifndef TIDELOCK_APP_ENDPOINT_H
#define TIDELOCK_APP_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "app/gate.h"
#include "base/err.h"
#include "base/str.h"
#include "io/listen.h"

#define ENDPOINT_MAX_PAGES 16
#define ENDPOINT_LOOK_MS 10000u

struct endpoint;

/* Borrowed during the call. */
struct endpoint_request {
    const char *path;   /* "/readyz/ping" */
    const char *query;  /* "verbose&exclude=ping"; "" without */
    const char *accept; /* the header, or "" */
};
/* Made by a page: status 200 and an empty text at first. The text is released
 * by the endpoint. */
struct endpoint_answer {
    int status;
    const char *content_type; /* "text/plain; charset=utf-8" at first */
    struct str text;
};
typedef void (*endpoint_page_fn)(void *arg, const struct endpoint_request *r,
                                 struct endpoint_answer *ret);
struct endpoint_page {
    const char *path; /* borrowed for good, as all texts here */
    endpoint_page_fn fn;
    void *arg;
    bool guarded; /* for whom the gate lets in */
    bool below;   /* also what is below the path: "/readyz/ping" */
};

struct endpoint_options {
    /* "8080" (on loopback), "127.0.0.1:8080", "[::1]:8080", ":8080" (on all of
     * IPv4); port 0 takes any free one. Borrowed. */
    const char *address;
    bool secure;           /* also on loopback */
    const char *cert_file; /* --tls-cert, --tls-key: both or none; borrowed */
    const char *key_file;
};

/* -ERR_USAGE when the address is none, -ERR_IO when it cannot be listened on,
 * -ERR_TLS, -ERR_IO when the certificate cannot be used. */
int endpoint_open(struct loop *loop, const struct endpoint_options *options,
                  struct endpoint **ret, struct err *err);
void endpoint_close(struct endpoint *e); /* NULL is fine */
/* 0 or -ERR_LIMIT. */
int endpoint_add(struct endpoint *e, const struct endpoint_page *page);
/* Borrowed; until it is there guarded pages are not shown, where the server is
 * secure. NULL: it is no more. */
void endpoint_set_gate(struct endpoint *e, struct gate *gate);
bool endpoint_is_secure(const struct endpoint *e);
/* "127.0.0.1:8080", with the port that was taken; borrowed. */
const char *endpoint_address(const struct endpoint *e);
/* Look at the certificate's files now. */
void endpoint_look(struct endpoint *e);

/* Does the query have that parameter ("o=text"), or that word ("verbose")? */
bool endpoint_query_has(const char *query, const char *parameter);

#endif
