/*
 * source_live.h -- feeds from an API server: one list/watch per kind and
 *                  scope, shared by everyone who wants the same.
 *
 * A kind that the server lacks is normal life (DI-6): its feed stays unknown,
 * discovery is asked every 10 s, and the watch starts when the kind appears. A
 * kind that goes away, or that may not be listed, becomes unknown, never
 * empty; other feeds go on.
 */
#ifndef TIDELOCK_APP_SOURCE_LIVE_H
#define TIDELOCK_APP_SOURCE_LIVE_H

#include "app/cluster.h"
#include "core/source.h"

#define SOURCE_LIVE_DISCOVERY_MS 10000u

/* `cluster` is borrowed and must outlive the source; its restmap was filled
 * once. `seed` spreads watch timeouts and backoff. */
struct source *source_live_new(struct cluster *cluster, uint64_t seed,
                               struct err *err);

#endif
