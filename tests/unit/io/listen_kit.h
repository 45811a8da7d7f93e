/*
 * listen_kit.h -- a server of listen.h and clients that say bytes to it, all
 *                 on one thread.
 */
#ifndef TIDELOCK_TESTS_UNIT_IO_LISTEN_KIT_H
#define TIDELOCK_TESTS_UNIT_IO_LISTEN_KIT_H

#include "io/listen.h"

struct ssl_st;

struct asked {
    listen_id id;
    char method[16], target[256], agent[64];
    char body[256];
    size_t body_len;
};

struct site {
    struct loop *loop;
    struct listen *listen;
    struct err err;
    bool later;  /* on_request does not answer */
    bool stream; /* it answers by a stream of `line`, `lines` times */
    bool halts;  /* on_turn does */
    char line[64];
    unsigned lines; /* that may be read now; the stream ends at `end` */
    unsigned end;
    unsigned read;
    struct asked last;
    unsigned requests, turns, gone, freed, pulls;
    size_t answer_len; /* of a body of 'x'; 0: "hi" */
    char *big;
};

/* `o` fills what is not a callback; port 0, 127.0.0.1. False with `err`. */
bool site_open(struct site *s, struct listen_options o);
void site_close(struct site *s);
bool site_answer(struct site *s, listen_id id, const char *body);

struct dial {
    struct site *site;
    int fd;
    struct ssl_st *ssl;
    char heard[1 << 17];
    size_t len;
    bool ended; /* the server hung up */
};
/* A connection; `tls` with the CA of cert_kit(). */
bool dial_open(struct dial *d, struct site *s, bool tls);
void dial_close(struct dial *d);
void dial_say(struct dial *d, const char *text);
/* Until `text` was heard (and is forgotten with all before it), or the server
 * hung up; false then or after 10 s. */
bool dial_hear(struct dial *d, const char *text);
bool dial_hear_end(struct dial *d);
/* Let things happen until `*what` is `n`; false after 10 s. */
bool site_until(struct site *s, const unsigned *what, unsigned n);

#endif
