/*
 * lib_tidelock.c -- what only the host can give scripts: null, arrays,
 *                   checksums, base64, the declaration, and the log.
 *
 * lua/tidelock/init.lua is handed these functions and makes the module that
 * scripts require from them.
 */
#include <string.h>

#include "base/hash.h"
#include "script/api.h"
#include "script/convert.h"
#include "script/sandbox.h"

/* tidelock.array([list]): the table is a JSON array, also when it is empty. */
static int l_array(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    thaw(L, 1);
    if (marker_of(L, 1) == MARKER_NONE && lua_getmetatable(L, 1))
        return vm_raise(L, NULL, "tidelock.array: the table has a metatable");
    marker_set(L, 1, MARKER_ARRAY);
    return 1;
}

/* ---- checksum ---- */

/* A handle's bytes are not here to be summed up. */
static void hide_secrets(lua_State *L, struct value *v)
{
    if (v->type == VALUE_SECRET)
        vm_raise(L, "use handle:checksum() and join the texts",
                 "tidelock.checksum: a secret value inside");
    if (v->type == VALUE_ARRAY)
        for (uint32_t i = 0; i < v->count; i++)
            hide_secrets(L, v->as.items[i]);
    if (v->type == VALUE_OBJECT)
        for (uint32_t i = 0; i < v->count; i++)
            hide_secrets(L, v->as.members[i].value);
}

/* Canonical text of the value at 1 in vm->text. A checksum is no part of the
 * plan, so it leaves the plan's limits as they were. */
static void print_value(lua_State *L, struct vm *vm)
{
    size_t nodes = vm->plan_nodes, bytes = vm->plan_bytes;
    struct arena *arena = vm->arena;
    struct value *v = NULL;
    struct err err = {0};
    int rc;

    arena_clear(&vm->scratch);
    vm->arena = &vm->scratch;
    rc = value_from_lua(L, 1, "", &v, &err);
    vm->arena = arena;
    vm->plan_nodes = nodes;
    vm->plan_bytes = bytes;
    str_clear(&vm->text);
    if (rc == 0) {
        hide_secrets(L, v);
        rc = value_print(v, &vm->text, &err);
    }
    if (rc == -ERR_NOMEM)
        vm_kill_nomem(L);
    if (rc < 0)
        vm_raise(L, *err.hint ? err.hint : NULL, "tidelock.checksum: %s",
                 err.msg);
}

/* tidelock.checksum(value): SHA-256 of a text's bytes, or of the canonical
 * JSON of anything else. */
static int l_checksum(lua_State *L)
{
    struct vm *vm = vm_of(L);
    char hex[HASH_HEX_SIZE];
    const char *text;
    size_t len;

    luaL_checkany(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        text = lua_tolstring(L, 1, &len);
    } else {
        print_value(L, vm);
        text = str_text(&vm->text);
        len = vm->text.len;
    }
    vm_charge(L, 1 + len / 16);
    hash_sha256_hex(text, len, hex);
    lua_pushstring(L, hex);
    return 1;
}

/* ---- base64 ---- */

static int push_converted(lua_State *L, int rc, const struct err *err)
{
    struct vm *vm = vm_of(L);

    if (rc == -ERR_NOMEM)
        vm_kill_nomem(L);
    if (rc < 0)
        return vm_raise(L, NULL, "tidelock.base64: %s", err->msg);
    lua_pushlstring(L, str_text(&vm->text), vm->text.len);
    return 1;
}

static int l_base64_encode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    vm_charge(L, 1 + len / 16);
    str_clear(&vm->text);
    return push_converted(L, hash_base64_encode(text, len, &vm->text), &err);
}

static int l_base64_decode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);

    vm_charge(L, 1 + len / 16);
    str_clear(&vm->text);
    return push_converted(L, hash_base64_decode(text, len, &vm->text, &err),
                          &err);
}

void push_host_library(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"array", l_array},
        {"base64_decode", l_base64_decode},
        {"base64_encode", l_base64_encode},
        {"checksum", l_checksum},
        {"operator", l_operator},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    push_null(L);
    lua_setfield(L, -2, "null");
}

/* ---- log ---- */

/* At most PLAN_MAX_LOG_TEXT bytes, cut between characters. */
static size_t cut_log(const char *text, size_t len)
{
    if (len <= PLAN_MAX_LOG_TEXT)
        return len;
    len = PLAN_MAX_LOG_TEXT;
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

int add_log_line(lua_State *L, bool warn)
{
    static const char full[] = "more than 99 lines: the rest is left out";
    struct vm *vm = vm_of(L);
    struct plan_log *log;
    const char *text;
    char *copy;
    size_t len;

    luaL_checkany(L, 1);
    push_text_of(L, 1);
    if (!vm->plan || vm->plan->log_count >= PLAN_MAX_LOGS)
        return 0;
    text = lua_tolstring(L, -1, &len);
    if (vm->plan->log_count == PLAN_MAX_LOGS - 1) {
        text = full;
        len = sizeof full - 1;
    }
    len = cut_log(text, len);
    copy = vm_text(L, text, len);
    for (size_t i = 0; i < len; i++)
        if (!copy[i])
            copy[i] = '?'; /* a line is a C string */
    log = plan_add_log(vm->plan);
    if (!log)
        return vm_kill_nomem(L);
    log->warn = warn;
    log->text = copy;
    return 0;
}

static int l_log_info(lua_State *L)
{
    return add_log_line(L, false);
}

static int l_log_warn(lua_State *L)
{
    return add_log_line(L, true);
}

void push_log_library(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"info", l_log_info}, {"warn", l_log_warn}, {NULL, NULL}};

    luaL_newlib(L, functions);
}
