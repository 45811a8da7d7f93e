/*
 * controller_impl.h -- what the files of the controller share; private to app.
 */
#ifndef TIDELOCK_APP_CONTROLLER_PRIVATE_H
#define TIDELOCK_APP_CONTROLLER_PRIVATE_H

#include "app/controller.h"
#include "app/controller_replace.h"
#include "base/map.h"
#include "core/changeset.h"
#include "core/diff.h"
#include "core/fights.h"
#include "core/workqueue.h"
#include "feeds_impl.h"
#include "mapping_impl.h"
#include "memory_impl.h"

enum job_mode { JOB_APPLY, JOB_PLAN, JOB_PAUSE };

struct job {
    struct controller *controller;
    bool busy;
    uint64_t started_ms;
    struct arena arena;
    struct object_key key; /* in the arena */
    struct view view;
    struct plan plan;
    struct changeset cs;
    enum job_mode mode;
    struct task task;       /* the script's part of it */
    struct frozen **frozen; /* by slot, in the arena; or NULLs */
    struct snapshot **held; /* references taken for the job's life */
    size_t held_count, held_cap;
    bool planned;         /* plan and cs are valid */
    bool reporting;       /* the changeset only writes why it failed */
    uint64_t peace_ms;    /* until something contested is tried again */
    bool guarded;         /* it may destroy: readset.c keeps what was read */
    unsigned zones_added; /* time zones, by this pass */
    bool lost_child;      /* its creates make up for children that vanished */
    struct err err;
    const char *trace; /* of a script that failed; in the arena */
    bool shown;        /* mode "plan": nothing of it was carried out */
    const struct operator_row *row; /* also of a failed pass; NULL: none */
    const char *why;                /* its reason; in the arena */
};

struct controller {
    struct controller_config config;
    struct version now;   /* in charge */
    struct version *next; /* waits to be, or NULL: controller_replace.c */
    bool held;            /* nothing is begun until it is in charge */
    struct note {         /* of controller_note(), or NULLs */
        char *type, *reason, *message;
    } note;
    struct executor *executor; /* our own, without config.program */
    struct mapped *mapped;     /* map functions under way */
    size_t mapped_count;
    struct sink *sink;
    struct workqueue *queue;
    struct diff_memo *memo; /* children known to be as declared */
    struct feed_slot root;
    struct map *memory; /* "ns/name" -> root_memory */
    struct map *uids;   /* root uid -> "ns/name" */
    struct map *wanted; /* "read\nns/name" -> struct map of root keys */
    struct job **jobs; /* made when needed, and kept */
    size_t job_count, job_cap;
    struct permits *own_permits; /* without config.permits */
    struct taker taker;
    struct blast_brake brake; /* of its deletes */
    struct fights fights;     /* over fields of children */
    uint64_t gate_waits, gate_reads;
    bool started, draining, synced;
    bool blind; /* not synced until somebody changes something: roots say so */
    loop_timer_id blind_timer;
    bool soon; /* the timer is due in the next turn */
    loop_timer_id timer;
    uint64_t passes;
    size_t failing;     /* roots whose last pass failed */
    struct err why;     /* why not synced */
    uint64_t epoch;     /* of the root's feed, for what is remembered */
    enum err_code told; /* what the log was told of it */
};

/* ---- controller.c ---- */
void controller_schedule(struct controller *c);
void controller_tell(struct controller *c); /* on_change, when there is one */
/* Where the script runs: where it was loaded, or here. */
int controller_program(struct controller *c, const struct controller_script *s,
                       struct version *ret, struct err *err);
/* No task of it is left. */
void controller_let_go(struct controller *c, struct version *v);
/* The plan and its changes are in the job, or `err` says why not. */
void job_planned(struct job *job, struct err *err);

/* ---- job.c: view, script, changeset ---- */
int job_begin(struct job *job, struct snapshot *root);
/* Runs the script and the diff; job_planned() is told what came of it, maybe
 * at once. */
void job_plan(struct job *job);
/* The plan to job->cs, and references to what it borrows. */
int job_diff(struct job *job, struct err *err);
/* A reference that lasts as long as the job. 0 or -ERR_NOMEM. */
int job_hold(struct job *job, struct snapshot *s);
/* What the slot's kind has for this root now: items and count. */
int job_look(struct job *job, size_t index, struct view_kind *kind);
void job_end(struct job *job);

/* ---- job_zones.c: time zones of the view ---- */
/* Those that passes of this root asked for before. 0 or -ERR_NOMEM. */
int job_fill_zones(struct job *job);
/* The zone that the script wanted is in the view now; else `err` says why. */
bool job_add_zone(struct job *job, struct err *err);

/* ---- job_status.c: what a pass says of itself ---- */
/* Add to the plan what it says besides what the script declared: that it was
 * carried out, and by which row. */
int job_say_applied(struct job *job, struct err *err);
/* A changeset that only writes the condition saying why it failed; false when
 * there is nothing to write. */
bool job_plan_failure(struct job *job, const struct err *why);

/* ---- hold.c: what the cache cannot be right about yet (G3) ---- */
void hold_ask(struct job *job); /* before the changeset is sent */
void hold_note(struct job *job, const struct sink_outcome *outcome);
/* Until the root's next look; -1: nothing is held. */
int64_t hold_wait_ms(struct controller *c, const struct object_key *key);
void hold_release(struct hold *g);

/* ---- contest.c: fields that are fought over (G6) ---- */
void contest_mark(struct job *job); /* before the changeset is sent */
/* After it; job->err is its outcome. */
void contest_note(struct job *job, const struct sink_outcome *outcome);

/* ---- readset.c: does what a plan was made from still hold? (G4) ---- */
int readset_keep(struct job *job); /* after the diff; 0 or -ERR_NOMEM */
bool readset_holds(struct job *job);

/* "ns/name" of a key. */
int key_text(const struct object_key *key, struct str *out);

#endif
