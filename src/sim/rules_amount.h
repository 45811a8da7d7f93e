/*
 * rules_amount.h -- reckoning with quantities: exact in billionths. Private to
 *                   src/sim.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_AMOUNT_H
#define TIDELOCK_SRC_SIM_RULES_AMOUNT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"

struct amount {
    __int128 nano;
    bool binary; /* printed with Ki, Mi */
};
/* false: no quantity, or too large to reckon with. */
bool amount_read(const struct value *v, struct amount *ret);
/* Canonical; NULL on out of memory. */
const char *amount_text(struct arena *a, const struct amount *x);

/* ---- maps of amounts: name -> quantity ---- */
void amounts_sort(struct value *map);
/* 0, or -1 on out of memory. What is no quantity counts for nothing. */
int amounts_add(struct arena *a, struct value *sum, const struct value *map);
/* What the containers of a pod need at once: those that run on, or the init
 * container that needs most. NULL on out of memory. `field`: "requests" or
 * "limits". */
struct value *amounts_of_containers(struct arena *a, const struct value *spec,
                                    const char *field);
/* The same, but for what the pod says itself. */
struct value *amounts_of_pod(struct arena *a, const struct value *spec,
                             const char *field);

/* Objects that a quota counts by a name of old, in whole numbers. */
bool amount_counts_objects(const char *name);

#endif
