/*
 * lazy.c -- objects in lists become real when a script first looks at them.
 *
 * DESIGN
 *
 * A list of the view holds one empty table for each object. Its metatable is a
 * marker like those of decode.c, with metamethods that fill the table, put the
 * ordinary marker in place, and answer from the result; the script never sees
 * the difference. Functions that go around metamethods (rawget, next, pairs,
 * the walk into a plan) call thaw() first.
 *
 * The body counts as read when it is filled, so an object that a script only
 * counted does not stand in the read set.
 *
 * INVARIANT  a table that waits holds one member, under a key that no script
 *            has: its PLAN_SECRET_ID
 */
#include "script/api.h"
#include "script/convert.h"
#include "script/sandbox.h"

static const char key_lazy;

static void record_body(lua_State *L, const struct snapshot *s, uint32_t id)
{
    struct view_read *read = plan_add_read(vm_of(L)->plan);

    if (!read) {
        vm_kill_nomem(L);
        return;
    }
    read->kind = id >> PLAN_SECRET_ITEM_BITS;
    read->snapshot = s;
    read->item = id & ((1u << PLAN_SECRET_ITEM_BITS) - 1);
    read->ns = s->key.ns;
    read->name = s->key.name;
}

/* Move all members of the object on the top into the table at `idx`. */
static void fill(lua_State *L, int idx)
{
    lua_pushnil(L);
    lua_rawsetp(L, idx, &key_lazy);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, idx);
    }
    lua_getmetatable(L, -1);
    lua_setmetatable(L, idx);
    lua_pop(L, 1);
}

void thaw(lua_State *L, int idx)
{
    const struct snapshot *s;
    uint32_t id;

    if (marker_of(L, idx) != MARKER_LAZY)
        return;
    idx = lua_absindex(L, idx);
    vm_need_stack(L, 8);
    lua_rawgetp(L, idx, &key_lazy);
    id = (uint32_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    s = view_item(L, id >> PLAN_SECRET_ITEM_BITS,
                  id & ((1u << PLAN_SECRET_ITEM_BITS) - 1));
    record_body(L, s, id);
    push_snapshot(L, s, id);
    fill(L, idx);
}

static int l_lazy_index(lua_State *L)
{
    thaw(L, 1);
    lua_settop(L, 2);
    lua_gettable(L, 1); /* of the object that it is now */
    return 1;
}

static int l_lazy_newindex(lua_State *L)
{
    thaw(L, 1);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 0;
}

static int l_lazy_len(lua_State *L)
{
    thaw(L, 1);
    lua_pushinteger(L, luaL_len(L, 1)); /* of the object that it is now */
    return 1;
}

static void push_metatable(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"__index", l_lazy_index},
        {"__newindex", l_lazy_newindex},
        {"__len", l_lazy_len},
        {NULL, NULL},
    };

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_lazy) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    push_marker(L, MARKER_LAZY);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_lazy);
}

void push_lazy(lua_State *L, uint32_t id)
{
    lua_createtable(L, 0, 1);
    lua_pushinteger(L, id);
    lua_rawsetp(L, -2, &key_lazy);
    push_metatable(L);
    lua_setmetatable(L, -2);
}

/* ---- functions that go around metamethods ---- */

int l_rawget(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    thaw(L, 1);
    lua_settop(L, 2);
    lua_rawget(L, 1);
    return 1;
}

int l_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    thaw(L, 1);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}

int l_rawlen(lua_State *L)
{
    int type = lua_type(L, 1);

    luaL_argexpected(L, type == LUA_TTABLE || type == LUA_TSTRING, 1,
                     "table or string");
    if (type == LUA_TTABLE)
        thaw(L, 1);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
    return 1;
}
