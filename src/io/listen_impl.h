/*
 * listen_impl.h -- what the files of the HTTP server share; private to io.
 */
#ifndef TIDELOCK_IO_LISTEN_PRIVATE_H
#define TIDELOCK_IO_LISTEN_PRIVATE_H

#include <microhttpd.h>

#include "base/str.h"
#include "io/listen.h"
#include "io/slots.h"

/* One connection. */
struct peer {
    struct listen *server;
    struct peer *prev, *next;
    int fd;
    bool busy;         /* a complete request is being answered */
    uint64_t since_ms; /* when it began to be awaited */
};

enum exchange_state {
    EXCHANGE_READING, /* its body */
    EXCHANGE_ASKED,   /* handed out */
    EXCHANGE_GIVEN,   /* answered, not yet queued */
    EXCHANGE_SENDING,
};

/* A request and its answer. */
struct exchange {
    struct listen *server;
    struct MHD_Connection *connection;
    struct peer *peer;
    listen_id id; /* 0: not handed out yet */
    enum exchange_state state;
    bool begun;     /* its headers were looked at */
    bool too_large; /* what comes is thrown away */
    bool failed;    /* out of memory */
    bool suspended;
    bool gone; /* the peer hung up while it was suspended */
    char *target;
    struct str body;
    size_t received;
    struct MHD_Response *response; /* GIVEN */
    unsigned status;
    struct hangup *hangup; /* watched for, or NULL */
    /* In the list of the suspended whose hang-up is not watched, or of those
     * to be resumed after the turn. */
    struct exchange *unwatched_prev, *unwatched_next;
    struct exchange *ready_next;
    bool unwatched, ready;
    /* of a stream */
    struct listen_source source;
    const char *piece;
    size_t piece_len;
    bool ended;
};

struct listen {
    struct loop *loop;
    struct listen_options options; /* no borrowed text but `too_large` */
    struct MHD_Daemon *daemon;
    struct wires *wires; /* its handles in the loop */
    uint16_t port;
    struct slots exchanges;
    struct peer *peers;
    struct exchange *unwatched, *ready;
    loop_timer_id timer, sweep;
    uint64_t timer_at;
    bool running; /* inside listen_drive() */
    bool again;   /* something was resumed meanwhile */
    bool turn;    /* requests were handed out */
    bool halted;
    bool closing;
};

/* ---- listen.c ---- */
/* Let the library do what is due: now, or in the next turn of the loop. */
void listen_drive(struct listen *s);
void listen_drive_soon(struct listen *s);
uint64_t listen_now(const struct listen *s);

/* ---- listen_exchange.c: callbacks of the library ---- */
void *exchange_start(void *arg, const char *target, struct MHD_Connection *c);
/* The library's choice: MHD_AccessHandlerCallback. */
#define EXCHANGE_STEP_PARAMETERS                                               \
    void *arg, struct MHD_Connection *c, const char *url, const char *method,  \
        const char *version, const char *upload, size_t *upload_len,           \
        void **context
enum MHD_Result exchange_step(EXCHANGE_STEP_PARAMETERS);
void exchange_end(void *arg, struct MHD_Connection *c, void **context,
                  enum MHD_RequestTerminationCode how);
/* Resume what was answered during the turn. */
void exchange_flush(struct listen *s);
/* Watch those who are still suspended for the peer's hang-up: the library
 * does not look at them. */
void exchange_watch_suspended(struct listen *s);
/* So that the library can be stopped. */
void exchange_resume_all(struct listen *s);

#endif
