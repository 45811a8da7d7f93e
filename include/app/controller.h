/*
 * controller.h -- one operator at work: feeds to queue to job to changeset to
 *                 sink to requeue.
 *
 * The same controller serves `run`, `run --dry-run` and `plan`; they differ in
 * the source and the sink that are plugged in. It runs on the loop thread and
 * never blocks but for a script that runs in this process.
 */
#ifndef TIDELOCK_APP_CONTROLLER_H
#define TIDELOCK_APP_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "app/executor.h"
#include "app/sink_apply.h"
#include "app/zones.h"
#include "core/blast.h"
#include "core/permits.h"
#include "core/sink.h"
#include "core/source.h"
#include "core/workqueue.h"
#include "io/loop.h"
#include "kube/restmap.h"
#include "kube/schema.h"
#include "script/script.h"

struct controller;

/* One pass of one root, told when the sink is done with it. Borrowed. */
struct pass {
    struct object_key key;
    const struct snapshot *root;
    const struct plan *plan;        /* NULL when the script failed */
    const struct changeset *cs;     /* NULL when there was no plan */
    const struct err *err;          /* code NONE: everything was carried out */
    const char *trace;              /* where in the script, or NULL */
    const struct operator_row *row; /* of the decision table, also when the
                                     * pass failed after the choice; or NULL */
    const char *why;                /* the row's reason, or NULL */
    bool held;  /* that row kept back what `desired` would declare */
    bool shown; /* mode "plan": nothing of it was carried out */
    size_t writes;
    uint64_t took_ms;   /* from the dispatch to the end of the last write */
    int64_t requeue_ms; /* -1: none */
};
typedef void (*controller_pass_fn)(void *arg, const struct pass *pass);
/* A plan was made (or could not be), and nothing was sent yet. `view` is what
 * it was made from. Both borrowed. */
typedef void (*controller_planned_fn)(void *arg, const struct pass *pass,
                                      const struct view *view);
/* Something changed that the owner may wait for: look at controller_state(). */
typedef void (*controller_change_fn)(void *arg);

/* What is run; all borrowed. */
struct controller_script {
    struct program *program; /* where it runs; NULL: here */
    struct script *script;   /* without a program */
    struct value *params;    /* checked: operator_params() */
};

struct controller_config {
    struct loop *loop;         /* all borrowed */
    const struct clock *clock; /* of views and the queue; NULL: the loop's */
    struct controller_script script;
    const char *digest; /* of the operator's files, for the log, read when
                         * something is submitted; or NULL */
    struct source *source;
    const struct restmap *restmap;
    const struct schema_set *schemas;
    bool schemas_are_live;   /* this server's own */
    struct zones *zones;     /* NULL: scripts get no time zones */
    const char *ns;          /* --namespace, "" = all */
    const char *name;        /* only this root; NULL = all */
    struct permits *permits; /* roots at a time; NULL: max_in_flight, 0 = 10 */
    unsigned max_in_flight;
    bool says_blind; /* roots are told when a kind cannot be seen for long */
    bool one_pass;                    /* plan: each root once */
    controller_planned_fn on_planned; /* may be NULL */
    controller_pass_fn on_pass;       /* may be NULL */
    controller_change_fn on_change;   /* may be NULL */
    workqueue_waited_fn on_get;       /* may be NULL */
    void *arg;
    const struct blast_limits *limits; /* of deletions; NULL: the defaults */
};

/* Subscribes to the feeds; nothing is dispatched before controller_start(). */
struct controller *controller_new(const struct controller_config *config,
                                  struct err *err);
void controller_free(struct controller *c); /* after its sink; NULL is fine */

/* What a sink_apply shall tell about answers. */
struct sink_observer controller_observer(struct controller *c);
/* The sink is borrowed. */
void controller_start(struct controller *c, struct sink *sink);
/* The source says that a feed became known or unknown. */
void controller_feed_changed(struct controller *c, struct source_feed *feed);
/* Something changed that every plan may depend on. */
void controller_plan_all(struct controller *c);
/* Dispatch nothing more; what is in flight ends. */
void controller_drain(struct controller *c);

struct controller_state {
    bool synced;                /* every root and owned feed is known */
    const struct err *unsynced; /* one reason when not; borrowed */
    bool final; /* that reason will not go away by waiting a moment:
                 * forbidden, no such kind, ... */
    size_t ready, running, delayed;
    size_t ready_low; /* of those ready: with low priority */
    size_t failing;   /* roots whose last pass failed */
    size_t known;     /* roots that are remembered: each had a pass */
    unsigned max_running;
    uint64_t running_ms, longest_ms; /* of the passes under way: sum, longest */
    uint64_t adds, retries; /* of the queue */
    uint64_t passes, gate_waits, gate_reads; /* held back; looks for that */
};
struct controller_state controller_state(struct controller *c);
/* Of how many roots was this the row in the last pass that was carried out?
 * One number for each row of the declaration. */
void controller_count_rows(const struct controller *c, size_t *counts);
/* Keys that wait for a time of their own, for `run --once`. */
void controller_each_delayed(struct controller *c,
                             workqueue_each_fn fn, void *arg);
/* Each store that it reads; one that it reads twice comes twice. */
void controller_each_store(const struct controller *c,
                           void (*fn)(void *arg, struct store *store),
                           void *arg);
/* Every key of its queue; `ms` of those that run: how long. */
void controller_each_key(const struct controller *c, workqueue_item_fn fn,
                         void *arg);
/* Does any root still own objects of this kind? (retired kinds) */
bool controller_owns_any(struct controller *c, const struct gvk *gvk);

#endif
