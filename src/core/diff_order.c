/*
 * diff_order.c -- in which order the steps are carried out (G10).
 *
 * DESIGN
 *
 * `after` splits a plan into levels: a step's level is the length of the
 * longest chain of steps that must come before it. Within a level creates come
 * before changes before deletes, each in the order of declaration, so that
 * what others refer to exists first and nothing goes before its replacement
 * came. A prefix of the order is always a state that the next pass can go on
 * from.
 *
 * A step is held back when its gate is closed, and also when a step that it
 * comes after is held back, or waits for its old object to go, and so is not
 * there yet. What exists already has come before.
 */
#include "core/diff_private.h"

#include <stdlib.h>

static const struct resource *after_resource(const struct diff_work *w,
                                             const struct object_ref *ref)
{
    for (size_t i = 0; i < w->count; i++)
        if (gvk_same_group_kind(&w->steps[i].step->ref.gvk, &ref->gvk))
            return w->steps[i].resource;
    return NULL;
}

static int find_after(const struct diff_work *w, const struct diff_step *s,
                      const struct object_ref *ref, struct diff_step **ret)
{
    const struct resource *resource = after_resource(w, ref);
    struct object_key key = ref->key;

    *ret = NULL;
    if (resource && resource->namespaced && (!key.ns || !*key.ns))
        key.ns = w->in->view->root->key.ns;
    else if (!key.ns)
        key.ns = "";
    if (resource)
        *ret = diff_find_step(w, resource, &key);
    if (*ret)
        return 0;
    diff_refuse(w, s->step, "after: no step names %s '%s'", ref->gvk.kind,
                ref->key.name);
    err_hint(w->err, "`after` takes objects that the same plan declares");
    return -ERR_PLAN;
}

/* Depth first; at most PLAN_MAX_STEPS deep. */
static int find_level(struct diff_work *w, struct diff_step *s)
{
    if (s->ordered)
        return 0;
    if (s->visiting)
        return diff_refuse(w, s->step, "after: the steps wait for each other");
    s->visiting = true;
    for (size_t i = 0; i < s->step->after_count; i++) {
        struct diff_step *before;
        int rc = find_after(w, s, &s->step->after[i], &before);

        if (rc == 0)
            rc = find_level(w, before);
        if (rc < 0)
            return rc;
        if (before->level >= s->level)
            s->level = before->level + 1;
        if (before->held && (!before->live || before->live->deleting) &&
            !s->held_by)
            s->held_by = before;
    }
    s->held = s->held_by || s->step->held ||
              (s->step->verb == PLAN_APPLY && s->live && s->live->deleting);
    s->ordered = true;
    return 0;
}

/* 0 creates, 1 changes, 2 deletes. */
static int phase(const struct diff_step *s)
{
    if (s->step->verb == PLAN_DELETE)
        return 2;
    return s->step->verb == PLAN_APPLY && !s->live ? 0 : 1;
}

static int compare_order(const void *a, const void *b)
{
    const struct diff_step *x = *(struct diff_step *const *)a;
    const struct diff_step *y = *(struct diff_step *const *)b;

    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    if (phase(x) != phase(y))
        return phase(x) - phase(y);
    return (x > y) - (x < y);
}

int diff_order(struct diff_work *w)
{
    w->in_order = arena_calloc(w->a, w->count + 1, sizeof(*w->in_order));
    if (!w->in_order)
        return err_nomem(w->err);
    for (size_t i = 0; i < w->count; i++) {
        int rc = find_level(w, &w->steps[i]);

        if (rc < 0)
            return rc;
        w->in_order[i] = &w->steps[i];
    }
    if (w->count > 1)
        qsort(w->in_order, w->count, sizeof(struct diff_step *), compare_order);
    return 0;
}
