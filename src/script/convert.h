/*
 * convert.h -- JSON to Lua tables and back, without loss.
 *
 * Objects and arrays that come from JSON carry one of two hidden marker
 * metatables, so [] and {} stay what they were through any edit in place. A
 * null member reads as nil; a private marker of that one table remembers its
 * key, and it is written again unless the script gave the key a value. A null
 * in an array stays in its place as tidelock.null.
 *
 * The way back reads tables raw: it never runs a metamethod.
 */
#ifndef TIDELOCK_SCRIPT_CONVERT_H
#define TIDELOCK_SCRIPT_CONVERT_H

#include "base/value.h"
#include "kube/kept.h"
#include "kube/snapshot.h"
#include "script/select.h"
#include "script/vm.h"

/* MARKER_LAZY: an object of a list that was not looked at yet. */
enum marker { MARKER_NONE, MARKER_ARRAY, MARKER_OBJECT, MARKER_LAZY };

/* Make the marker metatables; once for each state. */
void RAISES convert_open(lua_State *L);

/* The marker of the table at `idx`. */
enum marker marker_of(lua_State *L, int idx);
/* 1 and the set of null keys on the stack, or 0 and nothing. */
int marker_push_nulls(lua_State *L, int idx);
/* The set on the top becomes that of the metatable below it. */
void RAISES marker_set_nulls(lua_State *L);
/* Is the metatable on the top of the stack one of the host's? */
bool marker_is_host(lua_State *L);
void RAISES marker_set(lua_State *L, int idx, enum marker m);
/* A new metatable that marks so. */
void RAISES push_marker(lua_State *L, enum marker m);

void RAISES push_null(lua_State *L);
bool is_null(lua_State *L, int idx);

/* Any JSON text. `what` names it in the message when it is not JSON. */
void RAISES push_json(lua_State *L, const char *text, size_t len,
                      const char *what);
/* An object of the view: without managedFields, Secret data as handles, and
 * for the root only the status fields that are declared as memory. `id` is
 * the object's place in the view, see PLAN_SECRET_ID. */
void RAISES push_snapshot(lua_State *L, const struct snapshot *s, uint32_t id);

/* ---- kept.c ---- */
/* The table on the top is an object of that kind's at `place`, of which only
 * what `list` names is there (kube/kept.h): whoever asks for another field gets
 * an error. `list` lives as long as the script. */
void RAISES guard_fields(lua_State *L, const char *kind, const char *list,
                         const struct kept_place *place);
/* The verdict: the field `key` below `path`, ".spec" or "", is not kept. */
int RAISES kill_not_kept(lua_State *L, const char *kind, const char *path,
                         const char *key);
void RAISES push_value(lua_State *L, const struct value *v);
/* lazy.c: the object of the view with that id, made at the first look at it;
 * thaw() makes it, when the table at `idx` is such a one. */
void RAISES push_lazy(lua_State *L, uint32_t id);
void RAISES thaw(lua_State *L, int idx);

/* The Lua value at `idx` as a tree in the vm's arena. Errors name the path
 * below `path` (may be ""): ".spec.ports[0]: ...". -ERR_PLAN, -ERR_NOMEM. */
int RAISES value_from_lua(lua_State *L, int idx, const char *path,
                          struct value **ret, struct err *err);

/* ---- secret values (secret.c) ---- */
/* The text that the vm's reader is at: base64, borrowed from the snapshot when
 * it lies in its text. */
void RAISES push_secret(lua_State *L, const struct snapshot *s, uint32_t id,
                        const char *key);
/* NULL when the value at `idx` is no secret. */
struct secret;
const struct secret *secret_at(lua_State *L, int idx);
struct value *secret_value(struct arena *a, const struct secret *s);
/* Keyed by the root's uid; -ERR_INVALID when the value is not base64. */
int secret_checksum(struct vm *vm, const struct secret *s, char out[65],
                    struct err *err);

#endif
