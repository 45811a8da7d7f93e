/*
 * http.h -- requests to one API server: curl multi on the loop.
 *
 * Two pools of connections: short requests share HTTP/2 connections, each
 * watch has one of its own over HTTP/1.1 (HT-1), so that a slow list never
 * delays a watch and one connection does not pin all traffic to one server.
 *
 *   verified  TLS 1.2 or later; the kubeconfig's CA and no other, re-read when
 *             its file changes, unless the kubeconfig says insecure (AU-7)
 *   direct    redirects are never followed; proxies are the kubeconfig's, else
 *             those of the environment, never for loopback addresses
 *   bounded   every answer has a limit in size and in silence; a peer that
 *             vanished is noticed within 45 s (keepalive, TCP_USER_TIMEOUT)
 *   honest    a write goes out once, or its result says `sent`: libcurl's own
 *             repetition on a lost connection is refused for writes, unless
 *             the caller says that twice is as good as once
 *   numbered  transfers are ids; cancelling a finished one does nothing
 *
 * Callbacks come from loop turns, never from inside http_send(), and may call
 * anything here, http_cancel() and http_free() included. After http_cancel()
 * or on_done nothing more is called for that id.
 */
#ifndef TIDELOCK_IO_HTTP_H
#define TIDELOCK_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"
#include "kube/config.h"
#include "kube/request.h"

struct http;
typedef uint64_t http_id; /* never 0 */

struct http_limits {
    size_t max_response; /* bytes after decompression; short requests, also
                          * those with on_data. 0 = 512 MiB */
    unsigned connect_timeout_ms; /* name, TCP and TLS. 0 = 10 s */
    unsigned request_timeout_ms; /* one attempt of a short one. 0 = 60 s */
    unsigned idle_timeout_ms;    /* watches: no bytes for so long. 0 = 180 s */
    unsigned qps, burst; /* short requests a second; 0 = any. A burst of 0 = 1
                          */
    unsigned low_speed_seconds; /* short: < 64 B/s for so long. 0 = 30 s; also
                                 * the longest wait for a first byte */
};

/* What a request ended with. Borrowed during the callback. */
struct http_result {
    int status;       /* HTTP code, 0 when there was no answer */
    const char *body; /* short requests without on_data: everything; error
                       * bodies are cut at 1 MiB. Never NULL */
    size_t body_len;
    const char *retry_after; /* header text or NULL */
    const char *warning; /* Warning: 299 texts, newline separated, or NULL */
    const char *etag;    /* or NULL */
    int64_t date;        /* the server's clock, unix seconds; 0: not told */
    uint64_t took_us;    /* the last attempt, from when it was sent, without
                          * connecting; 0: it was not answered */
    bool sent;           /* were bytes of the request possibly sent, and not
                          * answered with 401 or 429? A write that failed after
                          * that has an unknown outcome */
};
/* Transport trouble is in `err`; an HTTP answer of any status but a redirect
 * gives err->code ERR_NONE: see kube/status.h.
 *   CONNECT    no connection, or it was lost       TLS    verification failed
 *   TIMEOUT    connected, but no answer in time; watches: silent too long
 *   PROTOCOL   a redirect, or not HTTP             LIMIT  answer too large
 *   CANCELLED  on_data or the fence said so        NOMEM
 *   CONFIG, UNAUTHORIZED, IO ...  no credentials: see auth.h */
typedef void (*http_done_fn)(void *arg, http_id id,
                             const struct http_result *result,
                             const struct err *err);
/* Bytes of a 2xx answer as they come (watches, list pages); error bodies go to
 * `body` of the result. Return false to end the transfer: on_done follows with
 * ERR_CANCELLED. */
typedef bool (*http_data_fn)(void *arg, http_id id, const void *data,
                             size_t len);
/* Called right before the bytes of a write are sent, repetitions included;
 * returning false cancels it unsent (the lease fence of note 12). Reads pass.
 * NULL = always send. It must not call back into the client. */
typedef bool (*http_fence_fn)(void *arg);

/* The server asked to slow down (429, or 503 with Retry-After): for so long no
 * request leaves but unfenced ones. NULL = nobody is told. */
typedef void (*http_hold_fn)(void *arg, uint64_t ms);

struct http_call {
    http_done_fn on_done; /* exactly once, unless cancelled */
    http_data_fn on_data; /* NULL: collect into result.body */
    void *arg;
    const char *if_none_match; /* ETag or NULL; borrowed during the call. An
                                * unchanged resource then answers 304 */
    bool retry;      /* HT-8: repeat up to 10 times on 429 (after 1 s, or what
                      * Retry-After says) and 5xx that carry Retry-After (at
                      * most 60 s), and reads whose connection was lost before
                      * anything went to on_data */
    bool repeatable; /* a write that does no harm when the server gets it
                      * twice (an apply or delete with preconditions): it is
                      * repeated as a read is. Without it a server that leaves
                      * by GOAWAY makes the writes under way `sent` failures,
                      * since libcurl does not tell which it had looked at */
    bool unfenced;   /* a write that neither the fence nor a hold nor the
                      * rate stops: the lease itself */
};

/* `config` is borrowed and must outlive the client. `user_agent` is copied.
 * Reads the CA file and starts no connection. NULL on failure: CONFIG, IO,
 * NOMEM. */
struct http *http_new(struct loop *loop, const struct kubeconfig *config,
                      const struct http_limits *limits, const char *user_agent,
                      struct err *err);
/* Cancels everything; no callbacks. NULL is fine. */
void http_free(struct http *h);
/* A request has ended, for whoever counts. */
struct http_told {
    enum http_method method;
    bool watch;
    int status; /* 0: no answer */
    uint64_t ms;
};
typedef void (*http_told_fn)(void *arg, const struct http_told *told);
void http_on_end(struct http *h, http_told_fn fn, void *arg); /* NULL: nobody */
void http_set_fence(struct http *h, http_fence_fn fence, void *arg);
void http_on_hold(struct http *h, http_hold_fn fn, void *arg);

/* `r` is copied. 0 on failure (err filled), else the id. A 401 makes the
 * credentials be renewed and the request be sent once more (AU-3). */
http_id http_send(struct http *h, const struct request *r,
                  const struct http_call *call, struct err *err);
void http_cancel(struct http *h, http_id id); /* stale ids are fine */

struct http_stats {
    uint64_t requests, watches; /* calls of http_send() that gave an id */
    uint64_t retries;           /* attempts beyond the first */
    uint64_t bytes_in;          /* of bodies, after decompression */
    uint64_t connections;       /* opened by finished attempts */
    uint64_t http2;             /* answers that came over HTTP/2 */
    unsigned in_flight;
};
struct http_stats http_stats(const struct http *h);
/* Do its invariants hold? For tests; not from inside a callback. */
bool http_check(const struct http *h);

#endif
