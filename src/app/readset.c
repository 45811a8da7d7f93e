/*
 * readset.c -- does what a plan was made from still hold? (note 12, G4)
 *
 * DESIGN
 *
 * A plan that destroys something is carried out only when nothing that the
 * script looked at has changed since: a list by its members (name and uid), an
 * object whose body was read by its resourceVersion, an absence by still being
 * one. What the changeset itself writes is no change. The root is not looked
 * at here: the sink reads it live.
 *
 * Kept only for plans that may destroy: the others have the preconditions of
 * their requests, and a next pass.
 */
#include "controller_impl.h"

#include <string.h>

/* ---- at the time of the plan ---- */

static bool may_destroy(const struct changeset *cs)
{
    for (size_t i = 0; i < cs->count; i++)
        if (cs->items[i].destructive || cs->items[i].check_immutable)
            return true;
    return false;
}

int readset_keep(struct job *job)
{
    const struct plan *plan = &job->plan;
    int rc = 0;

    job->guarded = may_destroy(&job->cs);
    for (size_t i = 0; job->guarded && i < plan->read_count && rc == 0; i++) {
        const struct view_read *r = &plan->reads[i];

        if (!r->list && r->snapshot)
            rc = job_hold(job, (struct snapshot *)r->snapshot);
    }
    return rc;
}

/* ---- before the first destructive request ---- */

static bool writes(const struct job *job, const struct resource *resource,
                   const struct object_key *key)
{
    for (size_t i = 0; i < job->cs.count; i++)
        if (job->cs.items[i].resource == resource &&
            object_key_equal(&job->cs.items[i].key, key))
            return true;
    return false;
}

/* Is every object of `a` that we do not write in `b`, too? */
static bool within(const struct job *job, const struct view_kind *a,
                   const struct view_kind *b)
{
    size_t k = 0;

    for (size_t i = 0; i < a->count; i++) {
        const struct snapshot *s = a->items[i];

        while (k < b->count &&
               object_key_compare(&b->items[k]->key, &s->key) < 0)
            k++;
        if ((k == b->count || !object_key_equal(&b->items[k]->key, &s->key) ||
             strcmp(b->items[k]->uid, s->uid) != 0) &&
            !writes(job, a->resource, &s->key))
            return false;
    }
    return true;
}

static bool list_holds(struct job *job, uint32_t index)
{
    const struct view_kind *then = &job->view.kinds[index];
    struct view_kind now = *then;

    return job_look(job, index, &now) == 0 && within(job, then, &now) &&
           within(job, &now, then);
}

static bool object_holds(struct job *job, const struct view_read *r)
{
    struct view_kind now = job->view.kinds[r->kind];
    struct object_key key = {r->ns ? r->ns : "", r->name};
    const struct snapshot *found;
    size_t item;

    if (r->snapshot)
        key = r->snapshot->key;
    if (writes(job, now.resource, &key))
        return true;
    if (job_look(job, r->kind, &now) < 0)
        return false;
    found = view_search(&now, &key, &item) ? now.items[item] : NULL;
    if (!found || !r->snapshot)
        return !found && !r->snapshot;
    return strcmp(found->uid, r->snapshot->uid) == 0 &&
           strcmp(found->resource_version, r->snapshot->resource_version) == 0;
}

bool readset_holds(struct job *job)
{
    const struct plan *plan = &job->plan;
    bool holds = true;

    for (size_t i = 0; job->guarded && holds && i < plan->read_count; i++)
        holds = plan->reads[i].list ? list_holds(job, plan->reads[i].kind)
                                    : object_holds(job, &plan->reads[i]);
    return holds;
}
