/*
 * diff_steps.c -- from a plan's steps to objects: kind, name, what is there.
 *
 * DESIGN
 *
 * Each step becomes a diff_step that knows its resource, its full name and the
 * live object of that name. The steps are then sorted by that name once, which
 * finds duplicates and lets every later stage ask "does a step name this
 * object?" by binary search.
 *
 * A kind is looked up by group and kind: a plan may say apps/v1 where a view
 * holds the same objects under another version.
 *
 * INVARIANTS after diff_steps()
 *
 *   I1  every step has a resource and a key without empty name
 *   I2  no two steps of by_ref have the same group, kind and key
 *   I3  live == NULL only where a known kind has no such object
 *   I4  owner == OWNER_NOBODY  <=>  live == NULL
 */
#include "core/diff_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/owned_fields.h"

/* ---- messages ---- */

static const char *verb_name(enum plan_verb verb)
{
    switch (verb) {
    case PLAN_APPLY:
        return "plan:apply";
    case PLAN_PATCH:
        return "plan:patch";
    case PLAN_DELETE:
        return "plan:delete";
    case PLAN_SCALE:
        break;
    }
    return "plan:scale";
}

int diff_refuse(const struct diff_work *w, const struct plan_step *step,
                const char *fmt, ...)
{
    char text[sizeof(w->err->msg)];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    err_set(w->err, ERR_PLAN, "%s", text);
    return diff_place(w, step, -ERR_PLAN);
}

int diff_place(const struct diff_work *w, const struct plan_step *step, int rc)
{
    if (rc == -ERR_NOMEM)
        return rc;
    err_wrap(w->err, "%s%s%s: %s '%s'", step->line ? step->line : "",
             step->line ? ": " : "", verb_name(step->verb),
             step->ref.gvk.kind ? step->ref.gvk.kind : "",
             step->ref.key.name ? step->ref.key.name : "");
    return rc;
}

int diff_note_step(struct diff_work *w, const struct diff_step *s,
                   const char *text)
{
    struct object_ref ref = {s->step->ref.gvk, s->key};

    if (!text || changeset_note(w->cs, &ref, s->step->line, text) < 0)
        return err_nomem(w->err);
    return 0;
}

/* ---- finding things ---- */

/* Binary search in a kind's sorted items. */
static struct snapshot *kind_find(const struct view_kind *kind,
                                  const struct object_key *key)
{
    size_t low = 0, high = kind->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = object_key_compare(&kind->items[mid]->key, key);

        if (order == 0)
            return kind->items[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* The object of that kind and name in the view, owned kinds first. `ret_kind`
 * is the kind that answered or could not; NULL when none is declared. */
static struct snapshot *find_in_view(const struct view *view,
                                     const struct gvk *gvk,
                                     const struct object_key *key,
                                     const struct view_kind **ret_kind)
{
    struct snapshot *found = NULL;

    *ret_kind = NULL;
    for (size_t i = 0; i < view->count; i++) {
        const struct view_kind *kind = &view->kinds[i];

        if (found || !gvk_same_group_kind(&kind->gvk, gvk))
            continue;
        found = kind_find(kind, key);
        if (found || !*ret_kind || (kind->owned && !(*ret_kind)->owned))
            *ret_kind = kind;
    }
    return found;
}

int diff_owner_of(const struct diff_work *w, const struct snapshot *snap,
                  enum diff_owner *ret_owner)
{
    const char *root_uid = w->in->view->root->uid;
    struct value *tree;
    const struct value *label;
    int rc;

    *ret_owner = OWNER_FOREIGN;
    if (*root_uid && strcmp(snap->owner_uid, root_uid) == 0)
        *ret_owner = OWNER_US;
    if (*snap->owner_uid)
        return 0;
    rc = snapshot_value(snap, w->a, &tree, w->err);
    if (rc < 0)
        return rc;
    label = value_get(value_path(tree, "metadata.labels"), LABEL_OWNER_UID);
    if (*root_uid && text_equal(value_text(label), root_uid))
        *ret_owner = OWNER_RELEASE;
    return 0;
}

enum diff_maker diff_maker_of(const struct diff_work *w,
                              const struct snapshot *snap,
                              const struct value *tree)
{
    const struct operator_decl *decl = w->in->decl;
    const char *label = value_text(
        value_get(value_path(tree, "metadata.labels"), LABEL_OPERATOR));

    if (text_equal(label, decl->name) ||
        owned_entry(tree, decl->field_manager, "", snap->api_version))
        return MADE_BY_US;
    return label && *label ? MADE_BY_OPERATOR : MADE_BY_OTHERS;
}

/* Group and kind, then namespace and name: the order of by_ref. */
static int compare_names(const char *group, const char *kind,
                         const struct object_key *key,
                         const struct diff_step *s)
{
    int order = strcmp(kind, s->resource->kind);

    if (order == 0)
        order = strcmp(group, s->resource->group);
    return order ? order : object_key_compare(key, &s->key);
}

static int compare_steps(const void *a, const void *b)
{
    const struct diff_step *x = *(struct diff_step *const *)a;
    const struct diff_step *y = *(struct diff_step *const *)b;
    int order =
        compare_names(x->resource->group, x->resource->kind, &x->key, y);

    return order ? order : (x > y) - (x < y);
}

struct diff_step *diff_find_step(const struct diff_work *w,
                                 const struct resource *resource,
                                 const struct object_key *key)
{
    size_t low = 0, high = w->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order =
            compare_names(resource->group, resource->kind, key, w->by_ref[mid]);

        if (order == 0)
            return w->by_ref[mid];
        if (order > 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* ---- one step ---- */

/* What patch, delete and scale may touch: what the operator can see. */
static bool is_declared(const struct diff_work *w, const struct gvk *gvk)
{
    const struct operator_decl *decl = w->in->decl;

    if (gvk_same_group_kind(&decl->root, gvk))
        return true;
    for (size_t i = 0; i < decl->owns_count; i++)
        if (gvk_same_group_kind(&decl->owns[i].gvk, gvk))
            return true;
    for (size_t i = 0; i < decl->reads_count; i++)
        if (gvk_same_group_kind(&decl->reads[i].gvk, gvk))
            return true;
    return false;
}

/* The declaration is the permission: RBAC was made from it. */
static int check_declared(const struct diff_work *w,
                          const struct plan_step *step)
{
    const struct gvk *gvk = &step->ref.gvk;
    const struct operator_owned *owned = operator_owns(w->in->decl, gvk);
    bool apply = step->verb == PLAN_APPLY;

    if (apply ? owned && !owned->retired : is_declared(w, gvk))
        return 0;
    if (apply && owned) {
        diff_refuse(w, step, "the kind is retired: it is pruned, not applied");
        err_hint(w->err, "take `retired = true` away under owns, or stop "
                         "declaring it");
        return -ERR_PLAN;
    }
    diff_refuse(w, step, "the kind is not declared under %s",
                apply ? "owns" : "owns or reads");
    err_hint(w->err, "add { \"%s\", \"%s\" } to %s of the operator",
             gvk->api_version, gvk->kind, apply ? "owns" : "reads");
    return -ERR_PLAN;
}

/* Scope comes from discovery; a kind that the server lacks is no reason to
 * guess. */
static int find_resource(struct diff_work *w, struct diff_step *s)
{
    const struct gvk *gvk = &s->step->ref.gvk;

    if (w->in->restmap)
        s->resource = restmap_find(w->in->restmap, gvk->api_version, gvk->kind);
    for (size_t i = 0; !s->resource && i < w->in->view->count; i++)
        if (gvk_equal(&w->in->view->kinds[i].gvk, gvk))
            s->resource = w->in->view->kinds[i].resource;
    if (s->resource)
        return 0;
    err_set(w->err, ERR_NO_KIND, "the server does not have %s %s",
            gvk->api_version, gvk->kind);
    err_hint(w->err, "install its CustomResourceDefinition");
    return diff_place(w, s->step, -ERR_NO_KIND);
}

/* The live object, or the certainty that there is none. */
static int find_live(struct diff_work *w, struct diff_step *s)
{
    const struct view *view = w->in->view;
    const struct gvk *gvk = &s->step->ref.gvk;
    const struct view_kind *kind;

    s->live = find_in_view(view, gvk, &s->key, &kind);
    if (!s->live && gvk_same_group_kind(&w->in->decl->root, gvk) &&
        object_key_equal(&view->root->key, &s->key)) {
        s->live = view->root;
        kind = NULL;
    } else if (!kind || !kind->known) {
        err_set(w->err, ERR_UNKNOWN, "the kind is not known now%s%s",
                kind && kind->unknown ? ": " : "",
                kind && kind->unknown ? kind->unknown : "");
        return diff_place(w, s->step, -ERR_UNKNOWN);
    }
    if (!s->live)
        return 0;
    return diff_owner_of(w, s->live, &s->owner);
}

/* From the cheap questions to the expensive ones. */
static int build_step(struct diff_work *w, struct diff_step *s)
{
    int rc = check_declared(w, s->step);

    if (rc == 0)
        rc = find_resource(w, s);
    if (rc == 0)
        rc = diff_validate_step(w, s);
    if (rc == 0)
        rc = find_live(w, s);
    return rc;
}

/* Neighbours in by_ref with one name: the plan says two things of one object
 * and which one wins would be an accident (B14). */
static int refuse_duplicates(const struct diff_work *w)
{
    for (size_t i = 1; i < w->count; i++) {
        const struct diff_step *a = w->by_ref[i - 1], *b = w->by_ref[i];

        if (compare_names(a->resource->group, a->resource->kind, &a->key, b))
            continue;
        diff_refuse(w, b->step, "another step names the same object%s%s",
                    a->step->line ? ": " : "",
                    a->step->line ? a->step->line : "");
        err_hint(w->err, "declare each object once in a plan");
        return -ERR_PLAN;
    }
    return 0;
}

int diff_steps(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;

    w->steps = arena_calloc(w->a, plan->count + 1, sizeof(*w->steps));
    w->by_ref = arena_calloc(w->a, plan->count + 1, sizeof(*w->by_ref));
    if (!w->steps || !w->by_ref)
        return err_nomem(w->err);
    w->count = plan->count;
    for (size_t i = 0; i < w->count; i++) {
        int rc;

        w->steps[i].step = &plan->steps[i];
        w->by_ref[i] = &w->steps[i];
        rc = build_step(w, &w->steps[i]);
        if (rc < 0)
            return rc;
    }
    if (w->count > 1)
        qsort(w->by_ref, w->count, sizeof(struct diff_step *), compare_steps);
    return refuse_duplicates(w);
}
