/*
 * workers.c -- the pool: seats, the tasks that wait, the watchdog.
 *              See workers.h for the contract.
 *
 * DESIGN
 *
 *          task        hello               answer
 *   EMPTY ------> STARTING ----> IDLE <-------------- BUSY
 *     ^                            |       task         |
 *     |                            +------------------> |
 *     +---- reaped <---- killed, or died of itself -----+
 *
 * A seat that is IDLE, or STARTING for that purpose, may be LENT to who loads a
 * script (workers_load.c): the worker that compiled it is then the first of the
 * pool, so an operator without work costs one process, and the first task
 * waits for none.
 *
 * A seat is freed when its process was reaped, never before: there are not
 * more processes than seats, whatever happens to them.
 *
 * A call that takes longer than it may is ended by the watchdog. It counts the
 * CPU time of the worker, like the limit inside of it (script/vm.c), which
 * comes first and names the line; only a worker that neither computes nor
 * answers is ended by the wall clock, after WALL_FACTOR times as long.
 *
 * INVARIANTS
 *
 *   I1  BUSY  <=>  a call or probe was sent and not answered
 *   I2  a task is in its program's list, or in one seat, or over
 *   I3  stats.waiting == sum of the lists
 */
#include "workers_impl.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/file.h"

#define DEFAULT_CACHE ((size_t)8 << 20)
#define DEFAULT_GRACE_MS 200u
#define DEFAULT_WORKERS 2u
#define WALL_FACTOR 10u
#define KERNEL_GRACE_MS 2000u
#define SLOW_MS 50u /* a call that took longer */
#define SLOW_FOR_MS 60000u
#define MAX_STILLBORN 3u
#define BROKEN_FOR_MS 10000u

static void pump(struct workers *w);

static uint64_t now_ms(const struct workers *w)
{
    return clock_now_ms(loop_clock(w->loop));
}

/* ---- the end of a task ---- */

static void finish(struct task *t, const struct err *err)
{
    t->running = false;
    t->done(t, err);
}

/* What is slow is so for a while: its next calls leave a worker to others. */
static void note_pace(struct seat *s)
{
    uint64_t now = now_ms(s->pool);

    if (s->task && now - s->task->started_ms >= SLOW_MS)
        s->program->slow_until_ms = now + SLOW_FOR_MS;
}

/* The seat has nothing to do any more; gives the task it had. */
static struct task *clear_seat(struct seat *s, enum seat_state next)
{
    struct task *t = s->task;

    note_pace(s);
    loop_cancel(s->pool->loop, s->watchdog);
    s->watchdog = 0;
    s->task = NULL;
    s->program = NULL;
    if (s->state == SEAT_BUSY)
        s->pool->stats.busy--;
    s->state = next;
    return t;
}

/* ---- the watchdog ---- */

static void on_overrun(void *arg);

static void watch(struct seat *s, uint64_t ms)
{
    s->watchdog = loop_after(s->pool->loop, ms, on_overrun, s);
}

static void on_overrun(void *arg)
{
    struct seat *s = arg;
    uint64_t most = s->program ? program_cpu_ms(s->program) : 1000;
    uint64_t used = child_cpu_ms(s->link->child) - s->cpu_start_ms;
    uint64_t wall = s->task ? now_ms(s->pool) - s->task->started_ms : 0;
    struct err why = {0};

    s->watchdog = 0;
    if (s->task && used < most && wall < most * WALL_FACTOR) {
        watch(s, most - used + s->pool->grace_ms);
        return;
    }
    s->pool->stats.overran++;
    err_set(&why, ERR_DEADLINE,
            used < most ? "the script did not end within %llu ms: its worker "
                          "was ended"
                        : "the script used more than %llu ms of CPU time: its "
                          "worker was ended",
            (unsigned long long)(used < most ? wall : most));
    link_end(s->link, &why);
}

/* ---- what a worker says ---- */

static void on_answer(struct seat *s, const struct frame *f)
{
    struct err outcome = {0}, err = {0};
    struct task *t;

    if (call_take(s, f, &outcome, &err) < 0) {
        link_refuse(s->link, "an answer", &err);
        return;
    }
    s->pool->stats.done++;
    t = clear_seat(s, SEAT_IDLE);
    finish(t, &outcome);
    pump(s->pool);
}

/* It was loaded before: what fails now is no fault of the script. */
static void on_loaded(struct seat *s, const struct frame *f)
{
    struct frame_loaded m = {0};
    struct arena a = {0};
    struct err err = {0};

    if (frame_get(f, &a, &m, &err) < 0 || m.err.code != ERR_NONE)
        link_refuse(s->link, "a script that it cannot load",
                    m.err.code ? &m.err : &err);
    arena_release(&a);
}

static void on_probed(struct seat *s, const struct frame *f)
{
    struct frame_probed m = {0};
    struct arena a = {0};
    struct err err = {0};

    if (frame_get(f, &a, &m, &err) < 0)
        link_refuse(s->link, "a probe", &err);
    s->probe_answer = m.bytes ? m.bytes : m.error;
    s->probe_over = true;
    s->probing = false;
    clear_seat(s, SEAT_IDLE);
    arena_release(&a);
}

static void on_frame(void *arg, const struct frame *f)
{
    struct seat *s = arg;

    if (s->probing && f->type == FRAME_PROBED)
        on_probed(s, f);
    else if (!s->task)
        link_refuse(s->link, "something without being asked", NULL);
    else if (f->type == FRAME_ANSWER)
        on_answer(s, f);
    else if (f->type == FRAME_ASK)
        call_answer(s, f);
    else if (f->type == FRAME_LOADED)
        on_loaded(s, f);
    else
        link_refuse(s->link, "what only the main process says", NULL);
}

/* ---- birth and death ---- */

static void on_ready(void *arg)
{
    struct seat *s = arg;

    seat_is_ready(s);
    clear_seat(s, SEAT_IDLE);
    pump(s->pool);
}

/* ---- nobody can be helped ---- */

/* Say why to all who wait. */
static void fail_waiting(struct workers *w, const struct err *why)
{
    size_t count = w->stats.waiting; /* not those that come meanwhile */
    struct task *t;

    while (count-- > 0 && (t = waiting_any(w)))
        finish(t, why);
}

static void declare_broken(struct workers *w, const struct err *why)
{
    if (++w->stillborn < MAX_STILLBORN)
        return;
    w->broken = *why;
    w->broken.code = ERR_WORKER;
    err_wrap(&w->broken, "cannot run '%s'", w->program);
    err_hint(&w->broken, "run with --workers=0 to run scripts in this process");
    w->broken_until_ms = now_ms(w) + BROKEN_FOR_MS;
    log_error("no worker can be started", "err", w->broken.msg, "hint",
              w->broken.hint, NULL);
    err_wrap(&w->broken, "no worker can be started");
    fail_waiting(w, &w->broken);
}

static void on_end(void *arg, const struct err *why)
{
    struct seat *s = arg;
    struct workers *w = s->pool;
    bool started = s->state != SEAT_STARTING;
    bool refused = s->link->refused, of_itself = !s->link->dying;
    struct err err = *why;
    struct task *t;

    s->probe_signal = s->link->signal;
    s->probe_over = true;
    s->probing = false;
    s->link = NULL;
    t = clear_seat(s, SEAT_EMPTY);
    cache_release(&s->cache);
    memset(s->loaded, 0, sizeof(s->loaded));
    w->stats.alive--;
    w->stats.refused += refused;
    w->stats.died += of_itself;
    if (!started)
        declare_broken(w, &err);
    else if (err.code != ERR_DEADLINE && err.code != ERR_WORKER)
        err.code = ERR_WORKER;
    if (t)
        finish(t, &err);
    pump(w);
}

static struct link_events own_events(struct seat *s)
{
    return (struct link_events){on_ready, on_frame, on_end, s};
}

static int start_worker(struct seat *s, struct err *err)
{
    struct workers *w = s->pool;
    struct link_events events = own_events(s);

    if (cache_init(&s->cache, w->cache_bytes) < 0)
        return err_nomem(err);
    s->link = link_new(w->loop, w->program, &events, err);
    if (!s->link) {
        cache_release(&s->cache);
        return -(int)err->code;
    }
    s->state = SEAT_STARTING;
    w->stats.started++;
    w->stats.alive++;
    return 0;
}

/* ---- giving out tasks ---- */

static struct seat *find_seat(struct workers *w, enum seat_state state)
{
    for (unsigned i = 0; i < w->count; i++)
        if (w->seats[i].state == state &&
            !(w->seats[i].link && w->seats[i].link->dying))
            return &w->seats[i];
    return NULL;
}

static void give(struct seat *s, struct task *t)
{
    struct workers *w = s->pool;
    struct err err = {0};

    s->state = SEAT_BUSY;
    s->task = t;
    s->program = (struct worker_program *)t->program;
    s->serial = ++w->serials;
    s->program->served = ++w->given;
    s->cpu_start_ms = child_cpu_ms(s->link->child);
    t->started_ms = now_ms(w);
    w->stats.busy++;
    child_limit_cpu(s->link->child,
                    program_cpu_ms(s->program) + w->grace_ms + KERNEL_GRACE_MS);
    watch(s, program_cpu_ms(s->program) + w->grace_ms);
    if (call_send(s, &err) == 0)
        return;
    if (err.code == ERR_IO) {
        link_end(s->link, &err);
        return;
    }
    clear_seat(s, SEAT_IDLE);
    finish(t, &err);
}

static bool wants_worker(struct workers *w)
{
    return w->stats.waiting > 0 && !find_seat(w, SEAT_IDLE) &&
           !find_seat(w, SEAT_STARTING) && find_seat(w, SEAT_EMPTY) &&
           now_ms(w) >= w->broken_until_ms;
}

/* One that cannot be started is tried again here: nothing would call us. */
static void pump(struct workers *w)
{
    struct seat *s;
    struct task *t;

    while (w->stats.waiting > 0 && (s = find_seat(w, SEAT_IDLE)) &&
           (t = waiting_next(w)))
        give(s, t);
    while (wants_worker(w)) {
        struct err err = {0};

        if (start_worker(find_seat(w, SEAT_EMPTY), &err) < 0)
            declare_broken(w, &err);
    }
}

/* ---- lent to who loads a script ---- */

struct seat *seat_lend(struct workers *w, const struct link_events *events,
                       struct err *err)
{
    struct seat *s = find_seat(w, SEAT_IDLE);

    if (s)
        s->state = SEAT_LENT;
    else if (!(s = find_seat(w, SEAT_EMPTY)) || start_worker(s, err) < 0)
        return NULL;
    s->link->events = *events;
    return s;
}

void seat_is_ready(struct seat *s)
{
    s->pool->stillborn = 0;
    s->pool->broken_until_ms = 0;
    s->state = SEAT_LENT;
}

void seat_is_gone(struct seat *s, const struct err *why)
{
    on_end(s, why);
}

void seat_keep(struct seat *s, const struct worker_program *p)
{
    s->link->events = own_events(s);
    s->loaded[p->number] = p->id;
    clear_seat(s, SEAT_IDLE);
    pump(s->pool);
}

void seat_end(struct seat *s, const struct err *why)
{
    s->link->events = own_events(s);
    link_end(s->link, why);
}

/* ---- the executor ---- */

static void workers_start(struct executor *x, struct task *t)
{
    struct workers *w = (struct workers *)x;

    if (now_ms(w) < w->broken_until_ms) {
        finish(t, &w->broken);
        return;
    }
    waiting_add(w, t);
    pump(w);
}

static void workers_cancel(struct executor *x, struct task *t)
{
    struct workers *w = (struct workers *)x;
    struct err why = {0};

    if (waiting_remove(w, t))
        return;
    err_set(&why, ERR_CANCELLED, "its task was given up");
    for (unsigned i = 0; i < w->count; i++)
        if (w->seats[i].task == t) {
            w->seats[i].task = NULL;
            link_end(w->seats[i].link, &why);
        }
}

static void workers_free(struct executor *x)
{
    struct workers *w = (struct workers *)x;

    for (unsigned i = 0; w->seats && i < w->count; i++) {
        struct seat *s = &w->seats[i];

        loop_cancel(w->loop, s->watchdog);
        link_free(s->link);
        cache_release(&s->cache);
    }
    arena_release(&w->scratch);
    mem_free(w->seats);
    mem_free(w->program);
    mem_free(w);
}

static int find_program(struct workers *w, const char *given, struct err *err)
{
    struct arena a = {0};
    const char *path = given;
    int rc = 0;

    if (!path)
        path = file_beside_us(&a, "tidelock-worker", "../libexec/tidelock");
    if (path)
        w->program = mem_strdup(path);
    if (!path)
        rc = err_set(err, ERR_NOT_FOUND,
                     "there is no tidelock-worker beside this program or in "
                     "../libexec/tidelock");
    else if (!w->program)
        rc = err_nomem(err);
    arena_release(&a);
    if (rc == -ERR_NOT_FOUND)
        err_hint(err, "--workers=0 runs scripts in this process");
    return rc;
}

struct executor *workers_new(struct loop *loop,
                             const struct workers_options *options,
                             struct err *err)
{
    static const struct executor_ops ops = {workers_load, workers_unload,
                                            workers_start, workers_cancel,
                                            workers_free};
    struct workers *w = mem_calloc(1, sizeof(*w));

    if (!w) {
        err_nomem(err);
        return NULL;
    }
    w->base.ops = &ops;
    w->loop = loop;
    w->count = options->count < WORKERS_MAX ? options->count : WORKERS_MAX;
    w->cache_bytes =
        options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE;
    w->grace_ms = options->grace_ms ? options->grace_ms : DEFAULT_GRACE_MS;
    w->seats = mem_calloc(w->count, sizeof(*w->seats));
    if (!w->seats)
        err_nomem(err);
    if (!w->seats || find_program(w, options->program, err) < 0) {
        workers_free(&w->base);
        return NULL;
    }
    for (unsigned i = 0; i < w->count; i++)
        w->seats[i].pool = w;
    return &w->base;
}

unsigned workers_default(void)
{
    return DEFAULT_WORKERS;
}

/* ---- looking from outside ---- */

struct workers_stats workers_stats(const struct executor *x)
{
    return ((const struct workers *)x)->stats;
}

size_t workers_pids(const struct executor *x, int pids[WORKERS_MAX])
{
    const struct workers *w = (const struct workers *)x;
    size_t n = 0;

    for (unsigned i = 0; i < w->count; i++)
        if (w->seats[i].link)
            pids[n++] = child_pid(w->seats[i].link->child);
    return n;
}

/* A worker that is idle, after it was started if there is none. */
static struct seat *idle_seat(struct workers *w, struct err *err)
{
    struct seat *s;

    while (!(s = find_seat(w, SEAT_IDLE))) {
        if (!find_seat(w, SEAT_STARTING)) {
            s = find_seat(w, SEAT_EMPTY);
            if (s && start_worker(s, err) < 0)
                return NULL;
        }
        if (!loop_turn(w->loop, true)) {
            err_set(err, ERR_WORKER, "no worker is there");
            return NULL;
        }
    }
    return s;
}

int workers_probe(struct executor *x, struct loop *loop, enum frame_trial trial,
                  int *ret_signal, uint64_t *ret_answer, struct err *err)
{
    struct workers *w = (struct workers *)x;
    struct frame_probe m = {trial};
    struct seat *s = idle_seat(w, err);

    if (!s)
        return -(int)err->code;
    if (link_send(s->link, FRAME_PROBE, &m, err) < 0)
        return -(int)err->code;
    s->state = SEAT_BUSY;
    w->stats.busy++;
    s->probing = true;
    s->probe_over = false;
    s->probe_signal = 0;
    s->cpu_start_ms = child_cpu_ms(s->link->child);
    watch(s, w->grace_ms);
    while (!s->probe_over)
        loop_turn(loop, true);
    *ret_signal = s->probe_signal;
    *ret_answer = s->probe_answer;
    return 0;
}
