/*
 * advice.h -- what to do about the errors that Lua itself raises most often.
 */
#ifndef TIDELOCK_SCRIPT_ADVICE_H
#define TIDELOCK_SCRIPT_ADVICE_H

#include <stdbool.h>

#include "base/err.h"

/* Sets err->hint when the message of an error of Lua is a known one. `view`:
 * the script has one, and a hint may speak of it. */
void advice_give(struct err *err, bool view);

#endif
