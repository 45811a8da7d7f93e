/*
 * reflector_event.c -- what an event does to the batch and to the store.
 *
 * DESIGN
 *
 * The position advances only after the store has what the event says, so an
 * event that failed half-way comes again with the next watch.
 *
 * Versions of a watch only grow. A lower one is harmless when the store knows
 * at least as much of that object already: then it is a repetition. For an
 * object that is absent nobody can tell a repetition from a new timeline (a
 * restored backup), so a consistent list has to say.
 */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "reflector_impl.h"

/* Close the request; `err` is r->why and was filled by the caller. */
static int close_with(struct reflector *r, enum verdict verdict)
{
    r->verdict = verdict;
    return -(int)r->why.code;
}

static int got_error(struct reflector *r, const struct err *error)
{
    r->why = *error;
    if (r->why.code == ERR_NONE)
        err_set(&r->why, ERR_PROTOCOL, "an error event without an error");
    return close_with(r, GOT_ERROR);
}

static int no_memory(struct reflector *r)
{
    err_nomem(&r->why);
    return close_with(r, BROKEN);
}

static int skip(struct reflector *r)
{
    r->stats.skipped++;
    return 0;
}

/* ---- into the batch ---- */

/* The very same bytes as in the store? Then the list need not hold them twice:
 * a relist would otherwise double the memory of the cache for a moment. */
static struct snapshot *known(const struct reflector *r, struct snapshot *snap)
{
    struct snapshot *old = store_get(r->store, &snap->key);

    if (old && strcmp(old->uid, snap->uid) == 0 &&
        strcmp(old->resource_version, snap->resource_version) == 0 &&
        snapshot_same_text(old, snap))
        return old;
    return snap;
}

static int collect(struct reflector *r, struct snapshot *snap)
{
    if (store_batch_put(r->batch, known(r, snap)) < 0)
        return no_memory(r);
    return 0;
}

/* The first page says the version of the whole list (WS-7). */
static int page_end(struct reflector *r, const struct decoder_event *event)
{
    size_t len = strlen(event->resource_version);

    if (len > STORE_MAX_VERSION) {
        err_set(&r->why, ERR_PROTOCOL, "resourceVersion of %zu bytes", len);
        return close_with(r, BROKEN);
    }
    if (r->token.len == 0)
        memcpy(r->list_version, event->resource_version, len + 1);
    str_clear(&r->token);
    str_add(&r->token, event->continue_token);
    if (str_check(&r->token, "a continue token", &r->why) < 0)
        return close_with(r, BROKEN);
    r->page_ended = true;
    return 0;
}

static int list_event(struct reflector *r, const struct decoder_event *event)
{
    switch (event->kind) {
    case DECODER_ITEM:
        return collect(r, event->snapshot);
    case DECODER_PAGE_END:
        return page_end(r, event);
    default:
        return skip(r);
    }
}

/* Before its annotated bookmark the server sends no other (WS-5). */
static int stream_bookmark(struct reflector *r,
                           const struct decoder_event *event)
{
    if (event->initial_end) {
        if (reflector_commit(r, event->resource_version, &r->why) == 0)
            return 0;
        return close_with(r, r->verdict == ASK_AGAIN ? ASK_AGAIN : BROKEN);
    }
    err_set(&r->why, ERR_PROTOCOL, "the server ignores sendInitialEvents");
    return close_with(r, IGNORED);
}

/* WL-2: in any order, and not seen by readers. */
static int stream_event(struct reflector *r, const struct decoder_event *event)
{
    switch (event->kind) {
    case DECODER_ADDED:
    case DECODER_MODIFIED:
        return collect(r, event->snapshot);
    case DECODER_DELETED:
        store_batch_remove(r->batch, event->snapshot);
        return 0;
    case DECODER_BOOKMARK:
        return stream_bookmark(r, event);
    case DECODER_ERROR:
        return got_error(r, &event->error);
    default:
        return skip(r);
    }
}

/* ---- into the store ---- */

static bool goes_back(const struct reflector *r, const char *version)
{
    return rv_compare(version, store_resource_version(r->store)) == RV_OLDER;
}

static int rewound(struct reflector *r, const char *version)
{
    err_set(&r->why, ERR_PROTOCOL,
            "resourceVersion went back from '%s' to '%s'",
            store_resource_version(r->store), version);
    r->stats.rewinds++;
    r->rewinding = true;
    return close_with(r, REWOUND);
}

/* LW-11: without a position the first ADDED come in any order of versions. */
static int advance(struct reflector *r, const struct decoder_event *event)
{
    if (r->from_nowhere && event->kind == DECODER_ADDED)
        return 0;
    r->from_nowhere = false;
    store_bookmark(r->store, event->resource_version);
    return 0;
}

static int watch_put(struct reflector *r, const struct decoder_event *event)
{
    struct snapshot *snap = event->snapshot;

    if (goes_back(r, snap->resource_version) &&
        !store_get(r->store, &snap->key))
        return rewound(r, snap->resource_version);
    if (store_put(r->store, snap) < 0)
        return no_memory(r);
    return advance(r, event);
}

static int watch_bookmark(struct reflector *r,
                          const struct decoder_event *event)
{
    uint64_t now = clock_now_ms(r->clock);
    uint64_t gap = now - r->bookmark_at;

    if (gap > r->bookmark_gap)
        r->bookmark_gap = gap;
    r->bookmark_at = now;
    if (goes_back(r, event->resource_version))
        return rewound(r, event->resource_version);
    return advance(r, event);
}

static int watch_event(struct reflector *r, const struct decoder_event *event)
{
    switch (event->kind) {
    case DECODER_ADDED:
    case DECODER_MODIFIED:
        return watch_put(r, event);
    case DECODER_DELETED:
        store_remove(r->store, event->snapshot);
        return advance(r, event);
    case DECODER_BOOKMARK:
        return watch_bookmark(r, event);
    case DECODER_ERROR:
        return got_error(r, &event->error);
    default:
        return skip(r);
    }
}

/* A stream that delivers is a stream that works. */
static void note_delivery(struct reflector *r)
{
    r->request_events++;
    r->stats.events++;
    r->server_errors = r->garbled = r->silent = 0;
    r->interrupted = false;
    if (r->step == STEP_WATCH)
        r->gones = r->freezes = 0;
}

static int dispatch(struct reflector *r, const struct decoder_event *event)
{
    if (r->step == STEP_LIST)
        return list_event(r, event);
    if (event->kind != DECODER_ERROR)
        note_delivery(r);
    return r->step == STEP_STREAM ? stream_event(r, event)
                                  : watch_event(r, event);
}

int reflector_on_event(struct reflector *r, struct decoder_event *event,
                       struct err *err)
{
    int rc;

    assert(r->asked);
    reflector_on_contact(r);
    if (r->verdict == GO_ON)
        rc = dispatch(r, event);
    else
        rc = -(int)r->why.code; /* the driver was told to stop */
    snapshot_unref(event->snapshot, "decoder");
    event->snapshot = NULL;
    if (rc < 0 && err)
        *err = r->why;
    return rc;
}
