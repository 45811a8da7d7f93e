/*
 * kept.c -- objects of whose bodies only some fields are kept: asking for
 *           another one is an error, for nil would say that it is not set.
 *
 * The metatable of such a table has its list and place as upvalues of __index.
 * It replaces the common marker; what a marker of the table's own says (which
 * members are null) stays.
 */
#include <string.h>

#include "script/convert.h"

int kill_not_kept(lua_State *L, const char *kind, const char *path,
                  const char *key)
{
    const char *hint = lua_pushfstring(
        L, "add '%s.%s' to the list bodies of its entry in reads", path, key);

    return vm_kill(L, ERR_PLAN, hint,
                   "%s: the field %s.%s is not kept: reads declares which "
                   "fields of its bodies are",
                   kind, path, key);
}

/* Upvalues: kind, list, the place's path and its length. */
static int l_field(lua_State *L)
{
    const char *list = lua_touserdata(L, lua_upvalueindex(2));
    const struct kept_place place = {
        lua_touserdata(L, lua_upvalueindex(3)),
        (size_t)lua_tointeger(L, lua_upvalueindex(4))};
    struct kept_place below;
    const char *key, *path;
    size_t len;

    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    key = lua_tolstring(L, 2, &len);
    if (kept_member(list, &place, key, len, &below) != KEPT_NOT)
        return 0;
    path = "";
    if (place.len > 0) {
        lua_pushliteral(L, ".");
        lua_pushlstring(L, place.path, place.len - 1);
        lua_concat(L, 2);
        path = lua_tostring(L, -1);
    }
    return kill_not_kept(L, lua_tostring(L, lua_upvalueindex(1)), path, key);
}

void guard_fields(lua_State *L, const char *kind, const char *list,
                  const struct kept_place *place)
{
    int table = lua_gettop(L);

    push_marker(L, MARKER_OBJECT);
    if (marker_push_nulls(L, table))
        marker_set_nulls(L);
    lua_pushstring(L, kind);
    lua_pushlightuserdata(L, (void *)(uintptr_t)list);
    lua_pushlightuserdata(L, (void *)(uintptr_t)place->path);
    lua_pushinteger(L, (lua_Integer)place->len);
    lua_pushcclosure(L, l_field, 4);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, table);
}
