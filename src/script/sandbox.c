/*
 * sandbox.c -- the tables of names that exist, and the base functions that
 * had to be replaced.
 *
 * DESIGN
 *
 * One list says all: library, name, function. A NULL function is the stock
 * one, found once for the process in a state that is thrown away; stock
 * functions are only taken when they have no upvalues, so their bare pointers
 * work in every state.
 *
 * The string metatable gets a table of its own, so a script that writes into
 * `string` changes no method of texts, and `__metatable` keeps it hidden.
 */
#include "script/sandbox.h"

#include <lualib.h>

#include <math.h>
#include <string.h>

#include "script/convert.h"
#include "script/module.h"

static int l_pcall(lua_State *L);
static int l_xpcall(lua_State *L);
/* __gc would run with hooks off, __mode makes the collector a part of the
 * result, __close runs while a verdict unwinds. A __mode that is added later
 * is harmless as long as the allocator does not refuse (vm.c). */
static int l_setmetatable(lua_State *L);
/* The host's markers do not exist for scripts: copying "the metatable" of an
 * object from the cluster onto a new table copies nothing. */
static int l_getmetatable(lua_State *L);
static int l_tostring(lua_State *L);
/* The stock one takes nil and raises at the first step, without a name. */
static int l_ipairs(lua_State *L);

/* Grouped by library, in the order of `libraries`. */
static struct stock_function functions[] = {
    {"_G", "assert", NULL},
    {"_G", "error", NULL},
    {"_G", "getmetatable", l_getmetatable},
    {"_G", "ipairs", l_ipairs},
    {"_G", "next", l_next},
    {"_G", "pairs", l_pairs},
    {"_G", "pcall", l_pcall},
    {"_G", "rawequal", NULL},
    {"_G", "rawget", l_rawget},
    {"_G", "rawlen", l_rawlen},
    {"_G", "rawset", l_rawset},
    {"_G", "require", l_require},
    {"_G", "select", NULL},
    {"_G", "setmetatable", l_setmetatable},
    {"_G", "tonumber", NULL},
    {"_G", "tostring", l_tostring},
    {"_G", "type", NULL},
    {"_G", "xpcall", l_xpcall},
    {"math", "abs", NULL},
    {"math", "acos", NULL},
    {"math", "asin", NULL},
    {"math", "atan", NULL},
    {"math", "ceil", NULL},
    {"math", "cos", NULL},
    {"math", "deg", NULL},
    {"math", "exp", NULL},
    {"math", "floor", NULL},
    {"math", "fmod", NULL},
    {"math", "log", NULL},
    {"math", "max", NULL},
    {"math", "min", NULL},
    {"math", "modf", NULL},
    {"math", "rad", NULL},
    {"math", "sin", NULL},
    {"math", "sqrt", NULL},
    {"math", "tan", NULL},
    {"math", "tointeger", NULL},
    {"math", "type", NULL},
    {"math", "ult", NULL},
    {"string", "byte", NULL},
    {"string", "char", NULL},
    {"string", "find", l_string_find},
    {"string", "format", l_string_format},
    {"string", "gmatch", l_string_gmatch},
    {"string", "gsub", l_string_gsub},
    {"string", "len", NULL},
    {"string", "lower", NULL},
    {"string", "match", l_string_match},
    {"string", "rep", l_string_rep},
    {"string", "reverse", NULL},
    {"string", "sub", NULL},
    {"string", "upper", NULL},
    {"table", "concat", l_table_concat},
    {"table", "insert", l_table_insert},
    {"table", "move", l_table_move},
    {"table", "pack", NULL},
    {"table", "remove", l_table_remove},
    {"table", "sort", l_table_sort},
    {"table", "unpack", l_table_unpack},
    {"utf8", "char", NULL},
    {"utf8", "codepoint", NULL},
    {"utf8", "codes", NULL},
    {"utf8", "len", NULL},
    {"utf8", "offset", NULL},
};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

/* Where the functions of a library stand; found by sandbox_prepare(). */
static struct library {
    const char *name;
    size_t first, count;
} libraries[] = {{"_G", 0, 0},
                 {"math", 0, 0},
                 {"string", 0, 0},
                 {"table", 0, 0},
                 {"utf8", 0, 0}};
#define LIBRARIES (sizeof libraries / sizeof libraries[0])
enum { LIBRARY_BASE, LIBRARY_MATH, LIBRARY_STRING };

/* Used by replacements that end in the stock function. */
static struct stock_function inner[] = {
    {"_G", "ipairs", NULL},
    {"string", "format", NULL},
    {"table", "sort", NULL},
};
#define INNER (sizeof inner / sizeof inner[0])

/* ---- the stock library ---- */

/* Only functions without upvalues can leave the state they were found in. */
static void find_stock(lua_State *L, struct stock_function *f)
{
    lua_getglobal(L, f->library);
    lua_getfield(L, -1, f->name);
    f->function = lua_tocfunction(L, -1);
    if (lua_getupvalue(L, -1, 1))
        luaL_error(L, "%s.%s has upvalues", f->library, f->name);
    lua_pop(L, 2);
}

static void find_libraries(void)
{
    size_t at = 0;

    for (size_t i = 0; i < LIBRARIES; i++) {
        struct library *l = &libraries[i];

        l->first = at;
        while (at < FUNCTIONS && strcmp(functions[at].library, l->name) == 0)
            at++;
        l->count = at - l->first;
    }
}

static int prepare_body(lua_State *L)
{
    luaL_requiref(L, "_G", luaopen_base, 1);
    luaL_requiref(L, "math", luaopen_math, 1);
    luaL_requiref(L, "string", luaopen_string, 1);
    luaL_requiref(L, "table", luaopen_table, 1);
    luaL_requiref(L, "utf8", luaopen_utf8, 1);
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (!functions[i].function)
            find_stock(L, &functions[i]);
    for (size_t i = 0; i < INNER; i++)
        find_stock(L, &inner[i]);
    find_libraries();
    return 0;
}

int sandbox_prepare(struct err *err)
{
    static bool prepared;
    struct script none = {.limits = {0}};
    struct vm vm;
    int rc;

    if (prepared)
        return 0;
    rc = vm_open(&vm, &none, err);
    if (rc == 0)
        rc = vm_call(&vm, prepare_body, NULL, err);
    vm_close(&vm);
    pool_free_spare(none.spare);
    prepared = rc == 0;
    return rc;
}

lua_CFunction stock_find(const char *library, const char *name)
{
    for (size_t i = 0; i < INNER; i++)
        if (strcmp(inner[i].name, name) == 0 &&
            strcmp(inner[i].library, library) == 0)
            return inner[i].function;
    return NULL;
}

/* ---- the environment ---- */

static void add_constants(lua_State *L)
{
    static const char charpattern[] = "[\0-\x7F\xC2-\xFD][\x80-\xBF]*";

    lua_getfield(L, -1, "math");
    lua_pushnumber(L, 3.141592653589793);
    lua_setfield(L, -2, "pi");
    lua_pushnumber(L, (lua_Number)HUGE_VAL);
    lua_setfield(L, -2, "huge");
    lua_pushinteger(L, LUA_MAXINTEGER);
    lua_setfield(L, -2, "maxinteger");
    lua_pushinteger(L, LUA_MININTEGER);
    lua_setfield(L, -2, "mininteger");
    lua_pop(L, 1);
    lua_getfield(L, -1, "utf8");
    lua_pushlstring(L, charpattern, sizeof charpattern - 1);
    lua_setfield(L, -2, "charpattern");
    lua_pop(L, 1);
    lua_pushliteral(L, LUA_VERSION);
    lua_setfield(L, -2, "_VERSION");
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    push_log_library(L);
    lua_setfield(L, -2, "log");
}

static void set_functions(lua_State *L, const struct library *l)
{
    for (size_t i = l->first; i < l->first + l->count; i++) {
        lua_pushcfunction(L, functions[i].function);
        lua_setfield(L, -2, functions[i].name);
    }
}

/* ("x"):rep(3) finds this table, not the global `string`. */
static void set_string_metatable(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_createtable(L, 0, (int)libraries[LIBRARY_STRING].count);
    set_functions(L, &libraries[LIBRARY_STRING]);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void sandbox_open(lua_State *L)
{
    convert_open(L);
    set_string_metatable(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_pushglobaltable(L);
    set_functions(L, &libraries[LIBRARY_BASE]);
    for (size_t i = LIBRARY_MATH; i < LIBRARIES; i++) {
        /* room for the constants of math and utf8 */
        lua_createtable(L, 0, (int)libraries[i].count + 4);
        set_functions(L, &libraries[i]);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, libraries[i].name);
        lua_setfield(L, -3, libraries[i].name); /* for "bad argument" names */
    }
    add_constants(L);
    lua_pop(L, 2);
}

/* ---- replaced base functions ---- */

/* After a protected call of the script: a verdict goes on, and running out of
 * memory is one. */
static void check_outcome(lua_State *L, int status)
{
    vm_check_killed(L);
    if (status == LUA_ERRMEM)
        vm_kill_memory(L);
}

static int l_pcall(lua_State *L)
{
    int status;

    luaL_checkany(L, 1);
    vm_charge(L, 1);
    status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    check_outcome(L, status);
    lua_pushboolean(L, status == LUA_OK);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* Stands before the script's handler, which would run without a hook when the
 * hook itself raised. */
static int handle_error(lua_State *L)
{
    vm_check_killed(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int l_xpcall(lua_State *L)
{
    int count = lua_gettop(L);
    int status;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    vm_charge(L, 1);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle_error, 1);
    lua_replace(L, 2);
    lua_pushvalue(L, 1);
    lua_insert(L, 3); /* function, handler, function, arguments */
    status = lua_pcall(L, count - 2, LUA_MULTRET, 2);
    check_outcome(L, status);
    lua_pushboolean(L, status == LUA_OK);
    lua_replace(L, 2);
    return lua_gettop(L) - 1;
}

static void refuse_metafield(lua_State *L, const char *field, const char *why)
{
    lua_pushstring(L, field);
    if (lua_rawget(L, 2) != LUA_TNIL)
        vm_raise(L, NULL, "setmetatable: %s is not allowed here: %s", field,
                 why);
    lua_pop(L, 1);
}

static int l_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2,
                     "nil or table");
    lua_settop(L, 2);
    thaw(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return vm_raise(L, NULL, "setmetatable: the metatable is protected");
    if (type == LUA_TTABLE) {
        refuse_metafield(L, "__gc", "nothing outlives a job");
        refuse_metafield(L, "__mode", "nothing outlives a job");
        refuse_metafield(L, "__close", "nothing outlives a job");
    }
    if (type == LUA_TNIL && marker_of(L, 1) != MARKER_NONE) {
        lua_settop(L, 1); /* it looked as if there was none: keep it so */
        return 1;
    }
    lua_setmetatable(L, 1);
    return 1;
}

static int l_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) != LUA_TTABLE || !lua_getmetatable(L, 1) ||
        marker_is_host(L))
        lua_pushnil(L);
    else
        luaL_getmetafield(L, 1, "__metatable"); /* on top when there is one */
    return 1;
}

static int l_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_isnil(L, 1))
        return vm_raise(L, "it is absent: iterate over (list or {})",
                        "ipairs: expected a list, got nil");
    return stock_find("_G", "ipairs")(L);
}

void push_text_of(lua_State *L, int idx)
{
    idx = lua_absindex(L, idx);
    if (luaL_callmeta(L, idx, "__tostring")) {
        if (!lua_isstring(L, -1))
            vm_raise(L, NULL, "'__tostring' must return a string");
        return;
    }
    if (is_null(L, idx)) {
        lua_pushliteral(L, "null");
        return;
    }
    switch (lua_type(L, idx)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
        luaL_tolstring(L, idx, NULL);
        return;
    default:
        lua_pushstring(L, luaL_typename(L, idx));
    }
}

static int l_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    push_text_of(L, 1);
    return 1;
}
