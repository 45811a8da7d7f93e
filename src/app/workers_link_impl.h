/*
 * workers_link_impl.h -- one worker process: its start, frames and end; private
 *                        to the worker pool.
 */
#ifndef TIDELOCK_APP_WORKERS_LINK_PRIVATE_H
#define TIDELOCK_APP_WORKERS_LINK_PRIVATE_H

#include "io/child.h"
#include "script/frame.h"

struct link;
struct link_events {
    void (*on_ready)(void *arg); /* it said hello */
    /* What it says is refused with link_refuse(). */
    void (*on_frame)(void *arg, const struct frame *f);
    /* It is gone and reaped, the link is freed; why says what ended it. */
    void (*on_end)(void *arg, const struct err *why);
    void *arg;
};

struct link {
    struct loop *loop;
    struct child *child;
    struct link_events events;
    struct frame_stream in;
    struct str out;
    bool ready, dying;
    bool refused;        /* it is killed for what it said */
    loop_timer_id timer; /* until hello */
    struct err why;      /* why it was killed; NONE: it died of itself */
    int signal;          /* that ended it */
};

/* NULL: not started. */
struct link *link_new(struct loop *loop, const char *program,
                      const struct link_events *events, struct err *err);
void link_free(struct link *l); /* kills it; no event comes; NULL is fine */
int link_send(struct link *l, enum frame_type type, const void *msg,
              struct err *err);
/* Kill it for a reason, once; on_end comes. */
void link_end(struct link *l, const struct err *why);
void link_refuse(struct link *l, const char *what, const struct err *err);

#endif
