/*
 * compat.h -- what scripts of other tools are used to, for `tidelock eval`.
 *
 *     unpack, table.getn, table.maxn, math.pow   of Lua 5.1
 *     os.time, os.date, os.difftime              UTC, the time of the call
 *     print                                      a line of the log
 *     require "os", "kube", "string", ...        what is there already
 */
#ifndef TIDELOCK_SCRIPT_COMPAT_H
#define TIDELOCK_SCRIPT_COMPAT_H

#include "script/vm.h"

/* Add all of it to the globals of a state that sandbox_open() has filled. */
void RAISES compat_open(lua_State *L);
/* The name of our own module that require(name) means, or NULL when `name` is
 * a library, which is then on the stack; false when it is neither. */
bool RAISES compat_require(lua_State *L, const char *name,
                           const char **ret_module);

/* lib_os.c: push the table of os.time, os.date, os.difftime. */
void RAISES push_os_library(lua_State *L);

#endif
