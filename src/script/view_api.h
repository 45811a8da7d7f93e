/*
 * view_api.h -- what the files that implement `view` share.
 */
#ifndef TIDELOCK_SCRIPT_VIEW_API_H
#define TIDELOCK_SCRIPT_VIEW_API_H

#include "script/api.h"

/* A verdict when the kind is not known now. */
void RAISES check_known(lua_State *L, const char *verb,
                        const struct view_kind *k);
/* The namespace to look in, from what was asked ("" = the usual one); a
 * verdict when the entry has no objects of it. */
const char *RAISES pick_namespace(lua_State *L, const char *verb,
                                  const struct view_kind *k, const char *asked);
/* Does the read declare this name? true where it is not by name. */
bool RAISES is_named(lua_State *L, const struct view_kind *k, const char *name);
/* A new entry in the record of reads. */
struct view_read *RAISES add_read(lua_State *L, uint32_t kind);

/* view_list.c */
int RAISES l_view_list(lua_State *L);
int RAISES l_view_owned(lua_State *L);

#endif
