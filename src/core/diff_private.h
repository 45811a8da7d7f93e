/*
 * diff_private.h -- what the files of core/diff share.
 *
 * One diff_work lives for one diff_plan(). The stages run in this order and
 * each relies on the ones before:
 *
 *      validate     steps[]: kind, scope, name, the live object of each step
 *      order        levels of `after`, what is held back, the order of work
 *      child, step  one change or none for each step, in that order
 *      prune        children that no step declares
 *      status       the full status of this pass
 */
#ifndef TIDELOCK_CORE_DIFF_PRIVATE_H
#define TIDELOCK_CORE_DIFF_PRIVATE_H

#include "core/diff.h"
#include "kube/schema.h"

/* Whose object is it that the view shows under a name? */
enum diff_owner {
    OWNER_NOBODY,  /* nothing there */
    OWNER_US,      /* the controller reference carries the root's uid */
    OWNER_RELEASE, /* ours by the label of an orphan child only */
    OWNER_FOREIGN,
};

struct diff_step {
    const struct plan_step *step;
    const struct resource *resource;
    struct object_key key; /* namespace filled in */
    struct snapshot *live; /* what the view has, NULL: known to be absent */
    enum diff_owner owner;
    unsigned level;        /* longest chain of `after` before it */
    bool visiting, ordered; /* while levels are computed */
    bool held;             /* neither written nor pruned in this pass */
    const struct diff_step *held_by; /* held because that one is not there */
};

struct diff_work {
    const struct diff_input *in;
    struct changeset *cs;
    struct arena *a;
    struct err *err;
    struct str text;            /* scratch, for canonical texts */
    struct value *root;         /* the root's tree */
    struct diff_step *steps;    /* as declared */
    struct diff_step **by_ref;  /* the same, sorted by kind, namespace, name */
    struct diff_step **in_order; /* the same, in the order of the writes */
    size_t count;
};

/* ---- diff_steps.c ---- */
/* "operator.lua:31: plan:apply: Deployment 'blog': ..." as -ERR_PLAN. */
int diff_refuse(const struct diff_work *w, const struct plan_step *step,
                const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Put the place of the step before the message of w->err. Returns `rc`. */
int diff_place(const struct diff_work *w, const struct plan_step *step,
               int rc);
/* NULL `text` is taken as a failed allocation. */
int diff_note_step(struct diff_work *w, const struct diff_step *s,
                   const char *text);
/* NULL when no step names that object. */
struct diff_step *diff_find_step(const struct diff_work *w,
                                 const struct resource *resource,
                                 const struct object_key *key);
/* Build steps and by_ref, find live objects, refuse what note 12 refuses. */
int diff_steps(struct diff_work *w);
/* The object of that kind and name in the view, owned kinds first. `ret_kind`
 * is the kind that answered or could not; NULL when none is declared. */
struct snapshot *diff_find_live(const struct view *view, const struct gvk *gvk,
                                const struct object_key *key,
                                const struct view_kind **ret_kind);
/* Reads the label only of objects without a controller. */
int diff_owner_of(const struct diff_work *w, const struct snapshot *snap,
                  enum diff_owner *ret_owner);

/* ---- diff_validate.c ---- */
/* One declared child or reference by itself: names, scope, forbidden fields,
 * types. `s->resource` is set, `s->key` is filled in. */
int diff_validate_step(const struct diff_work *w, struct diff_step *s);

/* ---- diff_order.c ---- */
int diff_order(struct diff_work *w);

/* ---- diff_child.c, diff_foreign.c ---- */
int diff_child(struct diff_work *w, const struct diff_step *s);
int diff_foreign(struct diff_work *w, const struct diff_step *s);
/* SHA-256 of the canonical text, in the arena. */
int diff_hash(struct diff_work *w, const struct value *v, const char **ret);
/* Did the script read this object's body in this pass? */
bool diff_was_read(const struct diff_work *w, const struct snapshot *live);

/* ---- diff_schema.c ---- */
bool diff_is_secret(const struct resource *r);
/* The declared child as it is hashed and sent: types checked, empty tables
 * made right (in place), stringData turned into data (in a copy). */
int diff_normalise(struct diff_work *w, const struct diff_step *s,
                   struct value **ret);
/* Replace *status by one without the fields that the root's schema lacks. */
int diff_drop_unknown(struct diff_work *w, struct value **status);

/* ---- diff_compare.c ---- */
struct diff_drift {
    bool in_sync;
    bool foreign; /* another writer took a field that we had applied */
    struct change_field *fields;
    size_t field_count;
};
/* What is known of a declared child when it is compared. */
struct diff_declared {
    const char *memo;   /* its hash for the memo, NULL: do not remember */
    const char *hash;   /* its hash for the annotation */
    struct value *body; /* what would be sent */
};
/* Against what is there (note 12). */
int diff_compare(struct diff_work *w, const struct diff_step *s,
                 const struct diff_declared *d, const struct value *live,
                 struct diff_drift *ret);
/* The same for an apply without a hash: a patch of a foreign object. */
int diff_compare_apply(struct diff_work *w, const struct diff_step *s,
                       const struct change *change, const struct value *live,
                       struct diff_drift *ret);
/* The root's status as it would be sent against what is there. */
int diff_compare_status(struct diff_work *w, const struct value *status,
                        struct diff_drift *ret);

/* ---- diff_prune.c ---- */
/* -ERR_EMPTY_PLAN when children that are not retired exist. */
int diff_check_empty(struct diff_work *w);
int diff_prune(struct diff_work *w);

/* ---- diff_status.c, diff_event.c ---- */
int diff_status(struct diff_work *w);
/* {"apiVersion", "kind", "metadata": {"name", "namespace"}} of the root; NULL
 * on out of memory. */
struct value *diff_root_body(const struct diff_work *w);
int diff_events(struct diff_work *w);

/* ---- diff_fields.c ---- */
struct diff_fields_input {
    struct schema_node node;
    const struct value *before, *after;
    bool secret; /* .data and .stringData are sensitive */
};
/* As diff_fields(), of any part of an object. */
int diff_fields_below(const struct diff_fields_input *in, struct arena *a,
                      struct change_field **ret, size_t *ret_count,
                      struct err *err);
/* Append ".name", or "[\"name\"]" where the name is not a plain word. */
void diff_path_name(struct str *path, const char *name, size_t len);

#endif
