/*
 * strategic.h -- strategic merge patch (k8s.io/apimachinery
 *                util/strategicpatch): merge keys and strategies come from the
 *                schema of built-in kinds.
 */
#ifndef TIDELOCK_SIM_STRATEGIC_H
#define TIDELOCK_SIM_STRATEGIC_H

#include "base/arena.h"
#include "base/value.h"
#include "kube/schema.h"
#include "sim/failure.h"

/* $patch: delete|replace|merge, $retainKeys, $deleteFromPrimitiveList/x,
 * $setElementOrder/x. `doc` is left as it is. 400 for a malformed patch, 422
 * where the API server says so. */
int strategic_apply(struct arena *a, struct schema_node schema,
                    const struct value *doc, const struct value *patch,
                    struct value **ret, struct failure *f);

#endif
