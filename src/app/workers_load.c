/*
 * workers_load.c -- scripts: compiled by a worker that ends afterwards. The
 *                   workers of the pool get the sources with their first call.
 *
 * Before anything is watched that is waited for, on a loop of its own: no other
 * callback runs meanwhile. A process at work goes on meanwhile.
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
    struct loop *loop;
    struct link *link;
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
    loop_timer_id soon = loop_after(l->loop, 0, on_over, l);

    l->over = true;
    if (!soon) /* out of memory: the deadline tells it */
        return;
    loop_cancel(l->loop, l->timer);
    l->timer = soon;
}

static void on_ready(void *arg)
{
    struct workers_loading *l = arg;

    if (load_send(l->link, l->program, &l->err) < 0)
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

    l->link = NULL;
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
                                          size_t count)
{
    struct worker_program *p = mem_calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->base.executor = &w->base;
    p->id = ++w->ids;
    p->last = &p->first;
    if (keep_files(p, files, count) == 0)
        return p;
    workers_unload(&p->base);
    return NULL;
}

/* ---- a load from its start to its end ---- */

void workers_load_cancel(struct workers_loading *l)
{
    if (!l)
        return;
    link_free(l->link);
    loop_cancel(l->loop, l->timer);
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
    if (err.code == ERR_NONE && enter(l->workers, p, &err) == 0)
        l->program = NULL;
    else
        p = NULL;
    workers_load_cancel(l);
    done(done_arg, p ? &p->base : NULL, &err);
}

/* NULL when it did not begin. */
static struct workers_loading *begin(struct workers *w, struct loop *loop,
                                     struct worker_program *p, struct err *err)
{
    struct workers_loading *l = mem_calloc(1, sizeof(*l));
    struct link_events events = {on_ready, on_frame, on_end, l};

    if (!l) {
        workers_unload(&p->base);
        err_nomem(err);
        return NULL;
    }
    l->workers = w;
    l->loop = loop;
    l->program = p;
    l->timer = loop_after(loop, LOAD_MS, on_deadline, l);
    if (!l->timer)
        err_nomem(err);
    else
        l->link = link_new(loop, w->program, &events, err);
    if (l->link)
        return l;
    workers_load_cancel(l);
    return NULL;
}

struct workers_loading *workers_load_start(struct executor *x,
                                           const struct script_file *files,
                                           size_t count, workers_loaded_fn done,
                                           void *arg, struct err *err)
{
    struct workers *w = (struct workers *)x;
    struct worker_program *p = program_new(w, files, count);
    struct workers_loading *l = p ? begin(w, w->loop, p, err) : NULL;

    if (!p)
        err_nomem(err);
    if (!l)
        return NULL;
    l->done = done;
    l->arg = arg;
    return l;
}

struct loaded {
    struct loop *loop;
    struct program *program;
    struct err *err;
};

static void on_loaded(void *arg, struct program *p, const struct err *err)
{
    struct loaded *out = arg;

    out->program = p;
    if (!p)
        *out->err = *err;
    loop_stop(out->loop);
}

struct program *workers_load(struct executor *x,
                             const struct script_file *files, size_t count,
                             const struct script_limits *limits,
                             struct err *err)
{
    struct workers *w = (struct workers *)x;
    struct worker_program *p = program_new(w, files, count);
    struct loaded out = {.loop = p ? loop_new(err) : NULL, .err = err};
    struct workers_loading *l;

    if (!p) {
        err_nomem(err);
        return NULL;
    }
    if (limits)
        p->limits = *limits;
    if (!out.loop) {
        workers_unload(&p->base);
        return NULL;
    }
    l = begin(w, out.loop, p, err);
    if (l) {
        l->done = on_loaded;
        l->arg = &out;
        loop_run(out.loop);
    }
    loop_free(out.loop);
    return out.program;
}
