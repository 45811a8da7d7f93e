/*
 * channel.c -- see channel.h for the contract.
 *
 * Buffers that grew for one large frame are given back: a worker is one of
 * several, and rests most of the time.
 */
#include "worker/channel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (64u << 10)
#define KEEP (256u << 10)

void channel_init(struct channel *c, int fd)
{
    memset(c, 0, sizeof(*c));
    c->fd = fd;
}

void channel_release(struct channel *c)
{
    frame_stream_release(&c->in);
    str_release(&c->out);
}

int channel_read(struct channel *c, struct frame *ret, struct err *err)
{
    static char chunk[CHUNK];
    int rc;

    while ((rc = frame_cut(&c->in, ret, err)) == 0) {
        ssize_t n = read(c->fd, chunk, sizeof(chunk));

        if (n == 0)
            return err_set(err, ERR_CANCELLED, "the main process is gone");
        if (n < 0 && errno != EINTR)
            return err_set(err, ERR_IO, "cannot read: %s", strerror(errno));
        if (n < 0)
            continue;
        if (c->in.taken == c->in.bytes.len && c->in.bytes.cap > KEEP)
            frame_stream_release(&c->in);
        rc = frame_feed(&c->in, chunk, (size_t)n, err);
        if (rc < 0)
            return rc;
    }
    return rc < 0 ? rc : 0;
}

static int write_all(struct channel *c, struct err *err)
{
    for (size_t at = 0; at < c->out.len;) {
        ssize_t n = write(c->fd, c->out.data + at, c->out.len - at);

        if (n > 0)
            at += (size_t)n;
        else if (errno != EINTR)
            return err_set(err, ERR_IO, "cannot write: %s", strerror(errno));
    }
    return 0;
}

int channel_write(struct channel *c, enum frame_type type, const void *msg,
                  struct err *err)
{
    int rc;

    str_clear(&c->out);
    rc = frame_put(&c->out, type, msg, err);
    if (rc == 0)
        rc = write_all(c, err);
    if (c->out.cap > KEEP)
        str_release(&c->out);
    return rc;
}
