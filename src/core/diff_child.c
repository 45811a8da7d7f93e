/*
 * diff_child.c -- one declared child: create, change or nothing.
 *
 * DESIGN
 *
 *      view shows                               change
 *      nothing                                  CREATE           (rows 1-3)
 *      foreign object, going                    none, waiting
 *      foreign object                           -ERR_NAME_CONFLICT (row 3)
 *      our child, going                         none, waiting    (row 12)
 *      our child, as declared                   none             (row 14)
 *      our child, else                          APPLY            (rows 4-8)
 *
 * What is sent is the declared child and what the runtime adds: the root's
 * namespace, two labels, the controller reference (or, for an orphan child,
 * the owner-uid label) and the hash of the declaration. Our fields of a child
 * are always forced; where only the label says that it is ours, never.
 *
 * A change carries the uid, and the resourceVersion too when the script read
 * the object: then the plan may depend on what it saw (row 6).
 */
#include "core/diff_private.h"

#include <string.h>

#include "core/shallow.h"

/* ---- what is sent ---- */

static struct value *owner_reference(const struct diff_work *w)
{
    const struct snapshot *root = w->in->view->root;
    const struct gvk *gvk = &w->in->decl->root;
    struct arena *a = w->a;
    struct value *v = value_object(a);

    if (value_set(a, v, "apiVersion", value_string(a, gvk->api_version)) < 0 ||
        value_set(a, v, "kind", value_string(a, gvk->kind)) < 0 ||
        value_set(a, v, "name", value_string(a, root->key.name)) < 0 ||
        value_set(a, v, "uid", value_string(a, root->uid)) < 0 ||
        value_set(a, v, "controller", value_bool(a, true)) < 0 ||
        value_set(a, v, "blockOwnerDeletion", value_bool(a, true)) < 0)
        return NULL;
    return v;
}

/* Behind the owners that the script declared. */
static int add_owner(const struct diff_work *w, struct value *meta)
{
    struct value *declared = value_get(meta, "ownerReferences");
    struct value *owners = value_is(declared, VALUE_ARRAY)
                               ? shallow_copy(w->a, declared)
                               : value_array(w->a);

    if (value_append(w->a, owners, owner_reference(w)) < 0)
        return -ERR_NOMEM;
    return value_set(w->a, meta, "ownerReferences", owners);
}

/* For people and for uninstall; the owner-uid label stands in for the owner
 * reference of an orphan child. */
static int add_labels(const struct diff_work *w, const struct diff_step *s,
                      struct value *meta)
{
    struct arena *a = w->a;
    struct value *declared = value_get(meta, "labels");
    struct value *labels = value_is(declared, VALUE_OBJECT)
                               ? shallow_copy(a, declared)
                               : value_object(a);

    if (value_set(a, labels, LABEL_MANAGED_BY, value_string(a, "tidelock")) <
            0 ||
        value_set(a, labels, LABEL_OPERATOR,
                  value_string(a, w->in->decl->name)) < 0)
        return -ERR_NOMEM;
    if (s->step->orphan &&
        value_set(a, labels, LABEL_OWNER_UID,
                  value_string(a, w->in->view->root->uid)) < 0)
        return -ERR_NOMEM;
    return value_set(a, meta, "labels", labels);
}

static int add_annotation(const struct diff_work *w, const char *hash,
                          struct value *meta)
{
    struct value *declared = value_get(meta, "annotations");
    struct value *annotations = value_is(declared, VALUE_OBJECT)
                                    ? shallow_copy(w->a, declared)
                                    : value_object(w->a);

    if (value_set(w->a, annotations, ANNOTATION_APPLIED,
                  value_string(w->a, hash)) < 0)
        return -ERR_NOMEM;
    return value_set(w->a, meta, "annotations", annotations);
}

/* Nulls and empty tables that validation let through are not sent. */
static void drop_unsaid(struct value *body, struct value *meta)
{
    value_unset(body, "status");
    for (uint32_t i = meta->count; i-- > 0;) {
        const struct value_member *m = &meta->as.members[i];

        if (value_is(m->value, VALUE_NULL))
            value_unsetn(meta, m->key, m->key_len);
    }
}

/* The declared child and the runtime's additions; NULL on out of memory. */
static struct value *sent_body(struct diff_work *w, const struct diff_step *s,
                               const struct value *declared, const char *hash)
{
    struct value *body = shallow_copy(w->a, declared);
    struct value *meta = shallow_copy(w->a, value_get(declared, "metadata"));

    if (!body || !meta)
        return NULL;
    drop_unsaid(body, meta);
    if (add_labels(w, s, meta) < 0 || add_annotation(w, hash, meta) < 0 ||
        (!s->step->orphan && add_owner(w, meta) < 0) ||
        value_set(w->a, body, "metadata", meta) < 0)
        return NULL;
    if (*s->key.ns &&
        value_set(w->a, meta, "namespace", value_string(w->a, s->key.ns)) < 0)
        return NULL;
    return body;
}

int diff_hash(struct diff_work *w, const struct value *v, const char **ret)
{
    char hex[HASH_HEX_SIZE];
    int rc;

    str_clear(&w->text);
    rc = value_print(v, &w->text, w->err);
    if (rc < 0)
        return rc;
    hash_sha256_hex(w->text.data, w->text.len, hex);
    *ret = arena_strdup(w->a, hex);
    return *ret ? 0 : err_nomem(w->err);
}

/* The hash of a declared child, before the runtime's additions. */
static int hash_of(struct diff_work *w, const struct diff_step *s,
                   const struct value *declared, const char **ret)
{
    int rc = diff_hash(w, declared, ret);

    return rc < 0 ? diff_place(w, s->step, rc) : 0;
}

/* ---- the change ---- */

bool diff_was_read(const struct diff_work *w, const struct snapshot *live)
{
    const struct plan *plan = w->in->plan;

    for (size_t i = 0; i < plan->read_count; i++)
        if (plan->reads[i].snapshot &&
            strcmp(plan->reads[i].snapshot->uid, live->uid) == 0)
            return true;
    return false;
}

static bool scales_down(const struct value *body, const struct value *live)
{
    const struct value *now = value_path(live, "spec.replicas");
    const struct value *then = value_path(body, "spec.replicas");

    return value_is(now, VALUE_INTEGER) && value_is(then, VALUE_INTEGER) &&
           then->as.integer < now->as.integer;
}

/* NULL: w->err says why. */
static struct change *add_child(struct diff_work *w, const struct diff_step *s,
                                const struct diff_declared *d,
                                enum change_verb verb)
{
    struct change *c;

    if (diff_check_types(w, s) < 0)
        return NULL;
    c = changeset_add(w->cs, verb);
    if (!c) {
        err_nomem(w->err);
        return NULL;
    }
    c->resource = s->resource;
    c->key = s->key;
    c->body = d->body;
    c->line = s->step->line;
    c->live = s->live;
    c->declared_hash = d->memo;
    return c;
}

static int wait_for(struct diff_work *w, const struct diff_step *s)
{
    w->cs->waiting = true;
    if (!w->cs->waiting_for.resource) {
        w->cs->waiting_for = (struct target){s->resource, s->key};
        w->cs->waiting_uid = s->live->uid;
    }
    return diff_note_step(w, s, "waiting for the old object to go");
}

/* Whose is it? A person has to decide, so the pass ends here (row 3). */
static int refuse_foreign(struct diff_work *w, const struct diff_step *s)
{
    const struct snapshot *live = s->live;

    err_set(w->err, ERR_NAME_CONFLICT, "the name belongs to %s%s%s%s",
            *live->owner_uid ? live->owner_kind : "an object without owner",
            *live->owner_uid ? " '" : "",
            *live->owner_uid ? live->owner_name : "",
            *live->owner_uid ? "'" : "");
    err_hint(w->err, "rename one of the two, or delete the foreign one; an "
                     "existing object is never adopted");
    return diff_place(w, s->step, -ERR_NAME_CONFLICT);
}

/* A child of the same root that another operator applied: two that declare one
 * object would overwrite each other for ever. */
static int refuse_other(struct diff_work *w, const struct diff_step *s,
                        const struct value *live)
{
    const char *other = value_text(
        value_get(value_path(live, "metadata.labels"), LABEL_OPERATOR));

    err_set(w->err, ERR_NAME_CONFLICT, "the name belongs to operator '%s'",
            other);
    err_hint(w->err,
             "rename one of the two; or, when the operator itself has "
             "another name now, remove the label %s",
             LABEL_OPERATOR);
    return diff_place(w, s->step, -ERR_NAME_CONFLICT);
}

/* Did somebody change the child after the root as we know it? Another process
 * with a newer view may have (two that believe they lead), and what is declared
 * from the older one would take that back. Versions of two kinds are comparable
 * where one etcd keeps both; elsewhere this finds nothing. */
static bool is_ahead_of_root(const struct diff_work *w,
                             const struct diff_step *s)
{
    return rv_compare(s->live->resource_version,
                      w->in->view->root->resource_version) == RV_NEWER;
}

/* The child is there and ours: what is there to change? */
static int change_child(struct diff_work *w, const struct diff_step *s,
                        const struct diff_declared *d)
{
    struct diff_drift drift;
    struct value *live;
    struct change *c;
    int rc = snapshot_value(s->live, w->a, &live, w->err);

    if (rc == 0 && diff_maker_of(w, s->live, live) == MADE_BY_OPERATOR)
        rc = refuse_other(w, s, live);
    if (rc == 0)
        rc = diff_compare(w, s, d, live, &drift);
    if (rc < 0)
        return rc;
    if (drift.in_sync) {
        w->cs->unchanged++;
        diff_memo_note(w->in->memo, s->live, d->memo);
        return 0;
    }
    c = add_child(w, s, d, CHANGE_APPLY);
    if (!c)
        return -(int)w->err->code;
    c->uid = s->live->uid;
    if (diff_was_read(w, s->live))
        c->resource_version = s->live->resource_version;
    c->force = s->owner == OWNER_US;
    c->destructive = drift.foreign || scales_down(d->body, live) ||
                     is_ahead_of_root(w, s);
    c->reason = drift.foreign ? "changed by another writer" : NULL;
    c->check_immutable = s->step->recreate;
    c->fields = drift.fields;
    c->field_count = drift.field_count;
    return 0;
}

static int held_note(struct diff_work *w, const struct diff_step *s)
{
    const struct diff_step *by = s->held_by;

    if (s->step->held)
        return diff_note_step(w, s,
                              arena_printf(w->a, "held: %s", s->step->held));
    return diff_note_step(w, s,
                          arena_printf(w->a, "held: comes after %s '%s'",
                                       by->step->ref.gvk.kind, by->key.name));
}

/*
 * The memo is asked with the hash of the declaration as the script gave it:
 * what was checked and compared once needs no second look while neither the
 * declaration nor the object changes. Orphan children are not remembered: the
 * hash does not tell whether a child is one.
 */
static int declare(struct diff_work *w, const struct diff_step *s,
                   struct diff_declared *d)
{
    struct value *body;
    bool changed;
    int rc = hash_of(w, s, s->step->body, &d->hash);

    if (rc < 0)
        return rc;
    d->memo = s->step->orphan ? NULL : d->hash;
    if (s->owner == OWNER_US && diff_memo_hit(w->in->memo, s->live, d->memo))
        return 0;
    rc = diff_normalise(w, s, &body, &changed);
    if (rc == 0 && changed)
        rc = hash_of(w, s, body, &d->hash);
    if (rc < 0)
        return rc;
    d->body = sent_body(w, s, body, d->hash);
    return d->body ? 0 : err_nomem(w->err);
}

int diff_child(struct diff_work *w, const struct diff_step *s)
{
    struct diff_declared d = {0};
    int rc;

    if (s->owner == OWNER_FOREIGN && !s->live->deleting)
        return refuse_foreign(w, s);
    if (s->live && s->live->deleting)
        return wait_for(w, s);
    if (s->held)
        return held_note(w, s);
    rc = declare(w, s, &d);
    if (rc < 0)
        return rc;
    if (!d.body) {
        w->cs->unchanged++;
        return 0;
    }
    if (!s->live)
        return add_child(w, s, &d, CHANGE_CREATE) ? 0 : -(int)w->err->code;
    return change_child(w, s, &d);
}
