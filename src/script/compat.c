/*
 * compat.c -- see compat.h.
 *
 * Only what scripts in the field use. What is missing still has a hint of its
 * own (advice.c), and everything here is as bounded as the rest of the sandbox.
 */
#include "script/compat.h"

#include <math.h>
#include <string.h>

#include "script/sandbox.h"

/* ---- Lua 5.1 ---- */

static int l_getn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushinteger(L, luaL_len(L, 1));
    return 1;
}

/* The largest number that is a key, 0 when there is none. */
static int l_maxn(lua_State *L)
{
    lua_Number max = 0;
    uint64_t count = 0;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) > max)
            max = lua_tonumber(L, -1);
        count++;
    }
    vm_charge(L, count);
    if (max < 9007199254740992.0 && floor(max) == max)
        lua_pushinteger(L, (lua_Integer)max);
    else
        lua_pushnumber(L, max);
    return 1;
}

static int l_pow(lua_State *L)
{
    lua_pushnumber(L, pow(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
    return 1;
}

/* print(...): the arguments with tabs between them, as one line of the log. */
static int l_print(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer b;

    for (int i = 1; i <= count; i++) {
        size_t len;

        push_text_of(L, i);
        lua_replace(L, i);
        lua_tolstring(L, i, &len);
        vm_charge(L, 1 + len / 64);
    }
    luaL_buffinit(L, &b);
    for (int i = 1; i <= count; i++) {
        size_t len;
        const char *text = lua_tolstring(L, i, &len);

        if (i > 1)
            luaL_addchar(&b, '\t');
        luaL_addlstring(&b, text, len);
    }
    luaL_pushresult(&b);
    lua_insert(L, 1);
    return add_log_line(L, false);
}

static void set_function(lua_State *L, const char *library, const char *name,
                         lua_CFunction function)
{
    lua_getglobal(L, library);
    lua_pushcfunction(L, function);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

void compat_open(lua_State *L)
{
    set_function(L, "table", "getn", l_getn);
    set_function(L, "table", "maxn", l_maxn);
    set_function(L, "math", "pow", l_pow);
    set_function(L, "_G", "print", l_print);
    set_function(L, "_G", "unpack", l_table_unpack);
    push_os_library(L);
    lua_setglobal(L, "os");
}

/* ---- require ---- */

bool compat_require(lua_State *L, const char *name, const char **ret_module)
{
    static const char *const libraries[] = {"os",   "string", "table",
                                            "math", "utf8",   NULL};

    *ret_module = NULL;
    if (strcmp(name, "kube") == 0)
        *ret_module = "tidelock.kube";
    else if (strcmp(name, "tidelock") == 0 || text_starts(name, "tidelock."))
        *ret_module = name;
    if (*ret_module)
        return true;
    for (const char *const *l = libraries; *l; l++)
        if (strcmp(name, *l) == 0)
            return lua_getglobal(L, name) != LUA_TNIL;
    return false;
}
