/*
 * sink.h -- where a changeset goes. With source.h, the only stage that differs
 *           between run, plan, test and sim. Constructors live in app.
 */
#ifndef TIDELOCK_CORE_SINK_H
#define TIDELOCK_CORE_SINK_H

#include "base/err.h"
#include "core/changeset.h"

struct sink;

/* What became of it. `err->code` NONE: everything was done. */
struct sink_outcome {
    const struct err *err;
    size_t writes; /* requests that changed something (or would) */
    const struct change *failed; /* NULL when nothing failed */
    bool unknown; /* whether `failed` was done: no live read could tell */
    bool looked;  /* changeset.look was read */
};
typedef void (*sink_done_fn)(void *arg, struct changeset *cs,
                             const struct sink_outcome *outcome);

struct sink_ops {
    const char *name; /* "apply", "print", "record" */
    /* `cs` and its arena stay the caller's and must live until `done`, which
     * is called exactly once, never from inside submit() itself. */
    int (*submit)(struct sink *s, struct changeset *cs, sink_done_fn done,
                  void *arg, struct err *err);
    void (*free)(struct sink *s);
};

struct sink {
    const struct sink_ops *ops;
};

static inline int sink_submit(struct sink *s, struct changeset *cs,
                              sink_done_fn done, void *arg, struct err *err)
{
    return s->ops->submit(s, cs, done, arg, err);
}

#endif
