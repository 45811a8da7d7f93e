/*
 * fingerprint.h -- twelve digits that change when the text of a function or a
 *                  row does, so that an overlay notices.
 *
 * What counts is the source of the lines where the functions stand, without
 * comments and with every run of blanks as one: moving and re-indenting a row
 * changes nothing. Functions that these lines call do not count.
 */
#ifndef TIDELOCK_SCRIPT_FINGERPRINT_H
#define TIDELOCK_SCRIPT_FINGERPRINT_H

#include "script/api.h"

/* Of the function, or the row, on the top of the stack. In the vm's arena; ""
 * in a job, where nobody asks and the source is not at hand. */
const char *RAISES fingerprint_function(lua_State *L);
const char *RAISES fingerprint_row(lua_State *L);

/* Lua source without comments, blanks made one. Exposed for its tests. */
int fingerprint_normalise(const char *text, size_t len, struct str *out);

#endif
