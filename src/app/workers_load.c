/*
 * workers_load.c -- scripts: compiled by a worker. The other workers of the
 *                   pool get the sources with their first call.
 *
 * At the start, before anything is watched, that is waited for, and the worker
 * is one of the pool, which keeps it. A process at work goes on meanwhile: its
 * workers have work, so there it is one that ends afterwards.
 */
#include <string.h>

#include "base/mem.h"
#include "workers_impl.h"

#define LOAD_MS 10000u
#define DEFAULT_CPU_MS 1000u

uint64_t program_cpu_ms(const struct worker_program *p)
{
    return p->limits.cpu_ms ? p->limits.cpu_ms : DEFAULT_CPU_MS;
}

int load_send(struct link *l, const struct worker_program *p, struct err *err)
{
    struct frame_load m = {p->number, p->limits, p->files, p->file_count};

    return link_send(l, FRAME_LOAD, &m, err);
}

/* ---- the one that compiles ---- */

struct workers_loading {
    struct workers *workers;
    struct seat *seat;              /* of the pool, lent; or */
    struct link *link;              /* one that ends afterwards */
    struct worker_program *program; /* ours until it is handed over */
    struct operator_decl *decl;     /* in the program's arena */
    loop_timer_id timer;            /* the deadline, then the telling */
    bool over;
    struct err err;
    workers_loaded_fn done;
    void *arg;
};

static void on_over(void *arg);

/* The link may be what calls: it is let go, and `done` called, in a later
 * turn. */
static void loader_end(struct workers_loading *l)
{
    struct loop *loop = l->workers->loop;
    loop_timer_id soon = loop_after(loop, 0, on_over, l);

    l->over = true;
    if (!soon) /* out of memory: the deadline tells it */
        return;
    loop_cancel(loop, l->timer);
    l->timer = soon;
}

static void on_ready(void *arg)
{
    struct workers_loading *l = arg;
    struct link *link = l->seat ? l->seat->link : l->link;

    if (l->seat)
        seat_is_ready(l->seat);
    if (load_send(link, l->program, &l->err) < 0)
        loader_end(l);
}

static int take_decl(struct workers_loading *l, const struct frame *f)
{
    struct frame_loaded m = {0};
    struct arena *a = &l->program->arena;
    struct frame copy = *f;
    int rc;

    copy.body = arena_strndup(a, f->body, f->len);
    rc = copy.body ? frame_get(&copy, a, &m, &l->err) : err_nomem(&l->err);
    if (rc < 0)
        return rc;
    if (m.err.code != ERR_NONE) {
        l->err = m.err;
        return -(int)m.err.code;
    }
    if (m.decl_count != 1)
        return err_set(&l->err, ERR_PROTOCOL, "no declaration");
    l->decl = m.decl;
    return operator_check(l->decl, &l->err);
}

static void on_frame(void *arg, const struct frame *f)
{
    struct workers_loading *l = arg;

    if (l->over)
        return;
    if (f->type != FRAME_LOADED)
        err_set(&l->err, ERR_WORKER, "the worker answers something else");
    else if (take_decl(l, f) == -ERR_PROTOCOL)
        l->err.code = ERR_WORKER;
    loader_end(l);
}

static void on_end(void *arg, const struct err *why)
{
    struct workers_loading *l = arg;
    struct seat *s = l->seat;

    l->link = NULL;
    l->seat = NULL;
    if (s)
        seat_is_gone(s, why);
    if (l->over)
        return;
    l->err = *why;
    err_wrap(&l->err, "cannot load the script");
    loader_end(l);
}

static void on_deadline(void *arg)
{
    struct workers_loading *l = arg;

    if (!l->over)
        err_set(&l->err, ERR_DEADLINE, "the script was not loaded within %u s",
                LOAD_MS / 1000);
    on_over(l);
}

/* ---- programs ---- */

static int keep_files(struct worker_program *p, const struct script_file *files,
                      size_t count)
{
    struct arena *a = &p->arena;

    p->files = arena_calloc(a, count + 1, sizeof(*p->files));
    for (size_t i = 0; p->files && i < count; i++) {
        struct script_file *f = &p->files[p->file_count++];

        f->name = arena_strdup(a, files[i].name);
        f->text = arena_strndup(a, files[i].text, files[i].len);
        f->len = files[i].len;
        if (!f->name || !f->text)
            return -ERR_NOMEM;
    }
    return p->files ? 0 : -ERR_NOMEM;
}

/* The pool knows it from now on. */
static int enter(struct workers *w, struct worker_program *p, struct err *err)
{
    for (uint32_t i = 0; i < WORKERS_MAX_PROGRAMS; i++)
        if (!w->programs[i]) {
            p->number = i;
            w->programs[i] = p;
            return 0;
        }
    return err_set(err, ERR_LIMIT, "more than %d operators",
                   WORKERS_MAX_PROGRAMS);
}

void workers_unload(struct program *base)
{
    struct worker_program *p = (struct worker_program *)base;
    struct workers *w = (struct workers *)base->executor;

    if (w->programs[p->number] == p)
        w->programs[p->number] = NULL;
    for (unsigned i = 0; i < w->count; i++)
        if (w->seats[i].program == p) /* its task was cancelled */
            w->seats[i].program = NULL;
    arena_release(&p->arena);
    mem_free(p);
}

static struct worker_program *program_new(struct workers *w,
                                          const struct script_file *files,
                                          size_t count, struct err *err)
{
    struct worker_program *p = mem_calloc(1, sizeof(*p));

    if (!p) {
        err_nomem(err);
        return NULL;
    }
    p->base.executor = &w->base;
    p->id = ++w->ids;
    p->last = &p->first;
    if (keep_files(p, files, count) < 0)
        err_nomem(err);
    else if (enter(w, p, err) == 0)
        return p;
    workers_unload(&p->base);
    return NULL;
}

/* ---- a load from its start to its end ---- */

static void give_back(struct workers_loading *l)
{
    struct seat *s = l->seat;

    l->seat = NULL;
    if (s && l->decl && l->err.code == ERR_NONE)
        seat_keep(s, l->program);
    else if (s)
        seat_end(s, &l->err);
}

void workers_load_cancel(struct workers_loading *l)
{
    if (!l)
        return;
    give_back(l);
    link_free(l->link);
    loop_cancel(l->workers->loop, l->timer);
    if (l->program)
        workers_unload(&l->program->base);
    mem_free(l);
}

static void on_over(void *arg)
{
    struct workers_loading *l = arg;
    struct worker_program *p = l->program;
    struct err err = l->err;
    workers_loaded_fn done = l->done;
    void *done_arg = l->arg;

    l->timer = 0;
    p->base.decl = l->decl;
    give_back(l);
    if (err.code == ERR_NONE)
        l->program = NULL;
    else
        p = NULL;
    workers_load_cancel(l);
    done(done_arg, p ? &p->base : NULL, &err);
}

/* A worker of the pool where one is free, or one for this alone. */
static int find_worker(struct workers_loading *l, bool of_the_pool,
                       struct err *err)
{
    struct workers *w = l->workers;
    struct link_events events = {on_ready, on_frame, on_end, l};

    if (of_the_pool)
        l->seat = seat_lend(w, &events, err);
    if (l->seat && l->seat->state == SEAT_LENT)
        return load_send(l->seat->link, l->program, err);
    if (!l->seat && err->code == ERR_NONE)
        l->link = link_new(w->loop, w->program, &events, err);
    return l->seat || l->link ? 0 : -(int)err->code;
}

/* NULL when it did not begin. */
static struct workers_loading *begin(struct worker_program *p, bool of_the_pool,
                                     struct err *err)
{
    struct workers_loading *l = mem_calloc(1, sizeof(*l));

    if (!l) {
        workers_unload(&p->base);
        err_nomem(err);
        return NULL;
    }
    l->workers = (struct workers *)p->base.executor;
    l->program = p;
    l->timer = loop_after(l->workers->loop, LOAD_MS, on_deadline, l);
    if (!l->timer)
        err_nomem(&l->err);
    if (l->timer && find_worker(l, of_the_pool, &l->err) == 0)
        return l;
    *err = l->err;
    workers_load_cancel(l);
    return NULL;
}

struct workers_loading *workers_load_start(struct executor *x,
                                           const struct script_file *files,
                                           size_t count, workers_loaded_fn done,
                                           void *arg, struct err *err)
{
    struct worker_program *p =
        program_new((struct workers *)x, files, count, err);
    struct workers_loading *l = p ? begin(p, false, err) : NULL;

    if (!l)
        return NULL;
    l->done = done;
    l->arg = arg;
    return l;
}

struct loaded {
    struct program *program;
    struct err *err;
    bool over;
};

static void on_loaded(void *arg, struct program *p, const struct err *err)
{
    struct loaded *out = arg;

    out->program = p;
    out->over = true;
    if (!p)
        *out->err = *err;
}

struct program *workers_load(struct executor *x,
                             const struct script_file *files, size_t count,
                             const struct script_limits *limits,
                             struct err *err)
{
    struct workers *w = (struct workers *)x;
    struct worker_program *p = program_new(w, files, count, err);
    struct loaded out = {.err = err};
    struct workers_loading *l;

    if (!p)
        return NULL;
    if (limits)
        p->limits = *limits;
    l = begin(p, true, err);
    if (!l)
        return NULL;
    l->done = on_loaded;
    l->arg = &out;
    while (!out.over) /* its deadline is there to be waited for */
        loop_turn(w->loop, true);
    return out.program;
}
