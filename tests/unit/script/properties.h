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

#endif
