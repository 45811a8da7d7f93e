/*
 * lib_selector.c -- label selectors for scripts, by kube/selector.
 *
 * A parsed selector is a userdata that points into the arena of the call: it
 * lives as long as the state, and needs nothing to free it.
 */
#include "kube/selector.h"

#include "script/api.h"
#include "script/library.h"

#define TYPE "selector"
/* Its memory is not the script's, so parsing is not cheap. */
#define PARSE_COST 200
#define MAX_TEXT 4096

static struct selector **check_selector(lua_State *L, int arg)
{
    return luaL_checkudata(L, arg, TYPE);
}

/* selector:matches(labels): labels may be nil. */
static int l_matches(lua_State *L)
{
    struct selector **s = check_selector(L, 1);
    const struct value *labels = NULL;

    vm_charge(L, 20);
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        labels = scratch_value(L, 2, "selector");
    }
    lua_pushboolean(L, selector_match_labels(*s, labels));
    return 1;
}

static int l_tostring(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct selector **s = check_selector(L, 1);
    struct err err = {0};
    int rc;

    str_clear(&vm->text);
    rc = selector_print(*s, &vm->text);
    return push_text_result(L, rc, TYPE, &err);
}

static void push_metatable(lua_State *L)
{
    if (!luaL_newmetatable(L, TYPE))
        return;
    lua_pushcfunction(L, l_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_newtable(L);
    lua_pushcfunction(L, l_matches);
    lua_setfield(L, -2, "matches");
    lua_setfield(L, -2, "__index");
}

/* {matchLabels =, matchExpressions =} of an object's spec, or {app = "web"}:
 * a label is never a table. */
static bool is_label_selector(const struct value *v)
{
    const struct value *labels = value_get(v, "matchLabels");
    const struct value *expressions = value_get(v, "matchExpressions");

    return value_is(labels, VALUE_OBJECT) ||
           value_is(expressions, VALUE_ARRAY) ||
           value_is(expressions, VALUE_OBJECT);
}

static int parse(lua_State *L, struct arena *a, struct selector **ret,
                 struct err *err)
{
    const struct value *v;
    const char *text;
    size_t len;

    if (lua_type(L, 1) == LUA_TSTRING) {
        text = lua_tolstring(L, 1, &len);
        if (len > MAX_TEXT)
            return err_set(err, ERR_LIMIT, "a selector of more than %d bytes",
                           MAX_TEXT);
        return selector_parse_labels(a, text, ret, err);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    v = value_copy(a, scratch_value(L, 1, TYPE));
    if (!v)
        return err_nomem(err);
    return is_label_selector(v) ? selector_from_label_selector(a, v, ret, err)
                                : selector_from_map(a, v, ret, err);
}

/* parse(text | table): a selector, or nil and why it is none */
static int l_parse(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct selector **box;
    struct err err = {0};

    vm_charge(L, PARSE_COST);
    lua_settop(L, 1);
    box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (parse(L, vm->arena, box, &err) < 0)
        return push_refusal(L, &err);
    push_metatable(L);
    lua_setmetatable(L, -2);
    return 1;
}

const luaL_Reg library_selector[] = {
    {"parse", l_parse},
    {NULL, NULL},
};
