/*
 * workers_impl.h -- what the files of the worker pool share; private to app.
 */
#ifndef TIDELOCK_APP_WORKERS_PRIVATE_H
#define TIDELOCK_APP_WORKERS_PRIVATE_H

#include "app/workers.h"
#include "base/map.h"
#include "workers_link_impl.h"

#define WORKERS_MAX_PROGRAMS 256

/* ---- workers_cache.c: which objects a worker has ---- */

struct cache_entry;
struct cache {
    struct map *by_snapshot;
    struct cache_entry *newest, *oldest;
    size_t bytes, max;
    uint64_t numbers; /* given out so far */
};
int cache_init(struct cache *c, size_t max); /* 0 or -ERR_NOMEM */
void cache_release(struct cache *c);
/* The number under which the worker has it; 0: it has not. */
uint64_t cache_find(struct cache *c, const struct snapshot *s);
/* A number under which it will have it; 0: do not let it keep it. */
uint64_t cache_add(struct cache *c, struct snapshot *s);
/* Forget until there is room; the numbers of what was forgotten, in `a`. 0 or
 * -ERR_NOMEM, nothing was forgotten then. */
int cache_trim(struct cache *c, struct arena *a, const uint64_t **ret,
               size_t *ret_count);

/* ---- the pool ---- */

struct worker_program {
    struct program base;
    struct arena arena;
    uint64_t id; /* never given out again */
    uint32_t number;
    struct script_limits limits;
    struct script_file *files;
    size_t file_count;
    uint64_t slow_until_ms;
    struct task *first, **last; /* waiting */
    uint64_t served;            /* when it had a worker, as workers.given */
};

enum seat_state {
    SEAT_EMPTY,
    SEAT_STARTING,
    SEAT_LENT, /* to who loads a script; nothing else is asked of it */
    SEAT_IDLE,
    SEAT_BUSY
};

/* A place for a worker. */
struct seat {
    struct workers *pool;
    enum seat_state state;
    struct link *link;
    struct cache cache;
    uint64_t loaded[WORKERS_MAX_PROGRAMS]; /* ids by number */
    struct task *task;                     /* BUSY; NULL: it was cancelled */
    struct worker_program *program;        /* of the task */
    uint32_t serial;
    loop_timer_id watchdog;
    uint64_t cpu_start_ms;
    /* of the call */
    uint64_t questions, steps, bytes;
    /* a probe is under way instead of a task */
    bool probing, probe_over;
    int probe_signal;
    uint64_t probe_answer;
};

struct workers {
    struct executor base;
    struct loop *loop;
    char *program; /* path */
    size_t cache_bytes;
    unsigned grace_ms;
    struct seat *seats;
    unsigned count;
    struct worker_program *programs[WORKERS_MAX_PROGRAMS];
    uint64_t ids;
    uint32_t serials;
    uint64_t given; /* tasks to workers, ever */
    unsigned stillborn; /* in a row, without a hello */
    uint64_t broken_until_ms;
    struct err broken;
    bool told_unconfined;
    struct arena scratch; /* of the frame that is being made */
    struct workers_stats stats;
};

/* ---- workers.c: a worker lent to who loads a script ---- */
/* An idle seat, or one whose worker is started now; `events` are its worker's
 * from now on. NULL: every seat is taken (err is NONE), or no worker can be
 * started. */
struct seat *seat_lend(struct workers *w, const struct link_events *events,
                       struct err *err);
void seat_is_ready(struct seat *s); /* its worker said hello */
/* Its worker is gone, as events.on_end tells; it is lent no more. */
void seat_is_gone(struct seat *s, const struct err *why);
/* The worker has the program and goes on to its tasks. */
void seat_keep(struct seat *s, const struct worker_program *p);
/* The worker did not load it, and is ended. */
void seat_end(struct seat *s, const struct err *why);

/* ---- workers_waiting.c: tasks without a worker ---- */
void waiting_add(struct workers *w, struct task *t);
bool waiting_remove(struct workers *w, struct task *t); /* did it wait? */
/* The fair choice among those that may run now, which waits no more; NULL. */
struct task *waiting_next(struct workers *w);
struct task *waiting_any(struct workers *w);

/* ---- workers_call.c: tasks as frames ---- */
/* Tell the worker what to do. The error says why that is not possible. */
int call_send(struct seat *s, struct err *err);
/* Answer what it asks; a question that makes no sense ends it. */
void call_answer(struct seat *s, const struct frame *f);
/* Its answer into the task: `ret_outcome` is what the task ends with.
 * -ERR_PROTOCOL: the answer is none. */
int call_take(struct seat *s, const struct frame *f, struct err *ret_outcome,
              struct err *err);

/* ---- workers_load.c ---- */
struct program *workers_load(struct executor *x,
                             const struct script_file *files, size_t count,
                             const struct script_limits *limits,
                             struct err *err);
void workers_unload(struct program *p);
int load_send(struct link *l, const struct worker_program *p, struct err *err);

/* The CPU time that a call of the program may take. */
uint64_t program_cpu_ms(const struct worker_program *p);

#endif
