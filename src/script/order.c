/*
 * order.c -- pairs and next in an order that is the same in every process.
 *
 * DESIGN
 *
 * Numbers come first, ascending; then texts by their bytes; then false, true.
 * Keys of other types have no order that two processes would share, so a table
 * with several of them cannot be iterated.
 *
 * pairs() takes a sorted copy of the keys and walks that: adding and removing
 * while iterating is well defined (removed keys are skipped, added ones not
 * seen). Every function that it returns is bound to its table, so no script
 * gets hold of the raw, unordered `next`.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "script/convert.h"
#include "script/sandbox.h"

struct sort_key {
    int rank; /* type: number, text, boolean, other */
    int slot; /* on the Lua stack */
    lua_Number number;
    const char *text;
    size_t len;
};

enum { RANK_NUMBER, RANK_TEXT, RANK_BOOLEAN, RANK_OTHER };

/* The text is borrowed: the key stays on the stack, or in the table, while it
 * is compared. */
static struct sort_key key_at(lua_State *L, int idx)
{
    struct sort_key k = {.slot = idx};

    switch (lua_type(L, idx)) {
    case LUA_TNUMBER:
        k.rank = RANK_NUMBER;
        k.number = lua_tonumber(L, idx);
        break;
    case LUA_TSTRING:
        k.rank = RANK_TEXT;
        k.text = lua_tolstring(L, idx, &k.len);
        break;
    case LUA_TBOOLEAN:
        k.rank = RANK_BOOLEAN;
        k.number = lua_toboolean(L, idx);
        break;
    default:
        k.rank = RANK_OTHER;
        break;
    }
    return k;
}

static int compare_keys(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    size_t shorter = x->len < y->len ? x->len : y->len;
    int order;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->rank != RANK_TEXT)
        return x->number < y->number ? -1 : x->number > y->number;
    order = memcmp(x->text, y->text, shorter);
    if (order)
        return order;
    return x->len < y->len ? -1 : x->len > y->len;
}

static int RAISES refuse_keys(lua_State *L, const struct sort_key *k)
{
    return vm_raise(L,
                    "use texts or numbers as keys where the table is "
                    "iterated",
                    "pairs: several %s keys have no order, the "
                    "plan would differ between two runs",
                    luaL_typename(L, k->slot));
}

/* Push all keys of the table at 1; gives how many. */
static int gather(lua_State *L, bool *ret_sorted)
{
    struct sort_key last = {.rank = -1}, key;
    int count = 0;

    *ret_sorted = true;
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        key = key_at(L, -1);
        if (count > 0 && compare_keys(&last, &key) > 0)
            *ret_sorted = false;
        if (count > 0 && key.rank == RANK_OTHER && last.rank == RANK_OTHER)
            *ret_sorted = false;
        last = key;
        count++;
        luaL_checkstack(L, 8, "too many keys");
        lua_pushvalue(L, -1); /* one stays, one is for lua_next */
    }
    return count;
}

/* Sort the `count` keys that begin at stack place `first`, into `order`. */
static void sort_keys(lua_State *L, int first, int count,
                      struct sort_key *order)
{
    for (int i = 0; i < count; i++)
        order[i] = key_at(L, first + i);
    if (count > 1)
        qsort(order, (size_t)count, sizeof *order, compare_keys);
    if (count > 1 && order[count - 2].rank == RANK_OTHER)
        refuse_keys(L, &order[count - 2]);
}

/* The keys of the table at 1 as a sorted list on the top of the stack.
 * Lists and small tables often come out of lua_next in order already; then no
 * sorting is needed. The keys are on the stack meanwhile, one slot each, which
 * also keeps their texts alive. */
static int push_sorted_keys(lua_State *L)
{
    struct sort_key few[32];
    struct sort_key *order = few;
    bool sorted;
    int first = lua_gettop(L) + 1;
    int count = gather(L, &sorted);

    vm_charge(L, 1 + (uint64_t)count);
    if (!sorted) {
        if (count > 32)
            order = lua_newuserdatauv(L, (size_t)count * sizeof *order, 0);
        sort_keys(L, first, count, order);
    }
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushvalue(L, sorted ? first + i : order[i].slot);
        lua_rawseti(L, -2, i + 1);
    }
    lua_replace(L, first);
    lua_settop(L, first);
    return count;
}

/* Upvalues: the table, its sorted keys, how many are done. */
static int next_pair(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));

    lua_settop(L, 0);
    while (lua_rawgeti(L, lua_upvalueindex(2), ++i) != LUA_TNIL) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
            break;
        lua_settop(L, 0);
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(3));
    return lua_gettop(L) > 1 ? 2 : 1;
}

int l_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    if (lua_isnil(L, 1))
        return vm_raise(L, "it is absent: iterate over (table or {})",
                        "pairs: expected a table, got nil");
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    thaw(L, 1);
    lua_pushvalue(L, 1);
    push_sorted_keys(L);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_pair, 3);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* next(t, key): the smallest key that is greater; a scan of all keys. */
int l_next(lua_State *L)
{
    struct sort_key best = {.rank = -1}, after = {.rank = -1}, key;
    int others = 0, count = 0;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    thaw(L, 1);
    if (!lua_isnil(L, 2))
        after = key_at(L, 2);
    lua_pushnil(L); /* 3: the best key so far */
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        key = key_at(L, -1);
        count++;
        others += key.rank == RANK_OTHER;
        if (compare_keys(&after, &key) >= 0 ||
            (best.rank >= 0 && compare_keys(&best, &key) <= 0))
            continue;
        best = key;
        best.slot = 3;
        lua_pushvalue(L, -1);
        lua_replace(L, 3);
    }
    vm_charge(L, 1 + (uint64_t)count);
    if (others > 1 && !lua_isnil(L, 2) &&
        (after.rank == RANK_OTHER || best.rank == RANK_OTHER))
        return refuse_keys(L, after.rank == RANK_OTHER ? &after : &best);
    lua_settop(L, 3);
    if (lua_isnil(L, 3))
        return 1;
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}
