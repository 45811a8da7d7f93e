/*
 * diff_foreign.c -- plan:patch, plan:scale, plan:delete: steps that name an
 *                   object instead of declaring one.
 *
 * DESIGN
 *
 * The object is the one of the view, pinned by its uid: a patch never creates,
 * a delete never hits a successor of the same name (rows 8, 11). What is
 * already so costs nothing: a merge or JSON patch is tried on the view's copy
 * and dropped when it changes nothing, an apply is compared field by field.
 *
 * An apply to a foreign object is made under a manager of its own for each
 * root. With one manager for all, two roots that patch one object would take
 * each other's fields away, apply by apply (SA-4). For the same reason the
 * root itself is never patched by apply: its finalizer is applied there under
 * the operator's own manager.
 */
#include "core/diff_private.h"

#include <string.h>

#include "core/json_patch.h"
#include "core/shallow.h"

/* A change of the object that the view shows, pinned to it. */
static struct change *add_change(struct diff_work *w, const struct diff_step *s,
                                 enum change_verb verb)
{
    struct change *c = changeset_add(w->cs, verb);

    if (!c) {
        err_nomem(w->err);
        return NULL;
    }
    c->resource = s->resource;
    c->key = s->key;
    c->line = s->step->line;
    c->live = s->live;
    c->uid = s->live->uid;
    c->resource_version = s->live->resource_version;
    return c;
}

/* ---- plan:delete ---- */

/* What is gone is as good as deleted (row 10). */
static int delete_step(struct diff_work *w, const struct diff_step *s)
{
    struct change *c;

    if (!s->live)
        return diff_note_step(w, s, "is gone already");
    if (s->live->deleting)
        return diff_note_step(w, s, "is being deleted already");
    c = add_change(w, s, CHANGE_DELETE);
    if (!c)
        return -ERR_NOMEM;
    c->destructive = true;
    return 0;
}

/* What of `live` the partial object `after` changes, for people. */
static int show_fields(struct diff_work *w, struct change *c,
                       const struct value *live, const struct value *patch)
{
    struct value *after = NULL;
    int rc = merge_patch_apply(w->a, live, patch, &after, w->err);
    struct object_pair pair = {
        {c->resource->api_version, c->resource->kind}, live, after};

    if (rc == 0)
        rc = diff_fields(w->in->schemas, &pair, w->a, &c->fields,
                         &c->field_count, w->err);
    return rc;
}

/* ---- plan:scale ---- */

/* Outside of finalize a child that no step applies would be pruned, so
 * scaling it is a mistake. */
static int check_scale(const struct diff_work *w, const struct diff_step *s)
{
    const struct plan *plan = w->in->plan;

    if (!s->resource->has_scale)
        return diff_refuse(w, s->step, "the kind has no scale subresource");
    if (s->step->replicas < 0 || s->step->replicas > INT32_MAX)
        return diff_refuse(w, s->step, "%lld replicas cannot be",
                           (long long)s->step->replicas);
    if (!s->live) {
        diff_refuse(w, s->step, "there is no such object");
        err_hint(w->err, "look with view:get first");
        return -ERR_PLAN;
    }
    if ((s->owner == OWNER_US || s->owner == OWNER_RELEASE) &&
        !plan->finalizing) {
        diff_refuse(w, s->step, "a child is scaled by what declares it");
        err_hint(w->err, "set spec.replicas in plan:apply");
        return -ERR_PLAN;
    }
    return 0;
}

/* Fewer replicas, or who knows how many, is destructive (note 12). */
static int scale_step(struct diff_work *w, const struct diff_step *s)
{
    int64_t replicas = s->step->replicas, now;
    struct value *live;
    struct change *c;
    int rc = check_scale(w, s);

    if (rc == 0)
        rc = snapshot_value(s->live, w->a, &live, w->err);
    if (rc < 0)
        return rc;
    now = value_int_at(live, "spec.replicas", -1);
    if (s->live->deleting)
        return diff_note_step(w, s, "is being deleted: not scaled");
    if (now == replicas)
        return 0;
    c = add_change(w, s, CHANGE_SCALE);
    if (!c)
        return -ERR_NOMEM;
    c->destructive = now < 0 || replicas < now;
    c->body = value_object(w->a);
    if (value_set(w->a, value_make(w->a, c->body, "spec"), "replicas",
                  value_integer(w->a, replicas)) < 0)
        return err_nomem(w->err);
    return show_fields(w, c, live, c->body);
}

/* ---- plan:patch ---- */

/* By uid: the view may hold it as one of several of its kind. */
static bool is_root(const struct diff_work *w, const struct diff_step *s)
{
    return s->live && strcmp(s->live->uid, w->in->view->root->uid) == 0;
}

static int check_patch(const struct diff_work *w, const struct diff_step *s)
{
    bool list = s->step->patch_type == PATCH_JSON;

    if (!value_is(s->step->body, list ? VALUE_ARRAY : VALUE_OBJECT))
        return diff_refuse(w, s->step, "the patch: expected %s, got %s",
                           list ? "array" : "object",
                           value_type_name(s->step->body));
    if (s->owner == OWNER_US || s->owner == OWNER_RELEASE) {
        diff_refuse(w, s->step, "is a child of this object");
        err_hint(w->err, "declare what it should be with plan:apply");
        return -ERR_PLAN;
    }
    if (!s->live) {
        diff_refuse(w, s->step, "there is no such object in the view");
        err_hint(w->err, "look with view:get first: a patch creates nothing");
        return -ERR_PLAN;
    }
    if (is_root(w, s) && s->step->patch_type == PATCH_APPLY) {
        diff_refuse(w, s->step, "the root is not patched by apply");
        err_hint(w->err, "use type = \"merge\"");
        return -ERR_PLAN;
    }
    return 0;
}

/* The patch as an applied object: names filled in. */
static struct value *apply_body(struct diff_work *w, const struct diff_step *s)
{
    struct arena *a = w->a;
    struct value *body = shallow_copy(a, s->step->body);
    struct value *meta = shallow_copy(a, value_get(s->step->body, "metadata"));

    if (value_set(a, meta, "name", value_string(a, s->key.name)) < 0 ||
        value_set(a, body, "metadata", meta) < 0 ||
        value_set(a, body, "apiVersion",
                  value_string(a, s->resource->api_version)) < 0 ||
        value_set(a, body, "kind", value_string(a, s->resource->kind)) < 0)
        return NULL;
    if (*s->key.ns &&
        value_set(a, meta, "namespace", value_string(a, s->key.ns)) < 0)
        return NULL;
    return body;
}

/* "tidelock-website-1a2b3c4d": the store keeps what begins like our own. */
static const char *root_manager(const struct diff_work *w)
{
    return arena_printf(w->a, "%s-%.8s", w->in->decl->field_manager,
                        w->in->view->root->uid);
}

/* Merge and JSON patches are sent as they are, an apply gets its names. */
static int patch_body(struct diff_work *w, const struct diff_step *s,
                      struct change *c)
{
    c->patch_type = s->step->patch_type;
    c->body = s->step->body;
    if (c->patch_type != PATCH_APPLY)
        return 0;
    c->field_manager = root_manager(w);
    c->body = apply_body(w, s);
    if (!c->body || !c->field_manager)
        return err_nomem(w->err);
    if (!diff_was_read(w, s->live))
        c->resource_version = NULL;
    return 0;
}

/* What would a merge or JSON patch do to the view's copy? Of an object whose
 * body is not there nothing can be said. */
static int try_patch(struct diff_work *w, const struct diff_step *s,
                     const struct value *live, struct diff_drift *ret)
{
    struct object_pair pair = {
        .gvk = {s->resource->api_version, s->resource->kind}, .before = live};
    struct value *after = NULL;
    int rc;

    *ret = (struct diff_drift){.in_sync = false};
    if (s->live->partial)
        return 0;
    if (s->step->patch_type == PATCH_JSON)
        rc = json_patch_apply(w->a, live, s->step->body, &after, w->err);
    else
        rc = merge_patch_apply(w->a, live, s->step->body, &after, w->err);
    if (rc == -ERR_INVALID) {
        w->err->code = ERR_PLAN;
        return diff_place(w, s->step, -ERR_PLAN);
    }
    pair.after = after;
    if (rc == 0)
        rc = diff_fields(w->in->schemas, &pair, w->a, &ret->fields,
                         &ret->field_count, w->err);
    if (rc == 0)
        ret->in_sync = value_equal(live, after);
    return rc;
}

static int patch_step(struct diff_work *w, const struct diff_step *s)
{
    struct change change = {.resource_version =
                                s->live ? s->live->resource_version : NULL};
    struct diff_drift drift;
    struct value *live;
    struct change *c;
    int rc = check_patch(w, s);

    if (rc == 0)
        rc = snapshot_value(s->live, w->a, &live, w->err);
    if (rc < 0)
        return rc;
    if (s->live->deleting)
        return diff_note_step(w, s, "is being deleted: not patched");
    rc = patch_body(w, s, &change);
    if (rc == 0 && change.patch_type == PATCH_APPLY)
        rc = diff_compare_apply(w, s, &change, live, &drift);
    else if (rc == 0)
        rc = try_patch(w, s, live, &drift);
    if (rc < 0 || drift.in_sync)
        return rc;
    c = add_change(w, s, CHANGE_PATCH);
    if (!c)
        return -ERR_NOMEM;
    c->patch_type = change.patch_type;
    c->body = change.body;
    c->field_manager = change.field_manager;
    c->resource_version = change.resource_version;
    c->fields = drift.fields;
    c->field_count = drift.field_count;
    return 0;
}

int diff_foreign(struct diff_work *w, const struct diff_step *s)
{
    switch (s->step->verb) {
    case PLAN_DELETE:
        return delete_step(w, s);
    case PLAN_SCALE:
        return scale_step(w, s);
    default:
        return patch_step(w, s);
    }
}
