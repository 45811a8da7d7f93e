/*
 * channel.h -- frames over the one descriptor, blocking.
 */
#ifndef TIDELOCK_WORKER_CHANNEL_H
#define TIDELOCK_WORKER_CHANNEL_H

#include "script/frame.h"

struct channel {
    int fd;
    struct frame_stream in;
    struct str out;
};

void channel_init(struct channel *c, int fd);
void channel_release(struct channel *c);
/* The next frame, borrowed until the next call. -ERR_CANCELLED when the other
 * end is closed; -ERR_IO, -ERR_PROTOCOL, -ERR_NOMEM. */
int channel_read(struct channel *c, struct frame *ret, struct err *err);
/* -ERR_LIMIT: it is too large, nothing was sent. */
int channel_write(struct channel *c, enum frame_type type, const void *msg,
                  struct err *err);

#endif
