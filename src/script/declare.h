/*
 * declare.h -- fields of what tidelock.operator and tidelock.overlay are given,
 *              read and checked. A mistake is a verdict that says where it is,
 *              what was expected and what is there.
 *
 * `what` is how a message begins, "tidelock.operator: owns, entry 2"; the value
 * or the table that is asked about is on the top of the stack.
 */
#ifndef TIDELOCK_SCRIPT_DECLARE_H
#define TIDELOCK_SCRIPT_DECLARE_H

#include "core/operator.h"
#include "script/api.h"

/* "tidelock.operator: owns, entry 2"; `who` is the function. */
const char *RAISES declare_entry(lua_State *L, const char *who,
                                 const char *field, size_t n);
/* The verdict "what: expected a number, got nil". */
int RAISES declare_wrong(lua_State *L, const char *what, const char *expected);
/* Zeroed, in the vm's arena. */
void *RAISES declare_array(lua_State *L, size_t count, size_t size);
/* The value as a text, not empty. */
const char *RAISES declare_text(lua_State *L, const char *what,
                                const char *expected);
/* The value of `field`: true, false or nil. */
bool RAISES declare_bool(lua_State *L, const char *what, const char *field);
/* Push the list at `field` of the table, nil counts as empty. Its length. */
size_t RAISES declare_list(lua_State *L, const char *who, const char *field,
                           const char *expected);
/* The table as { "apps/v1", "Deployment", ... }. */
struct gvk RAISES declare_kind(lua_State *L, const char *what);
/* Has the table a function of that name? */
bool RAISES declare_function(lua_State *L, const char *what,
                             const char *field);

#endif
