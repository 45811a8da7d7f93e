/*
 * reflector_end.c -- what the end of a request means: the state machine.
 *
 * DESIGN
 *
 * Every end comes down to two answers: which step is next, and how long to
 * wait. Rules of thumb:
 *
 *   - the server cannot be reached, or is busy: the same request again, later.
 *     Nothing was lost, and a relist is the last thing it needs (LW-7).
 *   - the server says that our position is of no use: a list, at once (LW-3).
 *     It is no failure; twice in a row without an event between it is.
 *   - the server says no, or has no such kind: FROZEN.
 *   - anything that nobody foresaw: a list, later.
 *
 * A list is believed at once unless it is older than what we have (G2) or lost
 * most of what we have (G9): then a consistent one has to say the same.
 */
#include <assert.h>

#include "core/backoff.h"
#include "reflector_impl.h"

/* LW-12, but spread downwards: a server that comes back after an hour is
 * found within the cap. */
#define BACKOFF_BASE_MS 800u
#define BACKOFF_CAP_MS 30000u
#define CALM_MS 120000u

#define THROTTLED_MS 1000u /* a 429 that does not say how long */
#define FROZEN_MS 10000u
#define FORBIDDEN_CAP_MS 60000u

#define SHORT_WATCH_MS 1000u
#define WATCH_SPACING_MS 500u /* never a tight loop of watches */

#define STREAM_PAUSE_MS 1800000u /* WL-7: when to try WatchList again */

/* In a row, before a list is tried instead of the same request. */
#define MAX_CUTS 2u
#define MAX_SERVER_ERRORS 5u
#define MAX_GARBLED 3u
#define MAX_SILENT 2u

/* G9 looks at halves only where a half is not one object. */
#define SMALL_COLLECTION 10u

/* ---- which step is next ---- */

static void drop_list(struct reflector *r)
{
    store_batch_clear(r->batch);
    str_clear(&r->token);
    r->unpaged = false;
}

/* A failure in the middle of WatchList is no relist of its own. */
static void step_to_list(struct reflector *r, enum step step)
{
    drop_list(r);
    r->step = step;
}

void reflector_begin_list(struct reflector *r)
{
    bool stream = clock_now_ms(r->clock) >= r->stream_again;

    if (r->synced)
        r->stats.relists++;
    step_to_list(r, stream ? STEP_STREAM : STEP_LIST);
}

/* WL-3, WL-7: list and watch this time, and for a while. */
static void fall_back(struct reflector *r)
{
    r->stream_again = clock_now_ms(r->clock) + STREAM_PAUSE_MS;
    step_to_list(r, STEP_LIST);
}

/* ---- how long to wait ---- */

static void wait_for(struct reflector *r, uint64_t ms, const struct err *why)
{
    r->not_before = clock_now_ms(r->clock) + ms;
    r->error = *why;
}

/* Back off; the server's own wish counts if it is longer. */
static void fail(struct reflector *r, const struct err *why)
{
    uint64_t asked = why->retry_after_ms;
    uint64_t ms;

    if (why->code == ERR_THROTTLED && asked == 0)
        asked = THROTTLED_MS;
    if (clock_now_ms(r->clock) >= r->calm_after)
        r->failures = 0;
    ms = backoff_jitter(
        &r->rng, backoff_ms(BACKOFF_BASE_MS, BACKOFF_CAP_MS, r->failures));
    asked += rng_below(&r->rng, asked / 4); /* zero stays zero */
    r->failures++;
    r->stats.failures++;
    wait_for(r, ms > asked ? ms : asked, why);
    r->calm_after = r->not_before + CALM_MS;
}

/* A missing kind costs one look in ten seconds; a missing right is asked for
 * more and more seldom, because every try is a line in the audit log. */
static void freeze(struct reflector *r, const struct err *why)
{
    uint64_t ms = FROZEN_MS;

    if (why->code == ERR_FORBIDDEN)
        ms = backoff_ms(FROZEN_MS, FORBIDDEN_CAP_MS, r->freezes);
    r->freezes++;
    r->frozen = true;
    step_to_list(r, STEP_LIST);
    wait_for(r, ms - rng_below(&r->rng, ms / 10), why);
}

/* Our position is too old: not a failure, unless it happens again and again
 * to a list that was just taken. */
static void relist_at_once(struct reflector *r, const struct err *why)
{
    reflector_begin_list(r);
    if (++r->gones > 1)
        fail(r, why);
}

static void relist_later(struct reflector *r, const struct err *why)
{
    reflector_begin_list(r);
    fail(r, why);
}

/* ---- believing a list ---- */

static bool lost_too_much(const struct reflector *r)
{
    size_t had = store_count(r->store);

    if (!r->synced || had == 0)
        return false;
    if (store_batch_count(r->batch) == 0)
        return true;
    return had >= SMALL_COLLECTION &&
           store_count_lost(r->store, r->batch) > had / 2;
}

/* The cluster was restored from a backup, and two consistent lists say so. */
static void accept_rewind(struct reflector *r)
{
    store_rewind(r->store);
    r->stats.epoch++;
}

/* Must another list confirm this one? What confirms is consistent, and says
 * the same: a list that is older than what we have and one that is empty do
 * not confirm each other. Old states in a list that is not old are a rewind as
 * well, whose versions have overtaken ours meanwhile. */
static bool is_doubtful(struct reflector *r, const char *version)
{
    bool consistent = !r->anchored;
    bool back =
        rv_compare(version, store_resource_version(r->store)) == RV_OLDER;
    bool relics =
        !back && store_count_relics(r->store, r->batch, version) > 0;
    bool lost = lost_too_much(r);
    bool confirmed = consistent && (!back || r->doubts_back > 0) &&
                     (!lost || r->doubts_lost > 0);

    if (!back && !relics && !lost)
        return false;
    if (!back)
        r->doubts_back = 0;
    if (!lost)
        r->doubts_lost = 0;
    if (back || relics) {
        r->stats.rewinds++;
        r->rewinding = true;
    }
    if (confirmed) {
        if (back || relics)
            accept_rewind(r);
        return false;
    }
    r->doubts_back += back && consistent; /* G2 wants two of these */
    r->doubts_lost += lost;
    r->stats.confirmations++;
    return true;
}

int reflector_commit(struct reflector *r, const char *version, struct err *err)
{
    int rc;

    if (is_doubtful(r, version)) {
        r->verdict = ASK_AGAIN;
        return err_set(err, ERR_UNKNOWN,
                       "the list as of '%s' is asked for again: %zu objects, "
                       "%zu known as of '%s'",
                       version, store_batch_count(r->batch),
                       store_count(r->store), store_resource_version(r->store));
    }
    if (r->distrusts && !r->anchored)
        store_distrust(r->store);
    rc = store_replace(r->store, r->batch, version);
    assert(rc == 0 || rc == -ERR_NOMEM); /* doubtful lists do not get here */
    if (rc < 0)
        return err_nomem(err);
    r->step = STEP_WATCH;
    r->bookmark_at = clock_now_ms(r->clock);
    r->doubts_back = r->doubts_lost = r->cuts = 0;
    r->consistent_next = r->rewinding = r->distrusts = r->frozen = false;
    r->from_nowhere = r->interrupted = false;
    r->synced = true;
    err_clear(&r->error);
    return 0;
}

static void ask_again(struct reflector *r)
{
    step_to_list(r, STEP_LIST);
    r->consistent_next = true;
    r->error = r->why;
}

/* ---- ends ---- */

/* The answer to our position is no. Is there another way to ask? */
static bool ask_without_position(struct reflector *r)
{
    if (!r->anchored)
        return false;
    r->consistent_next = true; /* LW-3: at once */
    step_to_list(r, r->step);
    return true;
}

static void list_failed(struct reflector *r, const struct err *why)
{
    bool first = r->token.len == 0;

    switch (why->code) {
    case ERR_GONE:
        if (!first) { /* LW-2: the token expired */
            step_to_list(r, STEP_LIST);
            r->unpaged = true;
            return;
        }
        /* fall through */
    case ERR_TOO_LARGE_RV:
        if (!ask_without_position(r))
            relist_later(r, why);
        return;
    case ERR_FORBIDDEN:
    case ERR_NOT_FOUND:
    case ERR_NO_KIND:
        freeze(r, why);
        return;
    case ERR_CONNECT:
    case ERR_THROTTLED:
    case ERR_SERVER:
    case ERR_TIMEOUT:
        if (first)
            drop_list(r);
        fail(r, why); /* the same page again */
        return;
    default:
        step_to_list(r, STEP_LIST);
        fail(r, why);
    }
}

static void end_list(struct reflector *r, const struct err *why)
{
    if (!why && !r->page_ended) {
        err_set(&r->why, ERR_PROTOCOL, "the list ended too early");
        why = &r->why;
    }
    if (!why && r->token.len > 0)
        return; /* the next page, at once */
    if (!why && reflector_commit(r, r->list_version, &r->why) == 0)
        return;
    if (r->verdict == ASK_AGAIN)
        ask_again(r);
    else
        list_failed(r, why ? why : &r->why);
}

static bool lasted(const struct reflector *r, uint64_t ms)
{
    return clock_now_ms(r->clock) - r->asked_at >= ms;
}

/* Cut before the initial events ended (WL-3): once is bad luck, more often
 * means that something between us does not let it through. */
static void stream_strike(struct reflector *r, unsigned *count, unsigned max,
                          const struct err *why)
{
    if (++*count < max) {
        drop_list(r);
    } else {
        *count = 0;
        fall_back(r);
    }
    fail(r, why);
}

static void stream_failed(struct reflector *r, const struct err *why)
{
    switch (why->code) {
    case ERR_GONE:
    case ERR_TOO_LARGE_RV:
        if (!ask_without_position(r))
            relist_later(r, why);
        return;
    case ERR_NOT_FOUND:
    case ERR_NO_KIND:
        freeze(r, why);
        return;
    case ERR_CONNECT:
    case ERR_THROTTLED:
    case ERR_IO:
    case ERR_TLS:
    case ERR_UNAUTHORIZED:
    case ERR_CANCELLED:
    case ERR_NOMEM:
        drop_list(r);
        fail(r, why);
        return;
    case ERR_SERVER:
        stream_strike(r, &r->server_errors, MAX_SERVER_ERRORS, why);
        return;
    case ERR_TIMEOUT: /* answered, and then silent: it will never end */
        if (r->heard)
            fall_back(r);
        else
            stream_strike(r, &r->cuts, MAX_CUTS, why);
        return;
    default:
        if (r->request_events > 0)
            stream_strike(r, &r->cuts, MAX_CUTS, why);
        else
            fall_back(r); /* at once */
    }
}

static void end_stream(struct reflector *r, const struct err *why)
{
    if (r->verdict == ASK_AGAIN) {
        ask_again(r);
    } else if (r->verdict == IGNORED) {
        fall_back(r);
    } else if (why) {
        stream_failed(r, why);
    } else {
        err_set(&r->why, ERR_PROTOCOL,
                "the stream ended before its initial events did");
        stream_failed(r, &r->why);
    }
}

/* In-stream errors leave the watch, except for "too busy" (LW-9). Also 500: it
 * may stand for an event that can never be told (LW-13). */
static void watch_got_error(struct reflector *r, const struct err *why)
{
    if (why->code == ERR_GONE)
        relist_at_once(r, why);
    else if (why->code == ERR_THROTTLED)
        fail(r, why);
    else
        relist_later(r, why);
}

/* One more of a kind that is bearable `max` times in a row. */
static void watch_strike(struct reflector *r, unsigned *count, unsigned max,
                         const struct err *why)
{
    if (++*count < max) {
        fail(r, why);
        return;
    }
    *count = 0;
    relist_later(r, why);
}

/* A silent server may be one that was restored and waits until its versions
 * reach ours; after that nothing would show it any more, and only a list can
 * tell. Nobody restores a cluster without cutting its connections, so that a
 * silence after a cut is listed at once; one where no bookmark was ever seen was
 * long enough for that. The next silence may be as long: this server needs it. */
static void watch_was_silent(struct reflector *r, const struct err *why)
{
    bool at_once = r->interrupted || r->bookmark_gap == 0;
    uint64_t silent = clock_now_ms(r->clock) - r->bookmark_at;

    if (r->bookmark_gap > 0 && silent > r->bookmark_gap)
        r->bookmark_gap = silent;
    watch_strike(r, &r->silent, at_once ? 1 : MAX_SILENT, why);
}

/* LW-10: the server's own timeout, or a cut after it delivered: go on at once,
 * unless it hardly began. */
static void watch_ended(struct reflector *r)
{
    if (r->request_events == 0 && !lasted(r, SHORT_WATCH_MS)) {
        r->stats.short_watches++;
        err_set(&r->why, ERR_PROTOCOL, "the watch ended as soon as it began");
        relist_later(r, &r->why);
        return;
    }
    r->server_errors = r->garbled = r->gones = r->freezes = 0;
    r->not_before = r->asked_at + WATCH_SPACING_MS;
}

static void watch_failed(struct reflector *r, const struct err *why)
{
    r->interrupted |= why->code != ERR_TIMEOUT;
    switch (why->code) {
    case ERR_GONE:
        relist_at_once(r, why);
        return;
    case ERR_FORBIDDEN:
    case ERR_NOT_FOUND:
    case ERR_NO_KIND:
        freeze(r, why);
        return;
    case ERR_CONNECT: /* LW-7: the same watch */
        if (r->request_events > 0)
            watch_ended(r);
        else
            fail(r, why);
        return;
    case ERR_THROTTLED:
    case ERR_IO:
    case ERR_TLS:
    case ERR_UNAUTHORIZED:
    case ERR_CANCELLED:
    case ERR_NOMEM:
        fail(r, why);
        return;
    case ERR_TIMEOUT:
        watch_was_silent(r, why);
        return;
    case ERR_SERVER:
        watch_strike(r, &r->server_errors, MAX_SERVER_ERRORS, why);
        return;
    case ERR_PROTOCOL:
        watch_strike(r, &r->garbled, MAX_GARBLED, why);
        return;
    default:
        relist_later(r, why);
    }
}

static void end_watch(struct reflector *r, const struct err *why)
{
    if (r->verdict == REWOUND) {
        r->consistent_next = true;
        relist_later(r, why);
    } else if (r->verdict == GOT_ERROR) {
        watch_got_error(r, why);
    } else if (why) {
        watch_failed(r, why);
    } else {
        watch_ended(r);
    }
}

static void end_step(struct reflector *r, const struct err *why)
{
    switch (r->step) {
    case STEP_STREAM:
        end_stream(r, why);
        return;
    case STEP_LIST:
        end_list(r, why);
        return;
    case STEP_WATCH:
        end_watch(r, why);
        return;
    }
}

void reflector_on_end(struct reflector *r, const struct err *err)
{
    const struct err *why = err && err->code ? err : NULL;

    assert(r->asked);
    if (!why)
        reflector_on_contact(r);
    if (r->verdict != GO_ON)
        why = &r->why; /* what made us close it */
    r->asked = false;
    if (r->verdict == UNWANTED)
        reflector_begin_list(r);
    else
        end_step(r, why);
    r->verdict = GO_ON;
}
