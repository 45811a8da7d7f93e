/*
 * diff.c -- see diff.h for the contract.
 *
 * DESIGN
 *
 * A plan is brought together with a view in stages, each a file of its own
 * (diff_private.h names them), and each adds changes at the end of the
 * changeset, so the order of the stages is the order of the writes:
 *
 *      add finalizer | creates, changes, deletes by level | prunes
 *                    | status | events | remove finalizer
 *
 *      root                     children  prune  status  finalizer
 *      alive                    yes       yes    yes     added when the
 *                                                        operator finalizes,
 *                                                        else taken off
 *      alive, a row that holds  yes       no     yes     as above
 *      alive, plan:nothing      no        no     yes     as above
 *      terminating, finalizing  yes       no     yes     removed when done
 *      terminating, else        no        no     no      taken off when the
 *                                                        operator does not
 *                                                        finalize any more
 *
 * INVARIANTS
 *
 *   I1  every delete has a uid and a resourceVersion (G5)
 *   I2  every write to an existing object has a uid or a resourceVersion
 *   I3  force is set only where the live controller is the root
 *   I4  no change but removing the finalizer follows the status, Events aside
 */
#include "core/diff.h"

#include <assert.h>
#include <string.h>

#include "core/diff_private.h"

/* ---- finalizers ---- */

/* Index of ours in the root's list, -1 when it is not there. */
static int64_t finalizer_index(const struct diff_work *w)
{
    const struct value *list = value_path(w->root, "metadata.finalizers");
    const char *ours = w->in->decl->finalizer;

    for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->count; i++)
        if (text_equal(value_text(list->as.items[i]), ours))
            return i;
    return -1;
}

static struct change *root_change(struct diff_work *w, enum change_verb verb,
                                  struct value *body)
{
    const struct snapshot *root = w->in->view->root;
    struct change *c = body ? changeset_add(w->cs, verb) : NULL;

    if (!c) {
        err_nomem(w->err);
        return NULL;
    }
    c->resource = w->in->view->root_resource;
    c->key = root->key;
    c->uid = root->uid;
    c->live = root;
    c->body = body;
    return c;
}

/* Applied with nothing else under the operator's manager on the root's main
 * resource, so the next apply of the finalizer takes nothing away (SA-4). */
static int add_finalizer(struct diff_work *w)
{
    struct arena *a = w->a;
    struct value *body = diff_root_body(w);
    struct value *list = value_array(a);

    if (value_append(a, list, value_string(a, w->in->decl->finalizer)) < 0 ||
        value_set(a, value_get(body, "metadata"), "finalizers", list) < 0)
        return err_nomem(w->err);
    return root_change(w, CHANGE_ADD_FINALIZER, body) ? 0 : -ERR_NOMEM;
}

static struct value *remove_op(struct arena *a, const char *op,
                               const char *path, const char *value)
{
    struct value *v = value_object(a);

    if (value_set(a, v, "op", value_string(a, op)) < 0 ||
        value_set(a, v, "path", value_string(a, path)) < 0)
        return NULL;
    if (value && value_set(a, v, "value", value_string(a, value)) < 0)
        return NULL;
    return v;
}

static int remove_finalizer(struct diff_work *w, const char *reason)
{
    struct arena *a = w->a;
    const char *path = arena_printf(a, "/metadata/finalizers/%lld",
                                    (long long)finalizer_index(w));
    struct value *ops = value_array(a);
    struct change *c;

    if (!path ||
        value_append(a, ops,
                     remove_op(a, "test", path, w->in->decl->finalizer)) < 0 ||
        value_append(a, ops, remove_op(a, "remove", path, NULL)) < 0)
        return err_nomem(w->err);
    c = root_change(w, CHANGE_REMOVE_FINALIZER, ops);
    if (!c)
        return -ERR_NOMEM;
    c->reason = reason;
    return 0;
}

static bool has_finalizer(const struct diff_work *w)
{
    return finalizer_index(w) >= 0;
}

/* finalize() is done when it said so and every step of its plan could be
 * carried out. */
static int finish_finalizer(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;

    if (!has_finalizer(w) || (w->in->decl->has_finalize && !plan->finalizing))
        return 0;
    if (!w->in->decl->has_finalize)
        return remove_finalizer(w, "the operator does not finalize");
    if (!plan->finalize_done || w->cs->waiting)
        return 0;
    for (size_t i = 0; i < w->count; i++)
        if (w->steps[i].held)
            return 0;
    return remove_finalizer(w, "finalized");
}

/* ---- what the plan says as a whole ---- */

static size_t count_applies(const struct plan *plan)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->count; i++)
        n += plan->steps[i].verb == PLAN_APPLY;
    return n;
}

/* Contradictions that no single step shows. */
static int check_whole(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;
    size_t applies = count_applies(plan);

    if (plan->nothing && (plan->count || plan->prune_all)) {
        err_set(w->err, ERR_PLAN, "plan:nothing: the plan has steps as well");
        if (plan->count && plan->steps[0].line)
            err_hint(w->err, "the first is at %s", plan->steps[0].line);
        return -ERR_PLAN;
    }
    if (plan->prune_all && applies) {
        err_set(w->err, ERR_PLAN,
                "plan:prune_all: the plan applies %zu "
                "child%s as well",
                applies, applies == 1 ? "" : "ren");
        err_hint(w->err, "leave out what is to go, or drop plan:prune_all");
        return -ERR_PLAN;
    }
    if (plan->finalizing && !w->in->view->root->deleting)
        return err_set(w->err, ERR_PLAN,
                       "finalize: the object is not being deleted");
    return 0;
}

/* After the steps were found good: a refused step says more than an empty
 * plan. */
static int check_empty(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;

    if (plan->nothing || plan->hold || plan->prune_all || plan->finalizing ||
        count_applies(plan))
        return 0;
    return diff_check_empty(w);
}

/* ---- the stages ---- */

/* Steps in the order of the writes: each adds one change or none. */
static int diff_each_step(struct diff_work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct diff_step *s = w->in_order[i];
        int rc =
            s->step->verb == PLAN_APPLY ? diff_child(w, s) : diff_foreign(w, s);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool prunes(const struct plan *plan)
{
    if (plan->prune_all)
        return true;
    return !plan->nothing && !plan->hold && !plan->finalizing;
}

static int diff_children(struct diff_work *w)
{
    const struct plan *plan = w->in->plan;
    int rc = check_whole(w);

    if (rc == 0)
        rc = diff_steps(w);
    if (rc == 0)
        rc = check_empty(w);
    if (rc == 0)
        rc = diff_order(w);
    if (rc == 0)
        rc = diff_each_step(w);
    if (rc == 0 && prunes(plan))
        rc = diff_prune(w);
    if (rc == 0)
        rc = diff_blast(w);
    return rc;
}

static int diff_stages(struct diff_work *w)
{
    const struct view *view = w->in->view;
    const struct plan *plan = w->in->plan;
    int rc = snapshot_value(view->root, w->a, &w->root, w->err);

    if (rc < 0)
        return rc;
    if (view->root->deleting && (!plan->finalizing || !has_finalizer(w)))
        return finish_finalizer(w);
    if (w->in->decl->has_finalize && !view->root->deleting && !has_finalizer(w))
        rc = add_finalizer(w);
    if (rc == 0)
        rc = diff_children(w);
    if (rc == 0)
        rc = diff_status(w);
    if (rc == 0)
        rc = diff_events(w);
    if (rc == 0)
        rc = finish_finalizer(w);
    return rc;
}

/* ---- the plan's hash ---- */

/* Without resourceVersions: a status that moves on does not void an approval,
 * another uid does. */
static int hash_change(struct diff_work *w, const struct change *c)
{
    str_addf(&w->text, "\n%s %s %s %s/%s %s\n", change_verb_word(c->verb),
             c->resource->api_version, c->resource->kind, c->key.ns,
             c->key.name, c->uid ? c->uid : "");
    return c->body ? value_print(c->body, &w->text, w->err) : 0;
}

/* Bound to the root, so that one root's approval is of no use for another. */
static int hash_changes(struct diff_work *w)
{
    size_t children = 0;
    int rc = 0;

    str_clear(&w->text);
    str_add(&w->text, w->in->view->root->uid);
    for (size_t i = 0; rc == 0 && i < w->cs->count; i++) {
        if (!change_is_child(&w->cs->items[i]))
            continue;
        children++;
        rc = hash_change(w, &w->cs->items[i]);
    }
    if (rc == 0)
        rc = str_check(&w->text, "the plan", w->err);
    if (rc == 0 && children)
        hash_sha256_hex(w->text.data, w->text.len, w->cs->hash);
    return rc;
}

/* The invariants of the file's top; our bugs, not the world's. */
static void check_changes(const struct changeset *cs)
{
    bool status = false;

    for (size_t i = 0; i < cs->count; i++) {
        const struct change *c = &cs->items[i];

        if (c->verb == CHANGE_DELETE || c->verb == CHANGE_PRUNE)
            assert(c->uid && c->resource_version);
        if (c->verb != CHANGE_CREATE && c->verb != CHANGE_EVENT)
            assert(c->uid || c->resource_version);
        if (c->force && c->verb != CHANGE_STATUS)
            assert(strcmp(c->live->owner_uid, cs->root->uid) == 0);
        assert(!status || !change_is_child(c));
        status = status || c->verb == CHANGE_STATUS;
    }
}

int diff_plan(const struct diff_input *in, struct changeset *cs,
              struct err *err)
{
    struct err ignored;
    struct diff_work w = {
        .in = in, .cs = cs, .a = cs->arena, .err = err ? err : &ignored};
    int rc;

    cs->root = in->view->root;
    cs->root_resource = in->view->root_resource;
    cs->decl = in->decl;
    str_init(&w.text, 0);
    rc = diff_stages(&w);
    if (rc == 0)
        rc = hash_changes(&w);
    str_release(&w.text);
    if (rc == 0)
        check_changes(cs);
    return rc;
}
