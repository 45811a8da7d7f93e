/*
 * worker.c -- messages one after the other.
 *
 * A message is copied into the arena before it is read, because serving it may
 * read others (call.c asks), and its texts point into it.
 */
#include "worker/worker.h"

#include <string.h>

#include "base/mem.h"

#define ARENA_KEEP ((size_t)1 << 20)

int worker_init(struct worker *w, int fd)
{
    memset(w, 0, sizeof(*w));
    channel_init(&w->channel, fd);
    return bodies_init(&w->bodies);
}

void worker_release(struct worker *w)
{
    for (unsigned i = 0; i < WORKER_MAX_SCRIPTS; i++)
        script_free(w->scripts[i]);
    bodies_release(&w->bodies);
    channel_release(&w->channel);
    arena_release(&w->arena);
}

int worker_get(struct worker *w, const struct frame *f, void *msg,
               struct err *err)
{
    struct frame copy = *f;

    copy.body = arena_strndup(&w->arena, f->body, f->len);
    if (!copy.body)
        return err_nomem(err);
    return frame_get(&copy, &w->arena, msg, err);
}

static int load(struct worker *w, const struct frame_load *m, struct err *err)
{
    struct frame_loaded answer = {.script = m->script};
    struct script *s = NULL;

    if (m->script >= WORKER_MAX_SCRIPTS)
        return err_set(err, ERR_PROTOCOL, "script %u", m->script);
    if (script_load(m->files, m->file_count, &m->limits, &s, &answer.err) ==
        0) {
        script_expect_sealed(s);
        answer.decl = (struct operator_decl *)script_decl(s);
        answer.decl_count = 1;
    }
    script_free(w->scripts[m->script]);
    w->scripts[m->script] = s;
    return channel_write(&w->channel, FRAME_LOADED, &answer, err);
}

static int serve_load(struct worker *w, const struct frame *f, struct err *err)
{
    struct frame_load m = {0};
    int rc = worker_get(w, f, &m, err);

    return rc < 0 ? rc : load(w, &m, err);
}

static int serve_call(struct worker *w, const struct frame *f, struct err *err)
{
    struct frame_call m = {0};
    int rc = worker_get(w, f, &m, err);

    return rc < 0 ? rc : worker_call(w, &m, err);
}

static int serve_probe(struct worker *w, const struct frame *f, struct err *err)
{
    struct frame_probe m = {0};
    int rc = worker_get(w, f, &m, err);

    return rc < 0 ? rc : worker_probe(w, &m, err);
}

static int serve(struct worker *w, const struct frame *f, struct err *err)
{
    switch (f->type) {
    case FRAME_LOAD:
        return serve_load(w, f, err);
    case FRAME_CALL:
        return serve_call(w, f, err);
    case FRAME_PROBE:
        return serve_probe(w, f, err);
    default:
        return err_set(err, ERR_PROTOCOL, "a message of type %d to a worker",
                       (int)f->type);
    }
}

int worker_serve(struct worker *w, struct err *err)
{
    struct frame f;
    int rc = channel_read(&w->channel, &f, err);

    if (rc < 0)
        return rc;
    rc = serve(w, &f, err);
    if (w->arena.used > ARENA_KEEP)
        arena_release(&w->arena);
    else
        arena_clear(&w->arena);
    return rc;
}
