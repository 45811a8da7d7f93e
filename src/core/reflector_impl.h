/*
 * reflector_impl.h -- what the three files of the reflector share:
 *
 *   reflector.c         life, what to ask next, health
 *   reflector_event.c   what an event does to batch and store
 *   reflector_end.c     what the end of a request means: the state machine
 */
#ifndef TIDELOCK_CORE_REFLECTOR_IMPL_H
#define TIDELOCK_CORE_REFLECTOR_IMPL_H

#include "base/str.h"
#include "core/reflector.h"

#define PAGE_SIZE 500u
#define NOT_OLDER "NotOlderThan"

/* The request under way, or the next one. */
enum step {
    STEP_STREAM, /* WatchList, until its initial events end (WL-2) */
    STEP_LIST,   /* a page: the first, or what the token says */
    STEP_WATCH,
};

/* Why reflector_on_event() wanted the request closed. */
enum verdict {
    GO_ON,
    GOT_ERROR, /* an ERROR event (LW-9): in `why` */
    IGNORED,   /* WatchList: the server does not know the parameter */
    ASK_AGAIN, /* a list that is not believed at once (G2, G9) */
    REWOUND,   /* the watch went backwards */
    BROKEN,    /* our own trouble: in `why` */
    UNWANTED,  /* reflector_relist() */
};

struct reflector {
    struct store *store; /* its position is where the watch resumes */
    const struct clock *clock;
    struct rng rng;
    char *ns, *label_selector, *field_selector;
    bool metadata_only;
    unsigned page_size;

    enum step step;
    uint64_t not_before; /* the next request */
    bool asked;          /* a request is under way */
    uint64_t asked_at;
    uint64_t heard_at;       /* last sign of the server */
    bool inside;             /* an event has begun and not ended */
    bool heard;              /* of the request under way */
    uint64_t request_events; /* of the request under way */
    uint64_t bookmark_at;    /* last bookmark of this watch, or its start */
    uint64_t bookmark_gap;   /* longest seen; 0 = never saw any */
    bool from_nowhere;       /* LW-11: the watch has no position yet */
    enum verdict verdict;
    struct err why;

    /* the list being collected */
    struct store_batch *batch;
    struct str token; /* "" = first page */
    char list_version[STORE_MAX_VERSION + 1];
    bool page_ended;
    bool anchored;                     /* it was asked for with our position */
    bool consistent_next;              /* ask without position (LW-3, G2) */
    bool unpaged;                      /* LW-2 */
    unsigned doubts_back, doubts_lost; /* answers not believed, by reason */

    /* in a row */
    unsigned failures;
    uint64_t calm_after; /* when failures count from zero again (LW-12) */
    unsigned server_errors, garbled, silent, cuts, gones, freezes;
    bool interrupted;      /* a watch was lost since the last event */
    uint64_t stream_again; /* no WatchList before (WL-7) */

    bool synced;
    bool frozen;
    bool rewinding; /* versions went backwards, not settled */
    bool distrusts; /* somebody else saw that they did */
    struct err error;
    struct reflector_stats stats;
};

/* ---- reflector_end.c ---- */
/* The list or stream collected in the batch is complete, as of `version`: swap
 * it in and go on to WATCH. Otherwise -code, and r->verdict may be ASK_AGAIN.
 */
int reflector_commit(struct reflector *r, const char *version, struct err *err);
/* Begin a full list with the next request. */
void reflector_begin_list(struct reflector *r);

#endif
