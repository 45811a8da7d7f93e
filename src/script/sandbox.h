/*
 * sandbox.h -- the environment of scripts, built from nothing (note 07 B5).
 *
 * Only what is listed in sandbox.c exists. Functions of the stock library are
 * taken as they are where they do bounded work and tell nothing about the
 * process; the others are replaced here and in lib_string.c, lib_table.c.
 */
#ifndef TIDELOCK_SCRIPT_SANDBOX_H
#define TIDELOCK_SCRIPT_SANDBOX_H

#include "script/vm.h"

/* Find the stock functions; once for the process, before the first state. */
int sandbox_prepare(struct err *err);

/* Fill the globals of a fresh state. */
void RAISES sandbox_open(lua_State *L);

/* A replacement or a stock function by name, set into the table on the top. */
struct stock_function {
    const char *library; /* "string", "_G" */
    const char *name;
    lua_CFunction function; /* NULL: the stock one */
};
/* NULL when the stock library has no such function. */
lua_CFunction stock_find(const char *library, const char *name);

/* As tostring(), but without addresses. */
void RAISES push_text_of(lua_State *L, int idx);

/* order.c: iteration in sorted order */
int RAISES l_pairs(lua_State *L);
int RAISES l_next(lua_State *L);

/* lazy.c: the raw functions, which metamethods do not reach */
int RAISES l_rawget(lua_State *L);
int RAISES l_rawlen(lua_State *L);
int RAISES l_rawset(lua_State *L);

/* lib_string.c, pattern.c, lib_table.c */
int RAISES l_string_find(lua_State *L);
int RAISES l_string_match(lua_State *L);
int RAISES l_string_gmatch(lua_State *L);
int RAISES l_string_gsub(lua_State *L);
int RAISES l_string_rep(lua_State *L);
int RAISES l_string_format(lua_State *L);
int RAISES l_table_concat(lua_State *L);
int RAISES l_table_insert(lua_State *L);
int RAISES l_table_move(lua_State *L);
int RAISES l_table_remove(lua_State *L);
int RAISES l_table_sort(lua_State *L);
int RAISES l_table_unpack(lua_State *L);

/* lib_tidelock.c: what lua/tidelock/init.lua is handed by the host. */
void RAISES push_host_library(lua_State *L);
void RAISES push_log_library(lua_State *L);
/* The value at 1 as a line of the log. */
int RAISES add_log_line(lua_State *L, bool warn);

#endif
