/*
 * decoder_impl.h -- what decoder.c, decoder_watch.c and decoder_list.c share.
 */
#ifndef TIDELOCK_SRC_KUBE_DECODER_IMPL_H
#define TIDELOCK_SRC_KUBE_DECODER_IMPL_H

#include "base/arena.h"
#include "base/str.h"
#include "base/value.h"
#include "cutter.h"
#include "kube/decoder.h"

enum member {
    MEMBER_OTHER,
    MEMBER_TYPE,     /* watch */
    MEMBER_OBJECT,   /* watch */
    MEMBER_KIND,     /* list */
    MEMBER_METADATA, /* list */
    MEMBER_ITEMS,    /* list */
    MEMBER_COUNT,
};

/* Offsets in the stream, from its first byte. */
struct span {
    uint64_t start;
    uint64_t end;
};

struct decoder {
    enum decoder_mode mode;
    struct gvk gvk; /* owned texts */
    const char *kept;
    size_t max_bytes;
    struct str buffer;
    uint64_t base; /* offset in the stream of the buffer's first byte */
    uint64_t used; /* bytes before it are not needed again */
    struct cutter cutter;
    struct cut cut; /* not yet dealt with, unless CUT_MORE */
    bool broken;
    bool ended; /* list: the document is complete */

    /* of the open document */
    enum member member; /* whose value is next */
    bool seen[MEMBER_COUNT];
    bool twice; /* a member that must not be there twice is */
    struct span values[MEMBER_COUNT];

    struct str resource_version; /* lent to the caller */
    struct str continue_token;
};

/* ---- decoder_watch.c, decoder_list.c ---- */
/* Deal with d->cut. May fill `ret`; leaves its kind DECODER_NONE when there is
 * nothing to report yet. After -ERR_NOMEM the call may be repeated. */
int decoder_take_watch(struct decoder *d, struct decoder_event *ret,
                       struct err *err);
int decoder_take_list(struct decoder *d, struct decoder_event *ret,
                      struct err *err);

/* ---- decoder.c ---- */
const char *span_bytes(const struct decoder *d, struct span span);
bool span_is(const struct decoder *d, struct span span, const char *text);
/* Is it JSON at all? -ERR_PROTOCOL when not. Levels beyond JSON_MAX_DEPTH are
 * not looked into. */
int span_check(const struct decoder *d, struct span span, struct err *err);
int span_value(const struct decoder *d, struct span span, struct arena *a,
               struct value **ret_value, struct err *err);
/* The snapshot in `span`, which must be of the decoder's kind.
 * -ERR_PROTOCOL when it is of another one; else as snapshot_parse(). */
int span_snapshot(const struct decoder *d, struct span span,
                  struct snapshot **ret_snap, struct err *err);
/* The same message, but -ERR_PROTOCOL: it is the server's fault. Out of memory
 * stays what it is. */
int as_protocol(int rc, struct err *err);
/* The one message for each, wherever it is noticed. What comes after the end is
 * never too large. */
int list_is_over(struct err *err);
int list_too_large(const struct decoder *d, struct err *err);
/* Copy a text that an event lends to its reader. NULL is "". */
int lend(struct str *s, const char *text, struct err *err);
/* A CUT_KEY came: sets d->member, d->seen and d->twice. */
void note_key(struct decoder *d);

#endif
