/*
 * frame_shapes.h -- the shape of each message; private to script.
 */
#ifndef TIDELOCK_SCRIPT_FRAME_SHAPES_H
#define TIDELOCK_SCRIPT_FRAME_SHAPES_H

#include "script/shape.h"

/* ---- frame_plan.c ---- */
extern const struct shape shape_err, shape_text, shape_key, shape_answer;
/* ---- frame_decl.c ---- */
extern const struct shape shape_hello, shape_load, shape_loaded, shape_gvk;
extern const struct shape shape_probe, shape_probed;
/* ---- frame_view.c ---- */
extern const struct shape shape_call, shape_ask, shape_found, shape_rows;

/* Names of objects and kinds; a person's text is bounded by the frame. */
#define MAX_WORD 512u
#define MAX_LINE 8192u
#define MAX_TEXT (256u << 10)

#endif
