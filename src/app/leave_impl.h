/*
 * leave_impl.h -- what the files of `uninstall` share; private to app.
 */
#ifndef TIDELOCK_APP_LEAVE_PRIVATE_H
#define TIDELOCK_APP_LEAVE_PRIVATE_H

#include "app/client.h"
#include "app/leave.h"
#include "rbac_impl.h"
#include "runtime_impl.h"

/* An object that has something of the operator on it. */
struct leave_item {
    const struct resource *resource;
    struct object_key key;
    const char *uid, *rv;
    const struct value *meta;
    bool child;     /* it has an owner reference of ours, */
    bool released;  /* or the label of one that outlives its root */
    bool finalizer; /* holds ours */
    bool root;      /* found as one */
    bool going;     /* its deletion has begun */
    bool annotated; /* has annotations or labels of ours */
};

struct leave_lease {
    struct object_key key;
    const char *uid, *rv;
    const char *kinds;  /* the annotation's text */
    size_t annotations; /* of all operators */
    const char *holder; /* NULL or "": nobody */
    int64_t duration;   /* seconds; a holder that lives renews it sooner */
};

struct leave {
    const struct leave_options *options;
    struct client client;
    struct arena arena; /* as long as all of it */
    struct arena round; /* what one look found */
    struct bundle bundle;
    const char *name;
    const char *finalizer, *annotation; /* of this operator */
    struct leave_lease *leases;
    size_t lease_count;
    struct leave_item *items;
    size_t count;
    size_t unseen;                  /* kinds that could not be looked at */
    const struct resource *looking; /* the kind that is listed now */
};

/* ---- leave_find.c: what there is ---- */
/* Forgets what was found, and fills `leases`. */
int leave_find_leases(struct leave *l, struct err *err);
/* The same, and `items`. */
int leave_find(struct leave *l, struct err *err);
/* Is this owner reference one of the operator's? */
bool leave_owns(const struct leave *l, const struct leave_item *item,
                const struct value *reference);

/* ---- leave_act.c ---- */
/* What is to be done with it now, in words; NULL: nothing. */
const char *leave_what(const struct leave *l, const struct leave_item *item);
/* Does it. An object that is gone, or changed meanwhile, is no error: the next
 * look tells. */
int leave_act(struct leave *l, const struct leave_item *item, struct err *err);
int leave_release_lease(struct leave *l, const struct leave_lease *lease,
                        struct err *err);

#endif
