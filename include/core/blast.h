/*
 * blast.h -- how much may one plan, and one operator in one minute, delete?
 *            (note 05, G8)
 *
 * Two questions with two answers. A plan that deletes more than the limits is
 * a wrong picture until somebody says otherwise: it is refused whole, with
 * -ERR_BLAST_RADIUS. An operator that deletes object after object is braked:
 * what is over the limit waits. Making an object anew counts as deleting it.
 *
 * Pure: counts in, a verdict out; the caller tells the time.
 */
#ifndef TIDELOCK_CORE_BLAST_H
#define TIDELOCK_CORE_BLAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "kube/key.h"
#include "kube/restmap.h"

#define BLAST_PER_PASS 10    /* deletions by one plan */
#define BLAST_PER_MINUTE 100 /* ... by one operator */
#define BLAST_STATEFUL 1     /* ... by one plan, of what holds data */
#define BLAST_FEW 3          /* so many may be more than half of the children */
#define BLAST_NAMED 3        /* how many a refusal names */

struct blast_limits {
    unsigned per_pass, per_minute;
};
extern const struct blast_limits blast_limits_default;

/* What one plan deletes. Resources and keys are borrowed. */
struct blast {
    struct blast_limits limits;
    bool allowed;  /* plan:allow_bulk: no limit */
    bool all;      /* plan:prune_all: every child is meant */
    size_t owned;  /* the root's children that are not going already */
    size_t pruned; /* ... of those deleted */
    size_t deletions, stateful;
    struct {
        const struct resource *resource;
        struct object_key key;
    } named[BLAST_NAMED]; /* of what holds data before anything else */
};

/* Does losing an object of this kind lose what no controller makes again?
 * PersistentVolumeClaims and PersistentVolumes, Namespaces,
 * CustomResourceDefinitions, Secrets. */
bool blast_is_stateful(const struct resource *resource);
/* One more deletion; `child`: of one that `owned` counts. */
void blast_add(struct blast *b, const struct resource *resource,
               const struct object_key *key, bool child);
/* 0, or -ERR_BLAST_RADIUS: the message names the objects, the limit, and what
 * allows it. */
int blast_check(const struct blast *b, struct err *err);

/* The last minute's deletions, by the second. Zeroed is empty. */
struct blast_brake {
    uint64_t second; /* of the newest slot */
    unsigned slots[60];
};
/* Takes one deletion of `per_minute` in any 60 seconds. 0, or the milliseconds
 * until there is room; always 60000 when `per_minute` is 0. `now_ms` does not
 * go back. */
uint64_t blast_brake_take(struct blast_brake *b, unsigned per_minute,
                          uint64_t now_ms);

#endif
