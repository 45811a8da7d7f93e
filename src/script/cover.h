/*
 * cover.h -- which lines of a script ran; private to script.
 */
#ifndef TIDELOCK_SCRIPT_COVER_H
#define TIDELOCK_SCRIPT_COVER_H

#include <lua.h>

struct cover;

/* A line event of the hook of a vm whose script is covered. Never raises. */
void cover_line(lua_State *L, lua_Debug *ar);
void cover_free(struct cover *c); /* NULL is fine */

#endif
