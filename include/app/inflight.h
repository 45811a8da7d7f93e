/*
 * inflight.h -- how many roots are under way at a time, for all operators of a
 *               process: a limit that is found (core/pace.h) or given, and
 *               shared out fairly (core/permits.h).
 *
 * A pass sends one request after the other, so roots under way are requests in
 * flight, and what its writes take tells whether there are too many.
 */
#ifndef TIDELOCK_APP_INFLIGHT_H
#define TIDELOCK_APP_INFLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/permits.h"

struct inflight;

/* `fixed` 0: found. The clock is borrowed. NULL on out of memory. */
struct inflight *inflight_new(const struct clock *clock, unsigned fixed);
void inflight_free(struct inflight *f); /* no taker is left; NULL is fine */
struct permits *inflight_permits(struct inflight *f);

/* A write leaves; how many are under way then, for inflight_answered(). */
unsigned inflight_sent(struct inflight *f);
/* took_us 0: it is not known, or it was cancelled. */
void inflight_answered(struct inflight *f, unsigned sent_with, uint64_t took_us,
                       const struct err *err);
/* The server asked to slow down. */
void inflight_refused(struct inflight *f);

#endif
