/* kit_managed.h -- short ways to write objects and field managers in tests. */
#ifndef TIDELOCK_TESTS_SIM_KIT_MANAGED_H
#define TIDELOCK_TESTS_SIM_KIT_MANAGED_H

#include "sim/managed.h"

#define KIT_NOW 1760000000 /* 2025-10-09T08:53:20Z */

/* One cluster with one object at a time. All of it lives in `a`. */
struct mkit {
    struct arena a;
    struct failure f;
    struct schema_set *set;
    const char *api_version, *kind;
    const struct value *empty;
    const char *const *reset;
    struct value *live; /* NULL: none */
    int64_t now;
    int (*convert)(void *arg, const char *api_version,
                   const struct value *object, const struct value **ret,
                   struct schema_node *ret_schema);
};

void mkit_begin(struct mkit *k, const char *api_version, const char *kind);
void mkit_end(struct mkit *k);
/* Single quotes stand for double ones. */
struct value *mkit_json(struct mkit *k, const char *text);
const char *mkit_text(struct mkit *k, const struct value *v);

/* Each makes the result the live object when it succeeds. */
int mkit_update(struct mkit *k, const char *manager, const char *object);
int mkit_apply(struct mkit *k, const char *manager, const char *config);
int mkit_force(struct mkit *k, const char *manager, const char *config);
/* "manager Operation {fields}" a line; times are left out. */
const char *mkit_managers(struct mkit *k);
/* The live object without managedFields. */
const char *mkit_live(struct mkit *k);
/* ".spec.a: conflict with ..." a line. */
const char *mkit_causes(struct mkit *k);

#endif
