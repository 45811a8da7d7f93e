/*
 * frame_fill.h -- messages of which no member is empty, made by their shapes.
 */
#ifndef TIDELOCK_TESTS_UNIT_SCRIPT_FRAME_FILL_H
#define TIDELOCK_TESTS_UNIT_SCRIPT_FRAME_FILL_H

#include "script/frame.h"
#include "script/shape.h"

const struct shape *frame_fill_shape(enum frame_type type);
/* A message in `a` whose numbers and texts all differ; NULL: no memory. */
void *frame_fill(enum frame_type type, struct arena *a);
/* A zeroed one to read into, its plan initialised. */
void *frame_blank(enum frame_type type, struct arena *a);

#endif
