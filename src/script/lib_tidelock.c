/*
 * lib_tidelock.c -- what the module tidelock itself is handed: null, arrays,
 *                   checksums, the declaration; and the log.
 *
 * lua/tidelock/init.lua is handed these functions and makes the module that
 * scripts require from them.
 */
#include <string.h>

#include "base/hash.h"
#include "script/api.h"
#include "script/convert.h"
#include "script/overlay.h"
#include "script/library.h"
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

/* tidelock.checksum(value): SHA-256 of a text's bytes, or of the canonical
 * JSON of anything else. */
static int l_checksum(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err err = {0};
    char hex[HASH_HEX_SIZE];
    const char *text;
    size_t len;

    luaL_checkany(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        text = lua_tolstring(L, 1, &len);
    } else {
        struct value *v = scratch_value(L, 1, "tidelock.checksum");

        str_clear(&vm->text);
        push_text_result(L, value_print(v, &vm->text, &err),
                         "tidelock.checksum", &err);
        text = lua_tolstring(L, -1, &len);
    }
    vm_charge(L, 1 + len / LIBRARY_BYTES_PER_STEP);
    hash_sha256_hex(text, len, hex);
    lua_pushstring(L, hex);
    return 1;
}

void push_host_library(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"array", l_array},
        {"checksum", l_checksum},
        {"module", l_library_index},
        {"operator", l_operator},
        {"overlay", l_overlay},
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
