/*
 * fake_server.h -- just enough of an API server to see whether a changeset
 *                  leads to what was declared: server-side apply with
 *                  managedFields, edits by others, deletes. Trees in, trees
 *                  out; fake_carry_out() plays a whole changeset on a fixture.
 */
#ifndef TIDELOCK_TESTS_UNIT_CORE_FAKE_SERVER_H
#define TIDELOCK_TESTS_UNIT_CORE_FAKE_SERVER_H

#include "core/diff_fixture.h"

/* All return NULL on out of memory. */

/* What FieldsV1 says of an applied body. */
struct value *fake_fields(struct arena *a, const struct value *body);
struct fake_writer {
    const char *manager, *subresource;
    const char *rv; /* what the object's resourceVersion becomes */
};
/* The object after an apply; `live` NULL: it is created. Fills uid, defaults
 * of Deployments and the manager's entry. */
struct value *fake_apply(struct arena *a, const struct value *live,
                         const struct value *body, const struct fake_writer *w);
/* The object after another writer's merge patch: who else owned what it says
 * owns it no more. */
struct value *fake_edit(struct arena *a, const struct value *live,
                        const struct value *patch, const char *rv);

/* Play f->cs against the objects of the fixture's view and its root. */
void fake_carry_out(struct fixture *f);
/* Merge `patch` ('-quoted JSON) into an object of the view. */
void fake_edit_child(struct fixture *f, enum fx_kind kind, const char *name,
                     const char *patch);

#endif
