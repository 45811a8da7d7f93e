/*
 * endpoint.h -- the HTTP server of a process: pages by path, for people, probes
 *               and Prometheus. What is on a page is its owner's.
 *
 * GET and HEAD only. Nothing is authenticated here: who listens on more than
 * loopback has to say so.
 */
#ifndef TIDELOCK_APP_ENDPOINT_H
#define TIDELOCK_APP_ENDPOINT_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "io/listen.h"

#define ENDPOINT_MAX_PAGES 16

struct endpoint;

/* Made by a page: status 200 and an empty text at first. The text is released
 * by the endpoint. */
struct endpoint_answer {
    int status;
    const char *content_type; /* "text/plain; charset=utf-8" at first */
    struct str text;
};
typedef void (*endpoint_page_fn)(void *arg, const struct listen_request *r,
                                 struct endpoint_answer *ret);

/* `address`: "8080" (on loopback), "127.0.0.1:8080", "[::1]:8080", ":8080" (on
 * all of IPv4); port 0 takes any free one. -ERR_USAGE when it is none of
 * these, -ERR_IO when it cannot be listened on. */
int endpoint_open(struct loop *loop, const char *address, struct endpoint **ret,
                  struct err *err);
void endpoint_close(struct endpoint *e); /* NULL is fine */
/* `path` is borrowed. 0 or -ERR_LIMIT. */
int endpoint_add(struct endpoint *e, const char *path, endpoint_page_fn page,
                 void *arg);
/* "127.0.0.1:8080", with the port that was taken; borrowed. */
const char *endpoint_address(const struct endpoint *e);

#endif
