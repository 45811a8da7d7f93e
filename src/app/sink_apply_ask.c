/*
 * sink_apply_ask.c -- see sink_apply.h: what is asked before a change is
 * written.
 *
 * DESIGN
 *
 * Two questions, each a request of its own. Is the root still the one that was
 * planned for? Before the first destructive change. And can the change be made
 * in place? A dryRun of it; when that is refused as invalid, a second dryRun
 * creates the object under another name: what is accepted there can be made
 * anew, anything else would be deleted for nothing.
 */
#include "sink_apply_impl.h"

#include <string.h>

#include "answer_impl.h"
#include "core/owned_fields.h"

/* ---- the live read of what is held back ---- */

void ask_after_gate(struct exec *e, const char *body, size_t len,
                    const struct err *status)
{
    const struct target *look = &e->cs->look;
    struct err err = *status;

    e->looked =
        err.code == ERR_NOT_FOUND ||
        (err.code == ERR_NONE && exec_observe(e, look, body, len, &err) == 0);
    if (status->code == ERR_NOT_FOUND)
        e->sink->observer.gone(e->sink->observer.arg, look->resource,
                               &look->key, e->cs->look_uid);
    if (e->looked && (e->cs->look_first || status->code == ERR_NOT_FOUND)) {
        err_set(&err, ERR_CONFLICT, "%s '%s' was looked at",
                look->resource->kind, look->key.name);
        exec_fail(e, &err);
    } else if (e->cs->look_first && !e->looked)
        exec_fail(e, &err);
    else
        exec_next(e);
}

/* ---- the live read of the root ---- */

static void root_changed(struct exec *e, const char *how)
{
    struct err err = {0};

    err_set(&err, ERR_CONFLICT, "%s '%s' %s since it was planned for",
            e->cs->root->kind, e->cs->root->key.name, how);
    exec_fail(e, &err);
}

static void view_changed(struct exec *e)
{
    struct err err = {0};

    err_set(&err, ERR_CONFLICT,
            "something that was read for %s '%s' changed since it was planned",
            e->cs->root->kind, e->cs->root->key.name);
    exec_fail(e, &err);
}

void ask_after_root(struct exec *e, const char *body, size_t len,
                    const struct err *status)
{
    const struct snapshot *root = e->cs->root;
    const struct target target = exec_root(e);
    struct snapshot *live;
    struct err err = *status;

    if (err.code == ERR_NOT_FOUND) {
        e->sink->observer.gone(e->sink->observer.arg, e->cs->root_resource,
                               &root->key, root->uid);
        root_changed(e, "was deleted");
        return;
    }
    if (err.code != ERR_NONE ||
        answer_object(&target, body, len, &live, &err) < 0) {
        exec_fail(e, &err);
        return;
    }
    e->root_checked = strcmp(live->uid, root->uid) == 0 &&
                      live->generation == root->generation &&
                      live->deleting == root->deleting;
    snapshot_unref(live, "answer");
    exec_observe(e, &target, body, len, &err);
    if (!e->root_checked)
        root_changed(e, "changed");
    else if (!e->sink->observer.holds(e->sink->observer.arg, e->cs))
        view_changed(e);
    else
        exec_next(e);
}

/* ---- who fights over it? ---- */

void ask_after_rival(struct exec *e, const char *body, size_t len,
                     const struct err *status)
{
    struct change *c = &e->cs->items[e->index];
    const struct target target = {c->resource, c->key};
    const char *ours =
        c->field_manager ? c->field_manager : e->cs->decl->field_manager;
    struct arena a = {0};
    struct value *live;
    struct err err = *status;

    if (err.code == ERR_NONE && value_parse(&a, body, len, &live, &err) == 0) {
        const char *rival = owned_rival(&a, live, ours, c->contested);

        c->rival = arena_strdup(e->cs->arena, rival ? rival : "");
        exec_observe(e, &target, body, len, &err);
    }
    arena_release(&a);
    exec_skip(e);
}

void ask_say_contested(struct exec *e)
{
    const struct change *c = e->contested;

    if (!c)
        return;
    if (c->rival && *c->rival)
        err_set(&e->err, ERR_CONTESTED, "'%s' keeps changing %s", c->rival,
                c->contested);
    else
        err_set(&e->err, ERR_CONTESTED, "%s does not stay as it is written%s",
                c->contested,
                c->rival ? ": the server, a webhook or the script itself "
                           "changes it"
                         : "");
    exec_wrap(c, &e->err);
    e->failed = c;
}

/* ---- may the object be made anew? ---- */

/* The write itself, after the root was looked at where it destroys. */
static void go_on(struct exec *e)
{
    if (e->recreate && !e->root_checked)
        exec_get(e, exec_root(e), STAGE_ROOT);
    else
        exec_write(e, false);
}

static void probe(struct exec *e)
{
    struct arena arena = {0};
    struct request request;
    struct err err = {0};

    if (change_probe(e->cs, exec_change(e), &arena, &request, &err) < 0)
        exec_fail(e, &err);
    else
        exec_send(e, &request, STAGE_PROBE);
    arena_release(&arena);
}

/* A dryRun of an apply that was refused as invalid: the field cannot be changed
 * in place, or the object is not valid at all. */
void ask_after_change(struct exec *e, const struct err *status)
{
    if (status->code == ERR_NONE) {
        go_on(e);
        return;
    }
    e->err = *status;
    exec_wrap(exec_change(e), &e->err);
    if (status->code == ERR_REJECTED)
        probe(e);
    else
        exec_fail(e, &e->err);
}

/* What could be created can be made anew; anything else would be lost. */
void ask_after_probe(struct exec *e, const struct err *status)
{
    const struct change *c = exec_change(e);
    struct err err = {0};

    if (status->code != ERR_NONE) {
        exec_fail(e, &e->err);
        return;
    }
    err_clear(&e->err);
    e->recreate = true;
    blast_add(&e->cs->blast, c->resource, &c->key, true);
    if (blast_check(&e->cs->blast, &err) < 0)
        exec_fail(e, &err);
    else
        go_on(e);
}
