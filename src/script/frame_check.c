/*
 * frame_check.c -- is an answer one that a script could have given?
 *
 * DESIGN
 *
 * What plan_api.c, plan_apply.c, plan_status.c and view_api.c would have
 * refused in this process is refused again when it comes from another one:
 * kinds that are not declared, bodies that are not what their reference says,
 * reads of objects that are not in the view. A worker that says such a thing
 * is broken or taken over; its words are not explained, it is replaced.
 *
 * What depends on schemas and on the cluster is not looked at here: core/diff
 * checks every plan alike.
 */
#include <string.h>

#include "script/frame.h"

#define REPLICAS_MAX INT32_MAX

static int refuse(struct err *err, const char *what)
{
    return err_set(err, ERR_PROTOCOL, "the worker's answer: %s", what);
}

static bool is_word(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            return false;
    return *text != '\0';
}

/* ---- steps ---- */

static bool is_declared(const struct operator_decl *d, const struct gvk *gvk)
{
    for (size_t i = 0; i < d->reads_count; i++)
        if (gvk_equal(&d->reads[i].gvk, gvk))
            return true;
    return operator_owns(d, gvk) != NULL;
}

static bool is_ref(const struct object_ref *ref)
{
    return *ref->gvk.api_version && *ref->gvk.kind && *ref->key.name &&
           name_is_path_segment(ref->key.name) &&
           (!*ref->key.ns || name_is_path_segment(ref->key.ns));
}

static bool says(const struct value *body, const char *path, const char *text)
{
    const char *said = value_text_at(body, path);

    return said && strcmp(said, text) == 0;
}

/* The body is what is sent, the reference what was checked: both must be one
 * object. A NUL within a text of the body would end the comparison early. */
static bool is_object(const struct value *body, const struct object_ref *ref)
{
    static const char *const paths[] = {"apiVersion", "kind", "metadata.name",
                                        "metadata.namespace"};
    const char *ns = value_text_at(body, "metadata.namespace");

    if (!value_is(body, VALUE_OBJECT) ||
        !says(body, "apiVersion", ref->gvk.api_version) ||
        !says(body, "kind", ref->gvk.kind) ||
        !says(body, "metadata.name", ref->key.name) ||
        strcmp(ns ? ns : "", ref->key.ns) != 0)
        return false;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct value *v = value_path(body, paths[i]);

        if (v &&
            (!value_is(v, VALUE_STRING) || strlen(v->as.string) != v->count))
            return false;
    }
    return true;
}

static bool is_apply(const struct plan_step *s, const struct operator_decl *d)
{
    const struct operator_owned *owned = operator_owns(d, &s->ref.gvk);

    if (!owned || owned->retired || !is_object(s->body, &s->ref))
        return false;
    for (size_t i = 0; i < s->after_count; i++)
        if (!is_ref(&s->after[i]))
            return false;
    return true;
}

static bool is_patch(const struct plan_step *s)
{
    if (s->patch_type != PATCH_JSON)
        return value_is(s->body, VALUE_OBJECT);
    for (uint32_t i = 0; value_is(s->body, VALUE_ARRAY) && i < s->body->count;
         i++)
        if (!value_is(s->body->as.items[i], VALUE_OBJECT))
            return false;
    return value_is(s->body, VALUE_ARRAY);
}

static bool is_step(const struct plan_step *s, const struct operator_decl *d)
{
    if (!is_ref(&s->ref) || !is_declared(d, &s->ref.gvk) || !is_word(s->line))
        return false;
    switch (s->verb) {
    case PLAN_APPLY:
        return is_apply(s, d);
    case PLAN_PATCH:
        return is_patch(s);
    case PLAN_DELETE:
        return !s->body;
    case PLAN_SCALE:
        return !s->body && s->replicas >= 0 && s->replicas <= REPLICAS_MAX;
    }
    return false;
}

/* ---- status ---- */

static bool is_condition(const struct plan *p, size_t at)
{
    const struct plan_condition *c = &p->conditions[at];

    for (size_t i = 0; i < at; i++)
        if (strcmp(p->conditions[i].type, c->type) == 0)
            return false;
    return plan_is_condition_type(c->type) &&
           strcmp(c->type, "Reconciled") != 0 &&
           (strcmp(c->status, "True") == 0 || strcmp(c->status, "False") == 0 ||
            strcmp(c->status, "Unknown") == 0) &&
           c->reason && plan_is_reason(c->reason) && c->message && c->line;
}

static bool is_event(const struct plan_event *e)
{
    return (strcmp(e->type, "Normal") == 0 ||
            strcmp(e->type, "Warning") == 0) &&
           plan_is_reason(e->reason) && e->note && e->line;
}

static bool is_status(const struct plan *p)
{
    for (size_t i = 0; i < p->condition_count; i++)
        if (!is_condition(p, i))
            return false;
    for (size_t i = 0; i < p->event_count; i++)
        if (!is_event(&p->events[i]))
            return false;
    return !p->status || (value_is(p->status, VALUE_OBJECT) && p->status_line);
}

/* ---- reads ---- */

static bool is_read(const struct frame_read *r, const struct view *view)
{
    const struct view_kind *k;

    if (r->kind >= view->count)
        return false;
    k = &view->kinds[r->kind];
    if (!k->known)
        return false;
    if (r->list)
        return !r->found;
    return r->found ? r->item < k->count : r->name && *r->name && r->ns;
}

static int fill_reads(struct frame_answer *m, const struct view *view,
                      struct err *err)
{
    for (size_t i = 0; i < m->read_count; i++) {
        const struct frame_read *r = &m->reads[i];
        struct view_read *read;

        if (!is_read(r, view))
            return refuse(err, "a read of what is not in the view");
        read = plan_add_read(&m->plan);
        if (!read)
            return err_nomem(err);
        read->kind = r->kind;
        read->list = r->list;
        read->ns = r->ns;
        read->name = r->name;
        if (!r->found)
            continue;
        read->item = r->item;
        read->snapshot = view->kinds[r->kind].items[r->item];
        read->ns = read->snapshot->key.ns;
        read->name = read->snapshot->key.name;
    }
    return 0;
}

int frame_check_answer(struct frame_answer *m, const struct view *view,
                       const struct operator_decl *decl, struct err *err)
{
    const struct plan *p = &m->plan;

    for (size_t i = 0; i < p->count; i++)
        if (!is_step(&p->steps[i], decl))
            return refuse(err, "a step that no script could declare");
    if (!is_status(p))
        return refuse(err, "a status that no script could declare");
    if (p->row != PLAN_NO_ROW && !operator_row(decl, p->row))
        return refuse(err, "a row that there is not");
    if (p->requeue_ms < -1 || p->requeue_ms / 1000 > PLAN_MAX_TIME ||
        p->requeue_at < -1 || p->requeue_at > PLAN_MAX_TIME)
        return refuse(err, "a requeue that no script could declare");
    if (p->nothing && (p->prune_all || p->count > 0))
        return refuse(err, "steps beside plan:nothing");
    return fill_reads(m, view, err);
}
