/*
 * rules_allot.h -- what a Service gets from the server. Private to
 *                  src/sim/rules*.c.
 */
#ifndef TIDELOCK_SRC_SIM_RULES_ALLOT_H
#define TIDELOCK_SRC_SIM_RULES_ALLOT_H

#include <string.h>

#include "rules_impl.h"

/* Addresses and ports that the object has to have and does not; those that it
 * had it keeps. `old` NULL on create. */
int rules_allot_service(const struct rules_call *c, struct value *object,
                        const struct value *old, struct failure *f);

/* ---- questions about the spec of a Service ---- */
bool service_is(const struct value *spec, const char *type);
bool service_has_node_ports(const struct value *spec);
/* Is it asked for its health, at a port of its own? */
bool service_needs_health(const struct value *spec);
/* Both specs say the same there, or nothing. */
bool service_same(const struct value *a, const struct value *b,
                  const char *key);

#endif
