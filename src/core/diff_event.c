/*
 * diff_event.c -- plan:event as events.k8s.io/v1 objects.
 *
 * Nothing here knows the time of day but view.now, so the same plan gives the
 * same Event. Whoever sends it (app/herald) turns what is said again into a
 * series.
 */
#include "core/diff_private.h"

#include "core/event.h"

/* Discovery may not have run (offline). */
static const struct resource *find_event_resource(const struct diff_work *w)
{
    const struct resource *r = NULL;

    if (w->in->restmap)
        r = restmap_find(w->in->restmap, event_resource.api_version,
                         event_resource.kind);
    return r ? r : &event_resource;
}

static int add_event(struct diff_work *w, const struct plan_event *e)
{
    const struct snapshot *root = w->in->view->root;
    const struct event_spec spec = {
        .regarding = {root->api_version, root->kind, root->key, root->uid},
        .type = e->type,
        .reason = e->reason,
        .note = e->note,
        .controller = w->in->decl->field_manager,
        .now = w->in->view->now,
    };
    struct change *c = changeset_add(w->cs, CHANGE_EVENT);

    if (!c)
        return err_nomem(w->err);
    c->resource = find_event_resource(w);
    c->line = e->line;
    c->body = event_make(w->a, &spec, &c->key);
    return c->body ? 0 : err_nomem(w->err);
}

int diff_events(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;

    for (size_t i = 0; i < plan->event_count; i++) {
        int rc = add_event(w, &plan->events[i]);

        if (rc < 0)
            return rc;
    }
    return 0;
}
