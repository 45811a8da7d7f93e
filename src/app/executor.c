/*
 * executor.c -- see executor.h; and the executor in this process.
 */
#include "app/executor.h"

#include "base/mem.h"

/* ---- any of them ---- */

struct program *executor_load(struct executor *x,
                              const struct script_file *files, size_t count,
                              const struct script_limits *limits,
                              struct err *err)
{
    return x->ops->load(x, files, count, limits, err);
}

void program_free(struct program *p)
{
    if (p)
        p->executor->ops->unload(p);
}

void task_start(struct task *t)
{
    struct executor *x = t->program->executor;

    t->running = true;
    x->ops->start(x, t);
}

void task_cancel(struct task *t)
{
    struct executor *x;

    if (!t->running)
        return;
    x = t->program->executor;
    t->running = false;
    x->ops->cancel(x, t);
}

void executor_free(struct executor *x)
{
    if (x)
        x->ops->free(x);
}

struct waiting {
    bool done;
    struct err err;
};

static void on_awaited(struct task *t, const struct err *err)
{
    struct waiting *w = t->arg;

    w->done = true;
    w->err = *err;
}

struct err executor_wait(struct loop *loop, struct task *t)
{
    struct waiting w = {0};

    t->done = on_awaited;
    t->arg = &w;
    task_start(t);
    while (!w.done && loop_turn(loop, true))
        ;
    if (!w.done) {
        task_cancel(t);
        err_set(&w.err, ERR_CANCELLED, "the loop has nothing to wait for");
    }
    return w.err;
}

/* ---- in this process ---- */

struct inline_program {
    struct program base;
    struct script *script;
    bool borrowed;
};

static int run_names(struct script *s, struct task *t, struct err *err)
{
    const struct operator_decl *d = script_decl(s);
    int rc = 0;

    t->names = arena_calloc(t->arena, d->reads_count + 1, sizeof(*t->names));
    if (!t->names)
        return err_nomem(err);
    for (size_t i = 0; i < d->reads_count && rc == 0; i++)
        if (d->reads[i].by_name)
            rc = script_names(s, i, t->object, t->arena, &t->names[i], err);
    return rc;
}

static void inline_start(struct executor *x, struct task *t)
{
    struct script *s = ((struct inline_program *)t->program)->script;
    struct err err = {0};

    (void)x;
    if (t->call == TASK_NAMES)
        run_names(s, t, &err);
    else if (t->call == TASK_MAP)
        script_map(s, t->read, t->object, t->arena, &t->roots, &err);
    else
        script_run(s, t->call == TASK_FINALIZE ? JOB_FINALIZE : JOB_RECONCILE,
                   t->view, t->plan, &err);
    t->running = false;
    t->done(t, &err);
}

static void inline_cancel(struct executor *x, struct task *t)
{
    (void)x;
    (void)t;
}

static void inline_unload(struct program *p)
{
    struct inline_program *q = (struct inline_program *)p;

    if (!q->borrowed)
        script_free(q->script);
    mem_free(q);
}

struct program *inline_program(struct executor *x, struct script *s)
{
    struct inline_program *p = mem_calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->base = (struct program){x, script_decl(s)};
    p->script = s;
    p->borrowed = true;
    return &p->base;
}

static struct program *inline_load(struct executor *x,
                                   const struct script_file *files,
                                   size_t count,
                                   const struct script_limits *limits,
                                   struct err *err)
{
    struct script *s = NULL;
    struct program *p;

    if (script_load(files, count, limits, &s, err) < 0)
        return NULL;
    p = inline_program(x, s);
    if (!p) {
        script_free(s);
        err_nomem(err);
        return NULL;
    }
    ((struct inline_program *)p)->borrowed = false;
    return p;
}

static void inline_free(struct executor *x)
{
    mem_free(x);
}

struct executor *inline_new(void)
{
    static const struct executor_ops ops = {
        inline_load, inline_unload, inline_start, inline_cancel, inline_free};
    struct executor *x = mem_calloc(1, sizeof(*x));

    if (x)
        x->ops = &ops;
    return x;
}
