/*
 * lib_table.c -- table functions with a charge for every element.
 *
 * The stock ones loop in C over lengths that a metamethod may lie about
 * (note 07); these end with the budget.
 */
#include <string.h>

#include "script/convert.h"
#include "script/sandbox.h"

#define SORT_MAX 1000000
#define UNPACK_MAX 8000

static lua_Integer check_list(lua_State *L, int arg)
{
    luaL_checktype(L, arg, LUA_TTABLE);
    return luaL_len(L, arg);
}

/* `n` elements of the table at stack place `src`, from `from` on. */
struct range {
    int src;
    lua_Integer from, n;
};

/* Copy them to `to` on in the table at `dst`, from the right end to begin with
 * where the ranges overlap upwards. */
static void move_items(lua_State *L, struct range r, int dst, lua_Integer to)
{
    bool down = to > r.from && to < r.from + r.n && lua_rawequal(L, r.src, dst);

    for (lua_Integer i = 0; i < r.n; i++) {
        lua_Integer at = down ? r.n - 1 - i : i;

        vm_charge(L, 1);
        lua_geti(L, r.src, r.from + at);
        lua_seti(L, dst, to + at);
    }
}

int l_table_insert(lua_State *L)
{
    lua_Integer len = check_list(L, 1);
    lua_Integer pos = (lua_Integer)((lua_Unsigned)len + 1);

    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        pos = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)pos - 1 < (lua_Unsigned)len + 1, 2,
                      "position out of bounds");
        if (pos <= len)
            move_items(L, (struct range){1, pos, len - pos + 1}, 1, pos + 1);
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, pos);
    return 0;
}

int l_table_remove(lua_State *L)
{
    lua_Integer len = check_list(L, 1);
    lua_Integer pos = luaL_optinteger(L, 2, len);

    if (pos != len)
        luaL_argcheck(L, (lua_Unsigned)pos - 1 <= (lua_Unsigned)len, 2,
                      "position out of bounds");
    lua_settop(L, 1);
    lua_geti(L, 1, pos);
    if (pos < len)
        move_items(L, (struct range){1, pos + 1, len - pos}, 1, pos);
    lua_pushnil(L);
    lua_seti(L, 1, pos < len ? len : pos);
    return 1;
}

int l_table_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2);
    lua_Integer last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int dst = lua_isnoneornil(L, 5) ? 1 : 5;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, dst, LUA_TTABLE);
    if (last >= from) {
        luaL_argcheck(L, from > 0 || last < LUA_MAXINTEGER + from, 3,
                      "too many elements to move");
        luaL_argcheck(L, to <= LUA_MAXINTEGER - (last - from + 1) + 1, 4,
                      "destination wrap around");
        move_items(L, (struct range){1, from, last - from + 1}, dst, to);
    }
    lua_pushvalue(L, dst);
    return 1;
}

int l_table_concat(lua_State *L)
{
    lua_Integer len = check_list(L, 1);
    size_t sep_len, item_len;
    const char *sep = luaL_optlstring(L, 2, "", &sep_len);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = luaL_optinteger(L, 4, len);
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    for (lua_Integer i = first; i <= last; i++) {
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1))
            return luaL_error(L,
                              "invalid value (a %s) at index %I in table "
                              "for 'concat'",
                              luaL_typename(L, -1), (LUAI_UACINT)i);
        lua_tolstring(L, -1, &item_len);
        vm_charge(L, 1 + (item_len + sep_len) / 64);
        luaL_addvalue(&b);
        if (i < last)
            luaL_addlstring(&b, sep, sep_len);
        else
            break; /* `last` may be the largest integer */
    }
    luaL_pushresult(&b);
    return 1;
}

int l_table_unpack(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last =
        lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    lua_Unsigned count;

    if (first > last)
        return 0;
    count = (lua_Unsigned)last - (lua_Unsigned)first + 1;
    if (count == 0 || count > UNPACK_MAX)
        return luaL_error(L, "too many results to unpack");
    vm_charge(L, count);
    luaL_checkstack(L, (int)count + 4, "too many results to unpack");
    for (lua_Unsigned i = 0; i < count; i++)
        lua_geti(L, 1, (lua_Integer)((lua_Unsigned)first + i));
    return (int)count;
}

/* Comparing long texts is work too: what a sort may cost, in steps. */
static uint64_t sort_cost(lua_State *L, lua_Integer n)
{
    uint64_t rounds = 1, bytes = 0;
    size_t len;

    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, 1, i) == LUA_TSTRING) {
            lua_tolstring(L, -1, &len);
            bytes += len;
        }
        lua_pop(L, 1);
    }
    while (rounds < 62 && (1ll << rounds) < n)
        rounds++;
    return rounds * ((uint64_t)n + bytes / 16);
}

/* Comparators of the script are counted by the hook; comparing long texts is
 * not, so the cost is charged beforehand. A table without a metatable cannot
 * lie about its length. */
int l_table_sort(lua_State *L)
{
    lua_Integer n;

    luaL_checktype(L, 1, LUA_TTABLE);
    thaw(L, 1);
    if (marker_of(L, 1) == MARKER_NONE && lua_getmetatable(L, 1))
        return vm_raise(L, NULL, "table.sort: the table has a metatable");
    n = (lua_Integer)lua_rawlen(L, 1);
    if (n > SORT_MAX)
        return vm_raise(L, NULL, "table.sort: more than %d elements", SORT_MAX);
    vm_charge(L, sort_cost(L, n));
    return stock_find("table", "sort")(L);
}
