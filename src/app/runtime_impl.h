/*
 * runtime_impl.h -- what the files of the runtime share; private to app.
 */
#ifndef TIDELOCK_APP_RUNTIME_PRIVATE_H
#define TIDELOCK_APP_RUNTIME_PRIVATE_H

#include "app/bundle.h"
#include "app/controller.h"
#include "app/elector.h"
#include "app/herald.h"
#include "app/ledger.h"
#include "app/manifests.h"
#include "app/recorder.h"
#include "app/reload.h"
#include "app/runtime.h"
#include "app/telemetry.h"
#include "base/clock.h"
#include "kube/yaml.h"
#include "pages_impl.h"
#include "unit_impl.h"

struct runtime {
    const struct runtime_options *options;
    struct runtime_host host;
    struct arena arena;
    struct loop *loop;           /* the host's */
    struct cluster *cluster;     /* NULL when offline */
    struct inflight *inflight;   /* of all operators */
    struct elector *elector;     /* NULL without leader election */
    struct herald *herald;       /* NULL when nothing is written */
    struct reload *reload;       /* NULL for what ends by itself */
    struct pages pages;          /* of --listen */
    struct telemetry *telemetry; /* NULL without --listen */
    struct restmap *restmap;     /* the cluster's, or our own offline */
    struct schema_set *schemas;
    struct zones *zones; /* of all operators */
    struct source *source;
    struct clock_fake clock;   /* stands at the fixture's time */
    struct executor *executor; /* NULL: scripts run in this process */
    struct unit *units;
    size_t unit_count;
    struct manifests manifests; /* of -f */
    size_t pending;             /* answers that the start waits for */
    size_t next_root;           /* plan -f: which manifest is asked about */
    size_t differing;           /* plan --compare: objects */
    size_t entering;            /* ledgers that a new leader writes first */
    void (*left)(void *arg);    /* after runtime_leave() */
    struct blast_limits limits; /* of deletions */
    bool started, stopping, leaving, done;
    bool working;     /* roots are reconciled: not by a standby */
    bool interrupted; /* by a signal */
    loop_timer_id stop_timer, deadline_timer;
    loop_timer_id trouble_timer; /* how long an incomplete view is borne */
    loop_timer_id limit_timer;   /* runtime_limit.c */
    loop_timer_id trim_timer;    /* runtime_memory.c */
    uint64_t trim_ms, trimmed_at;
    struct err err; /* why the whole run failed */
    bool failed;
};

/* Is every --overlay for one of the units that were loaded? */
int runtime_check_overlays(struct runtime *rt, struct err *err);
/* Called when one more step of the start is complete. */
void runtime_step_done(struct runtime *rt);
const char *runtime_namespace(const struct runtime *rt);
/* Is anything left to do? Called whenever that may have changed. */
void runtime_check(struct runtime *rt);
void runtime_feed_changed(void *arg, struct source_feed *feed);

/* Nothing is written, what would be is printed. */
static inline bool runtime_prints(const struct runtime *rt)
{
    return rt->options->plan || rt->options->dry_run;
}

static inline bool runtime_ends(const struct runtime *rt)
{
    return rt->options->plan || rt->options->once;
}

/* Reconcile from now on. */
void runtime_begin_work(struct runtime *rt);
const char *runtime_lease(const struct runtime *rt);

/* ---- runtime_end.c ---- */
/* Why it ends; the first reason stays. */
void runtime_fail(struct runtime *rt, const struct err *err);
/* Let what is in flight end; then stop. Again whenever a pass has ended. */
void runtime_end(struct runtime *rt);
int runtime_heed_signals(struct runtime *rt, struct err *err);

/* ---- runtime_ledgers.c ---- */
/* A step of the start for each operator: runtime_step_done(). */
void runtime_check_ledgers(struct runtime *rt);

/* ---- runtime_lead.c: leader election ---- */
int runtime_stand(struct runtime *rt, struct err *err);
/* Nothing is written any more: say what is to be said, give the Lease back,
 * then `done`. */
void runtime_leave(struct runtime *rt, void (*done)(void *arg));

/* ---- runtime_say.c: Events about the process, on its Lease (note 12) ---- */
int runtime_begin_saying(struct runtime *rt, struct err *err);
/* Trouble or news that no root object can carry; see herald_say(), _tell(). */
void runtime_say(struct runtime *rt, const char *type, const char *reason,
                 const char *note);
void runtime_tell(struct runtime *rt, const struct event_spec *spec);

/* ---- runtime_memory.c ---- */
/* Give back what is free, now and then, until the loop ends. */
void runtime_stay_small(struct runtime *rt);

/* ---- runtime_limit.c ---- */
/* Near the memory limit it ends by itself. */
void runtime_mind_limit(struct runtime *rt);

/* ---- runtime_compare.c: plan NEW --compare OLD ---- */
/* Are the two units revisions of one operator? */
int runtime_check_revisions(const struct runtime *rt, struct err *err);
/* Print what the first unit's plans do that the second's do not. */
int runtime_compare(struct runtime *rt, struct err *err);

/* ---- runtime_files.c: -f and --offline ---- */
int runtime_read_files(struct runtime *rt, struct err *err);
int runtime_offline_kinds(struct runtime *rt, struct err *err);
bool runtime_is_root(const struct runtime *rt, const struct unit *u,
                     const struct value *object);
/* Ask the server what each root of -f would be if it were applied; then
 * `done`. */
void runtime_ask_roots(struct runtime *rt, void (*done)(struct runtime *rt));
int runtime_unit_source(struct runtime *rt, struct unit *u, struct err *err);

/* ---- runtime_fixture.c: one recorded pass in place of the world ---- */
int runtime_read_fixture(struct runtime *rt, struct err *err);
int runtime_fixture_bundle(struct runtime *rt, const char *path,
                           struct bundle *ret, struct err *err);
/* Kinds that were not known when it was recorded, or were not asked for. */
int runtime_hide_unknown(struct unit *u, struct err *err);

#endif
