/*
 * table.h -- decision tables: `observe`, `desired` and ordered named rows
 *            (note 01), read from the declaration and run for a job.
 */
#ifndef TIDELOCK_SCRIPT_TABLE_H
#define TIDELOCK_SCRIPT_TABLE_H

#include "core/operator.h"
#include "script/api.h"

/* Read `rows` and what goes with them from the declaration on the top of the
 * stack; d->rows stays empty when the operator has `reconcile`. */
void RAISES table_read(lua_State *L, struct operator_decl *d);

/* observe, the first row that holds, `desired` unless that row holds it back,
 * the row's plan. The declaration is on the top of the stack; vm->plan gets the
 * row before any step. */
void RAISES table_run(lua_State *L);

/* Where a function of the operator's own files is; the value on the top of the
 * stack. Not a function, or none of Lua's: file NULL. */
struct operator_code RAISES code_at_top(lua_State *L);

#endif
