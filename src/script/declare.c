/*
 * declare.c -- see declare.h.
 */
#include "script/declare.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- reading fields ---- */

const char *declare_entry(lua_State *L, const char *who, const char *field,
                          size_t n)
{
    char what[80];

    snprintf(what, sizeof what, "%s: %s, entry %zu", who, field, n);
    return vm_text(L, what, strlen(what));
}

int declare_wrong(lua_State *L, const char *what, const char *expected)
{
    if (lua_type(L, -1) == LUA_TSTRING)
        return vm_kill(L, ERR_SCRIPT, NULL, "%s: expected %s, got \"%.60s\"",
                       what, expected, lua_tostring(L, -1));
    return vm_kill(L, ERR_SCRIPT, NULL, "%s: expected %s, got %s", what,
                   expected, type_word(L, -1));
}

void *declare_array(lua_State *L, size_t count, size_t size)
{
    void *items = arena_calloc(vm_of(L)->arena, count ? count : 1, size);

    if (!items)
        vm_kill_nomem(L);
    return items;
}

const char *declare_text(lua_State *L, const char *what, const char *expected)
{
    if (lua_type(L, -1) != LUA_TSTRING || !*lua_tostring(L, -1))
        declare_wrong(L, what, expected);
    return vm_text(L, lua_tostring(L, -1), strlen(lua_tostring(L, -1)));
}

bool declare_bool(lua_State *L, const char *what, const char *field)
{
    char named[120];

    snprintf(named, sizeof named, "%s: %s", what, field);
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
        declare_wrong(L, named, "true or false");
    return lua_toboolean(L, -1);
}

size_t declare_list(lua_State *L, const char *who, const char *field,
                    const char *expected)
{
    char what[80];

    snprintf(what, sizeof what, "%s: %s", who, field);
    if (lua_getfield(L, -1, field) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    } else if (!lua_istable(L, -1)) {
        declare_wrong(L, what, expected);
    }
    check_fields(L, lua_gettop(L), what, (const char *const[]){NULL},
                 (lua_Integer)lua_rawlen(L, -1));
    return lua_rawlen(L, -1);
}

/* ---- names and kinds ---- */

struct gvk declare_kind(lua_State *L, const char *what)
{
    struct gvk gvk;

    if (!lua_istable(L, -1))
        declare_wrong(L, what, "{ \"apiVersion\", \"Kind\" }");
    lua_rawgeti(L, -1, 1);
    gvk.api_version =
        declare_text(L, what, "an apiVersion such as \"apps/v1\"");
    if (!api_version_is_valid(gvk.api_version))
        declare_wrong(L, what, "an apiVersion such as \"apps/v1\"");
    lua_pop(L, 1);
    lua_rawgeti(L, -1, 2);
    gvk.kind = declare_text(L, what, "a kind such as \"Deployment\"");
    if (!kind_is_valid(gvk.kind))
        declare_wrong(L, what, "a kind such as \"Deployment\"");
    lua_pop(L, 1);
    return gvk;
}

bool declare_function(lua_State *L, const char *what, const char *field)
{
    char named[120];
    bool has = lua_getfield(L, -1, field) == LUA_TFUNCTION;

    snprintf(named, sizeof named, "%s: %s", what, field);
    if (!has && !lua_isnil(L, -1))
        declare_wrong(L, named, "a function");
    lua_pop(L, 1);
    return has;
}
