/*
 * workers_load.c -- scripts: compiled by a worker that ends afterwards.
 *
 * Loading has to be done before anything can be watched, so it is waited for,
 * on a loop of its own: no other callback runs meanwhile. The workers of the
 * pool get the sources with their first call.
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

struct loader {
    struct loop *loop;
    struct link *link;
    struct worker_program *program;
    struct operator_decl *decl; /* in the program's arena */
    loop_timer_id deadline;
    bool over;
    struct err err;
};

static void loader_end(struct loader *l)
{
    l->over = true;
    loop_stop(l->loop);
}

static void on_ready(void *arg)
{
    struct loader *l = arg;

    if (load_send(l->link, l->program, &l->err) < 0)
        loader_end(l);
}

static int take_decl(struct loader *l, const struct frame *f)
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
    struct loader *l = arg;

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
    struct loader *l = arg;

    l->link = NULL;
    if (l->over)
        return;
    l->err = *why;
    err_wrap(&l->err, "cannot load the script");
    loader_end(l);
}

static void on_deadline(void *arg)
{
    struct loader *l = arg;

    l->deadline = 0;
    err_set(&l->err, ERR_DEADLINE, "the script was not loaded within %u s",
            LOAD_MS / 1000);
    loader_end(l);
}

static int load_declaration(struct workers *w, struct worker_program *p,
                            struct err *err)
{
    struct loader l = {.program = p};
    struct link_events events = {on_ready, on_frame, on_end, &l};

    l.loop = loop_new(err);
    if (!l.loop)
        return -(int)err->code;
    l.deadline = loop_after(l.loop, LOAD_MS, on_deadline, &l);
    l.link = l.deadline ? link_new(l.loop, w->program, &events, &l.err) : NULL;
    if (!l.deadline)
        err_nomem(&l.err);
    if (l.link)
        loop_run(l.loop);
    link_free(l.link);
    loop_cancel(l.loop, l.deadline);
    loop_free(l.loop);
    p->base.decl = l.decl;
    if (l.err.code == ERR_NONE)
        return 0;
    *err = l.err;
    return -(int)err->code;
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

static int find_number(const struct workers *w, uint32_t *ret, struct err *err)
{
    for (uint32_t i = 0; i < WORKERS_MAX_PROGRAMS; i++)
        if (!w->programs[i]) {
            *ret = i;
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
    arena_release(&p->arena);
    mem_free(p);
}

struct program *workers_load(struct executor *x,
                             const struct script_file *files, size_t count,
                             const struct script_limits *limits,
                             struct err *err)
{
    struct workers *w = (struct workers *)x;
    struct worker_program *p = mem_calloc(1, sizeof(*p));
    uint32_t number;
    int rc;

    if (!p) {
        err_nomem(err);
        return NULL;
    }
    p->base.executor = x;
    p->id = ++w->ids;
    p->number = UINT32_C(0);
    if (limits)
        p->limits = *limits;
    rc = find_number(w, &number, err);
    if (rc == 0 && keep_files(p, files, count) < 0)
        rc = err_nomem(err);
    if (rc == 0)
        rc = load_declaration(w, p, err);
    if (rc < 0) {
        arena_release(&p->arena);
        mem_free(p);
        return NULL;
    }
    p->number = number;
    w->programs[number] = p;
    return &p->base;
}
