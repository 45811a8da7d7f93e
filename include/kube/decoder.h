/*
 * decoder.h -- feed bytes of a watch stream or a list page, get snapshots.
 *
 * Bytes may be split anywhere (HT-7). One document is held at a time, bounded
 * by `max_bytes`; a larger watch event is skipped and reported once as
 * DECODER_TOO_LARGE, a larger list page is an error only when one *item* is
 * too large: list items are cut out one by one while the page streams in.
 */
#ifndef TIDELOCK_KUBE_DECODER_H
#define TIDELOCK_KUBE_DECODER_H

#include <stddef.h>

#include "base/err.h"
#include "kube/key.h"
#include "kube/snapshot.h"

#define DECODER_MAX_BYTES (16u << 20)
/* How much may wait, beside one document, to be asked for by _next(). */
#define DECODER_MAX_FEED (64u << 20)

enum decoder_mode { DECODER_WATCH, DECODER_LIST };

enum decoder_kind {
    DECODER_NONE,      /* feed more */
    DECODER_ADDED,     /* watch: snapshot */
    DECODER_MODIFIED,  /* watch: snapshot */
    DECODER_DELETED,   /* watch: snapshot, the last state */
    DECODER_BOOKMARK,  /* resource_version; initial_end says which bookmark */
    DECODER_ERROR,     /* watch ERROR event: `error` is filled (status.h) */
    DECODER_SKIPPED,   /* watch: unknown type, wrong kind, no metadata, nested
                        * too deeply (LW-8); `error` says which */
    DECODER_TOO_LARGE, /* a watch event over the limit was thrown away */
    DECODER_ITEM,      /* list: snapshot */
    DECODER_PAGE_END,  /* list: resource_version and continue_token */
};

struct decoder_event {
    enum decoder_kind kind;
    struct snapshot *snapshot;    /* one reference, taken by the caller */
    const char *resource_version; /* borrowed until the next call */
    const char *continue_token;   /* "" when this was the last page */
    int initial_end;              /* annotation k8s.io/initial-events-end */
    struct err error;             /* for ERROR, SKIPPED and TOO_LARGE */
};

struct decoder;
/* `gvk` (texts copied) is what every object must be; list items inherit it. */
struct decoder *decoder_new(enum decoder_mode mode, const struct gvk *gvk,
                            size_t max_bytes);
void decoder_free(struct decoder *d); /* NULL is fine */
/* Of bodies only these fields are kept (kept.h); borrowed, NULL: all. */
void decoder_keep(struct decoder *d, const char *kept);

/* Takes a copy. Ask decoder_next() until DECODER_NONE before feeding again:
 * -ERR_LIMIT when more waits than DECODER_MAX_FEED. After -ERR_NOMEM nothing
 * was taken and the same bytes may be fed again. */
int decoder_feed(struct decoder *d, const void *data, size_t len,
                 struct err *err);
/* The next event, kind DECODER_NONE when more bytes are needed. A stream that
 * is not JSON, or no list where one should be: -ERR_PROTOCOL; a list item over
 * the limit: -ERR_LIMIT; then the decoder is of no further use. After
 * -ERR_NOMEM the call may be repeated. */
int decoder_next(struct decoder *d, struct decoder_event *ret, struct err *err);
/* End of stream: 0 when nothing is left half-read (and a list has ended),
 * -ERR_PROTOCOL else. */
int decoder_finish(const struct decoder *d, struct err *err);

#endif
