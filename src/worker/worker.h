/*
 * worker.h -- one worker: scripts, bodies, a channel; what serves each frame.
 */
#ifndef TIDELOCK_WORKER_WORKER_H
#define TIDELOCK_WORKER_WORKER_H

#include "worker/bodies.h"
#include "worker/channel.h"

#define WORKER_MAX_SCRIPTS 256

struct worker {
    struct channel channel;
    struct bodies bodies;
    struct script *scripts[WORKER_MAX_SCRIPTS]; /* by the number of a load */
    struct arena arena; /* of the message that is being served */
};

int worker_init(struct worker *w, int fd); /* 0 or -ERR_NOMEM */
void worker_release(struct worker *w);

/* Read and serve one message. -ERR_CANCELLED: there will be no more. Any other
 * error means that the other end cannot be understood or reached. */
int worker_serve(struct worker *w, struct err *err);

/* ---- call.c ---- */
int worker_call(struct worker *w, struct frame_call *call, struct err *err);
/* ---- probe.c ---- */
int worker_probe(struct worker *w, const struct frame_probe *probe,
                 struct err *err);

/* Read a message into `msg`; it lives until the one being served is done. */
int worker_get(struct worker *w, const struct frame *f, void *msg,
               struct err *err);

#endif
