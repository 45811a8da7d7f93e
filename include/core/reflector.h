/*
 * reflector.h -- keeps one store equal to one collection of the API server:
 *                list, watch, resume, relist. It says what it wants next and
 *                does nothing itself (no socket, no clock of its own).
 *
 *     START --> STREAM (WatchList) --initial end--> WATCH --> ...
 *        \--> LIST --> PAGE ... --> WATCH
 *     any of them --error--> BACKOFF --> (STREAM | LIST | WATCH)
 *     410 --> relist at once; 403, 404 of the resource --> FROZEN (slow retry)
 *
 * Rules LW-1..LW-13, WL-1..WL-7 of the semantics, and G1: the first list is
 * consistent (resourceVersion unset, never "0"). The same seed, clock and
 * answers give the same requests.
 *
 *     for (;;) {
 *         todo = reflector_next(r);
 *         WANT_SLEEP: wait, or until reflector_wake(), and ask again
 *         else send `todo.options`; reflector_on_event() for each event while
 *         it returns 0; close the stream; reflector_on_end()
 *     }
 */
#ifndef TIDELOCK_CORE_REFLECTOR_H
#define TIDELOCK_CORE_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/store.h"
#include "kube/decoder.h"
#include "kube/request.h"

enum reflector_want {
    WANT_LIST,  /* send `request` (a list page), feed the answer */
    WANT_WATCH, /* send `request` (a stream) */
    WANT_SLEEP, /* nothing for delay_ms */
};

struct reflector_todo {
    enum reflector_want want;
    uint64_t delay_ms;
    struct list_options options; /* for WANT_LIST and WANT_WATCH; texts are
                                  * borrowed until the next call */
};

/* How far a reader may trust the store. */
enum reflector_health {
    REFLECTOR_SYNCING, /* never had a full list: everything is unknown */
    REFLECTOR_LIVE,    /* a list was taken and the watch is open or resuming */
    REFLECTOR_STALE,   /* no contact for longer than REFLECTOR_STALE_MS, or
                        * versions went backwards and it is not settled yet */
    REFLECTOR_FROZEN,  /* forbidden, or the kind is gone: unknown, never
                        * "absent"; see reflector_error() */
};
#define REFLECTOR_STALE_MS 180000u

struct reflector_config {
    const char *ns;             /* "" = all */
    const char *label_selector; /* NULL = none */
    const char *field_selector;
    bool metadata_only;
    unsigned page_size; /* 0 = 500, and no pages on relists (LW-1) */
};

struct reflector;
/* store and clock are borrowed and must outlive it; config texts copied. NULL
 * on out of memory. */
struct reflector *reflector_new(struct store *store,
                                const struct reflector_config *config,
                                const struct clock *clock, uint64_t seed);
void reflector_free(struct reflector *r); /* NULL is fine */

/* Asked once per request: after WANT_LIST and WANT_WATCH not again before
 * reflector_on_end(). */
struct reflector_todo reflector_next(struct reflector *r);

/* What came of the request asked for by reflector_next(), in this order:
 * any number of events, then exactly one end. An event of a watch or list is
 * what kube/decoder gave; its snapshot reference is taken over, whatever is
 * returned. Negative: the stream is of no further use, the driver closes it
 * and reports its end with that error (or any other: this one counts). */
int reflector_on_event(struct reflector *r, struct decoder_event *event,
                       struct err *err);
/* `err` NULL or code NONE: the stream or page ended as it should. A request
 * that the driver cut for silence ends with -ERR_TIMEOUT. */
void reflector_on_end(struct reflector *r, const struct err *err);

/* The server said something: a 2xx answer began, bytes came. Optional (events
 * say it too), but a quiet kind of a server without bookmarks is STALE without
 * it. */
void reflector_on_contact(struct reflector *r);
/* The same, and are they the beginning of an event whose end is not here yet?
 * True: that is news, and reflector_silence_ms() says less than before. */
bool reflector_on_bytes(struct reflector *r, bool inside);
/* For how long the request under way may go without a whole event before the
 * driver cuts it: 1.25 times the bookmark interval seen on this server (note
 * 12); an event that has begun must come to its end sooner. */
uint64_t reflector_silence_ms(const struct reflector *r);

/* The kind was found again, a right was given back, somebody wants it now:
 * leave BACKOFF or FROZEN and try at once. */
void reflector_wake(struct reflector *r);
/* Somebody saw that versions went backwards (another kind's epoch changed, an
 * answer to a write was older than its cache): take a consistent list. True
 * when a request is under way: the driver closes it and reports its end. */
bool reflector_relist(struct reflector *r);

enum reflector_health reflector_health(const struct reflector *r);
bool reflector_synced(const struct reflector *r); /* had a full list, ever */
/* Why it is not LIVE; NULL when it is. Borrowed. */
const struct err *reflector_error(const struct reflector *r);

struct reflector_stats {
    uint64_t lists;         /* pages asked for */
    uint64_t watches;       /* watches asked for, streaming lists included */
    uint64_t events;        /* of watches, bookmarks included */
    uint64_t relists;       /* full lists begun after the first one */
    uint64_t short_watches; /* LW-10 */
    uint64_t skipped;       /* events that could not be used (LW-8) */
    uint64_t failures;      /* ends that led to a backoff */
    uint64_t
        confirmations; /* lists asked again before they were believed (G9) */
    uint64_t rewinds;  /* versions lower than what we had */
    uint64_t epoch;    /* rewinds that were accepted: caches and plans of
                        * every kind from before mean nothing (G2) */
};
struct reflector_stats reflector_stats(const struct reflector *r);
bool reflector_check(const struct reflector *r);

#endif
