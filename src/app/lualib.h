/*
 * lualib.h -- Lua libraries that are installed beside tidelock, not with it.
 */
#ifndef TIDELOCK_APP_LUALIB_H
#define TIDELOCK_APP_LUALIB_H

#include "base/arena.h"

/* The folder that has the file, "luacheck/parser.lua". Where $variable is set
 * it is that or nowhere. "" when there is none, NULL on out of memory. */
const char *lualib_find(struct arena *a, const char *file,
                        const char *variable);

#endif
