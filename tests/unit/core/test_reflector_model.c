/*
 * A reflector against a made-up server, for as long as it takes.
 *
 * The server changes objects, forgets revisions and is restored from backups.
 * Requests are refused, cut anywhere, answered by lagging replicas, by errors
 * in the stream, by repetitions, by an empty list that is a lie. Write answers
 * come in between. Then the faults stop, and the store must become equal to
 * the server.
 *
 * On the way, after every event:
 *   - each name is shown as it was at some revision not before the position,
 *     and never as it was before an earlier look
 *   - no object that exists is told as deleted
 *   - of one name, versions told only grow (until a restored backup is noticed)
 *
 * The same run is made with every single allocation failing, and with mistakes
 * planted into the driver, each of which must be noticed.
 */
#include "core/reflector.h"

#include <stdio.h>
#include <string.h>

#include "reflector_kit.h"
#include "snaps.h"
#include "test.h"
#include "watch_server.h"

/* Mistakes of the driver, for the self-test. */
enum plant {
    NO_PLANT,
    LOSE_DELETE,   /* a DELETED is not passed on */
    LOSE_EVENT,    /* nor any other event, but the next one is */
    LATE_WATCH,    /* the watch begins after the position that was asked for */
    LIE_TWICE,     /* an empty list, and another one to confirm it */
    SHORT_PAGE,    /* an object is left out of a page */
    WRONG_LIST,    /* an old list under a new version */
    FORGOTTEN_CUT, /* a stream that was cut is reported as whole */
    PLANTS,
};

struct run {
    struct watch_server server;
    struct talk talk;
    struct rng rng;
    enum plant plant;
    bool faults;
    bool streams; /* the server knows WatchList */
    bool lied;    /* the last list was empty, perhaps as a lie */
    bool astray;  /* it was restored, and the reflector does not know */
    uint64_t epoch;
    unsigned shown[SERVER_NAMES]; /* as of which revision, at least */
    unsigned told[SERVER_NAMES];  /* last version in a delta */
    const char *wrong;
};

static unsigned pick(struct run *r, unsigned bound)
{
    return (unsigned)rng_below(&r->rng, bound);
}

static bool fault(struct run *r, unsigned one_in)
{
    return r->faults && pick(r, one_in) == 0;
}

static bool planted(struct run *r, enum plant plant)
{
    return r->plant == plant && pick(r, 3) == 0;
}

static unsigned position(const struct run *r)
{
    return server_revision(store_resource_version(r->talk.store));
}

/* ---- what must hold ---- */

static void on_delta(void *arg, const struct delta *d)
{
    struct run *r = arg;
    const struct snapshot *any = d->now ? d->now : d->old;
    unsigned name = server_name_of(any);
    unsigned revision = server_revision(any->resource_version);
    uint64_t epoch = reflector_stats(r->talk.reflector).epoch;

    if (epoch != r->epoch) {
        r->epoch = epoch;
        r->astray = false;
        memset(r->told, 0, sizeof r->told);
        memset(r->shown, 0, sizeof r->shown);
    }
    if (!d->now && server_exists(&r->server, d->old->uid))
        r->wrong = "an object that exists was told as deleted";
    if (d->now && revision <= r->told[name])
        r->wrong = "an older version was told";
    if (d->now)
        r->told[name] = revision;
}

static bool is_explained(struct run *r, unsigned name)
{
    unsigned from = r->shown[name] > position(r) ? r->shown[name] : position(r);

    for (unsigned at = from; at <= r->server.now; at++) {
        if (!server_shown(&r->server, r->talk.store, name, at))
            continue;
        r->shown[name] = at;
        return true;
    }
    return false;
}

static void look(struct run *r)
{
    if (!reflector_check(r->talk.reflector) || !store_check(r->talk.store))
        r->wrong = "an invariant is broken";
    if (!reflector_synced(r->talk.reflector) || r->astray)
        return;
    for (unsigned name = 0; name < SERVER_NAMES; name++)
        if (!is_explained(r, name))
            r->wrong = "the store shows what never was, or is over";
}

/* ---- the server's side ---- */

static void write_something(struct run *r)
{
    unsigned name = pick(r, SERVER_NAMES);
    bool remove = pick(r, 3) == 0;

    /* A new timeline must not catch up before it is noticed: nobody could
     * tell the difference. */
    if (r->faults && (!r->astray || r->server.now + 2 < position(r)))
        server_write(&r->server, name, remove);
}

/* The highest revision the store shows, by the watch or ahead of it. */
static unsigned newest_shown(struct run *r)
{
    struct snapshot *const *items;
    size_t n = store_list(r->talk.store, "", &items);
    unsigned newest = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned revision = server_revision(items[i]->resource_version);

        newest = revision > newest ? revision : newest;
    }
    return newest;
}

static void restore_a_backup(struct run *r)
{
    unsigned at = position(r);

    if (r->astray || at < 20 || newest_shown(r) > at)
        return;
    server_restore(&r->server, at - 5 - pick(r, 10));
    r->astray = true;
}

/* An answer to a write of ours, fresh or long under way. */
static void answer_comes(struct run *r)
{
    unsigned name = pick(r, SERVER_NAMES);
    unsigned since = r->server.now > 10 ? r->server.now - 10 : 0;
    struct snapshot *snap;

    if (r->astray || !reflector_synced(r->talk.reflector))
        return;
    snap = server_state(&r->server, name,
                        since + pick(r, r->server.now - since + 1));
    if (snap)
        store_put_answer(r->talk.store, snap); /* may fail: then it is lost */
    snap_drop(snap);
}

static void time_passes(struct run *r)
{
    clock_fake_advance(&r->talk.fake, pick(r, 4000));
    while (pick(r, 3) != 0)
        write_something(r);
    if (fault(r, 10))
        answer_comes(r);
    if (fault(r, 40))
        r->server.oldest = r->server.now - pick(r, r->server.now / 2 + 1);
    look(r);
}

/* ---- the driver ---- */

/* Pass an event on. False when the request is over. */
static bool pass(struct run *r, struct decoder_event *event)
{
    bool has_object =
        event->kind != DECODER_BOOKMARK && event->kind != DECODER_PAGE_END &&
        event->kind != DECODER_SKIPPED && event->kind != DECODER_ERROR;
    struct err err = {0};

    if (!event->continue_token)
        event->continue_token = "";
    if (has_object && !event->snapshot)
        err_nomem(&err); /* as a decoder says it */
    else
        reflector_on_event(r->talk.reflector, event, &err);
    if (err.code)
        reflector_on_end(r->talk.reflector, &err);
    look(r);
    return err.code == ERR_NONE && !r->wrong;
}

static bool pass_object(struct run *r, enum decoder_kind kind,
                        struct snapshot *snap)
{
    struct decoder_event event = {.kind = kind, .snapshot = snap};

    event.resource_version = snap ? snap->resource_version : "";
    return pass(r, &event);
}

static bool pass_mark(struct run *r, enum decoder_kind kind, unsigned revision,
                      const char *token)
{
    struct decoder_event event = {
        .kind = kind,
        .resource_version = server_version(revision),
        .continue_token = token,
        .initial_end = token != NULL,
    };

    return pass(r, &event);
}

static bool pass_error(struct run *r, enum err_code code)
{
    struct decoder_event event = {.kind = DECODER_ERROR,
                                  .resource_version = ""};

    err_set(&event.error, code, "the server says so");
    return pass(r, &event);
}

/* The request is over. Always false, to be returned. */
static bool end(struct run *r, enum err_code code)
{
    struct err err = {0};

    err_set(&err, code, "the request failed");
    if (code == ERR_THROTTLED)
        err.retry_after_ms = pick(r, 3) * 1000;
    reflector_on_end(r->talk.reflector, code ? &err : NULL);
    return false;
}

static enum err_code random_refusal(struct run *r)
{
    static const enum err_code codes[] = {
        ERR_CONNECT,  ERR_THROTTLED, ERR_SERVER,    ERR_FORBIDDEN,
        ERR_NO_KIND,  ERR_REJECTED,  ERR_TIMEOUT,   ERR_GONE,
        ERR_PROTOCOL, ERR_IO,        ERR_NOT_FOUND, ERR_TOO_LARGE_RV,
    };

    return codes[pick(r, sizeof codes / sizeof codes[0])];
}

static enum err_code random_cut(struct run *r)
{
    static const enum err_code codes[] = {ERR_IO, ERR_PROTOCOL, ERR_CONNECT,
                                          ERR_TIMEOUT};

    return codes[pick(r, 4)];
}

/* A lagging replica has not seen everything; one that knows what it was asked
 * for waits until it has as much. */
static unsigned view(struct run *r, const struct list_options *o)
{
    unsigned from = server_revision(o->resource_version);

    if (!o->resource_version || pick(r, 2) == 0)
        return r->server.now;
    return from + pick(r, r->server.now - from + 1);
}

static bool is_empty(const struct watch_server *s, unsigned revision)
{
    unsigned objects = 0;

    for (unsigned name = 0; name < SERVER_NAMES; name++)
        objects += s->at[name][revision].uid > 0;
    return objects == 0;
}

/* An empty list that is not true; never after another one, true or not. */
static bool lies(struct run *r)
{
    bool again = r->lied && r->plant != LIE_TWICE;

    if (again || store_count(r->talk.store) == 0 || !fault(r, 4))
        return false;
    r->lied = true;
    return true;
}

static bool pass_items(struct run *r, unsigned revision, unsigned *name,
                       unsigned limit)
{
    for (unsigned n = 0; *name < SERVER_NAMES && n < limit; ++*name) {
        if (r->server.at[*name][revision].uid == 0)
            continue;
        if (fault(r, 12))
            return end(r, random_cut(r));
        n++;
        if (!planted(r, SHORT_PAGE) &&
            !pass_object(r, DECODER_ITEM,
                         server_state(&r->server, *name, revision)))
            return false;
    }
    return true;
}

static void serve_page(struct run *r, unsigned revision, unsigned name,
                       unsigned limit)
{
    bool lie = name == 0 && lies(r);
    unsigned shown = revision;
    char token[32] = "";

    if (planted(r, WRONG_LIST) && revision > 5)
        shown = revision - 5;
    if (!lie && !pass_items(r, shown, &name, limit ? limit : SERVER_NAMES))
        return;
    if (!lie && name < SERVER_NAMES)
        snprintf(token, sizeof token, "%u.%u", revision, name);
    if (!pass_mark(r, DECODER_PAGE_END, revision, token))
        return;
    time_passes(r);
    if (fault(r, 20)) {
        end(r, ERR_PROTOCOL);
        return;
    }
    end(r, ERR_NONE);
    look(r);
    if (!lie && token[0] == '\0')
        r->lied = is_empty(&r->server, revision);
}

static void serve_list(struct run *r, const struct list_options *o)
{
    unsigned revision, name;

    if (o->continue_token) {
        if (sscanf(o->continue_token, "%u.%u", &revision, &name) != 2 ||
            revision < r->server.oldest || revision > r->server.now)
            end(r, ERR_GONE);
        else
            serve_page(r, revision, name, o->limit);
    } else if (server_revision(o->resource_version) > r->server.now) {
        end(r, ERR_TOO_LARGE_RV);
    } else {
        serve_page(r, view(r, o), 0, o->limit);
    }
}

static bool pass_event(struct run *r, unsigned revision)
{
    bool removed;
    struct snapshot *snap = server_event(&r->server, revision, &removed);

    if ((removed && planted(r, LOSE_DELETE)) || planted(r, LOSE_EVENT)) {
        snap_drop(snap);
        return true;
    }
    return pass_object(r,
                       removed      ? DECODER_DELETED
                       : pick(r, 2) ? DECODER_ADDED
                                    : DECODER_MODIFIED,
                       snap);
}

/* Something went wrong in the stream. True when it goes on. */
static bool upset(struct run *r, unsigned at)
{
    struct decoder_event skipped = {.kind = DECODER_SKIPPED,
                                    .resource_version = ""};

    switch (pick(r, 7)) {
    case 0:
        return end(r, random_cut(r));
    case 1:
        return end(r, ERR_NONE);
    case 2:
        return pass_error(r, ERR_GONE);
    case 3:
        return pass_error(r, pick(r, 2) ? ERR_SERVER : ERR_THROTTLED);
    case 4:
        return at > r->server.oldest + 1
                   ? pass_event(r, at - pick(r, at - r->server.oldest))
                   : true;
    case 5:
        reflector_relist(r->talk.reflector);
        return end(r, ERR_CANCELLED);
    default:
        return pass(r, &skipped);
    }
}

/* The state as of `from`, in any order, then what happened up to `to`, then
 * the bookmark that ends it. */
static bool serve_initial(struct run *r, unsigned from, unsigned to)
{
    unsigned first = pick(r, SERVER_NAMES);
    bool lie = from == to && lies(r);

    for (unsigned i = 0; !lie && i < SERVER_NAMES; i++) {
        unsigned name = (first + i) % SERVER_NAMES;

        if (fault(r, 15) && !upset(r, 0))
            return false;
        if (r->server.at[name][from].uid > 0 &&
            !pass_object(r, DECODER_ADDED,
                         server_state(&r->server, name, from)))
            return false;
    }
    for (unsigned at = from + 1; at <= to; at++)
        if (!pass_event(r, at))
            return false;
    r->lied = lie || is_empty(&r->server, to);
    return pass_mark(r, DECODER_BOOKMARK, to, "");
}

/* A server that has not got as far as we are says nothing at all. */
static void stay_silent(struct run *r)
{
    clock_fake_advance(&r->talk.fake, reflector_silence_ms(r->talk.reflector));
    end(r, ERR_TIMEOUT);
}

/* Until the stream ends, or all is said and nothing disturbs it any more:
 * true then, with the stream still open. */
static bool serve_live(struct run *r, unsigned at)
{
    for (unsigned steps = 0; !r->wrong; steps++) {
        if (fault(r, 25) && !upset(r, at))
            return false;
        if (r->faults && steps > 40)
            return end(r, ERR_NONE);
        if (r->plant == FORGOTTEN_CUT && fault(r, 25))
            at = r->server.now; /* the rest of the stream is lost */
        else if (at < r->server.now && !pass_event(r, ++at))
            return false;
        else if (pick(r, 4) == 0 && !pass_mark(r, DECODER_BOOKMARK, at, NULL))
            return false;
        if (!r->faults && at == r->server.now)
            return true;
        time_passes(r);
    }
    return false;
}

/* True when there is nothing left to say. */
static bool serve_watch(struct run *r, const struct list_options *o)
{
    unsigned from = server_revision(o->resource_version);

    if (o->send_initial_events && !r->streams)
        return end(r, ERR_REJECTED);
    if (from > r->server.now) {
        if (o->send_initial_events)
            return end(r, ERR_TOO_LARGE_RV);
        stay_silent(r);
        return false;
    }
    if (o->send_initial_events) {
        unsigned to = view(r, o);

        from = o->resource_version ? from + pick(r, to - from + 1) : to;
        if (!serve_initial(r, from, to))
            return false;
        from = to;
    } else if (from < r->server.oldest) {
        return pick(r, 2) ? end(r, ERR_GONE) : pass_error(r, ERR_GONE);
    } else if (planted(r, LATE_WATCH)) {
        from += pick(r, r->server.now - from + 1);
    }
    return serve_live(r, from);
}

/* One request, or one sleep. True when the store has heard everything. */
static bool turn(struct run *r)
{
    struct reflector_todo todo = reflector_next(r->talk.reflector);

    if (todo.want == WANT_SLEEP) {
        clock_fake_advance(&r->talk.fake, todo.delay_ms);
        time_passes(r);
        return false;
    }
    if (fault(r, 6))
        return end(r, random_refusal(r));
    if (todo.want == WANT_WATCH)
        return serve_watch(r, &todo.options);
    serve_list(r, &todo.options);
    return false;
}

static void settle(struct run *r)
{
    uint64_t since = r->talk.fake.ms;
    bool done = false;

    r->faults = false;
    for (int i = 0; !done && !r->wrong && i < 200; i++)
        done = turn(r);
    if (r->wrong)
        return;
    if (!done || r->talk.fake.ms - since > 900000)
        r->wrong = "it did not settle";
    else if (reflector_health(r->talk.reflector) != REFLECTOR_LIVE)
        r->wrong = "it is not live in the end";
    for (unsigned name = 0; name < SERVER_NAMES && !r->wrong; name++)
        if (!server_shown(&r->server, r->talk.store, name, r->server.now))
            r->wrong = "the store is not equal to the server in the end";
}

static void begin(struct run *r, uint64_t seed)
{
    static const struct reflector_config pages = {.ns = "", .page_size = 2};
    static const struct reflector_config plain = {.ns = ""};

    rng_init(&r->rng, seed);
    for (unsigned i = 0; i < 8; i++)
        server_write(&r->server, pick(r, SERVER_NAMES), false);
    r->streams = pick(r, 2);
    r->faults = true;
    if (!talk_begin(&r->talk, pick(r, 2) ? &pages : &plain) ||
        store_listen(r->talk.store, on_delta, r) < 0)
        r->wrong = "out of memory";
}

/* What went wrong, or NULL. */
static const char *run_once(uint64_t seed, int turns, enum plant plant)
{
    static struct run r; /* large */

    r = (struct run){.plant = plant};
    begin(&r, seed);
    for (int i = 0; !r.wrong && i < turns; i++) {
        turn(&r);
        if (fault(&r, 60))
            restore_a_backup(&r);
    }
    if (!r.wrong)
        settle(&r);
    talk_end(&r.talk);
    return r.wrong;
}

TEST(reflector_makes_the_store_equal_to_any_server)
{
    uint64_t rounds = (uint64_t)test_rounds(300, 20000);
    uint64_t seed = test_seed();

    for (uint64_t i = 0; i < rounds; i++) {
        const char *wrong = run_once(seed + i, 60, NO_PLANT);

        if (wrong) {
            check_str(wrong, "nothing");
            check_int(i, 0);
            return;
        }
    }
}

TEST(reflector_runs_with_a_planted_mistake_are_noticed)
{
    for (enum plant plant = NO_PLANT + 1; plant < PLANTS; plant++) {
        unsigned noticed = 0;

        for (uint64_t seed = 1; seed <= 20; seed++)
            noticed += run_once(seed, 60, plant) != NULL;
        if (!check(noticed > 0))
            check_int(plant, NO_PLANT);
    }
}

TEST_TORTURE(reflector_gets_there_with_any_allocation_failing)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const char *wrong = run_once(seed, 8, NO_PLANT);

        if (wrong && !(torturing() && strcmp(wrong, "out of memory") == 0))
            check_str(wrong, "nothing");
    }
}
