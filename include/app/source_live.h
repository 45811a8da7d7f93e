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

/* Compare each store with a list of the same collection, about once in that
 * time (core/scrub.h); differences are said in the log and put right by a new
 * list. Once for a source. 0 or -ERR_NOMEM. */
int source_live_scrub(struct source *source, uint64_t interval_ms,
                      struct err *err);

#endif
