/*
 * crd.h -- one CustomResourceDefinition, prepared: its structural schemas as
 *          the API server uses them on requests.
 *
 * CEL rules (x-kubernetes-validations) are not evaluated: crd_warnings() says
 * so for each request that they would concern.
 */
#ifndef TIDELOCK_SIM_CRD_H
#define TIDELOCK_SIM_CRD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"
#include "sim/failure.h"

struct crd;

/* Of a definition that crd_validate() accepted. Nothing is borrowed. */
int crd_new(const struct value *definition, struct crd **ret_crd,
            struct failure *f);
void crd_free(struct crd *c); /* NULL is fine */
const struct value *crd_definition(const struct crd *c);

/* Is the definition itself right (names, versions, structural schema)? Adds
 * causes; 0 also when there are some: see failure_invalid(). */
int crd_validate(struct arena *a, const struct value *definition,
                 const struct value *old, struct failure *f);
/* Fills defaults of the definition (names.singular, listKind, conversion). */
int crd_default(struct arena *a, struct value *definition, struct failure *f);

struct crd_subresources {
    bool status, scale;
    const char *spec_replicas_path; /* ".spec.replicas" */
    const char *status_replicas_path;
    const char *label_selector_path; /* or NULL */
};
/* False when the version does not exist. */
bool crd_subresources(const struct crd *c, const char *version,
                      struct crd_subresources *ret);
/* additionalPrinterColumns of a version, as in the definition; NULL: none. */
const struct value *crd_columns(const struct crd *c, const char *version);
/* openAPIV3Schema of a version; NULL: none. */
const struct value *crd_schema(const struct crd *c, const char *version);
bool crd_is_storage(const struct crd *c, const char *version);

/* In place. Removed fields are appended to `unknown` (array of path texts,
 * ".spec.foo") unless it is NULL. */
int crd_prune(const struct crd *c, const char *version, struct value *object,
              struct value *unknown, struct failure *f);
/* Without nulls where the schema allows none, as decoding leaves it; nulls for
 * which there is a default stay for crd_default_object(). */
void crd_drop_nulls(const struct crd *c, const char *version,
                    struct value *object);
/* Calls `each` for every object that is an embedded resource, the outer before
 * the inner, with the path to it; its first failure ends it. */
typedef int (*crd_embedded_fn)(void *arg, const char *path,
                               struct value *object);
int crd_embedded(const struct crd *c, const char *version, struct value *object,
                 crd_embedded_fn each, void *arg);
int crd_default_object(const struct crd *c, const char *version,
                       struct arena *a, struct value *object,
                       struct failure *f);
/* Adds causes for what the schema forbids. `old` is NULL on create (ratcheting:
 * KEP-4008, unchanged values are not judged). */
int crd_check(const struct crd *c, const char *version,
              const struct value *object, const struct value *old,
              struct failure *f);
/* The same for a write to the status subresource: only `status` is judged. */
int crd_check_status(const struct crd *c, const char *version,
                     const struct value *object, const struct value *old,
                     struct failure *f);
/* Appends a text for each set of CEL rules, and each pattern, that was not
 * evaluated. */
int crd_warnings(const struct crd *c, const char *version, struct arena *a,
                 struct value *warnings);
/* The same for a definition that is being written, and formats that nobody
 * checks. */
int crd_definition_warnings(const struct value *definition, struct arena *a,
                            struct value *warnings);

#endif
