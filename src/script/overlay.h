/*
 * overlay.h -- tidelock.overlay{...}: what a site changes of an operator that
 *              it did not write (lua/OVERLAYS.md).
 */
#ifndef TIDELOCK_SCRIPT_OVERLAY_H
#define TIDELOCK_SCRIPT_OVERLAY_H

#include "core/operator.h"
#include "script/api.h"

/* Checks the table when loading, remembers it always. */
int RAISES l_overlay(lua_State *L);

/* Run the script's overlays in their order. The declaration on the top of the
 * stack is replaced by one that they have changed. */
void RAISES overlays_apply(lua_State *L);

/* Of the table at `idx`, a declaration or a row that an overlay changed: push
 * what its function `name` was before. False and nothing when it was not
 * changed. */
bool RAISES push_base(lua_State *L, int idx, const char *name);

#endif
