/*
 * sink_apply_impl.h -- what the files of the apply sink share; private to app.
 */
#ifndef TIDELOCK_APP_SINK_APPLY_PRIVATE_H
#define TIDELOCK_APP_SINK_APPLY_PRIVATE_H

#include "app/sink_apply.h"

struct apply_sink {
    struct sink sink;
    struct cluster *cluster;
    struct sink_observer observer;
    struct herald *herald; /* or NULL */
    struct exec *execs;
};

enum exec_stage {
    STAGE_GATE,   /* the live read of what the cache may be wrong about */
    STAGE_ROOT,   /* the live read of the root before a destructive change */
    STAGE_ASK,    /* dryRun: is an immutable field touched? */
    STAGE_PROBE,  /* dryRun: or is the object itself not valid? */
    STAGE_WRITE,  /* the change itself */
    STAGE_SEE,    /* the live read after a write whose answer is another kind */
    STAGE_LOOK,   /* the live read after a refusal */
    STAGE_RIVAL,  /* the live read of a child that is fought over */
    STAGE_FINISH, /* a timer of 0: tell the caller from a loop turn */
};

struct exec {
    struct apply_sink *sink;
    struct exec *prev, *next;
    struct changeset *cs;
    sink_done_fn done;
    void *arg;
    enum exec_stage stage;
    size_t index;   /* of the change under way */
    size_t request; /* 0 or 1 within the change */
    bool root_checked;
    bool unknown, looked; /* as in struct sink_outcome */
    bool recreate;        /* the server said that this change needs it */
    char *root_rv;        /* newest resourceVersion of the root that we saw */
    char *before_rv, *after_rv; /* of the object of the last answer: as it was
                                 * known, as it is; NULL: neither */
    size_t writes;
    struct cluster_call *call;
    loop_timer_id timer;
    struct err err; /* what stopped the changeset */
    const struct change *failed;
    const struct change *contested; /* the first one that was left alone */
};

/* ---- sink_apply.c: one request after the other ---- */

static inline const struct change *exec_change(const struct exec *e)
{
    return &e->cs->items[e->index];
}

static inline struct target exec_root(const struct exec *e)
{
    return (struct target){e->cs->root_resource, e->cs->root->key};
}

/* Each of these is the last thing that a step does: one request follows, or
 * the end. */
void exec_next(struct exec *e); /* begin the change at `index` */
void exec_send(struct exec *e, const struct request *r, enum exec_stage stage);
void exec_get(struct exec *e, struct target target, enum exec_stage stage);
/* Render the change (as a recreate when the server asked for it) and send the
 * request that is due; `ask`: as a dryRun. */
void exec_write(struct exec *e, bool ask);
void exec_skip(struct exec *e); /* go on to the next change */
void exec_fail(struct exec *e, const struct err *err);

/* Tell the observer of an object that is in an answer. */
int exec_observe(struct exec *e, const struct target *t, const char *body,
                 size_t len, struct err *err);
/* "cannot apply 'Service default/blog': <what the server said>" */
void exec_wrap(const struct change *c, struct err *err);

/* ---- sink_apply_ask.c: what is asked before a change is written ---- */

/* What the cache may be wrong about was read. */
void ask_after_gate(struct exec *e, const char *body, size_t len,
                    const struct err *status);
/* The root was read before something is destroyed. */
void ask_after_root(struct exec *e, const char *body, size_t len,
                    const struct err *status);
/* The live state of a child that is fought over. */
void ask_after_rival(struct exec *e, const char *body, size_t len,
                     const struct err *status);
/* Why the changeset was not carried out, when something was left alone. */
void ask_say_contested(struct exec *e);
/* Answers to the two dryRuns. */
void ask_after_change(struct exec *e, const struct err *status);
void ask_after_probe(struct exec *e, const struct err *status);

#endif
