/*
 * source_live_impl.h -- what the files of the live source share; private to
 *                       app.
 */
#ifndef TIDELOCK_APP_SOURCE_LIVE_PRIVATE_H
#define TIDELOCK_APP_SOURCE_LIVE_PRIVATE_H

#include "app/source_live.h"
#include "core/reflector.h"
#include "kube/decoder.h"

struct live;
struct scrubber;

struct watcher {
    struct source_feed feed;
    struct live *live;
    struct watcher *next;
    struct arena arena; /* texts of `want`, for the watcher's life */
    struct source_want want;
    struct reflector *reflector; /* NULL while the kind is missing */
    struct decoder *decoder;
    http_id transfer;
    loop_timer_id timer;
    loop_timer_id silence_timer; /* while a transfer is under way */
    uint64_t heard_at;           /* its last event, or its start */
    loop_timer_id health_timer;
    uint64_t epoch;     /* rewinds of this kind that are dealt with */
    bool expect_rewind; /* another kind saw one: this one's is no news */
    unsigned learn_tries;
    bool learning;         /* on_learned() will be called */
    unsigned users;        /* who asked for the feed and has not dropped it */
    struct err stream_err; /* what ended the stream from our side */
    uint64_t scrubs, differences; /* see struct source_status */
    uint64_t scrub_at;     /* when its next scrub is due; 0: not said yet */
};

struct live {
    struct source source;
    struct cluster *cluster;
    struct watcher *watchers;
    struct scrubber *scrubber; /* NULL: nothing is scrubbed */
    uint64_t seed;
    loop_timer_id discovery_timer;
};

/* ---- source_live.c ---- */
void watcher_step(struct watcher *w); /* do what the reflector wants next */
void watcher_set_known(struct watcher *w, bool known, const struct err *why);
/* Take a consistent list now. */
void watcher_relist(struct watcher *w);
/* Nobody asks for it any more, and nothing will call it: it is freed. */
void watcher_leave(struct watcher *w);

/* ---- source_live_scrub.c ---- */
void scrubber_forget(struct scrubber *s, struct watcher *w); /* NULL is fine */
void scrubber_free(struct scrubber *s);                      /* NULL is fine */

/* ---- source_live_kinds.c ---- */
/* The kind is there: begin, or go on. */
void watcher_attach(struct watcher *w, const struct resource *resource);
void watcher_missing(struct watcher *w);
/* Look for kinds that are missing, every now and then. */
void live_poll_discovery(struct live *live);

#endif
