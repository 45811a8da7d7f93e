/*
 * fixture.h -- one reconcile as a file: what the script saw, and its plan.
 *
 * A fixture holds the root, everything that was in the view, the parameters
 * and the time, and the plan that was made of them. The job function is pure,
 * so that is all it takes to run the pass again, here or on a laptop, with the
 * same script or an edited one (`tidelock replay`).
 *
 * Secrets are redacted before anything is written:
 *
 *   - each value of a Secret becomes "redacted-N", the same N where the bytes
 *     are the same, so that handles that were equal still are;
 *   - where the bytes, their base64 form or their checksum stand in any other
 *     string (an object that a handle was placed in, an annotation), they
 *     become the redacted ones: values of 8 bytes and more anywhere in it,
 *     those of 4 to 7 where they are the whole of it. Shorter ones are not
 *     looked for: they would be found in everything;
 *   - kubectl's last-applied-configuration of a Secret is left out.
 *
 * What that costs: a Secret whose `stringData` was made from a handle is
 * planned again in a replay, since only the server knows that it has it.
 *
 * An operator that reads secret values can do anything with them, so its
 * reconciles are not recorded.
 */
#ifndef TIDELOCK_APP_FIXTURE_H
#define TIDELOCK_APP_FIXTURE_H

#include "app/controller.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"
#include "core/operator.h"
#include "core/view.h"
#include "kube/restmap.h"

#define FIXTURE_API_VERSION "tidelock.dev/v1alpha1"
#define FIXTURE_KIND "Fixture"

struct fixture_source {
    const struct operator_decl *decl;
    const char *operator_path; /* where `replay` finds the script */
    const struct pass *pass;
    const struct view *view;
};
/* The fixture as YAML, appended. -ERR_NOMEM, -ERR_LIMIT. */
int fixture_print(const struct fixture_source *source, struct str *out,
                  struct err *err);

/* A fixture that was read; all of it lives in the arena of the read. */
struct fixture {
    const char *file;
    const char *operator_name;
    const char *operator_path;
    int64_t now; /* unix seconds */
    const struct value *params;
    const struct value *root;
    const struct value *root_kind; /* what discovery said of it */
    const struct value *kinds;     /* array */
    const struct value *plan;      /* an item of `kind: Plan` */
};
/* -ERR_INVALID names the file and what is wrong with it; -ERR_IO. */
int fixture_read(struct arena *a, const char *path, struct fixture *ret,
                 struct err *err);
/* Put the kinds of the fixture that the map lacks into it. */
int fixture_add_kinds(const struct fixture *f, struct restmap *map,
                      struct err *err);
/* Its namespace, in the word of the declaration or by name. */
const char *fixture_scope(const struct operator_read *read);
/* Was this read of a declaration recorded? When not, or when the kind was
 * unknown then, *ret_why says so. */
bool fixture_knows(const struct fixture *f, const struct operator_read *read,
                   const char **ret_why);
/* Everything that was in the view, the root first; each object once. */
int fixture_each(const struct fixture *f,
                 int (*fn)(void *arg, const struct value *object,
                           struct err *err),
                 void *arg, struct err *err);

#endif
