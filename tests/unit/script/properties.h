/*
 * properties.h -- what holds for any bytes whatever, checked here, fed by
 *                 test_properties.c and by libFuzzer (tests/fuzz).
 *
 * Each answers NULL, or a text naming what does not hold.
 */
#ifndef TIDELOCK_TESTS_SCRIPT_PROPERTIES_H
#define TIDELOCK_TESTS_SCRIPT_PROPERTIES_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "script/frame.h"

/* JSON text to Lua tables and back to canonical text. */
typedef int convert_fn(const char *json, size_t len, struct str *out,
                       struct err *err);
int convert_through_lua(const char *json, size_t len, struct str *out,
                        struct err *err);

/* Any bytes.
 *   - what the strict parser refuses does not get into Lua either
 *   - what it takes comes out unchanged, in canonical form, or is refused
 *     because of a limit of plans */
const char *property_convert(convert_fn *convert, const char *data, size_t len);

/* Any bytes as a source file: compiled, or refused with the file's name. */
const char *property_source(const char *data, size_t len);

/* frame_get(), or one with a bug. */
typedef int frame_fn(const struct frame *f, struct arena *a, void *msg,
                     struct err *err);
/* Any bytes as a message: its type and its body.
 *   - it is refused as no message, or read
 *   - what was read is written as the same bytes: nothing was passed over
 *   - an answer is one that a script could have given, or is refused */
const char *property_frame(frame_fn *get, const char *data, size_t len);

#endif
