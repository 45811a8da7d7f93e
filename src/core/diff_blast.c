/*
 * diff_blast.c -- does the plan delete more than one plan may? (G8)
 *
 * Counted over the changes themselves, so explicit deletes, prunes and objects
 * that are made anew come under one rule. Objects that the server says must be
 * made anew are counted when it has said so, by the sink.
 */
#include "core/diff_private.h"

static bool deletes(const struct change *c)
{
    return c->verb == CHANGE_DELETE || c->verb == CHANGE_PRUNE ||
           c->verb == CHANGE_RECREATE;
}

/* The root's children that are not on their way out. */
static int count_owned(struct diff_work *w, const struct view_kind *kind,
                       size_t *count)
{
    for (size_t i = 0; kind->owned && i < kind->count; i++) {
        enum diff_owner owner;
        int rc = diff_owner_of(w, kind->items[i], &owner);

        if (rc < 0)
            return rc;
        *count += owner == OWNER_US && !kind->items[i]->deleting;
    }
    return 0;
}

static bool is_child(const struct diff_work *w, const struct change *c)
{
    return c->live && text_equal(c->live->owner_uid, w->in->view->root->uid);
}

int diff_blast(struct diff_work *w)
{
    const struct view *view = w->in->view;
    struct blast *b = &w->cs->blast;
    int rc = 0;

    *b = (struct blast){
        .limits = w->in->limits ? *w->in->limits : blast_limits_default,
        .allowed = w->in->plan->allow_bulk,
        .all = w->in->plan->prune_all,
    };
    for (size_t i = 0; i < view->count && rc == 0; i++)
        rc = count_owned(w, &view->kinds[i], &b->owned);
    for (size_t i = 0; i < w->cs->count; i++) {
        const struct change *c = &w->cs->items[i];

        if (deletes(c))
            blast_add(b, c->resource, &c->key, is_child(w, c));
    }
    return rc < 0 ? rc : blast_check(b, w->err);
}
