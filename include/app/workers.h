/*
 * workers.h -- an executor whose scripts run in worker processes.
 *
 *   bounded    what a worker says is bounded and checked (script/frame.h)
 *   patient    what counts against a script is CPU time, not a busy machine
 *   fair       tasks of a program start in their order, programs take turns:
 * who has the fewest workers is next; a script that was slow a moment ago never
 * takes the last free worker steady     a worker that died is replaced; one
 * that dies before it says hello, again and again, is not, and tasks fail with
 * the reason
 *
 * The worker that loads the scripts at the start is the first of the pool; the
 * others are started when tasks wait, and all stay. A worker knows nothing but
 * what it was sent, so any of them may run any task.
 */
#ifndef TIDELOCK_APP_WORKERS_H
#define TIDELOCK_APP_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/executor.h"
#include "script/probe.h"

#define WORKERS_MAX 64

struct workers_options {
    unsigned count;      /* 1..WORKERS_MAX */
    const char *program; /* path; NULL: beside this program, or in
                          * ../libexec/tidelock/ */
    size_t cache_bytes;  /* of objects each worker keeps; 0 = 8 MiB */
    unsigned grace_ms;   /* beyond a script's own limit of CPU time, before its
                          * worker is killed; 0 = 200 */
};

/* NULL: out of memory, or there is no such program (-ERR_NOT_FOUND). The loop
 * is borrowed. */
struct executor *workers_new(struct loop *loop,
                             const struct workers_options *options,
                             struct err *err);

/* executor_load() for a process at work, which goes on meanwhile. `done` is
 * called once, from a later turn: with the program, or NULL and why. The files
 * are copied. NULL: it did not begin. */
struct workers_loading;
typedef void (*workers_loaded_fn)(void *arg, struct program *p,
                                  const struct err *err);
struct workers_loading *workers_load_start(struct executor *x,
                                           const struct script_file *files,
                                           size_t count, workers_loaded_fn done,
                                           void *arg, struct err *err);
/* `done` will not be called. Before it was; NULL is fine. */
void workers_load_cancel(struct workers_loading *l);

struct workers_stats {
    unsigned alive, busy;
    size_t waiting;   /* tasks */
    uint64_t started; /* workers, ever */
    uint64_t died;    /* of themselves */
    uint64_t overran; /* and were killed for it */
    uint64_t refused; /* killed for what they said */
    uint64_t done;    /* tasks */
};
struct workers_stats workers_stats(const struct executor *x);
/* The default of --workers. */
unsigned workers_default(void);

/* ---- tests ---- */
/* Make a worker try something and tell what came of it. `*ret_signal` is what
 * ended it, 0: it lived, and `ret_errno` is its answer. Turns the loop. */
int workers_probe(struct executor *x, struct loop *loop, enum frame_trial trial,
                  int *ret_signal, uint64_t *ret_answer, struct err *err);
/* The process ids of those alive; gives their number. */
size_t workers_pids(const struct executor *x, int pids[WORKERS_MAX]);

#endif
