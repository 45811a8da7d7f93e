/*
 * reload.h -- operator files that change while they run: the next version is
 *             loaded and checked, and takes charge; or it is refused, and the
 *             last good one stays.
 *
 * Scripts, parameters.yaml and overlays are looked at when the kernel tells of
 * a change, every RELOAD_POLL_MS, and when a signal asks. What is found counts
 * only when it is the same at two looks in a row, so that files are not read
 * between two writes of an editor.
 *
 * What a new version may not change: the operator's name and its root kind. A
 * kind that was owned must be declared, retired at least. --set and the paths
 * of operators and overlays are the process's own and stay as they were given.
 */
#ifndef TIDELOCK_APP_RELOAD_H
#define TIDELOCK_APP_RELOAD_H

#include <stdbool.h>

#include "base/err.h"

#define RELOAD_POLL_MS 30000u

struct reload;
struct runtime;

/* After the operators were loaded; looks from reload_start() on. */
struct reload *reload_new(struct runtime *rt, struct err *err);
void reload_free(struct reload *r); /* NULL is fine, here and below */
/* `watch`: look by itself, not only when asked. */
void reload_start(struct reload *r, bool watch);
/* Look at once, and say in the log what came of it for each operator. Files
 * that were refused are tried again. */
void reload_now(struct reload *r);
/* Something changed that a next version may wait for. */
void reload_check(struct reload *r);
/* Is any operator's next version under way? */
bool reload_is_busy(const struct reload *r);
/* Nothing takes charge any more. */
void reload_stop(struct reload *r);

#endif
