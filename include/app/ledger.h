/*
 * ledger.h -- which kinds an operator ever owned: an annotation on the Lease
 *             of the process, one per operator (note 12).
 *
 * A kind that the ledger holds and the script does not declare is refused:
 * its objects would be forgotten. A new kind is entered before it is first
 * applied. A retired kind is taken out when no root owns any object of it.
 */
#ifndef TIDELOCK_APP_LEDGER_H
#define TIDELOCK_APP_LEDGER_H

#include "app/cluster.h"
#include "core/operator.h"
#include "kube/request.h"

#define LEDGER_ANNOTATION_PREFIX "owned-kinds.tidelock.dev/"

struct ledger;

/* `ns` and `lease` (copied) name the Lease; `decl` and `cluster` are
 * borrowed. NULL on out of memory. */
struct ledger *ledger_new(struct cluster *cluster,
                          const struct operator_decl *decl, const char *ns,
                          const char *lease);
void ledger_free(struct ledger *l); /* cancels; NULL is fine */

typedef void (*ledger_done_fn)(void *arg, const struct err *err);
/* Read it, and check it against the declaration (-ERR_PLAN when a kind was
 * dropped). */
int ledger_check(struct ledger *l, ledger_done_fn done, void *arg,
                 struct err *err);
/* The uid of the Lease, "" when it was not there; borrowed. */
const char *ledger_lease_uid(const struct ledger *l);
/* Is a request of it under way? */
bool ledger_is_busy(const struct ledger *l);
/* Must something be entered before the first apply? After a check. */
bool ledger_incomplete(const struct ledger *l);
/* The request that enters it, for `plan`. */
int ledger_request(const struct ledger *l, struct arena *a, struct request *ret,
                   struct err *err);
int ledger_write(struct ledger *l, ledger_done_fn done, void *arg,
                 struct err *err);
/* Does the ledger hold a retired kind that could be taken out? Then write. */
bool ledger_holds(const struct ledger *l, const struct gvk *gvk);
int ledger_drop(struct ledger *l, const struct gvk *gvk, ledger_done_fn done,
                void *arg, struct err *err);

#endif
