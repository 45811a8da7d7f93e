/*
 * diff.h -- plan + view to changeset: create, change, prune, none (note 05's
 *           plan/action table, note 12's identity and no-write rules).
 *
 * Pure: no clock, no request, same input, same changeset. Refuses what must
 * never be sent with -ERR_PLAN: children of undeclared or retired kinds, in
 * another namespace, cluster-scoped children of a namespaced root, two steps
 * for one object, names the server would refuse, fields that belong to the
 * server, type errors against the schema, cycles of `after`; an empty plan
 * while children exist is -ERR_EMPTY_PLAN.
 *
 * "Not there" is taken from the view only where the kind is known: a step of
 * an unknown kind is -ERR_UNKNOWN (-ERR_NO_KIND when the server lacks it), and
 * nothing of an unknown kind is pruned. A plan that deletes more than its
 * limits (blast.h) is -ERR_BLAST_RADIUS. An object of the declared name that
 * the view shows with another controller is -ERR_NAME_CONFLICT.
 */
#ifndef TIDELOCK_CORE_DIFF_H
#define TIDELOCK_CORE_DIFF_H

#include "base/arena.h"
#include "base/err.h"
#include "core/changeset.h"
#include "core/operator.h"
#include "core/plan.h"
#include "core/view.h"
#include "kube/restmap.h"

struct schema_set;
struct diff_memo;

#define LABEL_MANAGED_BY "app.kubernetes.io/managed-by" /* = "tidelock" */
#define LABEL_OPERATOR "tidelock.dev/operator"
#define LABEL_OWNER_UID "tidelock.dev/owner-uid" /* on_delete = "orphan" */
#define ANNOTATION_APPLIED "tidelock.dev/applied"
#define ANNOTATION_MODE "tidelock.dev/mode"

struct diff_input {
    const struct operator_decl *decl;
    const struct view *view;
    struct plan *plan; /* secrets resolved */
    const struct restmap *restmap;
    const struct schema_set *schemas;  /* NULL: the built-in kinds */
    bool schemas_are_live;             /* they are this server's: an unknown
                                        * field is refused, not only noted */
    struct diff_memo *memo;            /* NULL: compare every time */
    const struct blast_limits *limits; /* of deletions; NULL: the defaults */
    bool failed; /* the plan only says why a pass failed: this generation was
                  * not applied, so it is not said to be observed */
};

/* `cs` was initialised by the caller; after a failure it is of no use. It
 * borrows from the plan, the view and the declaration. Empty tables of the
 * plan's bodies become empty arrays in place where the schema says so. */
int diff_plan(const struct diff_input *in, struct changeset *cs,
              struct err *err);

/* Two versions of one object; either may be NULL. */
struct object_pair {
    struct gvk gvk;
    const struct value *before, *after;
};
/* Their differences for people: list items named by their key where the schema
 * knows one, metadata that the server keeps for itself left out, Secret data
 * sensitive; sorted by path. The values are borrowed from the two trees. */
int diff_fields(const struct schema_set *schemas,
                const struct object_pair *pair, struct arena *a,
                struct change_field **ret, size_t *ret_count, struct err *err);

/*
 * The memo: uid -> (resourceVersion, declared hash) known to be in sync, for
 * children and for the status of roots. It saves parsing and comparing what
 * did not change since the last pass; one per operator, because the runtime's
 * own metadata depend on nothing else but the root, whose uid the child's
 * owner reference pins.
 */
struct diff_memo *diff_memo_new(size_t max); /* NULL on out of memory */
void diff_memo_free(struct diff_memo *m);    /* NULL is fine */
bool diff_memo_hit(const struct diff_memo *m, const struct snapshot *live,
                   const char *hash);
/* Also for the executor: an apply of a change with declared_hash was answered
 * with `live`. The server itself says then that the two are in sync, which
 * also covers defaults that no schema at hand tells of. Forgetting to call it,
 * or running out of memory in it, only costs a comparison or a request that
 * changes nothing. NULL hash: nothing. */
void diff_memo_note(struct diff_memo *m, const struct snapshot *live,
                    const char *hash);
void diff_memo_forget(struct diff_memo *m, const char *uid);
void diff_memo_clear(struct diff_memo *m); /* NULL is fine */

#endif
