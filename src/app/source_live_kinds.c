/*
 * source_live_kinds.c -- kinds come and go: a watcher begins when discovery
 *                        finds its kind, and waits when it does not.
 *
 * The schema is asked for before the first list, so that the first plans know
 * the kind.
 */
#include "base/log.h"
#include "source_live_impl.h"

#define LEARN_TRIES 4
#define LEARN_MS 500u
#define BEGIN_MS 1000u

static void on_learn(void *arg);
static void watcher_begin(struct watcher *w);

static void on_begin(void *arg)
{
    struct watcher *w = arg;

    w->timer = 0;
    watcher_begin(w);
}

static void watcher_begin(struct watcher *w)
{
    struct reflector_config config = {
        .ns = w->feed.resource->namespaced ? w->want.ns : "",
        .label_selector = w->want.labels,
        .field_selector = w->want.fields,
        .metadata_only = w->want.metadata_only,
    };

    w->reflector =
        reflector_new(w->feed.store, &config,
                      loop_clock(w->live->cluster->loop), w->live->seed++);
    if (w->reflector)
        watcher_step(w);
    else /* out of memory: it may be better in a moment */
        w->timer = loop_after(w->live->cluster->loop, BEGIN_MS, on_begin, w);
}

static bool watcher_lacks_schema(const struct watcher *w)
{
    return !schema_known(schema_find(
        w->live->cluster->schemas, w->want.gvk.api_version, w->want.gvk.kind));
}

/* The server publishes the schema of a new CustomResourceDefinition a moment
 * after the kind itself: ask a few times, then do without. */
static void on_learned(void *arg, bool changed, const struct err *err)
{
    struct watcher *w = arg;

    (void)changed;
    (void)err;
    w->learning = false;
    if (w->users == 0) {
        watcher_leave(w);
        return;
    }
    if (w->reflector)
        return;
    if (watcher_lacks_schema(w) && ++w->learn_tries < LEARN_TRIES)
        w->timer = loop_after(w->live->cluster->loop, LEARN_MS, on_learn, w);
    else
        watcher_begin(w);
}

static void on_learn(void *arg)
{
    struct watcher *w = arg;
    struct err err = {0};

    w->timer = 0;
    w->learning = true; /* it may be known, and told at once */
    if (cluster_learn(w->live->cluster, w->want.gvk.api_version, on_learned, w,
                      &err) == 0)
        return;
    w->learning = false;
    watcher_begin(w);
}

void watcher_attach(struct watcher *w, const struct resource *resource)
{
    bool fresh = w->feed.resource == NULL;

    w->feed.resource = resource;
    if (w->reflector) {
        reflector_wake(w->reflector);
        if (w->transfer)
            return;
        loop_cancel(w->live->cluster->loop, w->timer);
        w->timer = 0;
        watcher_step(w);
    } else if (fresh && watcher_lacks_schema(w))
        on_learn(w);
    else if (fresh)
        watcher_begin(w);
}

void watcher_missing(struct watcher *w)
{
    struct err why = {0};

    err_set(&why, ERR_NO_KIND, "the server has no kind '%s' in '%s'",
            w->want.gvk.kind, w->want.gvk.api_version);
    err_hint(&why, "install its CustomResourceDefinition; tidelock looks "
                   "again every 10 s");
    watcher_set_known(w, false, &why);
    live_poll_discovery(w->live);
}

static const struct resource *watcher_find(const struct watcher *w)
{
    return restmap_find(w->live->cluster->restmap, w->want.gvk.api_version,
                        w->want.gvk.kind);
}

/* Is the kind missing, by its own requests or by the last discovery? The two
 * may differ for a while when it goes and comes again quickly. */
static bool watcher_wants_discovery(const struct watcher *w)
{
    const struct err *error;

    if (!watcher_find(w))
        return true;
    if (!w->reflector)
        return w->feed.resource == NULL;
    error = reflector_error(w->reflector);
    return error &&
           (error->code == ERR_NOT_FOUND || error->code == ERR_NO_KIND);
}

static void on_discovered(void *arg, bool changed, const struct err *err)
{
    struct live *live = arg;
    bool again = false;

    (void)changed;
    if (err->code != ERR_NONE)
        log_debug("discovery failed", "err", err->msg, NULL);
    for (struct watcher *w = live->watchers; w; w = w->next) {
        const struct resource *r = watcher_find(w);

        if (watcher_wants_discovery(w)) {
            again = true;
            if (r)
                watcher_attach(w, r);
        } else if (r)
            w->feed.resource = r; /* what plans will name from now on */
    }
    if (again)
        live_poll_discovery(live);
}

static void on_discovery_timer(void *arg)
{
    struct live *live = arg;
    struct err err = {0};
    bool wanted = false;

    live->discovery_timer = 0;
    for (struct watcher *w = live->watchers; w && !wanted; w = w->next)
        wanted = watcher_wants_discovery(w);
    if (wanted &&
        cluster_discover(live->cluster, on_discovered, live, &err) < 0)
        live_poll_discovery(live);
}

void live_poll_discovery(struct live *live)
{
    if (!live->discovery_timer)
        live->discovery_timer =
            loop_after(live->cluster->loop, SOURCE_LIVE_DISCOVERY_MS,
                       on_discovery_timer, live);
}
