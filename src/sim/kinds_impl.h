/*
 * kinds_impl.h -- the registry from within. Private to kinds*.c, document.c,
 *                 discovery*.c and openapi*.c.
 */
#ifndef TIDELOCK_SRC_SIM_KINDS_IMPL_H
#define TIDELOCK_SRC_SIM_KINDS_IMPL_H

#include <stdint.h>

#include "base/map.h"
#include "sim/kinds.h"

struct kinds {
    struct arena arena;  /* of kinds and their names: they only grow */
    struct kind **items; /* by group, version, plural */
    size_t count, cap;
    struct schema_set *schemas; /* of the CRDs */
    struct map *definitions;    /* CRD name -> struct crd, owned */
    uint64_t version;           /* counts what discovery would show */
    struct map *documents;      /* path -> struct cached, owned; of `version` */
};

/* Documents that were made for an earlier version of the registry. */
void kinds_forget_documents(struct kinds *k);
void kinds_free_documents(struct kinds *k);

/* ---- groups in the order of discovery ---- */
struct kinds_group {
    const char *name;
    const struct kind *preferred;
};
/* The served groups but the core one, in `a`, in the order of /apis;
 * -1: out of memory. */
int kinds_groups(const struct kinds *k, struct arena *a,
                 struct kinds_group **ret, size_t *ret_count);
/* The served versions of a group, the preferred one first: one kind of each. */
int kinds_versions(const struct kinds *k, struct arena *a, const char *group,
                   const struct kind ***ret, size_t *ret_count);

#endif
