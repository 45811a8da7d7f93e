/*
 * http_internal.h -- what the parts of the HTTP client share; http.c tells
 *                    how they play together.
 */
#ifndef TIDELOCK_IO_HTTP_INTERNAL_H
#define TIDELOCK_IO_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/auth.h"
#include "io/http.h"
#include "io/http_endpoint.h"
#include "io/http_gate.h"
#include "io/http_pool.h"
#include "io/slots.h"

#define HTTP_ERROR_BODY_MAX (1u << 20)

/* ---- one request on its way ---- */
enum http_phase {
    HTTP_PHASE_AUTH, /* auth_get() will call back */
    HTTP_PHASE_CURL, /* `easy` is in `pool` */
    HTTP_PHASE_WAIT, /* `timer` will start another attempt */
};

/* Why we ourselves ended a transfer from inside a callback of curl's. */
enum http_stop {
    HTTP_STOP_NONE,
    HTTP_STOP_CALLER, /* on_data returned false */
    HTTP_STOP_LIMIT,  /* the answer is too large */
    HTTP_STOP_CUT,    /* enough of an error body: the answer stands */
    HTTP_STOP_NOMEM,
    HTTP_STOP_FENCE,
    HTTP_STOP_RESEND, /* curl wanted to send a write twice */
};

struct http_answer {
    int status;
    uint64_t took_us;
    size_t received; /* bytes of the body, kept or passed on */
    bool streamed;   /* some of them went to on_data */
    struct str body, etag, date, retry_after, warning;
};

struct transfer {
    struct http *http;
    http_id id;
    struct http_call call;
    struct request request; /* its texts are in `texts` */
    char *texts;
    enum http_phase phase;
    bool cancelled;        /* out of `ids`; nobody hears of it again */
    struct transfer *next; /* on http.cancelled */
    struct err *start_err; /* set while http_send() is on the stack */
    CURL *easy;
    struct http_pool *pool;
    struct curl_slist *headers;
    char curl_text[CURL_ERROR_SIZE];
    loop_timer_id timer;       /* WAIT: next attempt; CURL: a watch's silence */
    uint64_t begun_ms, last_bytes_ms; /* the latter of watches */
    uint64_t generation;       /* of the credentials of this attempt */
    unsigned ca_version, retries; /* of its authority; of HT-8 */
    bool renewed, ca_reloaded; /* these happen once */
    bool placed;               /* http_gate_place_ms() was asked */
    bool sent;                 /* see http_result */
    bool sent_now;             /* by this attempt */
    enum http_stop stop;
    struct http_answer answer;
};

static inline bool http_is_write(const struct transfer *t)
{
    return t->request.method != HTTP_GET;
}
/* May the server get it twice without harm? */
static inline bool http_may_repeat(const struct transfer *t)
{
    return !http_is_write(t) || t->call.repeatable;
}
static inline bool http_is_success(int status)
{
    return status >= 200 && status < 300;
}

struct http {
    struct loop *loop;
    const struct clock *clock;
    const struct kubeconfig *config;
    struct http_limits limits; /* no zeros any more */
    struct arena arena;
    const char *user_agent;
    struct http_endpoint endpoint;
    struct http_ca ca;
    struct auth *auth;
    CURLSH *share;
    struct http_pool *pools[HTTP_POOLS], *retired;
    struct slots ids; /* of struct transfer, as is the next */
    struct transfer *cancelled;
    http_fence_fn fence;
    void *fence_arg, *told_arg;
    http_told_fn told;
    struct http_gate gate;
    struct rng rng;
    unsigned server_errors; /* answers of 5xx in a row */
    unsigned busy;          /* callbacks of the loop on the stack */
    bool closing;           /* http_free() came while busy */
    struct http_stats stats;
};

/* ---- http.c ---- */
void http_enter(struct http *h);
void http_leave(struct http *h); /* `h` may be gone afterwards */
/* `code` as curl says; ends or repeats the transfer. */
void http_completed(struct transfer *t, CURLcode code);
/* Everything in that pool ends with ERR_NOMEM. */
void http_fail_all(struct http *h, const struct http_pool *p);

/* ---- http_easy.c ---- */
int http_easy_build(struct transfer *t, const struct auth_credentials *c,
                    struct err *err);
void http_easy_drop(struct transfer *t);

/* ---- http_answer.c ---- */
void http_answer_init(struct transfer *t);
void http_answer_clear(struct transfer *t);
void http_answer_release(struct transfer *t);
size_t http_on_header(char *line, size_t size, size_t n, void *transfer);
size_t http_on_body(char *data, size_t size, size_t n, void *transfer);
int64_t http_answer_date(const struct transfer *t); /* 0: not told */
void http_answer_result(const struct transfer *t, struct http_result *ret);

/* ---- http_error.c ---- */
/* 0 when there is an answer to hand out, else -code. */
int http_error_fill(const struct transfer *t, CURLcode code, struct err *err);

/* ---- http_retry.c ---- */
/* Does the answer ask the whole process to slow down? Then it does. */
void http_retry_hold(struct transfer *t);
/* How long must the attempt that is due wait? */
uint64_t http_retry_wait_ms(struct transfer *t);
/* Is another attempt due, and when? Counts it. */
bool http_retry_plan(struct transfer *t, CURLcode code, uint64_t *ret_ms);

#endif
