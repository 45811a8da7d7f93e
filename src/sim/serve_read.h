/*
 * serve_read.h -- what lists and watches share: revisions that are asked for.
 */
#ifndef TIDELOCK_SIM_SERVE_READ_H
#define TIDELOCK_SIM_SERVE_READ_H

#include "serve_impl.h"
#include "serve_select.h"

/* The resourceVersion parameter; 0 when it is not there. */
int revision_parse(struct ask *k, uint64_t *ret);
/* 504: not there yet. */
int too_large(struct ask *k, uint64_t wanted);
/* An item that was stored in another version; `bare`: without its kind. */
int list_add_converted(struct ask *k, struct str *out, struct value *object,
                       bool bare);

#endif
