/*
 * server.h -- a scripted server for tests: each connection is a thread that
 *             runs a C function, with blocking reads and writes.
 *
 *     static void script(struct peer *p)
 *     {
 *         while (peer_request(p))
 *             peer_send(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
 *     }
 *
 * Threads of the server allocate nothing through mem.h, whose counters are
 * for one thread; all its memory is static. At most SERVERS at a time.
 */
#ifndef TIDELOCK_TESTS_UNIT_SUPPORT_SERVER_H
#define TIDELOCK_TESTS_UNIT_SUPPORT_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "certs.h"

struct ssl_st;
struct server;

/* One connection, in the hands of its script. */
struct peer {
    struct server *server;
    unsigned number; /* of the connection, from 1 */
    unsigned asked;  /* requests read on it */
    void *arg;       /* of the server */
    const char *text;
    char head[8192]; /* of the last request, with its empty line */
    char body[8192];
    size_t body_len;
    bool http2;   /* negotiated by ALPN */
    bool resumed; /* the TLS session was */
    /* private */
    int fd;
    struct ssl_st *ssl;
    pthread_t thread;
    char ahead[8192];
    size_t ahead_len;
};
typedef void (*script_fn)(struct peer *p);

struct server_spec {
    script_fn script;
    void *arg;
    const char *text;             /* for scripts that say one thing */
    const struct cert *cert;      /* NULL: no TLS */
    const struct cert *client_ca; /* ask for a client certificate by it */
    bool http2;                   /* offer h2 */
    bool tls_later;               /* the script calls peer_start_tls() */
};

/* Listens on a free port of 127.0.0.1 from the moment it returns. */
struct server *server_start(struct server_spec spec);
void server_stop(struct server *s); /* hangs up, waits for the threads */
unsigned server_port(const struct server *s);
/* Seen so far, by any connection. */
unsigned server_connections(struct server *s);
unsigned server_requests(struct server *s);
/* Copy of the head (false: the body) of the newest request, in a static. */
const char *server_last(struct server *s, bool head);
/* A port on which nobody listens. */
unsigned server_free_port(void);

/* ---- for scripts ---- */
bool peer_start_tls(struct peer *p);
/* Read one request with its body; false when the client hung up. */
bool peer_request(struct peer *p);
/* For scripts that read requests themselves: count one, keep `head`. */
void peer_count(struct peer *p);
bool peer_read(struct peer *p, void *data, size_t len); /* exactly */
bool peer_write(struct peer *p, const void *data, size_t len);
bool peer_send(struct peer *p, const char *text);
/* A whole answer: status line and headers without the length, then a body. */
bool peer_answer(struct peer *p, const char *head, const char *body);
void peer_wait(struct peer *p);  /* until the client hangs up */
void peer_reset(struct peer *p); /* hang up by RST */
/* The subject of the client's certificate, "" without one. */
const char *peer_subject(struct peer *p);

#endif
