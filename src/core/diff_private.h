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
 *      blast        are all those deletes too many?
 *      status       the full status of this pass
 */
#ifndef TIDELOCK_CORE_DIFF_PRIVATE_H
#define TIDELOCK_CORE_DIFF_PRIVATE_H

#include "core/diff.h"
#include "core/diff_compare.h"

/* Whose object is it that the view shows under a name? */
enum diff_owner {
    OWNER_NOBODY,  /* nothing there */
    OWNER_US,      /* the controller reference carries the root's uid */
    OWNER_RELEASE, /* ours by the label of an orphan child only */
    OWNER_FOREIGN,
};

/* Which operator applied it? The controller reference says whose child an
 * object is, not who made it: several operators may serve one kind of root, and
 * Kubernetes' own controllers make children of some kinds too. */
enum diff_maker {
    MADE_BY_US,       /* our entry is in managedFields, or it has our label */
    MADE_BY_OPERATOR, /* it has the label of another one */
    MADE_BY_OTHERS,
};

struct diff_step {
    const struct plan_step *step;
    const struct resource *resource;
    struct object_key key; /* namespace filled in */
    struct snapshot *live; /* what the view has, NULL: known to be absent */
    enum diff_owner owner;
    unsigned level;         /* longest chain of `after` before it */
    bool visiting, ordered; /* while levels are computed */
    bool held;              /* neither written nor pruned in this pass */
    const struct diff_step *held_by; /* held because that one is not there */
};

struct diff_work {
    const struct diff_input *in;
    struct changeset *cs;
    struct arena *a;
    struct err *err;
    struct str text;             /* scratch, for canonical texts */
    struct value *root;          /* the root's tree */
    struct diff_step *steps;     /* as declared */
    struct diff_step **by_ref;   /* the same, sorted by kind, namespace, name */
    struct diff_step **in_order; /* the same, in the order of the writes */
    size_t count;
};

/* ---- diff_steps.c ---- */
/* "operator.lua:31: plan:apply: Deployment 'blog': ..." as -ERR_PLAN. */
int diff_refuse(const struct diff_work *w, const struct plan_step *step,
                const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Put the place of the step before the message of w->err. Returns `rc`. */
int diff_place(const struct diff_work *w, const struct plan_step *step, int rc);
/* NULL `text` is taken as a failed allocation. */
int diff_note_step(struct diff_work *w, const struct diff_step *s,
                   const char *text);
/* NULL when no step names that object. */
struct diff_step *diff_find_step(const struct diff_work *w,
                                 const struct resource *resource,
                                 const struct object_key *key);
/* Build steps and by_ref, find live objects, refuse what note 12 refuses. */
int diff_steps(struct diff_work *w);
/* Reads the label only of objects without a controller. */
int diff_owner_of(const struct diff_work *w, const struct snapshot *snap,
                  enum diff_owner *ret_owner);
/* `tree` is that of `snap`. */
enum diff_maker diff_maker_of(const struct diff_work *w,
                              const struct snapshot *snap,
                              const struct value *tree);

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
/* The declared child as it is hashed and sent: empty tables made right (in
 * place), stringData turned into data (in a copy). */
int diff_normalise(struct diff_work *w, const struct diff_step *s,
                   struct value **ret, bool *ret_changed);
/* Of a child that is about to be sent. */
int diff_check_types(struct diff_work *w, const struct diff_step *s);
/* Replace *status by one without the fields that the root's schema lacks. */
int diff_drop_unknown(struct diff_work *w, struct value **status);

/* ---- diff_prune.c ---- */
/* -ERR_EMPTY_PLAN when children that are not retired exist. */
int diff_check_empty(struct diff_work *w);
int diff_prune(struct diff_work *w);

/* ---- diff_blast.c ---- */
/* After the deletes are in the changeset: are they too many? */
int diff_blast(struct diff_work *w);

/* ---- diff_status.c, diff_event.c ---- */
int diff_status(struct diff_work *w);
/* {"apiVersion", "kind", "metadata": {"name", "namespace"}} of the root; NULL
 * on out of memory. */
struct value *diff_root_body(const struct diff_work *w);
int diff_events(struct diff_work *w);

#endif
