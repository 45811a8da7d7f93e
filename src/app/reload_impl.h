/*
 * reload_impl.h -- what the files of the reload share; private to app.
 */
#ifndef TIDELOCK_APP_RELOAD_PRIVATE_H
#define TIDELOCK_APP_RELOAD_PRIVATE_H

#include "app/controller_replace.h"
#include "app/workers.h"
#include "io/watch.h"
#include "runtime_impl.h"

/* How far the next version of an operator has come. */
enum reload_stage {
    RELOAD_IDLE,     /* there is none */
    RELOAD_LOADING,  /* its script is compiled */
    RELOAD_LOADED,   /* others are still compiled */
    RELOAD_READING,  /* the Lease is read: which kinds were ever owned? */
    RELOAD_WARMING,  /* its kinds are not all known */
    RELOAD_ENTERING, /* its kinds are written into the Lease */
    RELOAD_ENDING,   /* passes of the version in charge are under way */
};

struct reload_unit {
    struct reload *reload;
    struct unit *unit;
    char seen[HASH_HEX_SIZE];   /* files that were dealt with */
    char before[HASH_HEX_SIZE]; /* ... that were there at the last look */
    bool refused;               /* `why` was told */
    struct err why;             /* why the newest files are not in charge */
    loop_timer_id settle_timer; /* until roots are told of it */
    /* the next version; all of it is empty when idle */
    enum reload_stage stage;
    char digest[HASH_HEX_SIZE];
    struct arena arena;
    struct bundle bundle;
    struct ledger *ledger;
    struct workers_loading *loading;
    loop_timer_id again_timer; /* a request failed: it is sent again */
};

struct reload {
    struct runtime *rt;
    struct watch *watch; /* NULL: only asked for by a signal */
    struct reload_unit *units;
    loop_timer_id look_timer; /* something may have changed */
    uint64_t look_since_ms;   /* since when it goes on changing; 0: not */
    loop_timer_id poll_timer;
    loop_timer_id step_timer;
    size_t loading; /* scripts that are compiled */
    bool missed;    /* something may have changed meanwhile */
    bool asked;     /* by a signal: what did not change is told, too */
};

/* ---- reload.c ---- */
/* The script of one more operator is loaded, or refused. */
void reload_loaded(struct reload *r);

/* ---- reload_unit.c: one operator's next version ---- */
/* Load what `files` in u->arena hold; u->stage is RELOAD_IDLE. */
void reload_begin(struct reload_unit *u, const struct bundle_files *files);
/* Loaded and checked: on with it. */
void reload_go(struct reload_unit *u);
/* Do what can be done now. From a turn of its own. */
void reload_step(struct reload_unit *u);
/* There is no next version any more. */
void reload_drop(struct reload_unit *u);

/* ---- reload_tell.c: log, Event, metric, condition ---- */
void reload_tell_refused(struct reload_unit *u, const struct err *why);
void reload_tell_waits(struct reload_unit *u, const struct err *why);
/* The newest files are in charge (again). */
void reload_tell_good(struct reload_unit *u, const char *result);

#endif
