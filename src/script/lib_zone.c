/*
 * lib_zone.c -- time zones for scripts: those of the view (core/view.h).
 *
 * A zone that the view does not have ends the run; the plan says which one, and
 * whoever runs the script reads it and runs the script again. So a script just
 * asks. A name that stands for nothing is an ordinary answer: it comes from
 * somebody's object.
 */
#include "base/zone.h"

#include <string.h>

#include "script/library.h"

#define TYPE "time zone"
#define COST 20 /* of one look, in instructions */

static const struct zone *check_zone(lua_State *L, int arg)
{
    const struct zone **z = luaL_checkudata(L, arg, TYPE);

    vm_charge(L, COST);
    return *z;
}

static void push_bound(lua_State *L, int64_t at, int64_t none)
{
    if (at == none)
        lua_pushnil(L);
    else
        lua_pushinteger(L, at);
}

/* zone:span(at): offset, abbreviation, dst, from or nil, until or nil */
static int l_span(lua_State *L)
{
    const struct zone *z = check_zone(L, 1);
    struct zone_span s;

    zone_span(z, luaL_checkinteger(L, 2), &s);
    lua_pushinteger(L, s.offset);
    lua_pushstring(L, s.abbreviation);
    lua_pushboolean(L, s.dst);
    push_bound(L, s.from, INT64_MIN);
    push_bound(L, s.until, INT64_MAX);
    return 5;
}

/* zone:instant(local [, "first" | "last"]): instant, kind */
static int l_instant(lua_State *L)
{
    static const char *const kinds[] = {[ZONE_UNIQUE] = "unique",
                                        [ZONE_GAP] = "gap",
                                        [ZONE_OVERLAP] = "overlap"};
    static const char *const choices[] = {"first", "last", NULL};
    const struct zone *z = check_zone(L, 1);
    int64_t local = luaL_checkinteger(L, 2), at = 0;
    bool last = luaL_checkoption(L, 3, "first", choices) == 1;
    enum zone_local kind = zone_instant(z, local, last, &at);

    lua_pushinteger(L, at);
    lua_pushstring(L, kinds[kind]);
    return 2;
}

static int l_tostring(lua_State *L)
{
    lua_pushstring(L, zone_name(check_zone(L, 1)));
    return 1;
}

static void push_zone(lua_State *L, const struct zone *z)
{
    const struct zone **box = lua_newuserdatauv(L, sizeof *box, 0);

    *box = z;
    if (luaL_newmetatable(L, TYPE)) {
        static const luaL_Reg methods[] = {
            {"instant", l_instant}, {"span", l_span}, {NULL, NULL}};

        lua_pushcfunction(L, l_tostring);
        lua_setfield(L, -2, "__tostring");
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
}

/* ---- finding one ---- */

static const struct view_zone *find(const struct view *v, const char *name)
{
    for (size_t i = 0; i < v->zone_count; i++)
        if (strcmp(v->zones[i].name, name) == 0)
            return &v->zones[i];
    return NULL;
}

static int want(lua_State *L, const char *name)
{
    struct vm *vm = vm_of(L);

    vm->plan->zone_wanted = vm_text(L, name, strlen(name));
    return vm_kill(L, ERR_UNKNOWN, NULL, "the time zone '%s' is not known now",
                   name);
}

/* find(name): a zone, or nil and why there is none */
static int l_find(lua_State *L)
{
    struct vm *vm = vm_of(L);
    const char *name = luaL_checkstring(L, 1);
    const struct view_zone *found;

    vm_charge(L, COST);
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0) {
        push_zone(L, zone_utc());
        return 1;
    }
    if (!zone_name_is_valid(name)) {
        lua_pushnil(L);
        lua_pushfstring(L, "'%s' is no name of a time zone", name);
        return 2;
    }
    if (!vm->view || !vm->plan)
        return vm_raise(L, "look it up in reconcile or finalize",
                        "time zones are not known here: '%s'", name);
    found = find(vm->view, name);
    if (!found)
        return want(L, name);
    if (found->zone) {
        push_zone(L, found->zone);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, found->why);
    return 2;
}

const luaL_Reg library_zone[] = {
    {"find", l_find},
    {NULL, NULL},
};
