/*
 * backoff.h -- how long to wait after the n-th failure in a row.
 *
 * Two numbers make a policy: the queue waits 5 ms to 1000 s per key (WQ-3), a
 * reflector 800 ms to 30 s (LW-12).
 */
#ifndef TIDELOCK_CORE_BACKOFF_H
#define TIDELOCK_CORE_BACKOFF_H

#include <stdint.h>

#include "base/clock.h"

/* base_ms * 2^failures, at most cap_ms; never overflows. */
uint64_t backoff_ms(uint64_t base_ms, uint64_t cap_ms, unsigned failures);

/* A random wait of at least half and at most all of `ms`. Spreading downwards
 * keeps the cap a promise: nobody sleeps longer than it says. */
uint64_t backoff_jitter(struct rng *rng, uint64_t ms);

#endif
