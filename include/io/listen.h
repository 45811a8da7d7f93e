/*
 * listen.h -- a small HTTP/1.1 server on the loop: libmicrohttpd, driven by
 *             libuv.
 *
 * Bounded everywhere: connections, header and body sizes, idle time. A request
 * is handed out when its body is complete, as an id; it is answered whenever
 * the answer is there, at once with a body, or with a stream that is asked for
 * its next piece whenever the peer has taken the last one.
 */
#ifndef TIDELOCK_IO_LISTEN_H
#define TIDELOCK_IO_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/loop.h"

struct listen;
typedef uint64_t listen_id; /* of a request; never 0, never reused */

/* Borrowed during the callback. */
struct listen_request {
    listen_id id;
    const char *method; /* "GET" */
    const char *target; /* "/a%2Fb?x=y", as it was sent */
    const char *body;
    size_t body_len;
    const void *headers; /* for listen_header() */
};
/* The first header of that name in any case; NULL when there is none. */
const char *listen_header(const struct listen_request *r, const char *name);

struct listen_answer;
/* Every request must be answered once, in the callback or later. */
typedef void (*listen_fn)(void *arg, const struct listen_request *r);
/* The peer went away before its answer or stream was complete. */
typedef void (*listen_gone_fn)(void *arg, listen_id id);

struct listen_options {
    const char *address;         /* "127.0.0.1", "::1" */
    uint16_t port;               /* 0: any free one */
    const char *certificate_pem; /* NULL: no TLS */
    const char *key_pem;
    size_t max_body;
    const struct listen_answer *too_large; /* what a larger one is told with the
                                              code 413; NULL: nothing more */
    unsigned max_connections;
    unsigned idle_seconds; /* of a connection without a request, and of one that
                              sends or takes nothing */
    listen_fn on_request;
    listen_gone_fn on_gone;
    /* After all requests that were ready have been handed out, once: the place
     * to commit what they changed. No answer that was given meanwhile has left
     * before it returns. */
    void (*on_turn)(void *arg);
    void *arg;
};
int listen_open(struct loop *l, const struct listen_options *o,
                struct listen **ret, struct err *err);
void listen_close(struct listen *s); /* NULL is fine; cuts what is open */
/* Nothing is read or sent any more: what was answered in this turn is not
 * told. For on_turn, when it could not commit; the close follows. */
void listen_halt(struct listen *s);
uint16_t listen_port(const struct listen *s);

struct listen_header_line {
    const char *name, *value;
};
struct listen_answer {
    int status;
    const char *content_type; /* NULL: none */
    const struct listen_header_line *headers;
    size_t header_count;
    const char *body; /* copied */
    size_t body_len;
};
/* False: the peer has gone. */
bool listen_answer(struct listen *s, listen_id id,
                   const struct listen_answer *answer);

enum listen_piece { LISTEN_PIECE, LISTEN_LATER, LISTEN_END };
/* The next piece, borrowed until the next call; LISTEN_LATER: nothing now,
 * listen_wake() follows. */
typedef enum listen_piece (*listen_stream_fn)(void *arg, const char **ret_data,
                                              size_t *ret_len);
struct listen_source {
    listen_stream_fn next;
    void (*free_arg)(void *arg); /* or NULL */
    void *arg;
};
/* `body` of the answer is ignored. `free_arg` is called once, at the end or
 * when the peer has gone; also when this returns false. */
bool listen_stream(struct listen *s, listen_id id,
                   const struct listen_answer *answer,
                   const struct listen_source *source);
void listen_wake(struct listen *s, listen_id id);

#endif
