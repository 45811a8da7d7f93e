/*
 * lib_deep.c -- copies, comparisons and merges of whole trees of tables.
 *
 * In C because the hidden markers (convert.h) and the objects of a list that
 * were not looked at yet (lazy.c) do not exist for Lua code. Walks are raw,
 * charged for every table and every member, and end at MAX_DEPTH, which a
 * table that contains itself reaches too.
 */
#include "script/convert.h"
#include "script/library.h"

#define MAX_DEPTH 512

/* Before a table at `idx` is walked. */
static void enter(lua_State *L, int idx, unsigned depth, const char *what)
{
    if (depth > MAX_DEPTH)
        vm_raise(L, "does a table contain itself?", "%s: deeper than %d levels",
                 what, MAX_DEPTH);
    vm_need_stack(L, 10);
    vm_charge(L, 1);
    thaw(L, idx);
}

/* ---- copy ---- */

/* Push a deep copy of the value at the absolute `idx`. */
static void push_copy(lua_State *L, int idx, unsigned depth, const char *what)
{
    int copy;

    if (!lua_istable(L, idx)) {
        lua_pushvalue(L, idx);
        return;
    }
    enter(L, idx, depth, what);
    lua_newtable(L);
    copy = lua_gettop(L);
    if (lua_getmetatable(L, idx))
        lua_setmetatable(L, copy);
    lua_pushnil(L);
    while (lua_next(L, idx)) {
        vm_charge(L, 1);
        lua_pushvalue(L, copy + 1);
        push_copy(L, copy + 2, depth + 1, what);
        lua_rawset(L, copy);
        lua_settop(L, copy + 1);
    }
}

static int l_copy(lua_State *L)
{
    luaL_checkany(L, 1);
    push_copy(L, 1, 0, "tables.copy");
    return 1;
}

/* ---- equal ---- */

static bool equal(lua_State *L, int a, int b, unsigned depth);

static size_t count_members(lua_State *L, int idx)
{
    size_t n = 0;

    lua_pushnil(L);
    while (lua_next(L, idx)) {
        lua_pop(L, 1);
        n++;
    }
    vm_charge(L, n);
    return n;
}

static bool tables_equal(lua_State *L, int a, int b, unsigned depth)
{
    int top = lua_gettop(L);
    bool same = true;

    enter(L, a, depth, "tables.equal");
    enter(L, b, depth, "tables.equal");
    if (count_members(L, a) != count_members(L, b))
        return false;
    lua_pushnil(L);
    while (same && lua_next(L, a)) {
        lua_pushvalue(L, top + 1);
        lua_rawget(L, b);
        same = equal(L, top + 2, top + 3, depth + 1);
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
    return same;
}

static bool equal(lua_State *L, int a, int b, unsigned depth)
{
    if (lua_rawequal(L, a, b))
        return true;
    if (lua_istable(L, a) && lua_istable(L, b))
        return tables_equal(L, a, b, depth);
    /* handles of secrets compare what they stand for */
    return lua_type(L, a) == LUA_TUSERDATA && lua_type(L, b) == LUA_TUSERDATA &&
           lua_compare(L, a, b, LUA_OPEQ);
}

static int l_equal(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 2);
    lua_pushboolean(L, equal(L, 1, 2, 0));
    return 1;
}

/* ---- merge ---- */

static bool is_list(lua_State *L, int idx)
{
    thaw(L, idx);
    return marker_of(L, idx) == MARKER_ARRAY || lua_rawlen(L, idx) > 0;
}

static bool is_object(lua_State *L, int idx)
{
    return lua_istable(L, idx) && !is_list(L, idx);
}

static void merge_into(lua_State *L, int into, int over, unsigned depth);

/* Merge the member at `key`, `key` + 1 into the object at `into`. */
static void merge_member(lua_State *L, int into, int key, unsigned depth)
{
    int value = key + 1;

    lua_pushvalue(L, key);
    if (is_null(L, value)) {
        lua_pushnil(L);
    } else if (!is_object(L, value)) {
        push_copy(L, value, depth, "tables.merge");
    } else {
        lua_pushvalue(L, key);
        lua_rawget(L, into);
        if (!is_object(L, -1)) {
            lua_newtable(L);
            if (lua_getmetatable(L, value))
                lua_setmetatable(L, -2);
            lua_replace(L, -2);
        }
        merge_into(L, lua_gettop(L), value, depth);
    }
    lua_rawset(L, into);
}

/* Lay the object at `over` upon the one at `into`, which is ours to change. */
static void merge_into(lua_State *L, int into, int over, unsigned depth)
{
    int key = lua_gettop(L) + 1;

    enter(L, over, depth, "tables.merge");
    lua_pushnil(L);
    while (lua_next(L, over)) {
        vm_charge(L, 1);
        merge_member(L, into, key, depth + 1);
        lua_settop(L, key);
    }
}

static int l_merge(lua_State *L)
{
    int count = lua_gettop(L);

    luaL_checktype(L, 1, LUA_TTABLE);
    push_copy(L, 1, 0, "tables.merge");
    for (int i = 2; i <= count; i++) {
        if (lua_isnil(L, i))
            continue;
        luaL_checktype(L, i, LUA_TTABLE);
        merge_into(L, count + 1, i, 0);
    }
    return 1;
}

/* Does the table go into JSON as an array? */
static int l_is_list(lua_State *L)
{
    lua_pushboolean(L, lua_istable(L, 1) && is_list(L, 1));
    return 1;
}

const luaL_Reg library_tables[] = {
    {"copy", l_copy},   {"equal", l_equal}, {"is_list", l_is_list},
    {"merge", l_merge}, {NULL, NULL},
};
