/*
 * plan_api.h -- what the files that implement the verbs of `plan` share.
 *
 * A verb checks all its arguments first, into values on the C stack and in the
 * job's arena; only then it adds to the plan, filled at once. So whatever
 * raises in between, the plan never holds half a step.
 */
#ifndef TIDELOCK_SCRIPT_PLAN_API_H
#define TIDELOCK_SCRIPT_PLAN_API_H

#include "script/api.h"

#define LABEL_SIZE 200

/* "plan:apply: Deployment 'blog'": how messages about an object begin; `name`
 * may be NULL. */
void label_of(char out[LABEL_SIZE], const char *verb, const char *kind,
              const char *name);
/* A verdict when no step may stand beside what was declared before. */
void RAISES check_steps_allowed(lua_State *L, const char *verb);

/* plan_apply.c */
int RAISES l_plan_apply(lua_State *L);
/* plan_status.c */
int RAISES l_plan_status(lua_State *L);
int RAISES l_plan_condition(lua_State *L);
int RAISES l_plan_event(lua_State *L);

#endif
