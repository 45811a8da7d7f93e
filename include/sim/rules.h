/*
 * rules.h -- what the API server does to an object between decoding it and
 *            storing it: normal form, defaults, admission, strategy,
 *            validation. (k8s.io/apiserver registry.Strategy and the built-in
 *            admission plugins.)
 *
 * What a table can say is in kube/schema's data; what it cannot is a named
 * function in rules_*.c. Custom resources go to sim/crd.h.
 */
#ifndef TIDELOCK_SIM_RULES_H
#define TIDELOCK_SIM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "sim/failure.h"
#include "sim/kinds.h"

/* What the rules may look up; the server fills it. */
struct rules_world {
    void *arg;
    /* The object in `a`, NULL when there is none. */
    int (*get)(void *arg, struct arena *a, const struct gvk *gvk,
               const struct object_key *key, struct value **ret,
               struct failure *f);
    /* All of a kind, as an array; may be NULL: then nothing is the default. */
    int (*list)(void *arg, struct arena *a, const struct gvk *gvk,
                struct value **ret_array, struct failure *f);
    uint64_t (*random)(void *arg);
    int64_t unix_now;
};

/* An object is not always stored as it is read again. */
enum unread {
    /* Nobody decodes a custom resource that an apply made: there are empty maps
     * and the like in metadata; or in that of an embedded resource, or fields
     * that the schema does not know. */
    UNREAD_METADATA = 1,
    UNREAD_BODY = 2,
    /* What was set since the defaults were has defaults of its own. */
    UNREAD_DEFAULTS = 4,
};

/* What one step tells a later one. */
struct rules_trail {
    unsigned unread; /* enum unread */
    /* Paths of empty lists and maps that were sent where an absent one is not
     * printed otherwise: array of texts, NULL for none. */
    struct value *empties;
};

struct rules_call {
    const struct kind *kind;
    const char *subresource; /* "" for the object itself */
    const struct rules_world *world;
    struct arena *a;
    struct value *warnings;    /* array of texts: append */
    bool dry_run;              /* nothing is allocated for good */
    bool *empty_kept;          /* NULL, or see rules_decode() */
    bool name_generated;       /* by the server, for this creation */
    bool applied;              /* the object is what an apply made of two */
    bool by_status;            /* what is made is made at its /status */
    struct rules_trail *trail; /* of the request; may be NULL */
};

/* Normal form: what decoding into the API's Go type and encoding again gives.
 * Unknown fields are dropped and named in `unknown` (array of paths, "spec.foo"
 * as strict decoding names them; NULL: nobody asks), nulls and zero values are
 * dropped or kept as the field's type has it, fields that are always there are
 * there, quantities and times are canonical. A wrong type is 400 BadRequest as
 * the decoder says it. In place.
 * An empty list is null only once it was stored: with `empty_kept` it stays,
 * and is told there, until one decodes again without. */
int rules_decode(const struct rules_call *c, struct value *object,
                 struct value *unknown, struct failure *f);
/* Defaults of the kind; in place. */
int rules_default(const struct rules_call *c, struct value *object,
                  struct failure *f);
/* Mutating and validating admission plugins that are on by default; `old` NULL
 * on create. In place. */
int rules_admit(const struct rules_call *c, struct value *object,
                const struct value *old, struct failure *f);
/* PrepareForCreate: status is reset, generation is 1 for kinds that have it,
 * allocated fields (clusterIP) are allocated. */
int rules_prepare_create(const struct rules_call *c, struct value *object,
                         struct failure *f);
/* PrepareForUpdate: the part that this (sub)resource may not write is that of
 * `old`; generation counts when what counts for it changed. */
int rules_prepare_update(const struct rules_call *c, struct value *object,
                         const struct value *old, struct failure *f);
/* Adds causes to `f` (0 also then): metadata and the kind's own rules; `old`
 * NULL on create, else immutable fields are judged too. */
int rules_validate(const struct rules_call *c, const struct value *object,
                   const struct value *old, struct failure *f);
/* What is said of a valid object that is about to be stored (Warning headers),
 * and what nobody is shown of it; `old` NULL on create. */
int rules_conclude(const struct rules_call *c, struct value *object,
                   const struct value *old, struct failure *f);
/* What is said of a deletion; `says_how`: the request says what becomes of
 * dependents. */
int rules_warn_delete(const struct rules_call *c, bool says_how,
                      struct failure *f);
/* Fields that writes to this (sub)resource never own, as dotted paths; ends
 * with NULL (registry.ResetFieldsStrategy). */
const char *const *rules_reset_fields(const struct kind *k,
                                      const char *subresource);
/* Does the kind count generations? */
bool rules_has_generation(const struct kind *k);
/* Does the object say it by itself that an unconditional update is allowed
 * (no resourceVersion in the body)? */
/* Readers see what is stored, but fields that the kind no longer has: those go
 * from the object. /status shows them. */
bool rules_shows_as_stored(const struct kind *k, const char *json);
void rules_show(const struct kind *k, struct value *object);
/* Created without a name: its name is a uid. */
bool rules_names_by_uid(const struct kind *k);
bool rules_allows_unconditional_update(const struct kind *k);
bool rules_allows_create_on_update(const struct kind *k);
/* What DELETE does when no grace period is asked for: pods wait for their
 * node. Seconds; 0: at once. */
int64_t rules_grace_period(const struct kind *k, const struct value *object);
/* Default of propagationPolicy: "background", or "orphan" for a few. */
const char *rules_default_propagation(const struct kind *k);

/* Between versions of one bucket (HPA v1 and v2, Events of two groups): the
 * same object as `to` has it, in `a`. Other kinds: apiVersion alone. */
int rules_convert(struct arena *a, const struct kind *to,
                  const struct value *object, struct value **ret,
                  struct failure *f);

#endif
