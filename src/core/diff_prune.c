/*
 * diff_prune.c -- children that the plan does not declare any more.
 *
 * DESIGN
 *
 * The inventory is the cluster itself: a child is an object whose controller
 * reference carries the root's uid, or an ownerless one whose label says that
 * it was made to outlive the root. Labels and names alone delete nothing. What
 * is not declared, not held and not going already is deleted, with uid and
 * resourceVersion (G5), provided that this operator has applied it. An orphan
 * child is released instead:
 *
 *      the labels and the annotation of the runtime go, by a merge patch with
 *      the resourceVersion. An empty apply would be shorter but would take
 *      every field that we applied out of the object (SA-4). Our entry in
 *      managedFields stays behind and does no harm: we never apply to an
 *      object that is not ours.
 *
 * Kinds go in the reverse order of `owns`. A kind that is not known now is
 * left alone: what cannot be seen may well be declared.
 */
#include "core/diff_private.h"

#include <string.h>

static bool is_owned_kind(const struct view_kind *kind, const struct gvk *gvk)
{
    return kind->owned && gvk_same_group_kind(&kind->gvk, gvk);
}

static const struct resource *kind_resource(const struct diff_work *w,
                                            const struct view_kind *kind)
{
    if (kind->resource || !w->in->restmap)
        return kind->resource;
    return restmap_find(w->in->restmap, kind->gvk.api_version, kind->gvk.kind);
}

static int note_kind(struct diff_work *w, const struct view_kind *kind,
                     const struct snapshot *snap, const char *text)
{
    struct object_ref ref = {kind->gvk, {"", ""}};

    if (snap)
        ref.key = snap->key;
    if (!text || changeset_note(w->cs, &ref, NULL, text) < 0)
        return err_nomem(w->err);
    return 0;
}

/* Is it ours to remove? */
static int made_by_us(const struct diff_work *w, const struct snapshot *snap,
                      bool *ret)
{
    struct value *tree;
    int rc = snapshot_value(snap, w->a, &tree, w->err);

    if (rc == 0)
        *ret = diff_maker_of(w, snap, tree) == MADE_BY_US;
    return rc;
}

/* ---- an empty plan ---- */

/* Those that are ours to remove and not on their way out. */
static int count_children(struct diff_work *w, const struct view_kind *kind,
                          size_t *count, const struct snapshot **first)
{
    for (size_t i = 0; i < kind->count; i++) {
        bool ours = false;
        enum diff_owner owner;
        int rc = diff_owner_of(w, kind->items[i], &owner);

        if (rc == 0 && owner != OWNER_FOREIGN && !kind->items[i]->deleting)
            rc = made_by_us(w, kind->items[i], &ours);
        if (rc < 0)
            return rc;
        if (!ours)
            continue;
        if ((*count)++ == 0)
            *first = kind->items[i];
    }
    return 0;
}

int diff_check_empty(struct diff_work *w)
{
    const struct operator_decl *decl = w->in->decl;
    const struct view *view = w->in->view;
    const struct snapshot *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < view->count; i++) {
        const struct view_kind *kind = &view->kinds[i];
        const struct operator_owned *owned = operator_owns(decl, &kind->gvk);
        int rc = 0;

        if (kind->owned && kind->known && (!owned || !owned->retired))
            rc = count_children(w, kind, &count, &first);
        if (rc < 0)
            return rc;
    }
    if (count == 0)
        return 0;
    err_set(w->err, ERR_EMPTY_PLAN,
            "the plan declares no child while %zu exist%s (%s '%s')", count,
            count == 1 ? "s" : "", first->kind, first->key.name);
    err_hint(w->err, "plan:prune_all(reason) removes them all on purpose, "
                     "plan:nothing(reason) leaves them as they are");
    return -ERR_EMPTY_PLAN;
}

/* ---- one child that nobody declares ---- */

static struct value *release_body(struct arena *a)
{
    struct value *body = value_object(a);
    struct value *labels, *annotations;

    if (!body)
        return NULL;
    labels = value_make(a, value_make(a, body, "metadata"), "labels");
    annotations = value_make(a, value_make(a, body, "metadata"), "annotations");
    if (!labels || !annotations ||
        value_set(a, labels, LABEL_MANAGED_BY, value_null(a)) < 0 ||
        value_set(a, labels, LABEL_OPERATOR, value_null(a)) < 0 ||
        value_set(a, labels, LABEL_OWNER_UID, value_null(a)) < 0 ||
        value_set(a, annotations, ANNOTATION_APPLIED, value_null(a)) < 0)
        return NULL;
    return body;
}

static int delete_child(struct diff_work *w, const struct resource *resource,
                        const struct snapshot *snap, enum diff_owner owner)
{
    bool release = owner == OWNER_RELEASE;
    struct change *c =
        changeset_add(w->cs, release ? CHANGE_RELEASE : CHANGE_PRUNE);

    if (!c)
        return err_nomem(w->err);
    c->resource = resource;
    c->key = snap->key;
    c->uid = snap->uid;
    c->resource_version = snap->resource_version;
    c->live = snap;
    c->destructive = !release;
    c->reason =
        w->in->plan->prune_all ? w->in->plan->prune_all : "no longer declared";
    if (!release)
        return 0;
    c->body = release_body(w->a);
    return c->body ? 0 : err_nomem(w->err);
}

/* An object of ours that no step names. */
static int prune_child(struct diff_work *w, const struct view_kind *kind,
                       const struct snapshot *snap)
{
    enum diff_owner owner;
    bool ours = false;
    int rc = diff_owner_of(w, snap, &owner);

    if (rc < 0 || owner == OWNER_FOREIGN)
        return rc;
    if (snap->deleting)
        return note_kind(w, kind, snap, "is being deleted already");
    rc = made_by_us(w, snap, &ours);
    if (rc < 0)
        return rc;
    if (!ours)
        return note_kind(w, kind, snap,
                         "is left alone: this operator never applied it");
    return delete_child(w, kind_resource(w, kind), snap, owner);
}

/* Everything of ours of one kind that no step names. */
static int prune_kind(struct diff_work *w, const struct view_kind *kind)
{
    const struct resource *resource = kind_resource(w, kind);

    if (!kind->known || !resource)
        return note_kind(w, kind, NULL,
                         arena_printf(w->a,
                                      "nothing of this kind is pruned: "
                                      "it is not known now%s%s",
                                      kind->unknown ? ": " : "",
                                      kind->unknown ? kind->unknown : ""));
    for (size_t i = 0; i < kind->count; i++) {
        int rc = diff_find_step(w, resource, &kind->items[i]->key)
                     ? 0
                     : prune_child(w, kind, kind->items[i]);

        if (rc < 0)
            return rc;
    }
    return 0;
}

int diff_prune(struct diff_work *w)
{
    const struct operator_decl *decl = w->in->decl;
    const struct view *view = w->in->view;

    for (size_t i = decl->owns_count; i-- > 0;) {
        for (size_t k = 0; k < view->count; k++) {
            int rc = 0;

            if (is_owned_kind(&view->kinds[k], &decl->owns[i].gvk))
                rc = prune_kind(w, &view->kinds[k]);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}
