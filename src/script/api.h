/*
 * api.h -- what plan_api.c, view_api.c, operator.c and job.c share.
 *
 * Misuse of `plan` and `view` is final (vm_kill): a script that caught such an
 * error and went on would make a plan that lacks what it meant to declare, and
 * what is not declared is pruned.
 */
#ifndef TIDELOCK_SCRIPT_API_H
#define TIDELOCK_SCRIPT_API_H

#include "core/plan.h"
#include "script/vm.h"

/* ---- arguments ---- */
/* What the value at `idx` is called in messages: nil also for no value. */
const char *type_word(lua_State *L, int idx);
/* The text of a raw field of the table at `idx`, NULL when it is absent or no
 * text. Borrowed while the table holds it. */
const char *RAISES raw_text(lua_State *L, int idx, const char *key);
/* A verb's argument, or a verdict: "plan:event: reason: expected ...". */
const char *RAISES check_text(lua_State *L, int idx, const char *verb,
                              const char *name);
/* Refuses keys of the table at `idx` that are neither in the NULL-terminated
 * list nor an index up to `positional`. */
void RAISES check_fields(lua_State *L, int idx, const char *what,
                         const char *const *names, lua_Integer positional);
/* An option table: refuses names that are not in the NULL-terminated list.
 * `idx` may be absent or nil: false. */
bool RAISES check_options(lua_State *L, int idx, const char *verb,
                          const char *const *names);
/* An object, or { apiVersion, kind, name [, namespace] }. */
struct object_ref RAISES check_ref(lua_State *L, int idx, const char *verb);
/* Verdict "the kind is not declared": says what to add where. */
int RAISES kill_undeclared(lua_State *L, const char *verb,
                           const struct gvk *gvk, const char *where);
/* Verdict "plan has no verb 'aply', did you mean 'apply'?": `lead` is what
 * stands before the name, `plural` what the hint calls the words of `list`. */
int RAISES kill_unknown(lua_State *L, const char *lead, const char *plural,
                        const char *name, const char *const *list);

/* ---- the view ---- */
/* What looking for one object costs. */
#define LOOKUP_COST 20

struct found {
    const struct snapshot *snapshot; /* NULL: known to be absent */
    uint32_t id;                     /* see PLAN_SECRET_ID */
};
/* Look one object up and record the read. */
struct found RAISES view_find(lua_State *L, const char *verb,
                              const struct object_ref *ref);

/* The object at a place of the view, with its text. */
const struct snapshot *RAISES view_item(lua_State *L, uint32_t kind,
                                        uint32_t item);

/* Push the object scripts call `view`, `plan`. */
void RAISES push_view(lua_State *L);
void RAISES push_plan(lua_State *L);
/* What they have, NULL-terminated. */
const char *const *view_fields(void);
const char *const *plan_verbs(void);

/* ---- the declaration (operator.c) ---- */
/* tidelock.operator{...}: checks it when loading, remembers it always. */
int RAISES l_operator(lua_State *L);
/* The table on the top, a changed copy, is the declaration from now on; it is
 * read again when loading. */
void RAISES declaration_replace(lua_State *L);
/* Push the table that was remembered; false and nothing when there is none. */
bool RAISES push_declaration(lua_State *L);
/* Run the main chunk of operator.lua; leaves the declaration on the stack. */
void RAISES run_operator(lua_State *L);

/* ---- calls of declared functions (job.c) ---- */
/* Push the list of names that the read's names(root) gives. */
void RAISES push_names(lua_State *L, size_t read);

#endif
