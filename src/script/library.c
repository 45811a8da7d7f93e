/*
 * library.c -- which module of the library is handed what, and how it is found.
 */
#include "script/library.h"

#include <string.h>

#include "script/convert.h"
#include "script/module.h"
#include "script/sandbox.h"
#include "script/suggest.h"

#define PREFIX "tidelock."
#define MAX_MODULES 64

static const struct {
    const char *module;
    const luaL_Reg *functions;
} hosts[] = {
    {"tidelock.base64", library_base64},
    {"tidelock.hash", library_hash},
    {"tidelock.json", library_json},
    {"tidelock.names", library_hash},
    {"tidelock.quantity", library_quantity},
    {"tidelock.random", library_hash},
    {"tidelock.selector", library_selector},
    {"tidelock.tables", library_tables},
    {"tidelock.yaml", library_yaml},
    {"tidelock.zone", library_zone},
};

/* host.fail(message [, hint]): an error at the operator's own line, however
 * deep in the library it was found. */
static int l_fail(lua_State *L)
{
    const char *message = luaL_checkstring(L, 1);

    return vm_raise(L, luaL_optstring(L, 2, NULL), "%s", message);
}

void push_host(lua_State *L, const char *module)
{
    if (strcmp(module, "tidelock") == 0) {
        push_host_library(L);
        return;
    }
    if (!text_starts(module, PREFIX)) {
        lua_pushnil(L);
        return;
    }
    lua_newtable(L);
    lua_pushcfunction(L, l_fail);
    lua_setfield(L, -2, "fail");
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strcmp(hosts[i].module, module) == 0)
            luaL_setfuncs(L, hosts[i].functions, 0);
}

/* ---- tidelock.NAME ---- */

static int no_such_module(lua_State *L, const char *name)
{
    const struct script *s = vm_of(L)->script;
    const char *names[MAX_MODULES + 1];
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < s->count && n < MAX_MODULES; i++)
        if (text_starts(s->modules[i].name, PREFIX))
            names[n++] = s->modules[i].name + strlen(PREFIX);
    names[n] = NULL;
    near = suggest(name, names);
    if (near)
        return vm_raise(L, NULL, "tidelock has no '%s', did you mean '%s'?",
                        name, near);
    return vm_raise(L, "lua/tidelock/README.md lists all there is",
                    "tidelock has no '%s'", name);
}

int l_library_index(lua_State *L)
{
    const char *name = luaL_checkstring(L, 2);

    lua_settop(L, 2);
    lua_pushfstring(L, PREFIX "%s", name);
    if (!module_find(vm_of(L)->script, lua_tostring(L, 3)))
        return no_such_module(L, name);
    lua_pushcfunction(L, l_require);
    lua_insert(L, 3);
    lua_call(L, 1, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, 1);
    return 1;
}

/* ---- for lib_*.c ---- */

/* A handle's bytes are not here to be read. */
static void refuse_secrets(lua_State *L, const struct value *v,
                           const char *what)
{
    if (v->type == VALUE_SECRET)
        vm_raise(L, "use handle:checksum() and join the texts",
                 "%s: a secret value inside", what);
    if (v->type == VALUE_ARRAY)
        for (uint32_t i = 0; i < v->count; i++)
            refuse_secrets(L, v->as.items[i], what);
    if (v->type == VALUE_OBJECT)
        for (uint32_t i = 0; i < v->count; i++)
            refuse_secrets(L, v->as.members[i].value, what);
}

struct value *scratch_value(lua_State *L, int idx, const char *what)
{
    struct vm *vm = vm_of(L);
    size_t nodes = vm->plan_nodes, bytes = vm->plan_bytes;
    struct arena *arena = vm->arena;
    struct value *v = NULL;
    struct err err = {0};
    int rc;

    arena_clear(&vm->scratch);
    vm->arena = &vm->scratch;
    vm->plan_nodes = vm->plan_bytes = 0;
    rc = value_from_lua(L, idx, "", &v, &err);
    vm->arena = arena;
    vm_charge(L, vm->plan_nodes);
    vm->plan_nodes = nodes;
    vm->plan_bytes = bytes;
    if (rc == -ERR_NOMEM)
        vm_kill_nomem(L);
    if (rc < 0)
        vm_raise(L, *err.hint ? err.hint : NULL, "%s: %s", what, err.msg);
    refuse_secrets(L, v, what);
    return v;
}

int push_text_result(lua_State *L, int rc, const char *what,
                     const struct err *err)
{
    struct vm *vm = vm_of(L);

    if (rc == -ERR_NOMEM)
        vm_kill_nomem(L);
    if (rc < 0)
        return vm_raise(L, *err->hint ? err->hint : NULL, "%s: %s", what,
                        err->msg);
    lua_pushlstring(L, str_text(&vm->text), vm->text.len);
    return 1;
}

int push_refusal(lua_State *L, const struct err *err)
{
    if (err->code == ERR_NOMEM)
        return vm_kill_nomem(L);
    lua_pushnil(L);
    lua_pushstring(L, err->msg);
    return 2;
}
