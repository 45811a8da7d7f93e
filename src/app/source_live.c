/*
 * source_live.c -- see source_live.h for the contract.
 *
 * DESIGN
 *
 * A `watcher` drives one reflector: it asks what is wanted next, turns that
 * into an HTTP transfer or a timer, runs the bytes through a decoder, hands
 * the events back, and asks again. It decides nothing itself.
 *
 *      reflector_next --> http_send --> decoder --> reflector_on_event
 *            ^                                            |
 *            +------------- reflector_on_end <------------+
 *
 * INVARIANTS
 *
 *   I1  a watcher has at most one of: a transfer, a timer (beside the ones
 *       that look at silence and health)
 *   I2  without a resource (kind missing) it has neither
 */
#include "source_live_impl.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "kube/status.h"

static void live_check_epoch(struct live *live, struct watcher *rewound);

/* ---- known or not ---- */

void watcher_set_known(struct watcher *w, bool known, const struct err *why)
{
    bool changed = w->feed.known != known || w->feed.why.code != why->code;

    w->feed.known = known;
    w->feed.why = *why;
    if (changed && w->live->source.on_change)
        w->live->source.on_change(w->live->source.arg, &w->feed);
}

/* Tell the feed's readers how far the store may be trusted. */
static void watcher_health(struct watcher *w)
{
    struct err why = {0};
    const struct err *error = reflector_error(w->reflector);
    enum reflector_health health = reflector_health(w->reflector);

    if (health == REFLECTOR_LIVE) {
        w->expect_rewind = false;
        watcher_set_known(w, true, &why);
        return;
    }
    if (error)
        why = *error;
    else
        err_set(&why, ERR_UNKNOWN, "'%s' is not synced yet", w->want.gvk.kind);
    watcher_set_known(w, false, &why);
}

/* ---- one transfer ---- */

static int watcher_drain(struct watcher *w, struct err *err)
{
    for (;;) {
        struct decoder_event event = {0};
        int rc = decoder_next(w->decoder, &event, err);

        if (rc < 0 || event.kind == DECODER_NONE)
            return rc;
        w->heard_at = clock_now_ms(loop_clock(w->live->cluster->loop));
        rc = reflector_on_event(w->reflector, &event, err);
        if (rc < 0)
            return rc;
    }
}

static void silence_arm(struct watcher *w);

static bool on_data(void *arg, http_id id, const void *data, size_t len)
{
    struct watcher *w = arg;
    int rc = decoder_feed(w->decoder, data, len, &w->stream_err);

    (void)id;
    if (rc == 0)
        rc = watcher_drain(w, &w->stream_err);
    if (reflector_on_bytes(w->reflector, decoder_finish(w->decoder, NULL) < 0))
        silence_arm(w);
    live_check_epoch(w->live, w);
    watcher_health(w);
    return rc == 0;
}

static void watcher_end_transfer(struct watcher *w)
{
    http_cancel(w->live->cluster->http, w->transfer);
    loop_cancel(w->live->cluster->loop, w->silence_timer);
    w->silence_timer = 0;
    w->transfer = 0;
    decoder_free(w->decoder);
    w->decoder = NULL;
}

static void on_done(void *arg, http_id id, const struct http_result *result,
                    const struct err *transport)
{
    struct watcher *w = arg;
    struct err err = *transport;

    (void)id;
    if (w->stream_err.code != ERR_NONE)
        err = w->stream_err; /* we ended it; the transport only says so */
    else if (err.code == ERR_NONE)
        status_check(result->status, result->body, result->body_len,
                     result->retry_after, &err);
    w->transfer = 0;
    watcher_end_transfer(w);
    if (err.code != ERR_NONE) {
        err_wrap(&err, "cannot watch '%s'", w->feed.resource->plural);
        log_debug("watch ended", "kind", w->want.gvk.kind, "err", err.msg,
                  NULL);
    }
    reflector_on_end(w->reflector, &err);
    live_check_epoch(w->live, w);
    watcher_health(w);
    if (err.code == ERR_NOT_FOUND || err.code == ERR_NO_KIND)
        live_poll_discovery(w->live);
    watcher_step(w);
}

/* Close the request from our side, for a reason, and go on. */
static void watcher_cut(struct watcher *w, const struct err *why)
{
    log_debug("watch cut", "kind", w->want.gvk.kind, "err", why->msg, NULL);
    watcher_end_transfer(w);
    reflector_on_end(w->reflector, why);
    watcher_health(w);
    watcher_step(w);
}

static void on_silence(void *arg);

static void silence_arm(struct watcher *w)
{
    struct loop *loop = w->live->cluster->loop;
    uint64_t silent = clock_now_ms(loop_clock(loop)) - w->heard_at;
    uint64_t most = reflector_silence_ms(w->reflector);

    loop_cancel(loop, w->silence_timer);
    w->silence_timer =
        loop_after(loop, silent < most ? most - silent : 0, on_silence, w);
}

/* A request that goes on but says nothing is dead, or its server is (HT-1). */
static void on_silence(void *arg)
{
    struct watcher *w = arg;
    uint64_t silent =
        clock_now_ms(loop_clock(w->live->cluster->loop)) - w->heard_at;
    struct err err = {0};

    w->silence_timer = 0;
    if (silent < reflector_silence_ms(w->reflector)) {
        silence_arm(w);
        return;
    }
    err_set(&err, ERR_TIMEOUT, "cannot watch '%s': silence for %llu s",
            w->feed.resource->plural, (unsigned long long)(silent / 1000));
    watcher_cut(w, &err);
}

static int watcher_send(struct watcher *w, const struct reflector_todo *todo,
                        struct err *err)
{
    struct arena arena = {0};
    struct request request;
    struct http_call call = {.on_done = on_done, .on_data = on_data, .arg = w};
    bool watch = todo->want == WANT_WATCH;
    int rc;

    err_clear(&w->stream_err);
    rc = watch ? request_watch(&arena, w->feed.resource, &todo->options,
                               &request, err)
               : request_list(&arena, w->feed.resource, &todo->options,
                              &request, err);
    if (rc == 0) {
        w->decoder = decoder_new(watch ? DECODER_WATCH : DECODER_LIST,
                                 &w->want.gvk, DECODER_MAX_BYTES);
        rc = w->decoder ? 0 : err_nomem(err);
    }
    if (rc == 0)
        decoder_keep(w->decoder, w->want.kept);
    if (rc == 0) {
        w->transfer = http_send(w->live->cluster->http, &request, &call, err);
        rc = w->transfer ? 0 : -(int)err->code;
    }
    if (rc == 0) {
        w->heard_at = clock_now_ms(loop_clock(w->live->cluster->loop));
        silence_arm(w);
    }
    arena_release(&arena);
    return rc;
}

static void on_timer(void *arg)
{
    struct watcher *w = arg;

    w->timer = 0;
    watcher_step(w);
}

/* Do what the reflector wants next. */
void watcher_step(struct watcher *w)
{
    struct reflector_todo todo = reflector_next(w->reflector);
    struct err err = {0};
    uint64_t delay = todo.delay_ms;

    if (todo.want != WANT_SLEEP) {
        if (watcher_send(w, &todo, &err) == 0)
            return;
        watcher_end_transfer(w);
        reflector_on_end(w->reflector, &err);
        watcher_health(w);
        todo = reflector_next(w->reflector);
        delay = todo.want == WANT_SLEEP ? todo.delay_ms : 1000;
    }
    w->timer = loop_after(w->live->cluster->loop, delay, on_timer, w);
}

/* A watch that hears nothing for long is no longer to be believed: look at
 * the clock now and then, since silence makes no callback. */
static void on_health_timer(void *arg)
{
    struct watcher *w = arg;

    if (w->reflector)
        watcher_health(w);
    w->health_timer = loop_after(w->live->cluster->loop, REFLECTOR_STALE_MS / 6,
                                 on_health_timer, w);
}

void watcher_relist(struct watcher *w)
{
    struct err why = {0};

    if (reflector_relist(w->reflector)) {
        err_set(&why, ERR_CANCELLED, "a consistent list is wanted");
        watcher_cut(w, &why);
    } else {
        loop_cancel(w->live->cluster->loop, w->timer);
        w->timer = 0;
        watcher_step(w);
    }
}

/* One kind saw that the cluster was restored from a backup: what is known of
 * every other kind is from a time that never was (G2). */
static void live_check_epoch(struct live *live, struct watcher *rewound)
{
    uint64_t epoch = reflector_stats(rewound->reflector).epoch;

    if (epoch == rewound->epoch)
        return;
    rewound->epoch = epoch;
    if (rewound->expect_rewind)
        return;
    log_warn("resourceVersions went back: the cluster was restored from a "
             "backup; everything is listed again",
             "kind", rewound->want.gvk.kind, NULL);
    for (struct watcher *w = live->watchers; w; w = w->next) {
        w->feed.epoch++;
        if (w == rewound || !w->reflector)
            continue;
        w->expect_rewind = true;
        watcher_relist(w);
    }
}

/* ---- feeds ---- */

static bool same_text(const char *a, const char *b)
{
    return text_equal(a ? a : "", b ? b : "");
}

static struct watcher *find_watcher(const struct live *live,
                                    const struct source_want *want)
{
    for (struct watcher *w = live->watchers; w; w = w->next)
        if (gvk_equal(&w->want.gvk, &want->gvk) &&
            same_text(w->want.ns, want->ns) &&
            same_text(w->want.labels, want->labels) &&
            same_text(w->want.fields, want->fields) &&
            same_text(w->want.kept, want->kept) &&
            w->want.metadata_only == want->metadata_only)
            return w;
    return NULL;
}

static const char *copy_text(struct arena *a, const char *text, bool *failed)
{
    char *copy = text ? arena_strdup(a, text) : NULL;

    *failed |= text && !copy;
    return copy;
}

static void watcher_free(struct watcher *w)
{
    struct loop *loop = w->live->cluster->loop;

    scrubber_forget(w->live->scrubber, w);
    watcher_end_transfer(w);
    loop_cancel(loop, w->timer);
    loop_cancel(loop, w->health_timer);
    reflector_free(w->reflector);
    store_free(w->feed.store);
    arena_release(&w->arena);
    mem_free(w);
}

static struct watcher *watcher_new(struct live *live,
                                   const struct source_want *want)
{
    struct watcher *w = mem_calloc(1, sizeof(*w));
    bool failed = false;

    if (!w)
        return NULL;
    w->live = live;
    w->want = *want;
    w->want.gvk.api_version =
        copy_text(&w->arena, want->gvk.api_version, &failed);
    w->want.gvk.kind = copy_text(&w->arena, want->gvk.kind, &failed);
    w->want.ns = copy_text(&w->arena, want->ns ? want->ns : "", &failed);
    w->want.labels = copy_text(&w->arena, want->labels, &failed);
    w->want.fields = copy_text(&w->arena, want->fields, &failed);
    w->want.kept = copy_text(&w->arena, want->kept, &failed);
    w->feed.store = failed ? NULL : store_new(&w->want.gvk);
    if (w->feed.store)
        return w;
    watcher_free(w);
    return NULL;
}

/* Nobody asks for it any more, and nothing will call it. */
void watcher_leave(struct watcher *w)
{
    struct watcher **at = &w->live->watchers;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    watcher_free(w);
}

static void live_drop(struct source *source, struct source_feed *feed)
{
    struct live *live = (struct live *)source;
    struct watcher *w = live->watchers;

    while (&w->feed != feed)
        w = w->next;
    if (--w->users == 0 && !w->learning)
        watcher_leave(w);
}

static struct source_feed *live_feed(struct source *source,
                                     const struct source_want *want,
                                     struct err *err)
{
    struct live *live = (struct live *)source;
    struct watcher *w = find_watcher(live, want);
    const struct resource *resource;

    if (w) {
        w->users++;
        return &w->feed;
    }
    w = watcher_new(live, want);
    if (!w) {
        err_nomem(err);
        return NULL;
    }
    w->users = 1;
    w->next = live->watchers;
    live->watchers = w;
    err_set(&w->feed.why, ERR_UNKNOWN, "'%s' is not synced yet",
            w->want.gvk.kind);
    resource = restmap_find(live->cluster->restmap, want->gvk.api_version,
                            want->gvk.kind);
    if (resource)
        watcher_attach(w, resource);
    else
        watcher_missing(w);
    w->health_timer = loop_after(live->cluster->loop, REFLECTOR_STALE_MS / 6,
                                 on_health_timer, w);
    return &w->feed;
}

static const char *watcher_state(const struct watcher *w)
{
    static const char *const words[] = {[REFLECTOR_SYNCING] = "syncing",
                                        [REFLECTOR_LIVE] = "live",
                                        [REFLECTOR_STALE] = "stale",
                                        [REFLECTOR_FROZEN] = "frozen"};

    return w->reflector ? words[reflector_health(w->reflector)] : "missing";
}

static void live_each(const struct source *source, source_status_fn fn,
                      void *arg)
{
    const struct live *live = (const struct live *)source;
    uint64_t now = clock_now_ms(loop_clock(live->cluster->loop));

    for (const struct watcher *w = live->watchers; w; w = w->next) {
        struct source_status s = {
            .want = &w->want,
            .feed = &w->feed,
            .state = watcher_state(w),
            .scrubs = w->scrubs,
            .differences = w->differences,
            .heard_ms = w->heard_at ? (int64_t)(now - w->heard_at) : -1};

        if (w->reflector)
            s.stats = reflector_stats(w->reflector);
        fn(arg, &s);
    }
}

static void live_free(struct source *source)
{
    struct live *live = (struct live *)source;

    loop_cancel(live->cluster->loop, live->discovery_timer);
    scrubber_free(live->scrubber);
    live->scrubber = NULL;
    while (live->watchers) {
        struct watcher *w = live->watchers;

        live->watchers = w->next;
        watcher_free(w);
    }
    mem_free(live);
}

static const struct source_ops live_ops = {
    .name = "live",
    .feed = live_feed,
    .each = live_each,
    .drop = live_drop,
    .free = live_free,
};

struct source *source_live_new(struct cluster *cluster, uint64_t seed,
                               struct err *err)
{
    struct live *live = mem_calloc(1, sizeof(*live));

    if (!live) {
        err_nomem(err);
        return NULL;
    }
    live->source.ops = &live_ops;
    live->cluster = cluster;
    live->seed = seed;
    return &live->source;
}
