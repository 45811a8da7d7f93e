/*
 * selected.h -- does a watch with these selectors tell of an object? Private to
 *               app.
 */
#ifndef TIDELOCK_APP_SELECTED_PRIVATE_H
#define TIDELOCK_APP_SELECTED_PRIVATE_H

#include <stdbool.h>

#include "kube/snapshot.h"

/* Either selector may be NULL. False also on out of memory, and for a selector
 * that no server would take. */
bool selected(const char *labels, const char *fields,
              const struct snapshot *snap);

#endif
