/*
 * environment.c -- what scripts find, told by the sandbox itself: a fresh state
 *                  is opened as for a job, and its tables are listed.
 */
#include <string.h>

#include "base/embed.h"
#include "base/mem.h"
#include "script/api.h"
#include "script/convert.h"
#include "script/lint.h"
#include "script/module.h"
#include "script/sandbox.h"

#define DEPTH_MAX 4

/* Push a table that says of each field of the table on the top what it is; `_G`
 * is the one table that holds itself. */
static void RAISES push_listing(lua_State *L, int depth)
{
    int from = lua_gettop(L);

    lua_newtable(L);
    marker_set(L, from + 1, MARKER_OBJECT);
    lua_pushnil(L);
    while (lua_next(L, from)) {
        if (lua_type(L, -2) == LUA_TSTRING &&
            strcmp(lua_tostring(L, -2), "_G") != 0) {
            lua_pushvalue(L, -2);
            if (lua_istable(L, -2) && depth < DEPTH_MAX) {
                lua_pushvalue(L, -2);
                push_listing(L, depth + 1);
                lua_remove(L, -2);
            } else {
                lua_pushstring(L, luaL_typename(L, -2));
            }
            lua_rawset(L, from + 1);
        }
        lua_pop(L, 1);
    }
}

static void RAISES push_globals(lua_State *L)
{
    lua_pushglobaltable(L);
    push_listing(L, 0);
    lua_remove(L, -2);
}

static void RAISES push_modules(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; embed_lua_files[i].name; i++) {
        lua_getglobal(L, "require");
        lua_pushstring(L, embed_lua_files[i].name);
        lua_call(L, 1, 1);
        if (lua_istable(L, -1)) {
            push_listing(L, 0);
            lua_setfield(L, -3, embed_lua_files[i].name);
        }
        lua_pop(L, 1);
    }
}

static void RAISES push_words(lua_State *L, const char *const *words)
{
    lua_newtable(L);
    for (lua_Integer i = 1; *words; i++, words++) {
        lua_pushstring(L, *words);
        lua_rawseti(L, -2, i);
    }
}

static int list_body(lua_State *L)
{
    struct value **ret = lua_touserdata(L, 1);
    struct vm *vm = vm_of(L);
    struct err err = {0};

    lua_settop(L, 0);
    sandbox_open(L);
    lua_newtable(L);
    push_globals(L);
    lua_setfield(L, 1, "globals");
    push_modules(L);
    lua_setfield(L, 1, "modules");
    push_words(L, plan_verbs());
    lua_setfield(L, 1, "plan");
    push_words(L, view_fields());
    lua_setfield(L, 1, "view");
    if (value_from_lua(L, 1, "", ret, &err) < 0)
        return vm_kill_err(L, "the environment of scripts", &err);
    (void)vm;
    return 0;
}

int script_environment(struct arena *a, struct value **ret, struct err *err)
{
    struct script *s;
    struct vm vm;
    int rc = script_new(NULL, &s, err);

    if (rc < 0)
        return rc;
    rc = vm_open(&vm, s, err);
    vm.arena = a;
    if (rc == 0)
        rc = vm_call(&vm, list_body, ret, err);
    vm_close(&vm);
    script_free(s);
    return rc;
}
