/*
 * library.h -- the C side of the Lua library (lua/tidelock).
 *
 * Each module of the library is Lua text; what only C can do is handed to it
 * as `host`, the second argument of its chunk:
 *
 *     local _, host = ...
 *
 * Modules are run when a script first looks at tidelock.NAME, so that a job
 * pays for nothing that it does not use.
 */
#ifndef TIDELOCK_SCRIPT_LIBRARY_H
#define TIDELOCK_SCRIPT_LIBRARY_H

#include "base/value.h"
#include "script/vm.h"

/* Bytes that cost as much as one instruction where each is looked at once. */
#define LIBRARY_BYTES_PER_STEP 16
/* Longest text that json.decode and yaml.decode take: a tree of it is made
 * outside of the script's own memory. */
#define LIBRARY_MAX_TEXT ((size_t)1 << 20)

/* What the module of that name is handed; nil for modules of an operator. */
void RAISES push_host(lua_State *L, const char *module);
/* __index of the module `tidelock`: runs tidelock.NAME and keeps it. */
int RAISES l_library_index(lua_State *L);

/* ---- for lib_*.c ---- */

/* The Lua value at `idx` as a tree in vm->scratch, which is cleared first. It
 * is no part of the plan, so the plan's limits stay as they were. A value that
 * JSON cannot say raises "what: .path: why". */
struct value *RAISES scratch_value(lua_State *L, int idx, const char *what);
/* Push vm->text, or raise "what: why" when `rc` says that making it failed. */
int RAISES push_text_result(lua_State *L, int rc, const char *what,
                            const struct err *err);
/* nil and the message: what a function called parse answers to a text that is
 * none. */
int RAISES push_refusal(lua_State *L, const struct err *err);

/* What each module is handed, by file. */
extern const luaL_Reg library_base64[], library_hash[]; /* lib_hash.c */
extern const luaL_Reg library_json[], library_yaml[];   /* lib_document.c */
extern const luaL_Reg library_quantity[];               /* lib_quantity.c */
extern const luaL_Reg library_selector[];               /* lib_selector.c */
extern const luaL_Reg library_zone[];                   /* lib_zone.c */
extern const luaL_Reg library_tables[];                 /* lib_deep.c */

#endif
