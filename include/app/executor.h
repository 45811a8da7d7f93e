/*
 * executor.h -- where scripts run: in this process, or in worker processes.
 *
 * One job function, two places. Both take the same task and give the same
 * plan, byte for byte; the rest of the program does not know which one it
 * talks to. Without a controller:
 *
 *     struct executor *x = workers_new(loop, &options, &err);   // or
 * inline_new() struct program *p = executor_load(x, files, count, NULL, &err);
 *     struct task t = { .program = p, .call = TASK_RECONCILE, .view = &view,
 *                       .plan = &plan, .arena = &arena };
 *
 *     err = executor_wait(x, loop, &t);     // or task_start() with t.done
 *     program_free(p);
 *     executor_free(x);
 */
#ifndef TIDELOCK_APP_EXECUTOR_H
#define TIDELOCK_APP_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/plan.h"
#include "core/view.h"
#include "io/loop.h"
#include "script/script.h"

struct executor;

/* ---- one operator's script, loaded ---- */
struct program {
    struct executor *executor;
    const struct operator_decl *decl;
};
/* Blocks until the script was compiled and its declaration checked, a moment
 * at most: an untrusted script is loaded in a worker. With one, the loop is
 * turned: not from inside a callback.
 * NULL: as script_load(), or -ERR_WORKER, -ERR_DEADLINE. */
struct program *executor_load(struct executor *x,
                              const struct script_file *files, size_t count,
                              const struct script_limits *limits,
                              struct err *err);
void program_free(struct program *p); /* no task of it is left; NULL is fine */

/* ---- tasks ---- */
enum task_call { TASK_RECONCILE, TASK_FINALIZE, TASK_NAMES, TASK_MAP };

/* Owned by the caller, who fills the first part, and leaves it and what it
 * points to alone until `done` was called or the task was cancelled. */
struct task {
    struct program *program;
    enum task_call call;
    const struct view *view;       /* RECONCILE, FINALIZE */
    const struct snapshot *object; /* NAMES: the root; MAP: the object */
    size_t read;                   /* MAP: index in decl->reads */
    struct arena *arena;           /* what comes out lives there */
    struct plan *plan;             /* RECONCILE, FINALIZE; plan_init()ed */
    /* Called once, maybe from inside task_start(). As script_run(); besides
     * -ERR_DEADLINE (it had to be ended from outside) and -ERR_WORKER (its
     * process died): the plan is empty then. */
    void (*done)(struct task *t, const struct err *err);
    void *arg;
    /* out */
    const char ***names;       /* NAMES: by index in decl->reads; NULL where the
                                * read is not by name, else NULL-terminated */
    struct script_roots roots; /* MAP */
    /* the executor's */
    struct task *next;
    uint64_t started_ms;
    bool running;
};
void task_start(struct task *t);
/* `done` will not be called. Fine for one that is done. */
void task_cancel(struct task *t);

struct executor_ops {
    struct program *(*load)(struct executor *x, const struct script_file *files,
                            size_t count, const struct script_limits *limits,
                            struct err *err);
    void (*unload)(struct program *p);
    void (*start)(struct executor *x, struct task *t);
    void (*cancel)(struct executor *x, struct task *t);
    void (*free)(struct executor *x);
};
struct executor {
    const struct executor_ops *ops;
};
void executor_free(struct executor *x); /* no program is left; NULL is fine */

/* Start it and turn the loop until it is done; for tests and benches. */
struct err executor_wait(struct loop *loop, struct task *t);

/* ---- in this process ---- */
struct executor *inline_new(void); /* NULL: out of memory */
/* A program of a script that is loaded already, and stays the caller's. */
struct program *inline_program(struct executor *x, struct script *s);

#endif
