/*
 * http_pool.h -- a curl multi handle on the loop: one pool of connections.
 *
 * A pool ends in two steps. Retiring takes it out of use: no transfer is
 * added any more, those inside run on. The sweep frees it when it is empty.
 * That is how a server that keeps failing is dialled anew (each new pool opens
 * new connections), and how a multi handle that ran out of memory is replaced.
 */
#ifndef TIDELOCK_IO_HTTP_POOL_H
#define TIDELOCK_IO_HTTP_POOL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/err.h"

struct http;
struct http_pool;

enum http_pool_kind { HTTP_POOL_SHORT, HTTP_POOL_WATCH, HTTP_POOLS };

/* Completed transfers are reported through http_completed(), never from
 * inside these. Add to the pool in use of that kind, making it if need be;
 * *ret_pool is where it went. */
int http_pool_add(struct http *h, enum http_pool_kind kind, CURL *easy,
                  struct http_pool **ret_pool, struct err *err);
/* Not from inside a callback of curl's. */
void http_pool_remove(struct http_pool *p, CURL *easy);

void http_pool_retire(struct http *h, enum http_pool_kind kind);
/* Free retired pools that are empty; with `all` those in use, too (they are
 * empty then). Not from inside a callback of curl's. */
void http_pool_sweep(struct http *h, bool all);

#endif
