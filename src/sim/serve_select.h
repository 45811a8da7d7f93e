/*
 * serve_select.h -- does an object fit the selectors of a request?
 */
#ifndef TIDELOCK_SIM_SERVE_SELECT_H
#define TIDELOCK_SIM_SERVE_SELECT_H

#include "serve_impl.h"

/* 1, 0, or -ERR_NOMEM. */
int select_fits(struct arena *a, const struct kind *kind, const struct query *o,
                const struct value *object);

#endif
