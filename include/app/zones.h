/*
 * zones.h -- the time zones of the machine: read from tzdata when they are
 *            asked for, kept for the life of the process.
 */
#ifndef TIDELOCK_APP_ZONES_H
#define TIDELOCK_APP_ZONES_H

#include "base/arena.h"
#include "core/plan.h"
#include "core/view.h"

struct zones;

/* `folder` NULL: $TZDIR, or where Debian's tzdata is. NULL on out of memory. */
struct zones *zones_new(const char *folder);
void zones_free(struct zones *z); /* NULL is fine */

/* The zone of a valid name, or why there is none: no such file (and which name
 * may have been meant), or a damaged one. The zone is borrowed until
 * zones_free(), the texts are in `a`. 0 or -ERR_NOMEM. */
int zones_find(struct zones *z, const char *name, struct arena *a,
               struct view_zone *ret);

/* The same without a reason: NULL when there is none. */
const struct zone *zones_peek(struct zones *z, const char *name);

/* Add what a script wanted (plan.zone_wanted) to the zones of a view, of which
 * `a` is the arena: true when the script can be run again. false with `why`
 * when the view is full or out of memory; when nothing was wanted, or `z` is
 * NULL, `why` stays. */
bool zones_serve(struct zones *z, const struct plan *plan, struct arena *a,
                 struct view *v, struct err *why);

#endif
