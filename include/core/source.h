/*
 * source.h -- where snapshots come from: the other plug of the pipe.
 *
 * A source hands out feeds: one store per kind and scope, kept current by
 * whatever is behind it (watches of an API server, files). Feeds of the same
 * kind and scope are shared. Constructors live in app.
 */
#ifndef TIDELOCK_CORE_SOURCE_H
#define TIDELOCK_CORE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/reflector.h"
#include "core/store.h"
#include "kube/key.h"

struct source_want {
    struct gvk gvk;
    const char *ns;     /* "" = every namespace, or cluster-scoped */
    const char *labels; /* selector text or NULL */
    const char *fields;
    bool metadata_only;
    const char *kept; /* of bodies (kube/kept.h); NULL: all */
};

struct source_feed {
    struct store *store;             /* never NULL, owned by the source */
    const struct resource *resource; /* NULL while the server lacks the kind */
    bool known;                      /* may "not in the store" be believed? */
    struct err why;                  /* when it is not known */
    uint64_t epoch; /* grows when the cluster went back to a backup (G2): what
                     * was remembered of versions and generations is void */
};

/* Called when a feed became known or unknown. Objects come as store deltas. */
typedef void (*source_change_fn)(void *arg, struct source_feed *feed);

/* One feed and what is behind it, for people and metrics. Borrowed. */
struct source_status {
    const struct source_want *want;
    const struct source_feed *feed;
    const char *state; /* "live"; "syncing", "stale", "frozen" or "missing" */
    int64_t heard_ms;  /* since the server said anything; -1: never */
    struct reflector_stats stats;
    uint64_t scrubs;      /* that came to a verdict (core/scrub.h) */
    uint64_t differences; /* found by them: changes that the watch had lost */
};
typedef void (*source_status_fn)(void *arg, const struct source_status *s);

struct source;
struct source_ops {
    const char *name; /* "live", "files" */
    struct source_feed *(*feed)(struct source *s,
                                const struct source_want *want,
                                struct err *err);
    void (*drop)(struct source *s, struct source_feed *feed); /* may be NULL */
    /* Every feed; NULL: there is nothing to tell. */
    void (*each)(const struct source *s, source_status_fn fn, void *arg);
    void (*free)(struct source *s);
};

struct source {
    const struct source_ops *ops;
    source_change_fn on_change;
    void *arg;
};

/* The feed lives until everybody who asked for it has dropped it, or as long as
 * the source. NULL on failure. */
static inline struct source_feed *source_feed(struct source *s,
                                              const struct source_want *want,
                                              struct err *err)
{
    return s->ops->feed(s, want, err);
}

/* Give back what source_feed() gave. Not from inside a delta or on_change. */
static inline void source_drop(struct source *s, struct source_feed *feed)
{
    if (s->ops->drop)
        s->ops->drop(s, feed);
}

static inline void source_each(const struct source *s, source_status_fn fn,
                               void *arg)
{
    if (s && s->ops->each)
        s->ops->each(s, fn, arg);
}

static inline void source_free(struct source *s)
{
    if (s)
        s->ops->free(s);
}

#endif
