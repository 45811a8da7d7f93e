/*
 * reflector.c -- see reflector.h for the contract: life, what to ask next, and
 *                how far to trust what was answered.
 *
 * DESIGN
 *
 * Three steps, one request at a time: STREAM or LIST fill a batch, which is
 * swapped into the store as one; WATCH changes the store event by event. The
 * position lives in the store alone, so what readers see and where the watch
 * resumes cannot differ. There is no BACKOFF step: a step waits until
 * `not_before`, and so no error can forget what was to be done.
 *
 * INVARIANTS (reflector_check)
 *
 *   I1  step == WATCH  ==>  a list was taken and the batch is empty
 *   I2  a continue token  ==>  step == LIST
 *   I3  a verdict  ==>  a request is under way
 */
#include "core/reflector.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "reflector_impl.h"

#define TOKEN_MAX (64u << 10)

/* A silent watch is dead (note 12). Beyond the longest allowed silence there
 * must be time to resume before the store counts as STALE. */
#define SILENCE_WATCH_MIN 80000u /* bookmarks come once a minute (WS-5) */
#define SILENCE_WATCH_MAX 165000u
#define SILENCE_STREAM 30000u
#define SILENCE_LIST 60000u
#define SILENCE_INSIDE 30000u /* an answer that trickles is none */

/* ---- life ---- */

static bool copy_text(char **ret, const char *text)
{
    *ret = text ? mem_strdup(text) : NULL;
    return *ret || !text;
}

static bool copy_config(struct reflector *r, const struct reflector_config *c)
{
    r->metadata_only = c->metadata_only;
    r->page_size = c->page_size;
    return copy_text(&r->ns, c->ns ? c->ns : "") &&
           copy_text(&r->label_selector, c->label_selector) &&
           copy_text(&r->field_selector, c->field_selector);
}

struct reflector *reflector_new(struct store *store,
                                const struct reflector_config *config,
                                const struct clock *clock, uint64_t seed)
{
    struct reflector *r = mem_calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->store = store;
    r->clock = clock;
    rng_init(&r->rng, seed);
    str_init(&r->token, TOKEN_MAX);
    r->step = STEP_STREAM;
    err_set(&r->error, ERR_UNKNOWN, "not listed yet");
    r->batch = store_batch_new(r->store);
    if (!r->batch || !copy_config(r, config)) {
        reflector_free(r);
        return NULL;
    }
    return r;
}

void reflector_free(struct reflector *r)
{
    if (!r)
        return;
    store_batch_free(r->batch);
    str_release(&r->token);
    mem_free(r->ns);
    mem_free(r->label_selector);
    mem_free(r->field_selector);
    mem_free(r);
}

/* ---- what to ask next ---- */

/* The position, or NULL for a consistent answer: the first list (G1), or when
 * the position was refused or is not believed (LW-3, G2). */
static const char *anchor(struct reflector *r)
{
    const char *version = store_resource_version(r->store);

    r->anchored = version[0] != '\0' && !r->consistent_next;
    return r->anchored ? version : NULL;
}

/* LW-1: a server answers "not older than" from its watch cache only when there
 * is no limit. */
static unsigned page_limit(const struct reflector *r)
{
    if (r->unpaged)
        return 0; /* LW-2 */
    if (r->page_size > 0)
        return r->page_size;
    return r->anchored ? 0 : PAGE_SIZE;
}

/* The token says it all: with it, no version (WS-1). */
static void ask_list(struct reflector *r, struct list_options *o)
{
    if (r->token.len > 0) {
        o->continue_token = str_text(&r->token);
    } else {
        o->resource_version = anchor(r);
        o->rv_match = o->resource_version ? NOT_OLDER : NULL;
    }
    o->limit = page_limit(r);
    r->page_ended = false;
    r->stats.lists++;
}

/* LW-6: the spread keeps reconnects of many watches apart. */
static void ask_watch(struct reflector *r, struct list_options *o)
{
    const char *version = store_resource_version(r->store);

    o->timeout_seconds = 300 + (unsigned)rng_below(&r->rng, 300);
    if (r->step == STEP_STREAM) {
        o->resource_version = anchor(r);
        o->rv_match = NOT_OLDER;
        o->send_initial_events = true; /* WL-1 */
    } else {
        o->resource_version = version[0] ? version : NULL;
        r->from_nowhere = version[0] == '\0';
    }
    r->stats.watches++;
}

struct reflector_todo reflector_next(struct reflector *r)
{
    uint64_t now = clock_now_ms(r->clock);
    struct reflector_todo todo = {
        .want = WANT_SLEEP,
        .options = {.ns = r->ns,
                    .label_selector = r->label_selector,
                    .field_selector = r->field_selector,
                    .metadata_only = r->metadata_only},
    };

    assert(!r->asked);
    if (now < r->not_before) {
        todo.delay_ms = r->not_before - now;
        return todo;
    }
    if (r->step == STEP_LIST) {
        todo.want = WANT_LIST;
        ask_list(r, &todo.options);
    } else {
        todo.want = WANT_WATCH;
        ask_watch(r, &todo.options);
    }
    r->asked = true;
    r->heard = r->inside = false;
    r->asked_at = r->bookmark_at = now;
    r->request_events = 0;
    return todo;
}

void reflector_wake(struct reflector *r)
{
    r->not_before = 0;
}

bool reflector_relist(struct reflector *r)
{
    r->consistent_next = true;
    r->rewinding = r->distrusts = true;
    r->not_before = 0;
    if (!r->asked) {
        reflector_begin_list(r);
        return false;
    }
    r->verdict = UNWANTED;
    err_set(&r->why, ERR_CANCELLED, "a consistent list was asked for");
    return true;
}

/* ---- how far to trust it ---- */

void reflector_on_contact(struct reflector *r)
{
    r->heard_at = clock_now_ms(r->clock);
    r->heard = true;
}

bool reflector_on_bytes(struct reflector *r, bool inside)
{
    bool news = inside && !r->inside;

    reflector_on_contact(r);
    r->inside = inside;
    return news;
}

uint64_t reflector_silence_ms(const struct reflector *r)
{
    uint64_t ms = r->bookmark_gap + r->bookmark_gap / 4;

    if (r->inside)
        return SILENCE_INSIDE;
    if (r->step == STEP_LIST)
        return SILENCE_LIST;
    if (r->step == STEP_STREAM)
        return SILENCE_STREAM;
    if (ms == 0 || ms > SILENCE_WATCH_MAX)
        return SILENCE_WATCH_MAX;
    return ms < SILENCE_WATCH_MIN ? SILENCE_WATCH_MIN : ms;
}

enum reflector_health reflector_health(const struct reflector *r)
{
    if (r->frozen)
        return REFLECTOR_FROZEN;
    if (!r->synced)
        return REFLECTOR_SYNCING;
    if (r->rewinding ||
        clock_now_ms(r->clock) - r->heard_at > REFLECTOR_STALE_MS)
        return REFLECTOR_STALE;
    return REFLECTOR_LIVE;
}

bool reflector_synced(const struct reflector *r)
{
    return r->synced;
}

const struct err *reflector_error(const struct reflector *r)
{
    static const struct err silent = {
        .code = ERR_TIMEOUT,
        .msg = "nothing was heard from the server for three minutes",
    };

    if (reflector_health(r) == REFLECTOR_LIVE)
        return NULL;
    return r->error.code ? &r->error : &silent;
}

struct reflector_stats reflector_stats(const struct reflector *r)
{
    return r->stats;
}

bool reflector_check(const struct reflector *r)
{
    if (r->step == STEP_WATCH &&
        (!r->synced || store_batch_count(r->batch) > 0))
        return false;
    return (r->token.len == 0 || r->step == STEP_LIST) &&
           (r->verdict == GO_ON || r->asked);
}
