/*
 * managed.h -- who owns which field: .metadata.managedFields, server-side
 *              apply (SA-*; KEP-555; sigs.k8s.io/structured-merge-diff v6).
 *
 * Objects are trees in normal form (sim/rules.h). The schema says how lists
 * and maps merge; where it knows nothing (fields that are preserved), maps are
 * granular and lists atomic, as the API server deduces.
 */
#ifndef TIDELOCK_SIM_MANAGED_H
#define TIDELOCK_SIM_MANAGED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "kube/schema.h"
#include "sim/failure.h"

struct managed_call {
    struct arena *a;
    struct schema_node schema;
    const char *api_version;
    const char *kind;
    const char *group;       /* for the text of failures */
    const char *subresource; /* "" for the object itself */
    const char *manager;     /* fieldManager, else the User-Agent before '/' */
    bool force;
    int64_t unix_now;
    /* rules_reset_fields(): never owned by this call. */
    const char *const *reset;
    /* What rules_decode() makes of {apiVersion, kind}: a created object is
     * compared with it, so that `spec: {}` is nobody's when it is always
     * there. NULL: nothing more than the two. */
    const struct value *empty;
    /* The object as another version of the kind has it, *ret NULL when there
     * is no such version (its entries go then). NULL: every version is this
     * one. */
    int (*convert)(void *arg, const char *api_version,
                   const struct value *object, const struct value **ret,
                   struct schema_node *ret_schema);
    void *convert_arg;
};

/* Create, update, patch: `object` is about to be stored, not yet admitted;
 * `live` is what is there (NULL on create). Sets object's managedFields: the
 * manager gets an Update entry for what it changed, others lose what they no
 * longer have. What the request itself said in managedFields is taken as the
 * API server takes it: an empty list (or [{}]) takes all management off. In
 * place; parts of `live` are shared. At most ten Update managers are kept
 * apart, older ones become "ancient-changes". The time of an entry changes only
 * when its set did. */
int managed_update(const struct managed_call *c, const struct value *live,
                   struct value *object, struct failure *f);

/* Apply: `config` as it was sent, decoded strictly but not defaulted; `live`
 * NULL when there is none. *ret is the merged object with its managedFields,
 * to be decoded (nulls and spellings are as they were applied), defaulted,
 * admitted and validated, then handed to
 * managed_apply_finish(). 409 Conflict with a FieldManagerConflict cause for
 * each field of others when not forced. */
int managed_apply(const struct managed_call *c, const struct value *live,
                  const struct value *config, struct value **ret,
                  struct failure *f);
/* After admission, of any write: when nothing but the times of entries would
 * change, they stay what they were. *ret_noop: nothing changes, and the live
 * object is the answer. */
int managed_apply_finish(const struct managed_call *c, const struct value *live,
                         struct value *object, bool *ret_noop,
                         struct failure *f);

/* Adds causes for what is wrong in managedFields after managed_update(): names
 * that are too long. */
int managed_check(const struct value *object, struct failure *f);

/* fieldset_sorts_as_text() of all its managedFields. */
bool managed_sorts_as_text(struct arena *a, const struct value *object);

/* ---- the scale subresource ---- */
/* managedFields for a Scale from those of its parent object, and for the parent
 * from those of a Scale: entries that own `replicas` in the parent. *ret is the
 * list, NULL for none. An Update entry that comes back has no time. */
struct managed_scale {
    struct arena *a;
    const char *api_version; /* of the parent */
    const char *replicas;    /* dotted path of the parent's field */
};
int managed_to_scale(const struct managed_scale *m, const struct value *parent,
                     struct value **ret, struct failure *f);
int managed_from_scale(const struct managed_scale *m,
                       const struct value *parent, const struct value *scale,
                       struct value **ret, struct failure *f);

#endif
