/*
 * kinds_crd.h -- how kinds_crd.c changes the registry. Private to kinds*.c.
 */
#ifndef TIDELOCK_SRC_SIM_KINDS_CRD_H
#define TIDELOCK_SRC_SIM_KINDS_CRD_H

#include "sim/kinds.h"

/* Served or not; NULL when there never was one. */
struct kind *kinds_peek(const struct kinds *k, const char *group,
                        const char *version, const char *plural);
/* A copy of `kind`, whose names must live in the registry's arena; there must
 * be none of its names. NULL on out of memory. */
struct kind *kinds_insert(struct kinds *k, const struct kind *kind);

#endif
